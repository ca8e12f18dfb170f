//! The `umai` command that does what an action does, so that what is done by hand can go into a script.

mod line;
mod settings;

use std::fmt::Write as _;

use super::action::{ACTIONS, Action};
pub use line::CommandLine;
pub use settings::{Part, settings};

/// What does the same outside the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parity {
    /// The command with these words does it.
    Command(&'static str),
    /// Only a screen has it: this is why.
    Screen(&'static str),
}

/// Moving, and choosing among what is shown.
const MOVES: Parity = Parity::Screen("moves the cursor");

/// How things are shown.
const LOOKS: Parity = Parity::Screen("changes the screen only");

/// What is marked lives as long as the app.
const MARKS: Parity = Parity::Screen("commands name their connections");

/// What is typed and not saved.
const TYPED: Parity = Parity::Screen("changes unsaved input only");

/// Returns every action with its command, or the reason for none, as a Markdown table for `docs/commands.md`.
pub fn table() -> String {
    let mut table = "| action | command |\n|---|---|\n".to_owned();
    for entry in ACTIONS {
        let command = match entry.action.command() {
            Parity::Command(words) => format!("`umai {words}`"),
            Parity::Screen(why) => why.to_owned(),
        };
        let _ = writeln!(table, "| {} | {command} |", entry.title); // a String takes every write
    }
    table
}

impl Action {
    /// The command that does it. Every one is listed, so that the compiler asks about a new one.
    pub const fn command(self) -> Parity {
        Parity::Command(match self {
            Self::CompareVersions => "connections diff",
            Self::RollBack => "connections rollback",
            Self::Restore => "connections restore",
            Self::Purge | Self::Empty => "connections purge",
            // What is saved is a new connection or another one; the form knows.
            Self::New | Self::Import | Self::Save => "connections create",
            Self::Duplicate => "connections duplicate",
            Self::RollBackField | Self::Edit | Self::Outside | Self::References | Self::MoveOut => {
                "connections update"
            }
            // Which of the two does what a switch does here and now is said by the app.
            Self::Toggle | Self::Enable => "connections activate",
            Self::Disable => "connections deactivate",
            Self::Delete => "connections delete",
            Self::Test | Self::Again => "connections test",
            Self::Models => "connections models",
            Self::ShowHistory => "connections history",
            Self::ShowSettings
            | Self::ShowInfo
            | Self::CopyLine
            | Self::CopyName
            | Self::CopyAlias
            | Self::CopyId
            | Self::CopyJson => "connections get",
            Self::Refresh
            | Self::Filter
            | Self::Sort
            | Self::SortByName
            | Self::SortByAlias
            | Self::SortByProvider
            | Self::SortByStatus
            | Self::SortByModified
            | Self::Turn
            | Self::Group
            | Self::Trash => "connections list",
            Self::Export => "connections export",
            Self::Help => "man",
            Self::Undo => {
                return Parity::Screen("scripts use activate, deactivate and restore");
            }
            Self::CopyCurl | Self::CopySnippet | Self::CopyVariable => {
                return Parity::Screen("copies text only");
            }
            Self::CopyCommand | Self::CopyCreate => return Parity::Screen("copies a command"),
            Self::Up
            | Self::Down
            | Self::PageUp
            | Self::PageDown
            | Self::First
            | Self::Last
            | Self::Open
            | Self::Close
            | Self::NextPane
            | Self::PreviousPane
            | Self::Choose
            | Self::NextField
            | Self::PreviousField
            | Self::NextError
            | Self::NextButton
            | Self::PreviousButton
            | Self::Back => return MOVES,
            Self::Copy
            | Self::Palette
            | Self::Messages
            | Self::Redraw
            | Self::NextTheme
            | Self::Suspend
            | Self::Leave
            | Self::Quit
            | Self::Reveal
            | Self::ShowBulk
            | Self::Hide => return LOOKS,
            Self::Mark
            | Self::MarkRow
            | Self::MarkUp
            | Self::MarkDown
            | Self::MarkTo
            | Self::MarkAll
            | Self::Invert
            | Self::Retry => return MARKS,
            Self::Clear
            | Self::Drafts
            | Self::RestoreDraft
            | Self::DiscardDraft
            | Self::KeepMine
            | Self::TakeTheirs => return TYPED,
        })
    }
}
