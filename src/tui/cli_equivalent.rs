//! CLI equivalents of the actions, for scripts.

mod command_line;
mod settings;

use std::fmt::Write as _;

use super::action::ACTIONS;
pub use command_line::CommandLine;
pub use settings::{SettingArgument, settings};

/// CLI equivalent of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CliEquivalent {
    /// Command with these words.
    Command(&'static str),
    /// No command, for this reason.
    None(&'static str),
}

/// Cursor moves and selections.
pub(super) const CURSOR_ONLY: CliEquivalent = CliEquivalent::None("moves the cursor");

/// Display only.
pub(super) const SCREEN_ONLY: CliEquivalent = CliEquivalent::None("changes the screen only");

/// Marks live as long as the app.
pub(super) const MARKS: CliEquivalent =
    CliEquivalent::None("commands take arguments instead of marks");

/// Unsaved input.
pub(super) const INPUT_ONLY: CliEquivalent = CliEquivalent::None("changes unsaved input only");

/// Returns every action with its command, or the reason for none, as a Markdown table for `docs/commands.md`.
pub fn table() -> String {
    let mut table = "| action | command |\n|---|---|\n".to_owned();
    for entry in ACTIONS {
        let command = match entry.action.command() {
            CliEquivalent::Command(words) => format!("`umai {words}`"),
            CliEquivalent::None(why) => why.to_owned(),
        };
        let _ = writeln!(table, "| {} | {command} |", entry.title); // writing to a String cannot fail
    }
    table
}
