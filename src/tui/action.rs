//! Table of all actions, used by the keymap, the footer, the help, the palette and the docs.

use std::fmt::Write as _;

use super::cli_equivalent::{CURSOR_ONLY, CliEquivalent, INPUT_ONLY, MARKS, SCREEN_ONLY};
use super::keymap::Keymap;

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
    /// True if the action changes stored data or opens a dialog that does; read-only mode hides it.
    pub is_write: bool,
    /// Command that does the same, or the reason for none.
    pub command: CliEquivalent,
}

const fn cli(words: &'static str) -> CliEquivalent {
    CliEquivalent::Command(words)
}

/// Defines the actions and their table: action, ID, contexts, title, hint, `read` or `write`, CLI equivalent.
macro_rules! actions {
    ($($action:ident, $id:literal, [$($context:ident),+], $title:literal, $hint:expr, $access:ident, $command:expr;)+) => {
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
            is_write: actions!($access),
            command: $command,
        },)+];
    };
    (read) => { false };
    (write) => { true };
}

actions! {
    CompareVersions, "compare", [History], "Compare with the current or the marked version", Some("compare"), read, cli("connections diff");
    Mark, "mark", [History], "Mark version for comparison", Some("mark"), read, MARKS;
    RollBack, "rollback", [History, Compare], "Roll back to the version", Some("roll back"), write, cli("connections rollback");
    RollBackField, "rollback-field", [Compare], "Roll back this field", Some("roll back field"), write, cli("connections update");
    CopyLine, "copy-line", [Info], "Copy line", Some("copy"), read, cli("connections get");
    Retest, "retest", [Report], "Retest", Some("retest"), read, cli("connections test");
    Restore, "restore", [Trash], "Restore connection", Some("restore"), write, cli("connections restore");
    Purge, "purge", [Trash], "Delete permanently", Some("delete permanently"), write, cli("connections purge");
    EmptyTrash, "empty", [Trash], "Empty the trash", Some("empty"), write, cli("connections purge");
    RestoreDraft, "restore-draft", [Drafts], "Restore draft", Some("restore"), write, INPUT_ONLY;
    DiscardDraft, "discard-draft", [Drafts], "Discard draft", Some("discard"), write, INPUT_ONLY;
    KeepMine, "mine", [Merge], "Keep mine", Some("mine"), write, INPUT_ONLY;
    TakeTheirs, "theirs", [Merge], "Take theirs", Some("theirs"), write, INPUT_ONLY;
    New, "new", [Tree], "Create connection", Some("new"), write, cli("connections create");
    Edit, "edit", [Tree], "Edit connection; expand or collapse a node", Some("edit"), write, cli("connections update");
    Duplicate, "duplicate", [Tree], "Duplicate connection", None, write, cli("connections duplicate");
    ImportEnvironment, "import-environment", [Tree], "Import from environment variables", None, write, cli("connections create");
    // The app replaces `activate` by `deactivate` if the toggle would deactivate.
    Toggle, "toggle", [Tree], "Toggle Active/Inactive", Some("toggle"), write, cli("connections activate");
    // The form knows whether a save creates or updates a connection.
    Save, "save", [Form, Merge], "Save", Some("save"), write, cli("connections create");
    NextField, "next-field", [Form], "Next field", Some("next"), read, CURSOR_ONLY;
    PreviousField, "previous-field", [Form], "Previous field", None, read, CURSOR_ONLY;
    NextError, "next-error", [Form], "Next error", Some("next error"), read, CURSOR_ONLY;
    Reveal, "reveal", [Form], "Show or hide the typed secret", Some("show"), read, SCREEN_ONLY;
    Clear, "clear", [Form], "Clear the field or its stored secret", Some("clear"), read, INPUT_ONLY;
    InsertReference, "references", [Form], "Insert a reference to a configuration key (or type $ in an empty field)", None, write, cli("connections update");
    MoveToReference, "move-to-reference", [Form], "Move the key to a configuration reference", None, write, cli("connections update");
    CopySnippet, "copy-snippet", [MoveToReference], "Copy the appsettings.json snippet", Some("JSON"), read, CliEquivalent::None("copies text only");
    CopyVariable, "copy-variable", [MoveToReference], "Copy the environment variable", Some("env"), read, CliEquivalent::None("copies text only");
    Test, "test", [Tree, Form], "Test connection", Some("test"), read, cli("connections test");
    ShowHistory, "history", [Tree], "Show history", Some("history"), read, cli("connections history");
    Undo, "undo", [Tree, Bulk], "Undo the last toggle or delete", Some("undo"), write, CliEquivalent::None("scripts use activate, deactivate and restore");
    Delete, "delete", [Tree], "Delete connection", Some("delete"), write, cli("connections delete");
    Filter, "filter", [Tree], "Filter connections", Some("filter"), read, cli("connections list");
    Sort, "sort", [Tree], "Sort by column", Some("sort"), read, cli("connections list");
    Copy, "copy", [Tree], "Copy name, alias, ID, JSON, cURL or umai command", Some("copy"), read, SCREEN_ONLY;
    Trash, "trash", [Tree], "Show trash", None, read, cli("connections list");
    EditExternally, "editor", [Tree, Form], "Edit in $EDITOR", None, write, cli("connections update");
    Drafts, "drafts", [Tree], "Show drafts", None, write, INPUT_ONLY;
    CopyName, "name", [CopyMenu], "Copy name", Some("name"), read, cli("connections get");
    CopyAlias, "alias", [CopyMenu], "Copy alias", Some("alias"), read, cli("connections get");
    CopyId, "id", [CopyMenu], "Copy ID", Some("ID"), read, cli("connections get");
    CopyJson, "json", [CopyMenu], "Copy JSON, secrets masked", Some("JSON"), read, cli("connections get");
    CopyCurl, "curl", [CopyMenu], "Copy cURL command without secrets", Some("cURL"), read, CliEquivalent::None("copies text only");
    CopyCreate, "command", [CopyMenu], "Copy umai create command without secrets", Some("command"), read, CliEquivalent::None("copies a command");
    CopyCommand, "copy-command", [List, Form], "Copy as umai command", None, read, CliEquivalent::None("copies a command");
    SortByName, "by-name", [SortMenu], "Sort by name; repeat to reverse", Some("name"), read, cli("connections list");
    SortByAlias, "by-alias", [SortMenu], "Sort by alias; repeat to reverse", Some("alias"), read, cli("connections list");
    SortByProvider, "by-provider", [SortMenu], "Sort by provider; repeat to reverse", Some("provider"), read, cli("connections list");
    SortByStatus, "by-status", [SortMenu], "Sort by status; repeat to reverse", Some("status"), read, cli("connections list");
    SortByModified, "by-modified", [SortMenu], "Sort by last change, newest first; repeat to reverse", Some("modified"), read, cli("connections list");
    ReverseSort, "reverse-sort", [Tree, SortMenu], "Reverse sort", None, read, cli("connections list");
    Group, "group", [Tree, SortMenu], "Group by provider", None, read, cli("connections list");
    Models, "models", [Tree, Report], "Browse models", Some("models"), read, cli("connections models");
    ShowSettings, "settings", [Tree], "Show settings", None, read, cli("connections get");
    ShowInfo, "info", [Tree], "Show info: ID, dates and last test", None, read, cli("connections get");
    Refresh, "refresh", [Tree], "Reload connections", None, read, cli("connections list");
    Choose, "choose", [List, Confirm, Bulk, MoveToReference], "Select", Some("select"), read, CURSOR_ONLY;
    NextButton, "next-button", [Confirm, Bulk], "Next button", Some("next"), read, CURSOR_ONLY;
    PreviousButton, "previous-button", [Confirm, Bulk], "Previous button", None, read, CURSOR_ONLY;
    Up, "up", [Tree, List, Bulk], "Up", None, read, CURSOR_ONLY;
    Down, "down", [Tree, List, Bulk], "Down", None, read, CURSOR_ONLY;
    PageUp, "page-up", [Tree, List, Form, Bulk], "Page up", None, read, CURSOR_ONLY;
    PageDown, "page-down", [Tree, List, Form, Bulk], "Page down", None, read, CURSOR_ONLY;
    First, "first", [Tree, List], "Go to the first row", None, read, CURSOR_ONLY;
    Last, "last", [Tree, List], "Go to the last row", None, read, CURSOR_ONLY;
    MarkRow, "mark-row", [Tree], "Mark or unmark, then move down", None, read, MARKS;
    MarkDown, "mark-down", [Tree], "Mark and move down", None, read, MARKS;
    MarkUp, "mark-up", [Tree], "Mark and move up", None, read, MARKS;
    MarkTo, "mark-to", [Tree], "Mark range from the last mark", None, read, MARKS;
    MarkAll, "mark-all", [Tree], "Mark all or none", None, read, MARKS;
    Invert, "invert", [Tree], "Invert marks", None, read, MARKS;
    Activate, "activate", [Tree], "Activate connection", None, write, cli("connections activate");
    Deactivate, "deactivate", [Tree], "Deactivate connection", None, write, cli("connections deactivate");
    Export, "export", [Tree], "Export connections", None, read, cli("connections export");
    ShowBulk, "bulk", [Tree], "Show the current or last bulk operation", None, read, SCREEN_ONLY;
    Retry, "retry", [Bulk], "Retry failed connections", Some("retry"), read, MARKS;
    Hide, "hide", [Bulk], "Continue in the background", Some("background"), read, SCREEN_ONLY;
    Open, "open", [Tree], "Expand node", None, read, CURSOR_ONLY;
    Close, "close", [Tree], "Collapse node, or go to its parent", None, read, CURSOR_ONLY;
    NextPane, "next-pane", [Tree], "Next pane", None, read, CURSOR_ONLY;
    PreviousPane, "previous-pane", [Tree], "Previous pane", None, read, CURSOR_ONLY;
    Back, "back", [Tree, List, Form, Confirm, Compare, Report, Trash, Merge, Drafts, Bulk, MoveToReference, CopyMenu, SortMenu], "Back; never quits", Some("back"), read, CURSOR_ONLY;
    Palette, "palette", [Tree, Global], "Find and run an action", Some("actions"), read, SCREEN_ONLY;
    Help, "help", [Tree, Global], "Show keys", Some("help"), read, cli("man");
    Messages, "messages", [Tree, Global], "Show messages", None, read, SCREEN_ONLY;
    Redraw, "redraw", [Global], "Redraw", None, read, SCREEN_ONLY;
    NextTheme, "next-theme", [Global], "Next theme (dark, light, colour-blind, high contrast)", None, read, SCREEN_ONLY;
    Suspend, "suspend", [Global], "Suspend; fg resumes", None, read, SCREEN_ONLY;
    Leave, "leave", [Tree], "Quit; prompts if changes are unsaved", Some("quit"), read, SCREEN_ONLY;
    Quit, "quit", [Global], "Quit immediately; pending saves finish", None, read, SCREEN_ONLY;
}

/// Sections of key files of version 0.1 with their present names; read until version 0.3.
const SECTIONS_OF_0_1: &[(&str, &str)] = &[("many", "bulk"), ("anywhere", "global")];

/// Action IDs of version 0.1 with their present names; read until version 0.3.
const ACTIONS_OF_0_1: &[(&str, &str)] = &[
    ("again", "retest"),
    ("disable", "deactivate"),
    ("enable", "activate"),
    ("many", "bulk"),
    ("turn", "reverse-sort"),
];

/// Returns the present name of a renamed ID, otherwise the ID itself.
fn current_id<'a>(renamed: &[(&str, &'static str)], id: &'a str) -> &'a str {
    renamed
        .iter()
        .find(|(old, _)| *old == id)
        .map_or(id, |(_, new)| new)
}

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

    /// Returns true if the action only moves the cursor.
    pub const fn is_move(self) -> bool {
        matches!(
            self,
            Self::Up | Self::Down | Self::PageUp | Self::PageDown | Self::First | Self::Last
        )
    }

    /// Returns true if the action needs the trash.
    pub const fn is_about_trash(self) -> bool {
        matches!(
            self,
            Self::Trash | Self::Restore | Self::Purge | Self::EmptyTrash
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

/// Returns the keys of every context as Markdown tables, for `docs/keys.md`.
pub fn key_tables() -> String {
    let mut tables: Vec<String> = KeyContext::ALL.into_iter().map(key_table).collect();
    tables.push(String::new());
    tables.join("\n")
}

/// Returns the keys of one context as a Markdown table.
pub fn key_table(context: KeyContext) -> String {
    let keymap = Keymap::embedded();
    let mut table = format!("| {} | |\n|---|---|\n", context.title());
    for entry in ACTIONS
        .iter()
        .filter(|entry| entry.contexts.contains(&context))
    {
        let keys: Vec<String> = keymap
            .keys(context, entry.action)
            .map(|key| match key.to_string().as_str() {
                "|" => "`\\|`".to_owned(),
                name => format!("`{name}`"),
            })
            .collect();
        if !keys.is_empty() {
            let _ = writeln!(table, "| {} | {} |", keys.join(" "), entry.title); // writing to a String cannot fail
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

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
