//! Third-party servers: a strict test server with the API of an Umbraco site, in three modes, for every command.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail anywhere"
)]

#[path = "../support/home.rs"]
#[allow(dead_code, reason = "only a part of it is needed here")]
mod home;
#[path = "../support/mod.rs"]
mod support;

mod app;
mod copy_in_app;
mod cut_connections;
mod every_command;
mod every_screen;
mod fixture;
mod http;
mod login;
mod manifests;
mod masks;
mod moving;
mod plain;
mod providers;
mod rejections;
mod response_shapes;
mod sign_in;
mod stand_in;
mod tokens;
mod undo;
mod versions;
mod writes;
