//! Classification of actions as writes. The match is exhaustive, so a new action needs a decision.

use super::Action;

impl Action {
    /// Returns true if the action changes stored data or opens a dialog that does. Read-only mode hides these actions.
    pub const fn is_write(self) -> bool {
        match self {
            Self::RollBack
            | Self::RollBackField
            | Self::New
            | Self::Edit
            | Self::Toggle
            | Self::Undo
            | Self::Delete
            | Self::Restore
            | Self::Purge
            | Self::EmptyTrash
            | Self::EditExternally
            | Self::Drafts
            | Self::RestoreDraft
            | Self::DiscardDraft
            | Self::KeepMine
            | Self::TakeTheirs
            | Self::Activate
            | Self::Deactivate
            | Self::Duplicate
            | Self::ImportEnvironment
            | Self::InsertReference
            | Self::MoveToReference
            | Self::Save => true,
            Self::CompareVersions
            | Self::Mark
            | Self::CopyLine
            | Self::Retest
            | Self::Test
            | Self::Models
            | Self::ShowSettings
            | Self::ShowInfo
            | Self::ShowHistory
            | Self::Trash
            | Self::Filter
            | Self::Sort
            | Self::SortByName
            | Self::SortByAlias
            | Self::SortByProvider
            | Self::SortByStatus
            | Self::SortByModified
            | Self::ReverseSort
            | Self::Group
            | Self::Copy
            | Self::CopyName
            | Self::CopyAlias
            | Self::CopyId
            | Self::CopyJson
            | Self::Refresh
            | Self::Up
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
            | Self::Reveal
            | Self::Clear
            | Self::NextButton
            | Self::PreviousButton
            | Self::Back
            | Self::Palette
            | Self::Help
            | Self::Redraw
            | Self::NextTheme
            | Self::CopyCurl
            | Self::CopyCreate
            | Self::CopyCommand
            | Self::Messages
            | Self::CopySnippet
            | Self::CopyVariable
            | Self::MarkRow
            | Self::MarkUp
            | Self::MarkDown
            | Self::MarkTo
            | Self::MarkAll
            | Self::Invert
            | Self::Export
            | Self::ShowBulk
            | Self::Retry
            | Self::Hide
            | Self::Suspend
            | Self::Leave
            | Self::Quit => false,
        }
    }
}
