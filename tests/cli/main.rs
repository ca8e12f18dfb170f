//! End-to-end tests of the command line: each runs the real binary in its own home directory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail anywhere"
)]

mod applying;
mod backups;
mod commands;
mod doctor;
mod dry;
mod exports;
mod files;
mod from_env;
mod history;
mod home;
mod importing;
mod imports;
mod keyring;
mod keys;
mod passphrases;
mod permissions;
mod plain;
mod providers;
mod references;
mod refusals;
mod secrets;
mod shapes;
mod shell;
mod surface;
mod talk;
mod targets;
mod terminal;
mod tilde;
