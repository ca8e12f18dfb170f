//! The app: keys in, frames out; and its model without drawing.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail anywhere"
)]

#[path = "../support/pty.rs"]
mod pty;
#[path = "../support/mod.rs"]
mod support;

mod bulk;
mod copy_to_target;
mod create_and_browse;
mod dialogs;
mod draft_model;
mod drafts_and_conflicts;
mod filter_and_sort;
mod form;
mod form_input;
mod fuzz_corpus;
mod hostile_text;
mod large_lists;
mod last_test;
mod provider_form;
mod random_plain;
mod random_screen;
mod reconnect;
mod remote_changes;
mod sizes;
mod target_and_theme;
mod targets_and_read_only;
mod terminal_input;
mod trash;
mod undo;
mod update;
mod update_bulk;
mod workspace;
