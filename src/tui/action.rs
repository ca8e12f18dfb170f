//! Table of all actions, used by the keymap, the footer, the help, the palette and the docs.

mod context;
mod key_tables;

pub use context::KeyContext;
use context::current_id;
pub use key_tables::{key_table, key_tables};

use super::cli_equivalent::{CURSOR_ONLY, CliEquivalent, INPUT_ONLY, MARKS, SCREEN_ONLY};
use crate::search::Column;
use crate::service::ServiceFeatures;

/// Group of actions in the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionGroup {
    /// Movement of the cursor and the focus.
    Move,
    /// Marks of connections and versions.
    Mark,
    /// Changes of connections.
    Change,
    /// Search, and copies of what was found.
    Find,
    /// Screens, tabs and order.
    View,
}

impl ActionGroup {
    /// All groups, in the order of the help.
    pub const ALL: [Self; 5] = [Self::Change, Self::Mark, Self::Find, Self::View, Self::Move];

    /// Returns the heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Move => "Move",
            Self::Mark => "Mark",
            Self::Change => "Change",
            Self::Find => "Find",
            Self::View => "View",
        }
    }
}

/// Row of the action table.
#[derive(Debug, Clone, Copy)]
pub struct ActionEntry {
    /// The action.
    pub action: Action,
    /// Name in a key file.
    pub id: &'static str,
    /// Contexts where it is available.
    pub contexts: &'static [KeyContext],
    /// Title in the help and the palette.
    pub title: &'static str,
    /// Hint in the footer; `None` hides it there.
    pub hint: Option<&'static str>,
    /// Group in the help.
    pub group: ActionGroup,
    /// Other words that the palette and the help find it by.
    pub keywords: &'static str,
    /// True if the action changes stored data, or opens a form or prompt that has no other purpose; read-only mode hides it. A dialog
    /// that also shows something, such as the trash or a bulk operation, hides its own actions, and `App::block_writes` refuses the
    /// rest.
    pub is_write: bool,
    /// Command that does the same, or the reason for none.
    pub command: CliEquivalent,
}

const fn cli(words: &'static str) -> CliEquivalent {
    CliEquivalent::Command(words)
}

/// Defines the actions and their table: action, ID, contexts, title, hint, group, keywords, `read` or `write`, CLI equivalent.
macro_rules! actions {
    ($($action:ident, $id:literal, [$($context:ident),+], $title:literal, $hint:expr, $group:ident, $keywords:literal, $access:ident, $command:expr;)+) => {
        /// Action of a key, the palette or a command in plain mode.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action {
            $(#[doc = $title] $action,)+
        }

        /// All actions, in the order of the footer.
        pub const ACTIONS: &[ActionEntry] = &[$(ActionEntry {
            action: Action::$action,
            id: $id,
            contexts: &[$(KeyContext::$context),+],
            title: $title,
            hint: $hint,
            group: ActionGroup::$group,
            keywords: $keywords,
            is_write: actions!($access),
            command: $command,
        },)+];
    };
    (read) => { false };
    (write) => { true };
}

actions! {
    CompareVersions, "compare", [History], "Compare versions", Some("Compare"), View, "diff difference", read, cli("connections diff");
    MarkVersion, "mark", [History], "Mark version to compare", Some("Mark"), Mark, "select", read, MARKS;
    RollBack, "rollback", [History, Compare], "Roll back to version", Some("Roll back"), Change, "restore revert earlier", write, cli("connections rollback");
    RollBackField, "rollback-field", [Compare], "Roll back this field", Some("Roll back field"), Change, "restore revert", write, cli("connections update");
    CopyLine, "copy-line", [Info], "Copy line", Some("Copy"), Find, "clipboard yank", read, cli("connections get");
    Retest, "retest", [Report], "Test again", Some("Retest"), Change, "check", read, cli("connections test");
    Restore, "restore", [Trash], "Restore connection", Some("Restore"), Change, "undelete recover", write, cli("connections restore");
    Purge, "purge", [Trash], "Delete permanently", Some("Delete permanently"), Change, "purge remove erase", write, cli("connections purge");
    EmptyTrash, "empty", [Trash], "Empty the trash", Some("Empty"), Change, "purge remove erase", write, cli("connections purge");
    RestoreDraft, "restore-draft", [Drafts], "Restore draft", Some("Restore"), Change, "unsaved continue", write, INPUT_ONLY;
    DiscardDraft, "discard-draft", [Drafts], "Discard draft", Some("Discard"), Change, "unsaved remove delete", write, INPUT_ONLY;
    KeepMine, "mine", [Merge], "Keep mine", Some("Mine"), Change, "merge conflict", write, INPUT_ONLY;
    TakeTheirs, "theirs", [Merge], "Take theirs", Some("Theirs"), Change, "merge conflict", write, INPUT_ONLY;
    New, "new", [Tree], "Create connection", Some("New"), Change, "add new", write, cli("connections create");
    Edit, "edit", [Tree], "Edit connection", Some("Edit"), Change, "rename change update settings alias key", write, cli("connections update");
    Duplicate, "duplicate", [Tree], "Duplicate connection", None, Change, "clone copy", write, cli("connections duplicate");
    ImportEnvironment, "import-environment", [Tree], "Import from environment", None, Change, "variables env", write, cli("connections create");
    // The app replaces `activate` by `deactivate` if the toggle would deactivate.
    Toggle, "toggle", [Tree], "Activate or deactivate", Some("Toggle"), Change, "toggle enable disable switch status", write, cli("connections activate");
    // The form knows whether a save creates or updates a connection.
    Save, "save", [Form, Merge], "Save", Some("Save"), Change, "submit create", write, cli("connections create");
    NextError, "next-error", [Form], "Next error", Some("Next error"), Move, "problem", read, CURSOR_ONLY;
    Test, "test", [Tree, Form], "Test connection", Some("Test"), Change, "check health verify ping", read, cli("connections test");
    NextField, "next-field", [Form], "Next field", Some("Next"), Move, "focus", read, CURSOR_ONLY;
    PreviousField, "previous-field", [Form], "Previous field", None, Move, "focus", read, CURSOR_ONLY;
    Reveal, "reveal", [Form], "Show or hide secret", Some("Show"), View, "reveal key mask", read, SCREEN_ONLY;
    Clear, "clear", [Form], "Clear field or secret", Some("Clear"), Change, "remove empty", read, INPUT_ONLY;
    InsertReference, "references", [Form], "Insert reference", Some("$ reference"), Change, "configuration appsettings $", write, cli("connections update");
    MoveToReference, "move-to-reference", [Form], "Move to reference", Some("To reference"), Change, "configuration appsettings secret", write, cli("connections update");
    CopySnippet, "copy-snippet", [MoveToReference], "Copy JSON snippet", Some("JSON"), Find, "clipboard appsettings", read, CliEquivalent::None("copies text only");
    CopyVariable, "copy-variable", [MoveToReference], "Copy variable", Some("Env"), Find, "clipboard environment", read, CliEquivalent::None("copies text only");
    ShowHistory, "history", [Tree], "Show history", Some("History"), View, "versions changes log roll back rollback", read, cli("connections history");
    Undo, "undo", [Tree, Bulk], "Undo the last change", Some("Undo"), Change, "revert take back", write, CliEquivalent::None("scripts use activate, deactivate and restore");
    Delete, "delete", [Tree], "Delete connection", Some("Delete"), Change, "remove trash", write, cli("connections delete");
    Filter, "filter", [Tree], "Filter", Some("Filter"), Find, "search find", read, cli("connections list");
    Sort, "sort", [Tree], "Sort", Some("Sort"), View, "order column", read, cli("connections list");
    Copy, "copy", [Tree], "Copy a value", Some("Copy"), Find, "clipboard yank", read, SCREEN_ONLY;
    Targets, "targets", [Tree], "Switch target", None, View, "target server site environment prod change connect", read, cli("targets list");
    ReadOnly, "read-only", [Tree], "Read-only on or off", None, View, "protect lock safe write", read, CliEquivalent::None("--read-only refuses changes");
    KeyBackup, "key-backup", [Tree], "Confirm key backup", None, Change, "encryption export safe", read, CliEquivalent::None("umai key export copies the key");
    Trash, "trash", [Tree], "Show trash", None, View, "deleted restore undelete recover bin", read, cli("connections list");
    EditExternally, "editor", [Tree, Form], "Edit in $EDITOR", Some("Editor"), Change, "vim external yaml", write, cli("connections edit");
    Drafts, "drafts", [Tree], "Show drafts", None, View, "unsaved", write, INPUT_ONLY;
    CopyName, "name", [CopyMenu], "Copy name", Some("Name"), Find, "clipboard yank", read, cli("connections get");
    CopyAlias, "alias", [CopyMenu], "Copy alias", Some("Alias"), Find, "clipboard yank", read, cli("connections get");
    CopyId, "id", [CopyMenu], "Copy ID", Some("ID"), Find, "clipboard yank guid uuid", read, cli("connections get");
    CopyJson, "json", [CopyMenu], "Copy JSON", Some("JSON"), Find, "clipboard yank", read, cli("connections get");
    CopyCurl, "curl", [CopyMenu], "Copy cURL command", Some("cURL"), Find, "clipboard yank request", read, CliEquivalent::None("copies text only");
    CopyCreate, "command", [CopyMenu], "Copy umai command", Some("Command"), Find, "clipboard yank create cli", read, CliEquivalent::None("copies a command");
    SortByName, "by-name", [SortMenu], "Sort by name", Some("Name"), View, "order", read, cli("connections list");
    SortByAlias, "by-alias", [SortMenu], "Sort by alias", Some("Alias"), View, "order", read, cli("connections list");
    SortByProvider, "by-provider", [SortMenu], "Sort by provider", Some("Provider"), View, "order", read, cli("connections list");
    SortByStatus, "by-status", [SortMenu], "Sort by status", Some("Status"), View, "order active inactive", read, cli("connections list");
    SortByModified, "by-modified", [SortMenu], "Sort by last change", Some("Modified"), View, "order date newest recent", read, cli("connections list");
    ReverseSort, "reverse-sort", [Tree, SortMenu], "Reverse sort", None, View, "order", read, cli("connections list");
    Group, "group", [Tree, SortMenu], "Group by provider", None, View, "tree", read, cli("connections list");
    Models, "models", [Tree, Report], "Browse models", Some("Models"), View, "list", read, cli("connections models");
    ShowSettings, "settings", [Tree], "Show settings", None, View, "tab details", read, cli("connections get");
    ShowInfo, "info", [Tree], "Show info", None, View, "tab id dates details", read, cli("connections get");
    Refresh, "refresh", [Tree], "Reload", None, View, "refresh update", read, cli("connections list");
    Choose, "choose", [List, Confirm, Bulk, MoveToReference], "Select", Some("Select"), Move, "enter ok", read, CURSOR_ONLY;
    CompleteFilter, "complete-filter", [List], "Complete the filter", Some("Complete"), Find, "status provider value", read, INPUT_ONLY;
    Yes, "yes", [Confirm, Bulk], "Yes", Some("Yes"), Change, "confirm ok", read, CURSOR_ONLY;
    No, "no", [Confirm, Bulk], "No", Some("No"), Change, "cancel", read, CURSOR_ONLY;
    NextButton, "next-button", [Confirm, Bulk], "Next button", Some("Next"), Move, "", read, CURSOR_ONLY;
    PreviousButton, "previous-button", [Confirm, Bulk], "Previous button", None, Move, "", read, CURSOR_ONLY;
    Up, "up", [Tree, List, Bulk], "Up", None, Move, "", read, CURSOR_ONLY;
    Down, "down", [Tree, List, Bulk], "Down", None, Move, "", read, CURSOR_ONLY;
    PageUp, "page-up", [Tree, List, Form, Bulk], "Page up", None, Move, "", read, CURSOR_ONLY;
    PageDown, "page-down", [Tree, List, Form, Bulk], "Page down", None, Move, "", read, CURSOR_ONLY;
    HalfPageUp, "half-page-up", [Tree], "Half a page up", None, Move, "", read, CURSOR_ONLY;
    HalfPageDown, "half-page-down", [Tree], "Half a page down", None, Move, "", read, CURSOR_ONLY;
    First, "first", [Tree, List], "First row", None, Move, "top home", read, CURSOR_ONLY;
    Last, "last", [Tree, List], "Last row", None, Move, "bottom end", read, CURSOR_ONLY;
    MarkRow, "mark-row", [Tree], "Mark or unmark", None, Mark, "select", read, MARKS;
    MarkDown, "mark-down", [Tree], "Mark downwards", None, Mark, "select", read, MARKS;
    MarkUp, "mark-up", [Tree], "Mark upwards", None, Mark, "select", read, MARKS;
    MarkTo, "mark-to", [Tree], "Mark range", None, Mark, "select", read, MARKS;
    MarkAll, "mark-all", [Tree], "Mark all or none", None, Mark, "select everything", read, MARKS;
    Invert, "invert", [Tree], "Invert marks", None, Mark, "select", read, MARKS;
    Activate, "activate", [Tree], "Activate connection", None, Change, "enable switch on status", write, cli("connections activate");
    Deactivate, "deactivate", [Tree], "Deactivate connection", None, Change, "disable switch off status", write, cli("connections deactivate");
    CopyToTarget, "copy-to-target", [Tree], "Copy to target", None, Change, "promote move deploy server site environment", read, cli("targets copy");
    Export, "export", [Tree], "Export connections", None, Change, "backup save file yaml json", read, cli("connections export");
    ShowBulk, "bulk", [Tree], "Show bulk operation", None, View, "progress result", read, SCREEN_ONLY;
    Retry, "retry", [Bulk], "Retry failed", Some("Retry"), Change, "again", read, CliEquivalent::None("repeats a bulk operation of the app");
    Hide, "hide", [Bulk], "Continue in background", Some("Background"), View, "hide", read, SCREEN_ONLY;
    Open, "open", [Tree], "Open, go right", None, Move, "expand enter", read, CURSOR_ONLY;
    Close, "close", [Tree], "Close, go left", None, Move, "collapse parent", read, CURSOR_ONLY;
    NextPane, "next-pane", [Tree], "Next pane", None, Move, "focus tab", read, CURSOR_ONLY;
    PreviousPane, "previous-pane", [Tree], "Previous pane", None, Move, "focus tab", read, CURSOR_ONLY;
    Back, "back", [Tree, List, Form, Confirm, Compare, Report, Trash, Merge, Drafts, Bulk, MoveToReference, CopyMenu, SortMenu], "Back; never quits", Some("Back"), Move, "cancel close escape", read, CURSOR_ONLY;
    CopyCommand, "copy-command", [List, Form], "Copy as umai command", Some("As command"), Find, "clipboard yank cli", read, CliEquivalent::None("copies a command");
    Palette, "palette", [Tree, Global], "Find an action", Some("Actions"), Find, "palette command run", read, SCREEN_ONLY;
    Help, "help", [Tree, Global], "Show keys", Some("Help"), Find, "shortcuts keyboard", read, cli("man");
    Messages, "messages", [Tree, Global], "Show messages", None, View, "log notices errors warnings", read, SCREEN_ONLY;
    Redraw, "redraw", [Global], "Redraw", None, View, "refresh screen", read, SCREEN_ONLY;
    NextTheme, "next-theme", [Global], "Next theme", None, View, "colours colors appearance dark light", read, SCREEN_ONLY;
    Suspend, "suspend", [Global], "Suspend", None, View, "shell background", read, SCREEN_ONLY;
    // IDs of 0.1. In plain mode the word `quit` is `Quit`, too.
    Quit, "leave", [Tree], "Quit", Some("Quit"), View, "exit close", read, SCREEN_ONLY;
    QuitNow, "quit", [Global], "Quit immediately", None, View, "exit", read, SCREEN_ONLY;
}

/// Action IDs of version 0.1 with their present names; read until version 0.3.
const ACTIONS_OF_0_1: &[(&str, &str)] = &[
    ("again", "retest"),
    ("disable", "deactivate"),
    ("enable", "activate"),
    ("many", "bulk"),
    ("turn", "reverse-sort"),
];

impl ActionEntry {
    /// Returns true if the word is the ID of the action, or its ID in version 0.1.
    pub fn is_named(&self, word: &str) -> bool {
        self.id == current_id(ACTIONS_OF_0_1, word)
    }
}

impl Action {
    /// Returns the row of the action.
    pub const fn entry(self) -> &'static ActionEntry {
        &ACTIONS[self as usize]
    }

    /// Returns true if the action changes stored data or opens a dialog that does.
    pub const fn is_write(self) -> bool {
        self.entry().is_write
    }

    /// Returns the CLI equivalent.
    pub const fn command(self) -> CliEquivalent {
        self.entry().command
    }

    /// Returns the actions that the service does not support.
    pub fn unavailable(features: ServiceFeatures) -> Vec<Self> {
        let mut actions = Vec::new();
        if !features.trash {
            actions.extend([Self::Trash, Self::Restore, Self::Purge, Self::EmptyTrash]);
        }
        if !features.version_snapshots {
            actions.push(Self::RollBackField);
        }
        if features == ServiceFeatures::THIRD_PARTY {
            // The command is for the API of umai.
            actions.push(Self::CopyCurl);
        }
        actions
    }

    /// Returns the column that the action sorts by: the ID is `by-` and that of the column.
    pub fn sort_column(self) -> Option<Column> {
        Column::from_name(self.entry().id.strip_prefix("by-")?)
    }

    /// Returns true if the action only moves the cursor.
    pub const fn is_move(self) -> bool {
        matches!(
            self,
            Self::Up
                | Self::Down
                | Self::PageUp
                | Self::PageDown
                | Self::HalfPageUp
                | Self::HalfPageDown
                | Self::First
                | Self::Last
        )
    }

    /// Returns the action with this ID if it is available in the context.
    pub fn from_id(id: &str, context: KeyContext) -> Option<Self> {
        ACTIONS
            .iter()
            .find(|entry| entry.is_named(id) && entry.contexts.contains(&context))
            .map(|entry| entry.action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::keymap::Keymap;

    #[test]
    fn every_action_has_one_row() {
        for (at, entry) in ACTIONS.iter().enumerate() {
            assert_eq!(entry.action.entry().id, entry.id);
            assert!(ACTIONS[at + 1..].iter().all(|other| other.id != entry.id));
            assert!(!entry.contexts.is_empty());
        }
    }

    #[test]
    fn every_action_has_a_key_in_its_contexts() {
        let keymap = Keymap::embedded();
        for entry in ACTIONS {
            for context in entry.contexts {
                assert!(
                    keymap.keys(*context, entry.action).next().is_some(),
                    "{} has no key in {}",
                    entry.id,
                    context.id()
                );
            }
        }
    }
}
