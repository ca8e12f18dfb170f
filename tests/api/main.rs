//! The management API, through real sockets.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "a test may fail anywhere"
)]

#[path = "../support/fault_proxy.rs"]
mod fault_proxy;
#[path = "../support/home.rs"]
#[allow(dead_code, reason = "only a part of it is needed here")]
mod home;
#[path = "../support/mod.rs"]
mod support;

mod client;
mod routes;
mod server;
