//! CLI equivalents of the actions, for scripts.

mod command_line;
mod settings;

use std::fmt::Write as _;

use super::action::{ACTIONS, Action};
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
const CURSOR_ONLY: CliEquivalent = CliEquivalent::None("moves the cursor");

/// Display only.
const SCREEN_ONLY: CliEquivalent = CliEquivalent::None("changes the screen only");

/// Marks live as long as the app.
const MARKS: CliEquivalent = CliEquivalent::None("commands name their connections");

/// Unsaved input.
const INPUT_ONLY: CliEquivalent = CliEquivalent::None("changes unsaved input only");

/// Returns every action with its command, or the reason for none, as a Markdown table for `docs/commands.md`.
pub fn table() -> String {
    let mut table = "| action | command |\n|---|---|\n".to_owned();
    for entry in ACTIONS {
        let command = match entry.action.command() {
            CliEquivalent::Command(words) => format!("`umai {words}`"),
            CliEquivalent::None(reason) => reason.to_owned(),
        };
        let _ = writeln!(table, "| {} | {command} |", entry.title); // a String takes every write
    }
    table
}

impl Action {
    /// Returns the CLI equivalent. The match is exhaustive, so a new action needs a decision.
    pub const fn command(self) -> CliEquivalent {
        CliEquivalent::Command(match self {
            Self::CompareVersions => "connections diff",
            Self::RollBack => "connections rollback",
            Self::Restore => "connections restore",
            Self::Purge | Self::EmptyTrash => "connections purge",
            // The form knows whether a save creates or updates a connection.
            Self::New | Self::ImportEnvironment | Self::Save => "connections create",
            Self::Duplicate => "connections duplicate",
            Self::RollBackField
            | Self::Edit
            | Self::EditExternally
            | Self::InsertReference
            | Self::MoveToReference => "connections update",
            // The app replaces `activate` by `deactivate` if the toggle would deactivate.
            Self::Toggle | Self::Activate => "connections activate",
            Self::Deactivate => "connections deactivate",
            Self::Delete => "connections delete",
            Self::Test | Self::Retest => "connections test",
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
            | Self::ReverseSort
            | Self::Group
            | Self::Trash => "connections list",
            Self::Export => "connections export",
            Self::Help => "man",
            Self::Undo => {
                return CliEquivalent::None("scripts use activate, deactivate and restore");
            }
            Self::CopyCurl | Self::CopySnippet | Self::CopyVariable => {
                return CliEquivalent::None("copies text only");
            }
            Self::CopyCommand | Self::CopyCreate => return CliEquivalent::None("copies a command"),
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
            | Self::Back => return CURSOR_ONLY,
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
            | Self::Hide => return SCREEN_ONLY,
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
            | Self::TakeTheirs => return INPUT_ONLY,
        })
    }
}
