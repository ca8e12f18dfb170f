//! Help with the keys, built from the action table and the active keymap: in groups and columns, filtered by typing.

use std::ops::Range;

use crate::text::case_fold::fold;
use crate::tui::action::{ACTIONS, Action, ActionEntry, ActionGroup, KeyContext};
use crate::tui::dialog::{
    Cell, Dialog, DialogContext, DialogModel, DialogOutcome, Frame, Part, Row, Rows, Spoken,
    TextEntries, Tone,
};
use crate::tui::keymap::Keymap;
use crate::tui::match_rank::match_rank;
use crate::tui::select_list::SelectList;
use crate::tui::text_width::{cut, width};

/// Maximum width.
const WIDTH: u16 = 116;

/// Smallest width of a column.
const COLUMN: u16 = 36;

/// Width of the keys in a column, with the gap behind them.
const KEYS: u16 = 10;

/// Help dialog.
#[derive(Debug)]
pub struct HelpDialog {
    /// Typed text and selection.
    choices: SelectList,
    /// Context where the help was opened; its keys come first.
    context: KeyContext,
}

/// Key and action of a context.
#[derive(Debug, Clone)]
struct HelpEntry {
    context: KeyContext,
    entry: &'static ActionEntry,
    keys: String,
}

/// Entries below a heading.
struct HelpSection {
    heading: String,
    entries: Vec<HelpEntry>,
}

impl HelpDialog {
    /// Creates the help of a context.
    pub fn new(context: KeyContext) -> Self {
        Self {
            choices: SelectList::default(),
            context,
        }
    }

    /// Returns the sections that match the typed text: the keys that work here by group, then those of other screens.
    fn sections(&self, keymap: &Keymap) -> Vec<HelpSection> {
        let here = [
            Some(self.context),
            self.context.inherited(),
            Some(KeyContext::Global),
        ];
        let here: Vec<KeyContext> = here.into_iter().flatten().collect();
        let mut of_here: Vec<HelpEntry> = Vec::new();
        for one in here
            .iter()
            .flat_map(|context| self.entries(*context, keymap))
        {
            let mut known = of_here.iter_mut();
            match known.find(|known| known.entry.id == one.entry.id) {
                Some(known) => known.keys = format!("{} {}", known.keys, one.keys),
                None => of_here.push(one),
            }
        }
        let groups = ActionGroup::ALL.into_iter().map(|group| HelpSection {
            heading: group.title().to_owned(),
            entries: of_here
                .iter()
                .filter(|one| one.entry.group == group)
                .cloned()
                .collect(),
        });
        let others = KeyContext::ALL
            .into_iter()
            .filter(|context| !here.contains(context));
        let others = others.map(|context| HelpSection {
            heading: format!("Other screen: {}", context.title()),
            entries: self.entries(context, keymap),
        });
        groups
            .chain(others)
            .filter(|section| !section.entries.is_empty())
            .collect()
    }

    fn entries(&self, context: KeyContext, keymap: &Keymap) -> Vec<HelpEntry> {
        let typed = fold(self.choices.line.value().trim());
        let matching = ACTIONS.iter().filter_map(|entry| {
            let keys: Vec<String> = keymap
                .keys(context, entry.action)
                .map(|key| key.to_string())
                .collect();
            let keys = keys.join(" ");
            let texts = [entry.title, entry.id, entry.keywords, &keys];
            let is_match = !keys.is_empty() && match_rank(&typed, &texts).is_some();
            is_match.then_some(HelpEntry {
                context,
                entry,
                keys,
            })
        });
        matching.collect()
    }

    /// Returns the lines at a width, and those of the selected entry: a heading belongs to the first ones below it.
    fn lines(&self, sections: &[HelpSection], room: u16) -> (Vec<Row>, Range<usize>) {
        let columns = usize::from((room / COLUMN).max(1));
        let column = room / u16::try_from(columns).unwrap_or(1);
        let mut lines = Vec::new();
        let (mut first, mut selected) = (0, 0..1);
        for section in sections {
            if !lines.is_empty() {
                lines.push(Row::default());
            }
            lines.push(Row::text(&section.heading, Tone::Heading));
            let rows = section.entries.len().div_ceil(columns);
            for row in 0..rows {
                // The entries of a section run down its columns.
                let places = (0..columns).map(|column| column * rows + row);
                let mut cells = Vec::new();
                for at in places {
                    let Some(entry) = section.entries.get(at) else {
                        continue;
                    };
                    let is_selected = first + at == self.choices.cursor.selected;
                    if is_selected {
                        let heading = usize::from(row == 0);
                        selected = lines.len() - heading..lines.len() + 1;
                    }
                    cells.push(Cell::Column(
                        column,
                        entry_parts(entry, column, is_selected),
                    ));
                }
                lines.push(Row::cells(cells));
            }
            first += section.entries.len();
        }
        (lines, selected)
    }

    fn selected(&self, keymap: &Keymap) -> Option<HelpEntry> {
        let sections = self.sections(keymap);
        let mut entries = sections.into_iter().flat_map(|section| section.entries);
        entries.nth(self.choices.cursor.selected)
    }
}

/// Keys and title of an action, as wide as its column without the gap.
fn entry_parts(entry: &HelpEntry, column: u16, is_selected: bool) -> Vec<Part> {
    let room = usize::from(column.saturating_sub(1));
    // A few actions have many keys.
    let keys = cut(&entry.keys, (room / 2).max(usize::from(KEYS)));
    let gap = usize::from(KEYS).saturating_sub(width(&keys)).max(1);
    let title = cut(entry.entry.title, room.saturating_sub(width(&keys) + gap));
    let rest = room.saturating_sub(width(&keys) + gap + width(&title));
    let (key, text) = if is_selected {
        (Tone::Selected, Tone::Selected)
    } else {
        (Tone::Key, Tone::Text)
    };
    vec![
        (keys, key),
        (" ".repeat(gap), text),
        (title, text),
        (" ".repeat(rest), text),
    ]
}

impl Dialog for HelpDialog {
    fn context(&self) -> KeyContext {
        KeyContext::List
    }

    fn model<'a>(&'a self, cx: &DialogContext<'a>) -> DialogModel<'a> {
        let sections = self.sections(cx.keymap);
        let count = sections.iter().map(|section| section.entries.len()).sum();
        // The rows of a text are drawn inside one column of padding.
        let (lines, selected) = self.lines(&sections, cx.text_width(WIDTH));
        let entries = TextEntries { count, selected };
        DialogModel {
            input: Some(
                self.choices.filter(
                    cx.keymap
                        .with_keys(KeyContext::List, "Type to filter; {choose} runs"),
                    cx.catalog,
                ),
            ),
            rows: Rows::Text(lines, Some(entries)),
            cursor: self.choices.cursor,
            empty: self.choices.no_match(cx.catalog),
            ..DialogModel::new("Keys", Frame::Centered(WIDTH, u16::MAX))
        }
    }

    /// Nothing: `?` lists the commands of plain mode.
    fn spoken(&self, _cx: &DialogContext<'_>) -> Spoken {
        Spoken::text("", Vec::new())
    }

    fn act(&mut self, action: Action, cx: &DialogContext<'_>) -> DialogOutcome {
        match action {
            Action::Back | Action::Help => DialogOutcome::Close,
            Action::Choose => match self.selected(cx.keymap) {
                Some(chosen) => DialogOutcome::close_and(DialogOutcome::GoAndAct(
                    chosen.entry.action,
                    chosen.context,
                )),
                None => DialogOutcome::Stay,
            },
            _ => DialogOutcome::Stay,
        }
    }

    fn list(&self) -> Option<&SelectList> {
        Some(&self.choices)
    }

    fn list_mut(&mut self) -> Option<&mut SelectList> {
        Some(&mut self.choices)
    }

    fn hint(&self, action: Action) -> Option<&'static str> {
        match action {
            Action::Choose => Some("Run"),
            // The palette copies commands.
            Action::CopyCommand => None,
            _ => action.entry().hint,
        }
    }
}
