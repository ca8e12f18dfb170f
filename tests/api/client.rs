//! The client of a remote server: umai servers and third-party servers.

mod change_feed;
mod commands;
mod errors;
mod every_operation;
mod untrusted_text;
mod hostile_server;
mod lost_replies;
mod manifests;
mod third_party;
mod third_party_server;
mod tls_and_tokens;
