//! The tree Settings › AI › Connections: what is open, what is selected, what a filter leaves.

mod change;
mod filter;
mod ids;
mod item;
mod loading;
mod marks;
mod news;
mod search;

use std::collections::VecDeque;

use uuid::Uuid;

pub use filter::Filter;
pub use ids::{ById, Ids};
pub use item::Item;
pub use loading::Loading;
pub use marks::{Marked, Marks};
pub use news::News;
use search::Search;

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
    /// One connection.
    Connection(Uuid),
}

/// What the connections are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// By name.
    Name,
    /// By provider, then by name.
    Provider,
}

/// The tree.
pub struct Tree {
    /// All connections in name order.
    items: Vec<Item>,
    /// What was read again, until all of it was.
    fresh: Option<Vec<Item>>,
    /// How far the list was read.
    pub loading: Loading,
    /// What was deleted lately.
    gone: VecDeque<Uuid>,
    /// What is marked.
    marks: Marks,
    /// Which of the three upper nodes are open.
    open: [bool; 3],
    /// What the connections are ordered by.
    sort: Sort,
    /// Their order by provider, while that is wanted.
    by_provider: Vec<u32>,
    /// What narrows them.
    filter: Option<Filter>,
    selected: Node,
    /// Where the selected connection is among those shown.
    at: usize,
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
            open: [true; 3],
            sort: Sort::Name,
            by_provider: Vec::new(),
            filter: None,
            selected: Node::Connections,
            at: 0,
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
        match self.search() {
            Some(search) => search.found().len(),
            None => self.items.len(),
        }
    }

    /// A connection that is shown, counted from the top.
    pub fn shown(&self, at: usize) -> Option<&Item> {
        let index = match (self.search(), self.sort) {
            (Some(search), _) => search.found().get(at)?.index as usize,
            (None, Sort::Name) => at,
            (None, Sort::Provider) => *self.by_provider.get(at)? as usize,
        };
        self.items.get(index)
    }

    /// What the connections are ordered by.
    pub const fn sort(&self) -> Sort {
        self.sort
    }

    /// The filter, while there is one.
    pub const fn filter(&self) -> Option<&Filter> {
        self.filter.as_ref()
    }

    fn search(&self) -> Option<&Search> {
        self.filter.as_ref()?.search.as_ref()
    }

    /// How many rows the tree has.
    pub fn rows(&self) -> usize {
        match self.open {
            [false, ..] => 1,
            [true, false, _] => 2,
            [true, true, false] => 3,
            [true, true, true] => 3 + self.shown_len(),
        }
    }

    /// The node in a row.
    pub fn node(&self, row: usize) -> Option<Node> {
        if row >= self.rows() {
            return None;
        }
        Some(match row {
            0 => Node::Settings,
            1 => Node::Ai,
            2 => Node::Connections,
            _ => Node::Connection(self.shown(row - 3)?.id),
        })
    }

    /// Whether a node's children are shown.
    pub const fn is_open(&self, node: Node) -> bool {
        match node {
            Node::Settings => self.open[0],
            Node::Ai => self.open[1],
            Node::Connections => self.open[2],
            Node::Connection(_) => false,
        }
    }

    /// What is selected.
    pub const fn selected(&self) -> Node {
        self.selected
    }

    /// The connection that is selected.
    pub fn selected_item(&self) -> Option<&Item> {
        match self.selected {
            Node::Connection(_) => self.shown(self.at),
            Node::Settings | Node::Ai | Node::Connections => None,
        }
    }

    /// The row of the node that is selected.
    pub const fn selected_row(&self) -> usize {
        match self.selected {
            Node::Settings => 0,
            Node::Ai => 1,
            Node::Connections => 2,
            Node::Connection(_) => 3 + self.at,
        }
    }

    /// Where the selected connection is among those shown.
    pub const fn selected_at(&self) -> Option<usize> {
        match self.selected {
            Node::Connection(_) => Some(self.at),
            Node::Settings | Node::Ai | Node::Connections => None,
        }
    }

    /// Selects the node in a row, or the last one.
    pub fn select_row(&mut self, row: usize) {
        let row = row.min(self.rows().saturating_sub(1));
        if let Some(node) = self.node(row) {
            self.selected = node;
            self.at = row.saturating_sub(3);
        }
        if let Some(filter) = &mut self.filter {
            filter.follows_best = false;
        }
    }

    /// Selects a connection among those shown.
    pub fn select_shown(&mut self, at: usize) {
        if self.shown_len() > 0 {
            self.open = [true; 3];
            self.select_row(3 + at.min(self.shown_len() - 1));
        }
    }

    /// Selects a connection by identity, opening the way to it and leaving a filter that hides it.
    pub fn select_id(&mut self, id: Uuid) {
        self.open = [true; 3];
        if self.position(id).is_none() && self.items.iter().any(|item| item.id == id) {
            self.filter = None;
        }
        if let Some(at) = self.position(id) {
            self.select_shown(at);
        }
    }

    /// Opens the selected node, or goes to its first child.
    pub fn open(&mut self) {
        match self.selected {
            Node::Connection(_) => {}
            node if self.is_open(node) => self.select_row(self.selected_row() + 1),
            node => self.set_open(node, true),
        }
    }

    /// Closes the selected node, or goes to its parent.
    pub fn close(&mut self) {
        match self.selected {
            Node::Connection(_) => self.select_row(2),
            node if self.is_open(node) => self.set_open(node, false),
            Node::Connections => self.select_row(1),
            Node::Ai | Node::Settings => self.select_row(0),
        }
    }

    /// Opens or closes a node.
    pub fn set_open(&mut self, node: Node, open: bool) {
        match node {
            Node::Settings => self.open[0] = open,
            Node::Ai => self.open[1] = open,
            Node::Connections => self.open[2] = open,
            Node::Connection(_) => {}
        }
        if self.selected_row() >= self.rows() {
            self.select_row(self.rows() - 1);
        }
    }

    /// Orders by the other thing.
    pub fn toggle_sort(&mut self) {
        self.sort = match self.sort {
            Sort::Name => Sort::Provider,
            Sort::Provider => Sort::Name,
        };
        self.reorder();
    }

    /// Keeps the selected row seen in a tree of `rows` and a list of `list_rows`.
    pub fn scroll(&mut self, rows: usize, list_rows: usize) {
        self.top = follow(self.top, self.selected_row(), rows, self.rows());
        let at = self.selected_at().unwrap_or(0);
        self.list_top = follow(self.list_top, at, list_rows, self.shown_len());
    }

    /// The connection of this identity.
    pub fn item(&self, id: Uuid) -> Option<&Item> {
        self.items.iter().find(|item| item.id == id)
    }

    /// Whether a connection has this alias, as far as is known.
    pub fn has_alias(&self, alias: &str) -> bool {
        self.items.iter().any(|item| item.alias() == alias)
    }

    /// Where a connection is among those shown.
    fn position(&self, id: Uuid) -> Option<usize> {
        let index = self.items.iter().position(|item| item.id == id)?;
        let is_it = |other: u32| other as usize == index;
        match (self.search(), self.sort) {
            (Some(search), _) => search.found().iter().position(|found| is_it(found.index)),
            (None, Sort::Name) => Some(index),
            (None, Sort::Provider) => self.by_provider.iter().position(|other| is_it(*other)),
        }
    }

    /// Finds the selected connection again after the list changed.
    fn relocate(&mut self) {
        let Node::Connection(id) = self.selected else {
            return;
        };
        if self.shown(self.at).is_some_and(|item| item.id == id) {
            return;
        }
        match self.position(id) {
            Some(at) => self.at = at,
            None if self.shown_len() == 0 => self.selected = Node::Connections,
            None => {
                let at = self.at.min(self.shown_len() - 1);
                if let Some(item) = self.shown(at) {
                    self.selected = Node::Connection(item.id);
                    self.at = at;
                }
            }
        }
    }
}
