#![no_main]

use umai_fuzz::{holds_in_time, properties::display_text};

libfuzzer_sys::fuzz_target!(|input: &[u8]| holds_in_time(display_text::holds, input));
