//! Client of a remote server, through real sockets: umai servers and third-party servers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail anywhere"
)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../stage/mod.rs"]
mod stage;
#[path = "../cli/home.rs"]
#[allow(dead_code, reason = "only a part of it is needed here")]
mod home;

mod commands;
mod documents;
mod doors;
mod errors;
mod everything;
mod feed;
mod foreign;
mod gate;
mod hostile;
mod losses;
mod stranger;
mod strangers;
