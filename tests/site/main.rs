//! Third-party servers: a strict test server with the API of an Umbraco site, in three modes, for every command.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail anywhere"
)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../cli/home.rs"]
#[allow(dead_code, reason = "only a part of it is needed here")]
mod home;
#[path = "../stage/mod.rs"]
mod stage;

mod app;
mod answers;
mod every_verb;
mod http;
mod manifests;
mod masks;
mod plain;
mod providers;
mod site;
mod stand_in;
mod tokens;
mod writes;
