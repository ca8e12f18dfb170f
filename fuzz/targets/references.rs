#![no_main]

use umai_fuzz::{holds_in_time, properties::references};

libfuzzer_sys::fuzz_target!(|input: &[u8]| holds_in_time(references::holds, input));
