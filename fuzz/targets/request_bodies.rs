#![no_main]

use umai_fuzz::{holds_in_time, properties::request_bodies};

libfuzzer_sys::fuzz_target!(|input: &[u8]| holds_in_time(request_bodies::holds, input));
