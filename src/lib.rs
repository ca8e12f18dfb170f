//! umai: a terminal backoffice for AI connections.
//!
//! ```text
//! cli ──┬──► tui ────┐
//!       ├──► api ────┼──► connection ──┬──► provider ────┐
//!       ├──► store ──┘                 └──► appsettings ─┴──► text, disk
//!       └──► config
//! ```
//!
//! `tls` says which certificates `connection` and `api` trust, and reads those that `api` serves.
//!
//! `drafts` keeps for `tui` what is typed and not saved, sealed with the key of `store`.
//!
//! Two seams carry the rest: [`connection::ConnectionService`] is what the screen and the command line ask,
//! [`connection::ConnectionStore`] is what keeps the answers. `cli` is the composition root, the only room that knows every other.
//! `tests/architecture.rs` holds the arrows.
//!
//! Words, one per thing:
//!
//! | word | means |
//! |---|---|
//! | connection | named, aliased credentials and settings for a provider |
//! | draft | a connection before it is one: a form's content (kept until it is saved), flags, a request body |
//! | item | what lists show of a connection: everything but its settings |
//! | settings | a connection's values for its provider |
//! | appsettings | what `$Section:Key` in a setting resolves against |
//! | config | how this tool behaves: folders, keys, theme, targets |
//! | target | a named place where connections are, with its look and its limits; on screen the app's *site* |
//! | secret | a setting that is [`connection::Plain`] inside the service, [`connection::Mask`] above it, [`connection::Sealed`] at rest |
//! | version | what a connection was after a save, without its secrets |
//! | revision | a point in the history of the whole store |
//!
//! The modules, each using only those above it:

pub mod text;
pub mod disk;
pub mod tls;
pub mod provider;
pub mod appsettings;
pub mod connection;
pub mod store;
pub mod drafts;
pub mod api;
pub mod tui;
pub mod config;
pub mod cli;
