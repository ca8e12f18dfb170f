//! Checks the documentation and the language of the repository.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail anywhere"
)]

#[path = "../support/mod.rs"]
mod support;
#[path = "../support/svg.rs"]
mod svg;

mod cli_parity;
mod generated;
mod language;
