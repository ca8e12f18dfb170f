//! End-to-end tests of the command line: each runs the real binary in its own home directory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail anywhere"
)]

#[cfg(feature = "etcd")]
#[allow(dead_code, reason = "each test uses its part")]
#[path = "../support/etcd.rs"]
mod etcd_node;
#[path = "../support/home.rs"]
mod home;
#[cfg(feature = "etcd")]
#[path = "../support/pty.rs"]
mod pty;

mod apply;
mod backup;
mod bulk_create;
mod command_words;
mod commands;
mod doctor;
mod dry_run;
mod earlier_version;
mod edit;
#[cfg(feature = "etcd")]
mod etcd;
#[cfg(feature = "etcd")]
mod etcd_backup;
#[cfg(feature = "etcd")]
mod etcd_damage;
#[cfg(feature = "etcd")]
mod etcd_hosts;
#[cfg(feature = "etcd")]
mod etcd_keys;
#[cfg(feature = "etcd")]
mod etcd_missing;
#[cfg(feature = "etcd")]
mod etcd_tls;
mod export;
mod files;
mod from_env;
mod history;
mod import;
mod key;
mod keyring;
mod output_formats;
mod passphrase;
mod permissions;
mod plain;
mod providers;
mod references;
mod run;
mod secrets;
mod shell;
mod stdout_stderr;
mod surface;
mod targets;
mod terminal;
mod test_results;
mod tilde;
mod trust;
mod umbraco_deploy;
mod validation_errors;
