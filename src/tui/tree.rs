//! The tree Settings › AI › Connections: what is open, what is selected, what a filter leaves.

mod item;
mod loading;
mod search;

use uuid::Uuid;

pub use item::Item;
pub use loading::Loading;
pub use search::{Search, Terms};

use super::layout::follow;
use super::line::Line;
use crate::provider::ProviderCatalog;

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

/// A filter over the tree.
pub struct Filter {
    /// What was typed.
    pub line: Line,
    /// Whether keys go into it.
    pub is_typing: bool,
    /// The work it does; none while nothing is asked for.
    search: Option<Search>,
    /// Whether the best one found is selected, because nobody chose another.
    follows_best: bool,
}

/// The tree.
pub struct Tree {
    /// All connections in name order.
    items: Vec<Item>,
    /// What was read again, until all of it was.
    fresh: Option<Vec<Item>>,
    /// How far the list was read.
    pub loading: Loading,
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

    /// Marks a connection as on or off.
    pub fn set_active(&mut self, id: Uuid, active: bool) {
        if let Some(item) = self.items.iter_mut().find(|item| item.id == id) {
            item.is_active = active;
        }
    }

    /// Puts a connection in, in place of what it was.
    pub fn upsert(&mut self, item: Item) {
        if let Some(old) = self.items.iter().position(|other| other.id == item.id) {
            if self.items[old].order(&item).is_eq() {
                self.items[old] = item;
                self.changed();
                return;
            }
            self.items.remove(old);
            self.loading.removed(old);
        }
        let place = self
            .items
            .partition_point(|other| other.order(&item).is_lt());
        self.items.insert(place, item);
        self.loading.inserted(place);
        self.changed();
    }

    /// Takes a connection out; its neighbour is selected in its place.
    pub fn remove(&mut self, id: Uuid) {
        let Some(old) = self.items.iter().position(|item| item.id == id) else {
            return;
        };
        self.items.remove(old);
        self.loading.removed(old);
        self.changed();
    }

    /// Takes in a part of the list that follows what was read.
    pub fn take_page(&mut self, page: Vec<Item>, total: usize) {
        match &mut self.fresh {
            Some(fresh) => self.loading.take_page(fresh, page, total),
            None => self.loading.take_page(&mut self.items, page, total),
        }
        if self.loading.is_done()
            && let Some(fresh) = self.fresh.take()
        {
            self.items = fresh;
            self.restart_search();
        }
        self.reorder();
        self.relocate();
    }

    /// Reads the list again; what was read stays until all of it is there.
    pub fn refresh(&mut self) {
        if self.loading.is_done() || self.fresh.is_some() {
            self.fresh = Some(Vec::new());
        } else {
            self.items.clear();
        }
        self.loading = Loading::default();
    }

    /// After a change of one's own: a list being read again is read from its beginning.
    fn changed(&mut self) {
        if self.fresh.is_some() {
            self.refresh();
        }
        self.reorder();
        self.restart_search();
        self.relocate();
    }

    /// Where a connection is among those shown.
    fn position(&self, id: Uuid) -> Option<usize> {
        (0..self.shown_len()).find(|at| self.shown(*at).is_some_and(|item| item.id == id))
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

    /// Orders by provider again: counted, not compared, since there are few of them.
    fn reorder(&mut self) {
        self.by_provider = match self.sort {
            Sort::Name => Vec::new(),
            Sort::Provider => by_provider(&self.items),
        };
        self.relocate();
    }
}

fn by_provider(items: &[Item]) -> Vec<u32> {
    let mut groups: Vec<(&str, Vec<u32>)> = Vec::new();
    for (index, item) in (0..).zip(items) {
        match groups.iter_mut().find(|(id, _)| *id == &*item.provider) {
            Some((_, group)) => group.push(index),
            None => groups.push((&item.provider, vec![index])),
        }
    }
    groups.sort_by_key(|(id, _)| *id);
    groups.into_iter().flat_map(|(_, group)| group).collect()
}

/// Filtering.
impl Tree {
    /// Opens the filter for typing.
    pub fn start_filter(&mut self) {
        let filter = self.filter.get_or_insert_with(|| Filter {
            line: Line::text(""),
            is_typing: true,
            search: None,
            follows_best: true,
        });
        filter.is_typing = true;
        self.open = [true; 3];
    }

    /// Stops typing; a filter that asks for nothing goes away.
    pub fn accept_filter(&mut self) {
        match &mut self.filter {
            Some(filter) if filter.search.is_some() => filter.is_typing = false,
            _ => self.clear_filter(),
        }
    }

    /// Shows everything again, with the same selection.
    pub fn clear_filter(&mut self) {
        self.filter = None;
        self.relocate();
    }

    /// Changes what the filter asks for.
    pub fn edit_filter(&mut self, catalog: &ProviderCatalog, edit: impl FnOnce(&mut Line) -> bool) {
        let Some(filter) = &mut self.filter else {
            return;
        };
        if !edit(&mut filter.line) {
            return;
        }
        let terms = Terms::read(filter.line.value());
        filter.search = (!terms.is_empty()).then(|| Search::new(terms, catalog));
        filter.follows_best = true;
        self.step_search();
        self.relocate();
    }

    /// Whether the filter has connections to look at.
    pub fn is_searching(&self) -> bool {
        self.search()
            .is_some_and(|search| search.has_more(&self.items))
    }

    /// Looks at the next connections.
    pub fn step_search(&mut self) {
        let Some(filter) = &mut self.filter else {
            return;
        };
        let Some(search) = &mut filter.search else {
            return;
        };
        search.step(&self.items);
        if filter.follows_best {
            match self.shown(0).map(|best| best.id) {
                Some(best) => self.selected = Node::Connection(best),
                None => self.selected = Node::Connections,
            }
            self.at = 0;
        } else {
            self.relocate();
        }
    }

    fn restart_search(&mut self) {
        if let Some(search) = self
            .filter
            .as_mut()
            .and_then(|filter| filter.search.as_mut())
        {
            search.restart();
            search.step(&self.items);
        }
    }
}
