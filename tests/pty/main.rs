//! The binary in a pseudo terminal.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail anywhere"
)]

#[path = "../support/fault_proxy.rs"]
mod fault_proxy;
#[path = "../support/pty.rs"]
mod pty;
#[path = "../support/mod.rs"]
mod support;

mod drafts;
mod plain;
mod screen;
mod targets;
