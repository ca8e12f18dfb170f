//! The tree Settings › AI › Connections: what is open, what is selected, what a filter leaves.

mod arrange;
mod arrangement;
mod change;
mod filter;
mod item;
mod loading;
mod marks;
mod merge;
mod news;
mod order;
mod place;
mod providers;
mod rows;
mod search;
mod selection;
mod sieve;
pub mod terms;

use std::collections::{HashSet, VecDeque};

use uuid::Uuid;

use arrangement::Arrangement;
pub use filter::Filter;
pub use item::Item;
pub use loading::Loading;
pub use marks::{Marked, Marks};
pub use news::News;
pub use order::{Column, Direction, Sort};
pub use place::{Place, Stand};
pub use providers::Providers;
pub use sieve::Sieve;

use super::layout::follow;

/// A node of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// The root.
    Settings,
    /// The section.
    Ai,
    /// The collection.
    Connections,
    /// A provider, by its number, with its connections; there while they are grouped.
    Provider(u16),
    /// One connection.
    Connection(Uuid),
}

/// The tree.
pub struct Tree {
    /// All connections in name order.
    items: Vec<Item>,
    /// What was read again, until all of it was and can be shown.
    fresh: Option<Vec<Item>>,
    /// How far the list was read.
    pub loading: Loading,
    /// What was deleted lately.
    gone: VecDeque<Uuid>,
    /// What is marked.
    marks: Marks,
    /// The providers that were heard of.
    providers: Providers,
    /// Which of the three upper nodes are open.
    open: [bool; 3],
    /// The providers whose node is closed.
    closed: HashSet<u16>,
    /// What the connections are ordered by.
    sort: Sort,
    /// Whether each provider's connections stand below it.
    is_grouped: bool,
    /// What narrows them.
    filter: Option<Filter>,
    /// Which are shown, in which order; all of them as they are kept without.
    shown: Option<Arrangement>,
    /// Whether those that are all shown are shown from the other end.
    is_turned: bool,
    /// What will be shown when it is done.
    next: Option<Arrangement>,
    /// What somebody looks for besides.
    lookup: Option<Arrangement>,
    selected: Node,
    /// Where the selected connection is among those shown.
    at: usize,
    /// Where the selected connection was among all of them when that was looked for last.
    index: usize,
    /// What shall be selected as soon as it is there.
    coming: Option<Place>,
    /// The first row of the tree that is seen.
    pub top: usize,
    /// The first row of the list that is seen.
    pub list_top: usize,
}

impl Default for Tree {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            fresh: None,
            loading: Loading::default(),
            gone: VecDeque::new(),
            marks: Marks::default(),
            providers: Providers::default(),
            open: [true; 3],
            closed: HashSet::new(),
            sort: Sort::default(),
            is_grouped: false,
            filter: None,
            shown: None,
            is_turned: false,
            next: None,
            lookup: None,
            selected: Node::Connections,
            at: 0,
            index: 0,
            coming: None,
            top: 0,
            list_top: 0,
        }
    }
}

impl Tree {
    /// How many connections there are, as far as they were read.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether no connection was read.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many connections the filter leaves.
    pub fn shown_len(&self) -> usize {
        match &self.shown {
            Some(shown) => shown.len(),
            None => self.items.len(),
        }
    }

    /// A connection that is shown, counted from the top.
    pub fn shown(&self, at: usize) -> Option<&Item> {
        let index = match &self.shown {
            Some(shown) => shown.at(at)?,
            None if self.is_turned => self.items.len().checked_sub(at + 1)?,
            None => at,
        };
        self.items.get(index)
    }

    /// The providers that were heard of.
    pub const fn providers(&self) -> &Providers {
        &self.providers
    }

    /// What the connections are ordered by.
    pub const fn sort(&self) -> Sort {
        self.sort
    }

    /// Whether each provider's connections stand below it.
    pub const fn is_grouped(&self) -> bool {
        self.is_grouped
    }

    /// Whether that is so in what is shown now; it follows what is wanted as soon as its order is there.
    pub fn shows_groups(&self) -> bool {
        let shown = self.shown.as_ref();
        shown.is_some_and(|shown| shown.asked().is_grouped)
    }

    /// The filter, while there is one.
    pub const fn filter(&self) -> Option<&Filter> {
        self.filter.as_ref()
    }

    /// Keeps the selected row seen in a tree of `rows` and a list of `list_rows`.
    pub fn scroll(&mut self, rows: usize, list_rows: usize) {
        self.top = follow(self.top, self.selected_row(), rows, self.rows());
        let at = self.selected_at().or_else(|| self.first_of_selected());
        self.list_top = follow(self.list_top, at.unwrap_or(0), list_rows, self.shown_len());
    }

    /// The connection of this identity.
    pub fn item(&self, id: Uuid) -> Option<&Item> {
        self.items.get(self.index_of(id)?)
    }

    /// Whether a connection has this alias, as far as is known.
    pub fn has_alias(&self, alias: &str) -> bool {
        self.items.iter().any(|item| item.alias() == alias)
    }

    /// Where a connection is among all of them.
    fn index_of(&self, id: Uuid) -> Option<usize> {
        let is_it = |item: &Item| item.id == id;
        if self.items.get(self.index).is_some_and(is_it) {
            return Some(self.index);
        }
        self.items.iter().position(is_it)
    }

    /// Where a connection is among those shown.
    fn position(&self, id: Uuid) -> Option<usize> {
        let index = self.index_of(id)?;
        match &self.shown {
            Some(shown) => shown.position(index),
            None if self.is_turned => self.items.len().checked_sub(index + 1),
            None => Some(index),
        }
    }
}
