//! Everything a key can do: the one table that feeds the keymap, the footer, the help, the palette and the docs.

mod change;

use std::fmt::Write as _;

use super::keymap::Keymap;

/// Where a key is pressed; a key can mean something else in another place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Context {
    /// The tree and what stands beside it.
    Tree,
    /// A list above the tree: the providers, the palette, the help, the results of a filter.
    List,
    /// The form of a connection.
    Form,
    /// A question with buttons.
    Confirm,
    /// The info tab of a connection; the keys of the tree work too.
    Info,
    /// The history tab of a connection; the keys of the tree work too.
    History,
    /// A comparison of two versions.
    Compare,
    /// The report of a test.
    Report,
    /// What is in the trash.
    Trash,
    /// What both changed, here and elsewhere.
    Merge,
    /// What was typed and never saved.
    Drafts,
    /// What is done to many connections.
    Bulk,
    /// A secret that is moved to a reference.
    Moving,
    /// After the key that copies: what shall be copied.
    Clipboard,
    /// After the key that sorts: by what.
    Sorting,
    /// Everywhere, where the place itself has no other use for the key.
    Anywhere,
}

impl Context {
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
        Self::Moving,
        Self::Clipboard,
        Self::Sorting,
        Self::Anywhere,
    ];

    /// The section in a key file.
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
            Self::Bulk => "many",
            Self::Moving => "move-to-reference",
            Self::Clipboard => "copy",
            Self::Sorting => "sort",
            Self::Anywhere => "anywhere",
        }
    }

    /// The heading in the docs and the help.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Tree => "In the tree",
            Self::List => "In a list or filter",
            Self::Form => "In a form",
            Self::Confirm => "In a question",
            Self::Info => "In the info",
            Self::History => "In the history",
            Self::Compare => "In a comparison",
            Self::Report => "In the report of a test",
            Self::Trash => "In the trash",
            Self::Merge => "In what both changed",
            Self::Drafts => "In the drafts",
            Self::Bulk => "In what is done to many",
            Self::Moving => "Where a key is moved to a reference",
            Self::Clipboard => "After the key that copies",
            Self::Sorting => "After the key that sorts",
            Self::Anywhere => "Everywhere",
        }
    }

    /// The place whose keys work here too.
    pub const fn beneath(self) -> Option<Self> {
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
            | Self::Moving
            | Self::Clipboard
            | Self::Sorting
            | Self::Anywhere => None,
        }
    }

    /// The places that a key leads to from here, where the next key does something at once.
    pub const fn leads_to(self) -> &'static [Self] {
        match self {
            Self::Tree | Self::Info | Self::History => &[Self::Clipboard, Self::Sorting],
            Self::List
            | Self::Form
            | Self::Confirm
            | Self::Compare
            | Self::Report
            | Self::Trash
            | Self::Merge
            | Self::Drafts
            | Self::Bulk
            | Self::Moving
            | Self::Clipboard
            | Self::Sorting
            | Self::Anywhere => &[],
        }
    }

    /// The action whose key leads here.
    pub const fn opened_by(self) -> Option<Action> {
        match self {
            Self::Clipboard => Some(Action::Copy),
            Self::Sorting => Some(Action::Sort),
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
            | Self::Moving
            | Self::Anywhere => None,
        }
    }

    /// Whether an action can be done here.
    pub fn has(self, entry: &Entry) -> bool {
        let is_of = |place| entry.contexts.contains(&place);
        is_of(self) || self.beneath().is_some_and(is_of)
    }
}

/// What a key can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the table below says what each does")]
pub enum Action {
    CompareVersions,
    Duplicate,
    Import,
    References,
    MoveOut,
    CopySnippet,
    CopyVariable,
    Mark,
    RollBack,
    RollBackField,
    CopyLine,
    Again,
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
    Empty,
    Filter,
    Sort,
    SortByName,
    SortByAlias,
    SortByProvider,
    SortByStatus,
    SortByModified,
    Turn,
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
    Enable,
    Disable,
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
    Outside,
    Drafts,
    RestoreDraft,
    DiscardDraft,
    KeepMine,
    TakeTheirs,
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// What it does, as code says it.
    pub action: Action,
    /// Its name in a key file.
    pub id: &'static str,
    /// Where it can be done.
    pub contexts: &'static [Context],
    /// What it does, as the help and the palette say it.
    pub title: &'static str,
    /// What the footer calls it; none keeps it out of the footer.
    pub hint: Option<&'static str>,
}

const fn entry(
    action: Action,
    id: &'static str,
    contexts: &'static [Context],
    words: (&'static str, Option<&'static str>),
) -> Entry {
    Entry {
        action,
        id,
        contexts,
        title: words.0,
        hint: words.1,
    }
}

use Context::{
    Anywhere, Bulk, Clipboard, Compare, Confirm, Drafts, Form, History, Info, List, Merge, Moving,
    Report, Sorting, Trash, Tree,
};

/// All actions; a footer offers them in this order.
#[rustfmt::skip]
pub const ACTIONS: &[Entry] = &[
    entry(Action::CompareVersions, "compare", &[History], ("Compare the version to the current one, or to the one that is marked", Some("compare"))),
    entry(Action::Mark, "mark", &[History], ("Mark the version, to compare another to it", Some("mark"))),
    entry(Action::RollBack, "rollback", &[History, Compare], ("Rollback to the version; asks first", Some("rollback"))),
    entry(Action::RollBackField, "rollback-field", &[Compare], ("Rollback of this one field; asks first", Some("rollback field"))),
    entry(Action::CopyLine, "copy-line", &[Info], ("Copy the line that is selected", Some("copy"))),
    entry(Action::Again, "again", &[Report], ("Test again", Some("again"))),
    entry(Action::Restore, "restore", &[Trash], ("Bring the connection back", Some("bring back"))),
    entry(Action::Purge, "purge", &[Trash], ("Delete the connection for good, with its history; asks first", Some("delete for good"))),
    entry(Action::Empty, "empty", &[Trash], ("Empty the trash; asks first", Some("empty"))),
    entry(Action::RestoreDraft, "restore-draft", &[Drafts], ("Restore the draft into its form", Some("restore"))),
    entry(Action::DiscardDraft, "discard-draft", &[Drafts], ("Discard the draft; asks first", Some("discard"))),
    entry(Action::KeepMine, "mine", &[Merge], ("What was typed here", Some("mine"))),
    entry(Action::TakeTheirs, "theirs", &[Merge], ("What was saved elsewhere", Some("theirs"))),
    entry(Action::New, "new", &[Tree], ("Create Connection", Some("new"))),
    entry(Action::Edit, "edit", &[Tree], ("Edit the connection, or open and close the node", Some("edit"))),
    entry(Action::Duplicate, "duplicate", &[Tree], ("Duplicate the connection: a form with a copy of it", None)),
    entry(Action::Import, "import-environment", &[Tree], ("Import from the environment: the variables that providers name", None)),
    entry(Action::Toggle, "toggle", &[Tree], ("Switch the connection or the marked ones on or off", Some("on/off"))),
    entry(Action::Save, "save", &[Form, Merge], ("Save", Some("save"))),
    entry(Action::NextField, "next-field", &[Form], ("Next field", Some("next"))),
    entry(Action::PreviousField, "previous-field", &[Form], ("Previous field", None)),
    entry(Action::NextError, "next-error", &[Form], ("Next field that is wrong", Some("next error"))),
    entry(Action::Reveal, "reveal", &[Form], ("Show or hide the secret being typed", Some("show"))),
    entry(Action::Clear, "clear", &[Form], ("Clear the field, a stored secret too", Some("clear"))),
    entry(Action::References, "references", &[Form], ("Refer to a configuration key; $ in an empty setting does it too", None)),
    entry(Action::MoveOut, "move-to-reference", &[Form], ("Move this key to a reference: what to put where", None)),
    entry(Action::CopySnippet, "copy-snippet", &[Moving], ("Copy the lines for appsettings.json", Some("JSON"))),
    entry(Action::CopyVariable, "copy-variable", &[Moving], ("Copy the environment variable", Some("env"))),
    entry(Action::Test, "test", &[Tree, Form], ("Test the connection, the marked ones, or the form", Some("test"))),
    entry(Action::ShowHistory, "history", &[Tree], ("Show the history of the connection", Some("history"))),
    entry(Action::Undo, "undo", &[Tree, Bulk], ("Undo the last switch or delete", Some("undo"))),
    entry(Action::Delete, "delete", &[Tree], ("Delete the connection, or the marked ones", Some("delete"))),
    entry(Action::Filter, "filter", &[Tree], ("Filter the connections", Some("filter"))),
    entry(Action::Sort, "sort", &[Tree], ("Sort by a column, either way", Some("sort"))),
    entry(Action::Copy, "copy", &[Tree], ("Copy the name, the alias, the ID, the JSON, cURL or a umai command", Some("copy"))),
    entry(Action::Trash, "trash", &[Tree], ("Trash: bring back what was deleted, or empty it", None)),
    entry(Action::Outside, "editor", &[Tree, Form], ("Edit the whole connection in your editor", None)),
    entry(Action::Drafts, "drafts", &[Tree], ("Drafts: what was typed and never saved", None)),
    entry(Action::CopyName, "name", &[Clipboard], ("Copy the name", Some("name"))),
    entry(Action::CopyAlias, "alias", &[Clipboard], ("Copy the alias", Some("alias"))),
    entry(Action::CopyId, "id", &[Clipboard], ("Copy the ID", Some("ID"))),
    entry(Action::CopyJson, "json", &[Clipboard], ("Copy the JSON, secrets masked", Some("JSON"))),
    entry(Action::CopyCurl, "curl", &[Clipboard], ("Copy the cURL command that creates it, without its secrets", Some("cURL"))),
    entry(Action::CopyCreate, "command", &[Clipboard], ("Copy the umai command that creates one like it, without its secrets", Some("command"))),
    entry(Action::CopyCommand, "copy-command", &[List, Form], ("Copy it as a umai command: the action that is selected, or what is in the form", None)),
    entry(Action::SortByName, "by-name", &[Sorting], ("Sort by name; again: from the other end", Some("name"))),
    entry(Action::SortByAlias, "by-alias", &[Sorting], ("Sort by alias; again: from the other end", Some("alias"))),
    entry(Action::SortByProvider, "by-provider", &[Sorting], ("Sort by provider; again: from the other end", Some("provider"))),
    entry(Action::SortByStatus, "by-status", &[Sorting], ("Sort by status; again: from the other end", Some("status"))),
    entry(Action::SortByModified, "by-modified", &[Sorting], ("Sort by the last change, the newest first; again: the oldest", Some("modified"))),
    entry(Action::Turn, "turn", &[Tree, Sorting], ("Sort from the other end", None)),
    entry(Action::Group, "group", &[Tree, Sorting], ("Group the connections by provider, or not any more", None)),
    entry(Action::Models, "models", &[Tree, Report], ("Browse the models of the connection", Some("models"))),
    entry(Action::ShowSettings, "settings", &[Tree], ("Show the settings of the connection", None)),
    entry(Action::ShowInfo, "info", &[Tree], ("Show the ID, the dates and the last test of the connection", None)),
    entry(Action::Refresh, "refresh", &[Tree], ("Read the connections again", None)),
    entry(Action::Choose, "choose", &[List, Confirm, Bulk, Moving], ("Take the one that is selected", Some("choose"))),
    entry(Action::NextButton, "next-button", &[Confirm, Bulk], ("Next button", Some("next"))),
    entry(Action::PreviousButton, "previous-button", &[Confirm, Bulk], ("Previous button", None)),
    entry(Action::Up, "up", &[Tree, List, Bulk], ("Up", None)),
    entry(Action::Down, "down", &[Tree, List, Bulk], ("Down", None)),
    entry(Action::PageUp, "page-up", &[Tree, List, Form, Bulk], ("One page up", None)),
    entry(Action::PageDown, "page-down", &[Tree, List, Form, Bulk], ("One page down", None)),
    entry(Action::First, "first", &[Tree, List], ("To the first", None)),
    entry(Action::Last, "last", &[Tree, List], ("To the last", None)),
    entry(Action::MarkRow, "mark-row", &[Tree], ("Mark the connection or unmark it, and go on", None)),
    entry(Action::MarkDown, "mark-down", &[Tree], ("Mark the connection and the next one, and go there", None)),
    entry(Action::MarkUp, "mark-up", &[Tree], ("Mark the connection and the one before, and go there", None)),
    entry(Action::MarkTo, "mark-to", &[Tree], ("Mark everything from the last mark to here", None)),
    entry(Action::MarkAll, "mark-all", &[Tree], ("Mark all that are shown; again: none", None)),
    entry(Action::Invert, "invert", &[Tree], ("Mark what is not marked, and the other way round", None)),
    entry(Action::Enable, "enable", &[Tree], ("Switch on the connection, or the marked ones", None)),
    entry(Action::Disable, "disable", &[Tree], ("Switch off the connection, or the marked ones", None)),
    entry(Action::Export, "export", &[Tree], ("Export the connection, or the marked ones", None)),
    entry(Action::ShowBulk, "many", &[Tree], ("Show what is done to many, or was done last", None)),
    entry(Action::Retry, "retry", &[Bulk], ("Try again what was not done", Some("try again"))),
    entry(Action::Hide, "hide", &[Bulk], ("Back to the tree, while it goes on", Some("go on behind"))),
    entry(Action::Open, "open", &[Tree], ("Open the node", None)),
    entry(Action::Close, "close", &[Tree], ("Close the node, or go to its parent", None)),
    entry(Action::NextPane, "next-pane", &[Tree], ("Next pane", None)),
    entry(Action::PreviousPane, "previous-pane", &[Tree], ("Previous pane", None)),
    entry(Action::Back, "back", &[Tree, List, Form, Confirm, Compare, Report, Trash, Merge, Drafts, Bulk, Moving, Clipboard, Sorting], ("One level back; never quits", Some("back"))),
    entry(Action::Palette, "palette", &[Tree, Anywhere], ("Find and run an action", Some("actions"))),
    entry(Action::Help, "help", &[Tree, Anywhere], ("Show the keys", Some("help"))),
    entry(Action::Messages, "messages", &[Tree, Anywhere], ("Show what was said since the start, whole", None)),
    entry(Action::Redraw, "redraw", &[Anywhere], ("Draw the screen afresh", None)),
    entry(Action::NextTheme, "next-theme", &[Anywhere], ("Show the next theme: for light or dark, for eyes that confuse colours, high contrast", None)),
    entry(Action::Suspend, "suspend", &[Anywhere], ("Back to the shell; fg comes back here", None)),
    entry(Action::Leave, "leave", &[Tree], ("Quit; asks when something is not saved", Some("quit"))),
    entry(Action::Quit, "quit", &[Anywhere], ("Quit at once; saves under way are waited for", None)),
];

impl Action {
    /// Its line in the table.
    pub fn entry(self) -> &'static Entry {
        // Every action has a line; a test holds that, and the first line stands in for one that had none.
        ACTIONS
            .iter()
            .find(|entry| entry.action == self)
            .unwrap_or(&ACTIONS[0])
    }

    /// Whether it moves in what is shown.
    pub const fn is_move(self) -> bool {
        matches!(
            self,
            Self::Up | Self::Down | Self::PageUp | Self::PageDown | Self::First | Self::Last
        )
    }

    /// Whether it is about the trash.
    pub const fn is_about_trash(self) -> bool {
        matches!(
            self,
            Self::Trash | Self::Restore | Self::Purge | Self::Empty
        )
    }

    /// The action of this name, where it can be done in this place.
    pub fn named(id: &str, context: Context) -> Option<Self> {
        ACTIONS
            .iter()
            .find(|entry| entry.id == id && entry.contexts.contains(&context))
            .map(|entry| entry.action)
    }
}

/// Returns the keys of every context as Markdown tables, for `docs/keys.md`.
pub fn key_tables() -> String {
    let mut tables: Vec<String> = Context::ALL.into_iter().map(key_table).collect();
    tables.push(String::new());
    tables.join("\n")
}

/// The keys of one place as a Markdown table.
pub fn key_table(context: Context) -> String {
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
    fn every_action_has_one_line_of_its_own() {
        for (at, entry) in ACTIONS.iter().enumerate() {
            assert_eq!(entry.action.entry().id, entry.id);
            assert!(ACTIONS[at + 1..].iter().all(|other| other.id != entry.id));
            assert!(!entry.contexts.is_empty());
        }
    }

    #[test]
    fn every_action_has_a_key_wherever_it_can_be_done() {
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
