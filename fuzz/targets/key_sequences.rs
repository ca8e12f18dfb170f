#![no_main]

use umai_fuzz::{each_in_time, properties::key_sequences};

libfuzzer_sys::fuzz_target!(|input: &[u8]| each_in_time(|around| key_sequences::played(
    input, around
)));
