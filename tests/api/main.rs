//! Contract of the management API, through real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail anywhere"
)]

mod bad_bodies;
mod changes;
#[path = "../common/mod.rs"]
mod common;
mod contract;
mod creating;
mod document;
mod documented;
mod http;
mod on_disk;
mod own;
mod problems;
mod providers;
mod rest;
mod testing;
mod trash;
mod versions;
mod world;
