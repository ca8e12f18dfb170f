#![no_main]

use umai_fuzz::{holds_in_time, properties::user_files};

libfuzzer_sys::fuzz_target!(|input: &[u8]| holds_in_time(user_files::holds, input));
