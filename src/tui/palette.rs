//! Every action with where it can be done, and every connection, to be found by typing and run or gone to.

use std::cmp::Reverse;

use super::action::{ACTIONS, Action, Context, Entry};
use super::choices::Choices;
use super::closeness::{Closeness, closeness};
use super::keymap::Keymap;
use super::layer::{CommandFor, Outcome};
use super::notice::Notice;
use super::tree::{Item, Tree};
use crate::text::fold::fold;

/// So many connections are offered under the actions; more typing brings up the others.
const MOST: usize = 100;

/// What to choose from.
#[derive(Debug)]
pub struct Palette {
    /// What was typed, what is selected.
    pub choices: Choices,
    /// Where it was opened.
    pub place: Context,
    /// Whether what changes something is left out.
    pub hides_writes: bool,
    /// Whether the trash is left out.
    pub hides_trash: bool,
}

/// An action that is offered.
#[derive(Debug, Clone, Copy)]
pub struct Offered {
    /// The action.
    pub entry: &'static Entry,
    /// Whether it can be done where the palette was opened.
    pub is_here: bool,
}

impl Offered {
    /// Where it can be done, when not here.
    pub fn elsewhere(self) -> Option<Context> {
        self.entry
            .contexts
            .first()
            .copied()
            .filter(|_| !self.is_here)
    }
}

impl Palette {
    /// The palette of a place.
    pub fn of(place: Context) -> Self {
        Self {
            choices: Choices::default(),
            place,
            hides_writes: false,
            hides_trash: false,
        }
    }

    /// The actions that what was typed leaves: the closest first, of those equally close the ones that can be done here.
    pub fn actions(&self) -> Vec<Offered> {
        let typed = fold(self.choices.line.value().trim());
        let offered = ACTIONS
            .iter()
            .filter(|entry| entry.action != Action::Palette)
            .filter(|entry| !(self.hides_writes && entry.action.is_write()))
            .filter(|entry| !(self.hides_trash && entry.action.is_about_trash()));
        let mut left: Vec<(Reverse<Closeness>, bool, Offered)> = offered
            .filter_map(|entry| {
                let closeness = closeness(&typed, &[entry.title, entry.id])?;
                let is_here = self.can(entry);
                Some((Reverse(closeness), !is_here, Offered { entry, is_here }))
            })
            .collect();
        left.sort_by_key(|(closeness, is_elsewhere, _)| (*closeness, *is_elsewhere));
        left.into_iter().map(|(_, _, offered)| offered).collect()
    }

    /// Whether an action can be done where the palette was opened, be it with two keys.
    fn can(&self, entry: &Entry) -> bool {
        let leads_to = self.place.leads_to();
        self.place.has(entry)
            || entry.contexts.contains(&Context::Anywhere)
            || entry.contexts.iter().any(|place| leads_to.contains(place))
    }

    /// The keys that do an action where it can be done.
    pub fn keys(&self, offered: Offered, keymap: &Keymap) -> String {
        let entry = offered.entry;
        let place = offered.elsewhere().unwrap_or(self.place);
        let mut second = self.place.leads_to().iter().filter(|next| {
            offered.is_here && !self.place.has(entry) && entry.contexts.contains(next)
        });
        let key = |place, action| keymap.first_key(place, action).map(|key| key.to_string());
        let keys = match second.next() {
            None => key(place, entry.action).or_else(|| key(Context::Anywhere, entry.action)),
            Some(next) => next
                .opened_by()
                .and_then(|opens| key(self.place, opens))
                .zip(key(*next, entry.action))
                .map(|(first, second)| format!("{first} {second}")),
        };
        keys.unwrap_or_default()
    }

    /// Whether connections are offered: from above something that may be unsaved, nobody goes elsewhere.
    pub fn offers_connections(&self) -> bool {
        !self.place.leads_to().is_empty()
    }

    /// How many connections are offered.
    pub fn connections(&self, tree: &Tree) -> usize {
        if self.offers_connections() {
            tree.looked_up_len().min(MOST)
        } else {
            0
        }
    }

    /// How much there is to choose from.
    pub fn count(&self, tree: &Tree) -> usize {
        self.actions().len() + self.connections(tree)
    }

    /// Does what a key asked for.
    pub fn act(&mut self, action: Action, tree: &Tree) -> Outcome {
        match action {
            Action::Choose => self.choose(tree),
            Action::CopyCommand => self
                .selected(tree)
                .map_or(Outcome::Stay, Outcome::CopyCommand),
            Action::Back => Outcome::Close,
            other => {
                let count = self.count(tree);
                self.choices.act(other, count);
                Outcome::Stay
            }
        }
    }

    /// What is selected.
    fn selected(&self, tree: &Tree) -> Option<CommandFor> {
        let actions = self.actions();
        let selected = self.choices.selected;
        if let Some(offered) = actions.get(selected) {
            return Some(CommandFor::Action(offered.entry.action));
        }
        let item = tree.looked_up(selected - actions.len())?;
        Some(CommandFor::Connection(item.id))
    }

    fn choose(&self, tree: &Tree) -> Outcome {
        let actions = self.actions();
        let selected = self.choices.selected;
        if let Some(offered) = actions.get(selected) {
            return match offered.elsewhere() {
                None => Outcome::Run(offered.entry.action),
                Some(place) => Outcome::Tell(Notice::info(format!(
                    "{}: {}",
                    place.title(),
                    offered.entry.title
                ))),
            };
        }
        let at = selected - actions.len();
        let connection = tree.looked_up(at).filter(|_| at < self.connections(tree));
        connection.map_or(Outcome::Stay, |item: &Item| Outcome::GoTo(item.id))
    }
}
