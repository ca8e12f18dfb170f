//! Connection tests against provider servers on real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may fail anywhere"
)]

#[path = "../common/mod.rs"]
mod common;

mod addresses;
mod answers;
mod binary;
mod complete;
mod models;
mod requests;
mod secrets;
mod sigv4;
mod sockets;
mod stage;
