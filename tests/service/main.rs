//! Rules of the service, without a screen.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail anywhere"
)]

#[path = "../support/mod.rs"]
mod support;

mod appsettings;
mod catalog;
mod probe;
mod rules;
mod versions;
