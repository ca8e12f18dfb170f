//! Command palette: finds actions to run and connections to open.

use std::cmp::Reverse;

use crate::search::TreeItem;
use crate::text::case_fold::fold;
use crate::tui::action::{ACTIONS, Action, ActionEntry, KeyContext};
use crate::tui::dialog::{CommandFor, DialogOutcome};
use crate::tui::keymap::Keymap;
use crate::tui::match_rank::{MatchRank, match_rank};
use crate::tui::notice::Notice;
use crate::tui::select_list::SelectList;
use crate::tui::tree::Tree;

/// Maximum number of connections listed below the actions.
const MAX_CONNECTIONS: usize = 100;

/// Palette dialog.
#[derive(Debug)]
pub struct PaletteDialog {
    /// Typed text and selection.
    pub choices: SelectList,
    /// Context where the palette was opened.
    pub context: KeyContext,
    /// True if write actions are hidden.
    pub hides_writes: bool,
    /// True if trash actions are hidden.
    pub hides_trash: bool,
}

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
            hides_trash: false,
        }
    }

    /// Returns the actions that match the typed text: best match first, then available ones before others.
    pub fn actions(&self) -> Vec<PaletteEntry> {
        let typed = fold(self.choices.line.value().trim());
        let listed = ACTIONS
            .iter()
            .filter(|entry| entry.action != Action::Palette)
            .filter(|entry| !(self.hides_writes && entry.action.is_write()))
            .filter(|entry| !(self.hides_trash && entry.action.is_about_trash()));
        let mut left: Vec<(Reverse<MatchRank>, bool, PaletteEntry)> = listed
            .filter_map(|entry| {
                let rank = match_rank(&typed, &[entry.title, entry.id])?;
                let is_here = self.can(entry);
                Some((
                    Reverse(rank),
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

    /// Returns the number of rows.
    pub fn count(&self, tree: &Tree) -> usize {
        self.actions().len() + self.connections(tree)
    }

    /// Handles an action.
    pub fn act(&mut self, action: Action, tree: &Tree) -> DialogOutcome {
        match action {
            Action::Choose => self.choose(tree),
            Action::CopyCommand => self
                .selected(tree)
                .map_or(DialogOutcome::Stay, DialogOutcome::CopyCommand),
            Action::Back => DialogOutcome::Close,
            other => {
                let count = self.count(tree);
                self.choices.act(other, count);
                DialogOutcome::Stay
            }
        }
    }

    /// Returns the selected row.
    fn selected(&self, tree: &Tree) -> Option<CommandFor> {
        let actions = self.actions();
        let selected = self.choices.selected;
        if let Some(listed) = actions.get(selected) {
            return Some(CommandFor::Action(listed.entry.action));
        }
        let item = tree.result_at(selected - actions.len())?;
        Some(CommandFor::Connection(item.id))
    }

    fn choose(&self, tree: &Tree) -> DialogOutcome {
        let actions = self.actions();
        let selected = self.choices.selected;
        if let Some(listed) = actions.get(selected) {
            return match listed.elsewhere() {
                None => DialogOutcome::Run(listed.entry.action),
                Some(context) => DialogOutcome::Notify(Notice::info(format!(
                    "\"{}\" is only available in: {}",
                    listed.entry.title,
                    context.title()
                ))),
            };
        }
        let at = selected - actions.len();
        let connection = tree.result_at(at).filter(|_| at < self.connections(tree));
        connection.map_or(DialogOutcome::Stay, |item: &TreeItem| {
            DialogOutcome::GoTo(item.id)
        })
    }
}
