//! Contexts of key presses: where a key runs which action.

use super::{Action, ActionEntry};

/// Context of a key press. A key can have different actions in different contexts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyContext {
    /// Tree and the panes beside it.
    Tree,
    /// List above the tree: providers, palette, help, filter results.
    List,
    /// Form of a connection.
    Form,
    /// Prompt with buttons.
    Confirm,
    /// Info tab of a connection; the keys of the tree work too.
    Info,
    /// History tab of a connection; the keys of the tree work too.
    History,
    /// Comparison of two versions.
    Compare,
    /// Report of a connection test.
    Report,
    /// Trash.
    Trash,
    /// Merge conflicts.
    Merge,
    /// Unsaved drafts.
    Drafts,
    /// Bulk operation.
    Bulk,
    /// Dialog that moves a secret to a reference.
    MoveToReference,
    /// Copy menu, opened by the copy key.
    CopyMenu,
    /// Sort menu, opened by the sort key.
    SortMenu,
    /// Any context that does not bind the key itself.
    Global,
}

impl KeyContext {
    /// Every context, in the order of the docs.
    pub const ALL: [Self; 16] = [
        Self::Tree,
        Self::List,
        Self::Form,
        Self::Confirm,
        Self::Info,
        Self::History,
        Self::Compare,
        Self::Report,
        Self::Trash,
        Self::Merge,
        Self::Drafts,
        Self::Bulk,
        Self::MoveToReference,
        Self::CopyMenu,
        Self::SortMenu,
        Self::Global,
    ];

    /// Returns the name of the section in a key file.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Tree => "tree",
            Self::List => "list",
            Self::Form => "form",
            Self::Confirm => "confirm",
            Self::Info => "info",
            Self::History => "history",
            Self::Compare => "compare",
            Self::Report => "report",
            Self::Trash => "trash",
            Self::Merge => "merge",
            Self::Drafts => "drafts",
            Self::Bulk => "bulk",
            Self::MoveToReference => "move-to-reference",
            Self::CopyMenu => "copy",
            Self::SortMenu => "sort",
            Self::Global => "global",
        }
    }

    /// Returns the context of a section in a key file.
    pub fn from_id(id: &str) -> Option<Self> {
        let id = current_id(SECTIONS_OF_0_1, id);
        Self::ALL.into_iter().find(|context| context.id() == id)
    }

    /// Returns the heading in the docs and the help.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Tree => "Tree",
            Self::List => "List or filter",
            Self::Form => "Form",
            Self::Confirm => "Prompt",
            Self::Info => "Info",
            Self::History => "History",
            Self::Compare => "Version comparison",
            Self::Report => "Test report",
            Self::Trash => "Trash",
            Self::Merge => "Merge conflicts",
            Self::Drafts => "Drafts",
            Self::Bulk => "Bulk operation",
            Self::MoveToReference => "Move to reference",
            Self::CopyMenu => "Copy menu",
            Self::SortMenu => "Sort menu",
            Self::Global => "Anywhere",
        }
    }

    /// Returns the context whose keys work here too.
    pub const fn inherited(self) -> Option<Self> {
        match self {
            Self::Info | Self::History => Some(Self::Tree),
            _ => None,
        }
    }

    /// Returns the menus that a key opens from here.
    pub const fn menus(self) -> &'static [Self] {
        match self {
            Self::Tree | Self::Info | Self::History => &[Self::CopyMenu, Self::SortMenu],
            _ => &[],
        }
    }

    /// Returns the action that opens this menu.
    pub const fn opened_by(self) -> Option<Action> {
        match self {
            Self::CopyMenu => Some(Action::Copy),
            Self::SortMenu => Some(Action::Sort),
            _ => None,
        }
    }

    /// Returns true if an action is available here.
    pub fn has(self, entry: &ActionEntry) -> bool {
        let is_in = |context| entry.contexts.contains(&context);
        is_in(self) || self.inherited().is_some_and(is_in)
    }
}

/// Sections of key files of version 0.1 with their present names; read until version 0.3.
const SECTIONS_OF_0_1: &[(&str, &str)] = &[("many", "bulk"), ("anywhere", "global")];

/// Returns the present name of a renamed ID, otherwise the ID itself.
pub(super) fn current_id<'a>(renamed: &[(&str, &'static str)], id: &'a str) -> &'a str {
    renamed
        .iter()
        .find(|(old, _)| *old == id)
        .map_or(id, |(_, new)| new)
}
