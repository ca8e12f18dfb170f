//! Table of all actions, used by the keymap, the footer, the help, the palette and the docs.

mod is_write;

use std::fmt::Write as _;

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
            Self::Tree
            | Self::List
            | Self::Form
            | Self::Confirm
            | Self::Compare
            | Self::Report
            | Self::Trash
            | Self::Merge
            | Self::Drafts
            | Self::Bulk
            | Self::MoveToReference
            | Self::CopyMenu
            | Self::SortMenu
            | Self::Global => None,
        }
    }

    /// Returns the menus that a key opens from here.
    pub const fn menus(self) -> &'static [Self] {
        match self {
            Self::Tree | Self::Info | Self::History => &[Self::CopyMenu, Self::SortMenu],
            Self::List
            | Self::Form
            | Self::Confirm
            | Self::Compare
            | Self::Report
            | Self::Trash
            | Self::Merge
            | Self::Drafts
            | Self::Bulk
            | Self::MoveToReference
            | Self::CopyMenu
            | Self::SortMenu
            | Self::Global => &[],
        }
    }

    /// Returns the action that opens this menu.
    pub const fn opened_by(self) -> Option<Action> {
        match self {
            Self::CopyMenu => Some(Action::Copy),
            Self::SortMenu => Some(Action::Sort),
            Self::Tree
            | Self::Info
            | Self::History
            | Self::List
            | Self::Form
            | Self::Confirm
            | Self::Compare
            | Self::Report
            | Self::Trash
            | Self::Merge
            | Self::Drafts
            | Self::Bulk
            | Self::MoveToReference
            | Self::Global => None,
        }
    }

    /// Returns true if an action is available here.
    pub fn has(self, entry: &ActionEntry) -> bool {
        let is_in = |context| entry.contexts.contains(&context);
        is_in(self) || self.inherited().is_some_and(is_in)
    }
}

/// Action of a key, the palette or a command in plain mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the table below says what each does")]
pub enum Action {
    CompareVersions,
    Duplicate,
    ImportEnvironment,
    InsertReference,
    MoveToReference,
    CopySnippet,
    CopyVariable,
    Mark,
    RollBack,
    RollBackField,
    CopyLine,
    Retest,
    New,
    Edit,
    Toggle,
    Test,
    Models,
    ShowSettings,
    ShowInfo,
    ShowHistory,
    Undo,
    Delete,
    Trash,
    Restore,
    Purge,
    EmptyTrash,
    Filter,
    Sort,
    SortByName,
    SortByAlias,
    SortByProvider,
    SortByStatus,
    SortByModified,
    ReverseSort,
    Group,
    Copy,
    CopyName,
    CopyAlias,
    CopyId,
    CopyJson,
    CopyCurl,
    CopyCreate,
    CopyCommand,
    Refresh,
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    Open,
    Close,
    NextPane,
    PreviousPane,
    Choose,
    Save,
    NextField,
    PreviousField,
    NextError,
    Reveal,
    Clear,
    NextButton,
    PreviousButton,
    Back,
    Palette,
    Help,
    MarkRow,
    MarkUp,
    MarkDown,
    MarkTo,
    MarkAll,
    Invert,
    Activate,
    Deactivate,
    Export,
    ShowBulk,
    Retry,
    Hide,
    Messages,
    Redraw,
    NextTheme,
    Suspend,
    Leave,
    Quit,
    EditExternally,
    Drafts,
    RestoreDraft,
    DiscardDraft,
    KeepMine,
    TakeTheirs,
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
}

const fn entry(
    action: Action,
    id: &'static str,
    contexts: &'static [KeyContext],
    words: (&'static str, Option<&'static str>),
) -> ActionEntry {
    ActionEntry {
        action,
        id,
        contexts,
        title: words.0,
        hint: words.1,
    }
}

use KeyContext::{
    Bulk, Compare, Confirm, CopyMenu, Drafts, Form, Global, History, Info, List, Merge,
    MoveToReference, Report, SortMenu, Trash, Tree,
};

/// All actions, in the order of the footer.
#[rustfmt::skip]
pub const ACTIONS: &[ActionEntry] = &[
    entry(Action::CompareVersions, "compare", &[History], ("Compare with the current or the marked version", Some("compare"))),
    entry(Action::Mark, "mark", &[History], ("Mark version for comparison", Some("mark"))),
    entry(Action::RollBack, "rollback", &[History, Compare], ("Roll back to the version", Some("roll back"))),
    entry(Action::RollBackField, "rollback-field", &[Compare], ("Roll back this field", Some("roll back field"))),
    entry(Action::CopyLine, "copy-line", &[Info], ("Copy line", Some("copy"))),
    entry(Action::Retest, "retest", &[Report], ("Retest", Some("retest"))),
    entry(Action::Restore, "restore", &[Trash], ("Restore connection", Some("restore"))),
    entry(Action::Purge, "purge", &[Trash], ("Delete permanently", Some("delete permanently"))),
    entry(Action::EmptyTrash, "empty", &[Trash], ("Empty the trash", Some("empty"))),
    entry(Action::RestoreDraft, "restore-draft", &[Drafts], ("Restore draft", Some("restore"))),
    entry(Action::DiscardDraft, "discard-draft", &[Drafts], ("Discard draft", Some("discard"))),
    entry(Action::KeepMine, "mine", &[Merge], ("Keep mine", Some("mine"))),
    entry(Action::TakeTheirs, "theirs", &[Merge], ("Take theirs", Some("theirs"))),
    entry(Action::New, "new", &[Tree], ("Create connection", Some("new"))),
    entry(Action::Edit, "edit", &[Tree], ("Edit connection; expand or collapse a node", Some("edit"))),
    entry(Action::Duplicate, "duplicate", &[Tree], ("Duplicate connection", None)),
    entry(Action::ImportEnvironment, "import-environment", &[Tree], ("Import from environment variables", None)),
    entry(Action::Toggle, "toggle", &[Tree], ("Toggle Active/Inactive", Some("toggle"))),
    entry(Action::Save, "save", &[Form, Merge], ("Save", Some("save"))),
    entry(Action::NextField, "next-field", &[Form], ("Next field", Some("next"))),
    entry(Action::PreviousField, "previous-field", &[Form], ("Previous field", None)),
    entry(Action::NextError, "next-error", &[Form], ("Next error", Some("next error"))),
    entry(Action::Reveal, "reveal", &[Form], ("Show or hide the typed secret", Some("show"))),
    entry(Action::Clear, "clear", &[Form], ("Clear the field or its stored secret", Some("clear"))),
    entry(Action::InsertReference, "references", &[Form], ("Insert a reference to a configuration key (or type $ in an empty field)", None)),
    entry(Action::MoveToReference, "move-to-reference", &[Form], ("Move the key to a configuration reference", None)),
    entry(Action::CopySnippet, "copy-snippet", &[MoveToReference], ("Copy the appsettings.json snippet", Some("JSON"))),
    entry(Action::CopyVariable, "copy-variable", &[MoveToReference], ("Copy the environment variable", Some("env"))),
    entry(Action::Test, "test", &[Tree, Form], ("Test connection", Some("test"))),
    entry(Action::ShowHistory, "history", &[Tree], ("Show history", Some("history"))),
    entry(Action::Undo, "undo", &[Tree, Bulk], ("Undo the last toggle or delete", Some("undo"))),
    entry(Action::Delete, "delete", &[Tree], ("Delete connection", Some("delete"))),
    entry(Action::Filter, "filter", &[Tree], ("Filter connections", Some("filter"))),
    entry(Action::Sort, "sort", &[Tree], ("Sort by column", Some("sort"))),
    entry(Action::Copy, "copy", &[Tree], ("Copy name, alias, ID, JSON, cURL or umai command", Some("copy"))),
    entry(Action::Trash, "trash", &[Tree], ("Show trash", None)),
    entry(Action::EditExternally, "editor", &[Tree, Form], ("Edit in $EDITOR", None)),
    entry(Action::Drafts, "drafts", &[Tree], ("Show drafts", None)),
    entry(Action::CopyName, "name", &[CopyMenu], ("Copy name", Some("name"))),
    entry(Action::CopyAlias, "alias", &[CopyMenu], ("Copy alias", Some("alias"))),
    entry(Action::CopyId, "id", &[CopyMenu], ("Copy ID", Some("ID"))),
    entry(Action::CopyJson, "json", &[CopyMenu], ("Copy JSON, secrets masked", Some("JSON"))),
    entry(Action::CopyCurl, "curl", &[CopyMenu], ("Copy cURL command without secrets", Some("cURL"))),
    entry(Action::CopyCreate, "command", &[CopyMenu], ("Copy umai create command without secrets", Some("command"))),
    entry(Action::CopyCommand, "copy-command", &[List, Form], ("Copy as umai command", None)),
    entry(Action::SortByName, "by-name", &[SortMenu], ("Sort by name; repeat to reverse", Some("name"))),
    entry(Action::SortByAlias, "by-alias", &[SortMenu], ("Sort by alias; repeat to reverse", Some("alias"))),
    entry(Action::SortByProvider, "by-provider", &[SortMenu], ("Sort by provider; repeat to reverse", Some("provider"))),
    entry(Action::SortByStatus, "by-status", &[SortMenu], ("Sort by status; repeat to reverse", Some("status"))),
    entry(Action::SortByModified, "by-modified", &[SortMenu], ("Sort by last change, newest first; repeat to reverse", Some("modified"))),
    entry(Action::ReverseSort, "reverse-sort", &[Tree, SortMenu], ("Reverse sort", None)),
    entry(Action::Group, "group", &[Tree, SortMenu], ("Group by provider", None)),
    entry(Action::Models, "models", &[Tree, Report], ("Browse models", Some("models"))),
    entry(Action::ShowSettings, "settings", &[Tree], ("Show settings", None)),
    entry(Action::ShowInfo, "info", &[Tree], ("Show info: ID, dates and last test", None)),
    entry(Action::Refresh, "refresh", &[Tree], ("Reload connections", None)),
    entry(Action::Choose, "choose", &[List, Confirm, Bulk, MoveToReference], ("Select", Some("select"))),
    entry(Action::NextButton, "next-button", &[Confirm, Bulk], ("Next button", Some("next"))),
    entry(Action::PreviousButton, "previous-button", &[Confirm, Bulk], ("Previous button", None)),
    entry(Action::Up, "up", &[Tree, List, Bulk], ("Up", None)),
    entry(Action::Down, "down", &[Tree, List, Bulk], ("Down", None)),
    entry(Action::PageUp, "page-up", &[Tree, List, Form, Bulk], ("Page up", None)),
    entry(Action::PageDown, "page-down", &[Tree, List, Form, Bulk], ("Page down", None)),
    entry(Action::First, "first", &[Tree, List], ("Go to the first row", None)),
    entry(Action::Last, "last", &[Tree, List], ("Go to the last row", None)),
    entry(Action::MarkRow, "mark-row", &[Tree], ("Mark or unmark, then move down", None)),
    entry(Action::MarkDown, "mark-down", &[Tree], ("Mark and move down", None)),
    entry(Action::MarkUp, "mark-up", &[Tree], ("Mark and move up", None)),
    entry(Action::MarkTo, "mark-to", &[Tree], ("Mark range from the last mark", None)),
    entry(Action::MarkAll, "mark-all", &[Tree], ("Mark all or none", None)),
    entry(Action::Invert, "invert", &[Tree], ("Invert marks", None)),
    entry(Action::Activate, "activate", &[Tree], ("Activate connection", None)),
    entry(Action::Deactivate, "deactivate", &[Tree], ("Deactivate connection", None)),
    entry(Action::Export, "export", &[Tree], ("Export connections", None)),
    entry(Action::ShowBulk, "bulk", &[Tree], ("Show the current or last bulk operation", None)),
    entry(Action::Retry, "retry", &[Bulk], ("Retry failed connections", Some("retry"))),
    entry(Action::Hide, "hide", &[Bulk], ("Continue in the background", Some("background"))),
    entry(Action::Open, "open", &[Tree], ("Expand node", None)),
    entry(Action::Close, "close", &[Tree], ("Collapse node, or go to its parent", None)),
    entry(Action::NextPane, "next-pane", &[Tree], ("Next pane", None)),
    entry(Action::PreviousPane, "previous-pane", &[Tree], ("Previous pane", None)),
    entry(Action::Back, "back", &[Tree, List, Form, Confirm, Compare, Report, Trash, Merge, Drafts, Bulk, MoveToReference, CopyMenu, SortMenu], ("Back; never quits", Some("back"))),
    entry(Action::Palette, "palette", &[Tree, Global], ("Find and run an action", Some("actions"))),
    entry(Action::Help, "help", &[Tree, Global], ("Show keys", Some("help"))),
    entry(Action::Messages, "messages", &[Tree, Global], ("Show messages", None)),
    entry(Action::Redraw, "redraw", &[Global], ("Redraw", None)),
    entry(Action::NextTheme, "next-theme", &[Global], ("Next theme (dark, light, colour-blind, high contrast)", None)),
    entry(Action::Suspend, "suspend", &[Global], ("Suspend; fg resumes", None)),
    entry(Action::Leave, "leave", &[Tree], ("Quit; prompts if changes are unsaved", Some("quit"))),
    entry(Action::Quit, "quit", &[Global], ("Quit immediately; pending saves finish", None)),
];

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
    pub fn entry(self) -> &'static ActionEntry {
        // A test checks that every action has a row, so the fallback is never used.
        ACTIONS
            .iter()
            .find(|entry| entry.action == self)
            .unwrap_or(&ACTIONS[0])
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
            let _ = writeln!(table, "| {} | {} |", keys.join(" "), entry.title); // a String takes every write
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
