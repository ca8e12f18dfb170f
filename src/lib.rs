//! umai: a terminal backoffice for AI connections.
//!
//! ```text
//! cli ──┬──► tui ──┬──► plan ──► service ──► probe ──┐
//!       │          └──► search ─────────────────────┤
//!       ├──► api ────────► service                   ├──► connection ──┬──► provider ────┐
//!       ├──► store ──────────────────────────────────┘                └──► appsettings ─┴──► text, atomic_file
//!       └──► config
//! ```
//!
//! - `tls` loads the trusted certificates for `probe` and `api`, and the certificate that `api` serves.
//! - `drafts` stores unsaved input of `tui`, encrypted with the key of `store`.
//! - [`service::ConnectionService`] is the interface for `tui`, `cli` and `api`.
//! - [`connection::ConnectionStore`] is the interface to the storage.
//! - `cli` is the composition root: the only module that uses all others.
//!
//! `tests/architecture.rs` checks these dependencies, `docs/ARCHITECTURE.md` describes them, and `docs/glossary.md` has all terms.
//! The most important ones:
//!
//! | term | meaning |
//! |---|---|
//! | connection | named, aliased credentials and settings for a provider |
//! | draft | a connection before it is saved: contents of a form, command-line flags, a request body |
//! | item | a connection as lists show it: everything but its settings, plus its endpoint |
//! | settings | the values of a connection for its provider |
//! | appsettings | the configuration that references (`$Section:Key`) resolve against |
//! | config | how umai itself behaves: directories, key, theme, targets |
//! | target | a named server or data directory in `config.toml`, with a badge and limits |
//! | secret | a sensitive setting: [`connection::PlainSecret`] in drafts and inside the service, [`connection::MaskedSecret`] in what it returns, [`connection::SealedSecret`] at rest |
//! | command | a change of a connection as data: [`connection::Command`], which the service saves or, in a dry run, only checks |
//! | version | the state of a connection after a save, without its secrets |
//! | revision | number of a change in the whole store |
//!
//! Modules in dependency order; each one uses only those above it:

pub mod text;
pub mod atomic_file;
pub mod tls;
pub mod provider;
pub mod appsettings;
pub mod connection;
pub mod probe;
pub mod service;
pub mod search;
pub mod plan;
pub mod store;
pub mod drafts;
pub mod api;
pub mod tui;
pub mod config;
pub mod cli;
