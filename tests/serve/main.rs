//! Runs the real `umai serve` and talks to it through real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::too_many_lines,
    reason = "a test may fail anywhere"
)]

mod browsers;
mod examples;
mod house;
mod keeping_alive;
mod kept;
mod logging;
mod oddities;
mod raw;
mod refusals;
mod secrets;
mod slow;
mod stopping;
mod tls;
mod tokens;
