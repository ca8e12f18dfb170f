#![no_main]

use umai_fuzz::{holds_in_time, properties::records};

libfuzzer_sys::fuzz_target!(|input: &[u8]| holds_in_time(records::holds, input));
