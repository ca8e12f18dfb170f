//! Command palette: finds actions to run and connections to open.

mod choice;

use std::cmp::Reverse;

use uuid::Uuid;

use crate::provider::ProviderCatalog;
use crate::search::TreeItem;
use crate::text::case_fold::fold;
use crate::tui::action::{ACTIONS, Action, ActionEntry, KeyContext};
use crate::tui::dialog::{
    Cell, CommandFor, Dialog, DialogContext, DialogModel, DialogOutcome, Frame, Pick, Row, Rows,
    Spoken, Tone,
};
use crate::tui::keymap::Keymap;
use crate::tui::match_rank::{MatchRank, match_rank};
use crate::tui::plain::text::connection_sentence;
use crate::tui::select_list::SelectList;
use crate::tui::text_width::{cut, width};
use crate::tui::tree::Tree;
pub use choice::PaletteChoice;

/// Maximum number of connections listed below the actions.
const MAX_CONNECTIONS: usize = 100;

/// Minimum width to show the provider of a connection.
const ROOMY: usize = 50;

/// Entry of the palette.
#[derive(Debug, Clone, Copy)]
enum Found {
    /// Action.
    Action(PaletteEntry),
    /// Named choice at an index.
    Choice(usize),
    /// Connection.
    Connection(Uuid),
}

/// Palette dialog.
#[derive(Debug)]
pub struct PaletteDialog {
    /// Typed text and selection.
    pub choices: SelectList,
    /// Context where the palette was opened.
    pub context: KeyContext,
    /// True if write actions are hidden.
    pub hides_writes: bool,
    /// Hidden actions, which the service does not support.
    pub unavailable: Vec<Action>,
    /// Themes and targets, listed once something is typed.
    pub named: Vec<PaletteChoice>,
}

/// Order of a listed action: by its best match, then by the match of its title.
type PaletteRank = Reverse<(MatchRank, Option<MatchRank>)>;

/// Listed action.
#[derive(Debug, Clone, Copy)]
pub struct PaletteEntry {
    /// The action.
    pub entry: &'static ActionEntry,
    /// True if it is available where the palette was opened.
    pub is_available: bool,
}

impl PaletteEntry {
    /// Returns the context where it is available, if not here.
    pub fn elsewhere(self) -> Option<KeyContext> {
        self.entry
            .contexts
            .first()
            .copied()
            .filter(|_| !self.is_available)
    }
}

impl PaletteDialog {
    /// Creates the palette of a context.
    pub fn new(context: KeyContext) -> Self {
        Self {
            choices: SelectList::default(),
            context,
            hides_writes: false,
            unavailable: Vec::new(),
            named: Vec::new(),
        }
    }

    /// Returns the actions that match the typed text: best match first, then available ones before others.
    pub fn actions(&self) -> Vec<PaletteEntry> {
        let typed = fold(self.choices.line.value().trim());
        let listed = ACTIONS
            .iter()
            .filter(|entry| entry.action != Action::Palette)
            .filter(|entry| !(self.hides_writes && entry.action.is_write()))
            .filter(|entry| !self.unavailable.contains(&entry.action));
        let mut left: Vec<(PaletteRank, bool, PaletteEntry)> = listed
            .filter_map(|entry| {
                let by_name = match_rank(&typed, &[entry.title, entry.id]);
                let by_keyword = match_rank(&typed, &[entry.keywords]);
                let rank = by_name.max(by_keyword.filter(|rank| *rank >= MatchRank::Substring))?;
                let is_here = self.can(entry);
                Some((
                    // A title that begins like the text is better than a keyword.
                    Reverse((rank, by_name)),
                    !is_here,
                    PaletteEntry {
                        entry,
                        is_available: is_here,
                    },
                ))
            })
            .collect();
        left.sort_by_key(|(rank, is_elsewhere, _)| (*rank, *is_elsewhere));
        left.into_iter().map(|(_, _, listed)| listed).collect()
    }

    /// Returns true if an action is available where the palette was opened, directly or through a menu.
    fn can(&self, entry: &ActionEntry) -> bool {
        let menus = self.context.menus();
        self.context.has(entry)
            || entry.contexts.contains(&KeyContext::Global)
            || entry.contexts.iter().any(|context| menus.contains(context))
    }

    /// Returns the keys of an action in the context where it is available.
    pub fn keys(&self, listed: PaletteEntry, keymap: &Keymap) -> String {
        let entry = listed.entry;
        let context = listed.elsewhere().unwrap_or(self.context);
        let mut second = self.context.menus().iter().filter(|next| {
            listed.is_available && !self.context.has(entry) && entry.contexts.contains(next)
        });
        let key = |context, action| keymap.first_key(context, action).map(|key| key.to_string());
        let keys = match second.next() {
            None => key(context, entry.action).or_else(|| key(KeyContext::Global, entry.action)),
            Some(next) => next
                .opened_by()
                .and_then(|opens| key(self.context, opens))
                .zip(key(*next, entry.action))
                .map(|(first, second)| format!("{first} {second}")),
        };
        keys.unwrap_or_default()
    }

    /// Returns true if connections are listed. They are not above a form, whose changes could be lost.
    pub fn lists_connections(&self) -> bool {
        !self.context.menus().is_empty()
    }

    /// Returns the number of listed connections.
    pub fn connections(&self, tree: &Tree) -> usize {
        if self.lists_connections() {
            tree.looked_up_len().min(MAX_CONNECTIONS)
        } else {
            0
        }
    }

    /// Returns the indexes of the themes and targets that match the typed text.
    fn matching_choices(&self) -> Vec<usize> {
        let typed = fold(self.choices.line.value().trim());
        let is_match = |choice: &PaletteChoice| {
            let rank = match_rank(&typed, &[&choice.title(), choice.keywords()]);
            rank >= Some(MatchRank::Substring) && !typed.is_empty()
        };
        let named = self.named.iter().enumerate();
        named
            .filter(|(_, choice)| is_match(choice))
            .map(|(at, _)| at)
            .collect()
    }

    /// Returns the entry at an index.
    fn found_at(&self, mut at: usize, tree: &Tree) -> Option<Found> {
        let actions = self.actions();
        if let Some(listed) = actions.get(at) {
            return Some(Found::Action(*listed));
        }
        at -= actions.len();
        let named = self.matching_choices();
        if let Some(choice) = named.get(at) {
            return Some(Found::Choice(*choice));
        }
        at -= named.len();
        let connection = tree.result_at(at).filter(|_| at < self.connections(tree))?;
        Some(Found::Connection(connection.id))
    }

    fn choose(&self, tree: &Tree) -> DialogOutcome {
        let then = match self.found_at(self.choices.cursor.selected, tree) {
            None => return DialogOutcome::Stay,
            Some(Found::Action(listed)) => match listed.elsewhere() {
                None => DialogOutcome::Act(listed.entry.action),
                Some(context) => DialogOutcome::GoAndAct(listed.entry.action, context),
            },
            Some(Found::Choice(at)) => {
                let choice = self.named.get(at);
                choice.map_or(DialogOutcome::Stay, PaletteChoice::choose)
            }
            Some(Found::Connection(id)) => DialogOutcome::GoTo(id),
        };
        DialogOutcome::close_and(then)
    }

    /// Returns the row of an entry.
    fn row(&self, found: Found, cx: &DialogContext<'_>, room: u16) -> Row {
        match found {
            Found::Action(listed) => self.action_row(listed, cx.keymap, room.into()),
            Found::Choice(at) => {
                let title = self.named.get(at).map(PaletteChoice::title);
                Row::text(title.unwrap_or_default(), Tone::Text)
            }
            Found::Connection(id) => cx.tree.item(id).map_or_else(Row::default, |item| {
                connection_row(item, cx.catalog, room.into())
            }),
        }
    }

    /// Row of an action with its keys, and its context if not available here.
    fn action_row(&self, listed: PaletteEntry, keymap: &Keymap, room: usize) -> Row {
        let keys = self.keys(listed, keymap);
        let title = listed.entry.title;
        let (right, spoken) = match listed.elsewhere() {
            None => (keys, title.to_owned()),
            Some(place) => {
                let place = place.title();
                (format!("{place} {keys}"), format!("{place}: {title}"))
            }
        };
        let left = cut(title, room.saturating_sub(width(&right) + 2));
        let tone = if listed.is_available {
            Tone::Text
        } else {
            Tone::Dim
        };
        Row {
            cells: vec![
                Cell::Text(vec![(left, tone)]),
                Cell::Right(right, Tone::Dim),
            ],
            spoken: Some(spoken),
        }
    }
}

fn connection_row(item: &TreeItem, catalog: &ProviderCatalog, room: usize) -> Row {
    let mark = if item.is_active { "●" } else { "○" };
    let provider = match catalog.get(&item.provider) {
        Some(provider) => provider.name.as_str(),
        None => &item.provider,
    };
    let alias_first = if room < ROOMY {
        item.alias().to_owned()
    } else {
        format!("{} · {provider}", item.alias())
    };
    let right = cut(&alias_first, room / 2);
    let left = format!("→ {mark} {}", item.name());
    let left = cut(&left, room.saturating_sub(width(&right) + 2));
    Row {
        spoken: Some(format!("Go to {}", connection_sentence(item, catalog))),
        ..Row::pair(left, right)
    }
}

impl Dialog for PaletteDialog {
    fn context(&self) -> KeyContext {
        KeyContext::List
    }

    fn model<'a>(&'a self, cx: &DialogContext<'a>) -> DialogModel<'a> {
        let DialogContext {
            tree,
            keymap,
            catalog,
            ..
        } = *cx;
        let cx = *cx;
        let copies = keymap.first_key(KeyContext::List, Action::CopyCommand);
        let copies = copies.map_or_else(String::new, |key| format!("; {key} copies the command"));
        let (title, hint) = if self.lists_connections() {
            let hint = format!("Type an action or a connection{copies}");
            ("Actions and connections", hint)
        } else {
            ("Actions", format!("Type to filter{copies}"))
        };
        let connections = (0..self.connections(tree)).filter_map(|at| tree.result_at(at));
        let found: Vec<Found> = self
            .actions()
            .into_iter()
            .map(Found::Action)
            .chain(self.matching_choices().into_iter().map(Found::Choice))
            .chain(connections.map(|item| Found::Connection(item.id)))
            .collect();
        let count = found.len();
        let row = move |at: usize, room: u16| {
            let found = found.get(at).copied();
            found.map_or_else(Row::default, |found| self.row(found, &cx, room))
        };
        DialogModel {
            input: Some(self.choices.filter(hint, catalog)),
            rows: Rows::list(count, row),
            cursor: self.choices.cursor,
            empty: self.choices.no_match(catalog),
            ..DialogModel::new(title, Frame::Centered(64, 20))
        }
    }

    fn spoken(&self, _cx: &DialogContext<'_>) -> Spoken {
        Spoken::list("Actions: enter a number to run one, text to filter, :back to close.")
    }

    fn act(&mut self, action: Action, cx: &DialogContext<'_>) -> DialogOutcome {
        match action {
            Action::Choose => self.choose(cx.tree),
            Action::CopyCommand => {
                let wanted = match self.found_at(self.choices.cursor.selected, cx.tree) {
                    Some(Found::Action(listed)) => CommandFor::Action(listed.entry.action),
                    Some(Found::Connection(id)) => CommandFor::Connection(id),
                    Some(Found::Choice(_)) | None => return DialogOutcome::Stay,
                };
                DialogOutcome::close_and(DialogOutcome::CopyCommand(wanted))
            }
            Action::Back | Action::Palette => DialogOutcome::Close,
            _ => DialogOutcome::Stay,
        }
    }

    fn list(&self) -> Option<&SelectList> {
        Some(&self.choices)
    }

    fn list_mut(&mut self) -> Option<&mut SelectList> {
        Some(&mut self.choices)
    }

    fn pick(&mut self, at: usize, _by: Pick, _cx: &DialogContext<'_>) -> Option<Action> {
        self.choices.cursor.selected = at;
        Some(Action::Choose)
    }
}
