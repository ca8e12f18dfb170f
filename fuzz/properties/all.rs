//! Properties that hold for every input: one file per fuzz target.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what does not hold ends the run"
)]

pub mod appsettings;
mod bytes;
pub mod display_text;
mod folder;
pub mod imports;
pub mod key_sequences;
pub mod records;
pub mod references;
pub mod request_bodies;
pub mod user_files;

/// Placeholder of secrets in inputs.
pub const PLANTED: &str = "planted";

/// Fuzz target: name and property.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 8] = [
    ("request_bodies", request_bodies::holds),
    ("appsettings", appsettings::holds),
    ("references", references::holds),
    ("records", records::holds),
    ("user_files", user_files::holds),
    ("imports", imports::holds),
    ("display_text", display_text::holds),
    ("key_sequences", key_sequences::holds),
];
