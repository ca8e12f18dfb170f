//! Tree Settings › AI › Connections: expanded nodes, selection, filter, order and marks.

mod sort;
mod visible;
mod change;
mod filter;
mod loading;
mod marks;
mod updates;
mod state;
mod rows;
mod selection;

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;

use foldhash::fast::RandomState;
use uuid::Uuid;

use crate::connection::alias::{MAX_LENGTH, first_free};
use crate::search::query::QueryField;
use crate::search::{MatchMode, Providers, Sort, TreeItem, highlights};

pub use filter::Filter;
pub use loading::Loading;
pub use marks::{MarkedConnection, Marks};
pub use state::{NodeKey, TreeState};
pub use updates::ItemChange;
use visible::VisibleList;

use super::health::TestRecords;
use super::layout::follow;

/// Set of connection IDs, with a fast hash: marking 100,000 connections spent most of its time in the standard one.
pub type Ids = HashSet<Uuid, RandomState>;

/// Map by connection ID.
pub type ById<T> = HashMap<Uuid, T, RandomState>;

/// Node of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// Root.
    Settings,
    /// Section.
    Ai,
    /// Collection of the connections.
    Connections,
    /// Provider by number, while connections are grouped.
    Provider(u16),
    /// Connection.
    Connection(Uuid),
}

/// State of the tree.
pub struct Tree {
    /// All loaded connections in name order.
    items: Vec<TreeItem>,
    /// Reloaded connections, until the reload is complete and sorted.
    fresh: Option<Vec<TreeItem>>,
    /// Progress of loading.
    pub loading: Loading,
    /// Recently deleted connections.
    deleted: VecDeque<Uuid>,
    /// Marked connections.
    marks: Marks,
    /// Results of the latest tests.
    pub(in crate::tui) tests: TestRecords,
    /// Tested connections whose new state is not shown yet.
    tested: Ids,
    /// Known providers.
    providers: Providers,
    /// Expansion of the three upper nodes.
    open: [bool; 3],
    /// Collapsed providers.
    closed: HashSet<u16>,
    /// Sort order.
    sort: Sort,
    /// True if connections are grouped by provider.
    is_grouped: bool,
    /// True if the rows of connections are hidden, because the table beside the tree lists them.
    hides_connections: bool,
    /// Number of inactive connections.
    inactive: usize,
    /// Number of connections whose last test failed.
    failing: usize,
    /// Active filter.
    filter: Option<Filter>,
    /// Visible connections in order; `None` shows all in name order.
    shown: Option<VisibleList>,
    /// True if all connections are shown in reverse name order.
    is_reversed: bool,
    /// Visible list under construction.
    next: Option<VisibleList>,
    /// Separate search of the palette.
    lookup: Option<VisibleList>,
    selected: Node,
    /// Position of the selected connection in the visible list.
    at: usize,
    /// Cached index of the selected connection in `items`.
    index: usize,
    /// Node to select as soon as it is loaded.
    pending_selection: Option<NodeKey>,
    /// First visible row of the tree.
    pub top: usize,
    /// First visible row of the list.
    pub list_top: usize,
}

impl Default for Tree {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            fresh: None,
            loading: Loading::default(),
            deleted: VecDeque::new(),
            marks: Marks::default(),
            tests: TestRecords::default(),
            tested: Ids::default(),
            providers: Providers::default(),
            open: [true; 3],
            closed: HashSet::new(),
            sort: Sort::default(),
            is_grouped: false,
            hides_connections: false,
            inactive: 0,
            failing: 0,
            filter: None,
            shown: None,
            is_reversed: false,
            next: None,
            lookup: None,
            selected: Node::Connections,
            at: 0,
            index: 0,
            pending_selection: None,
            top: 0,
            list_top: 0,
        }
    }
}

impl Tree {
    /// Returns the number of loaded connections.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Returns true if no connection is loaded.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Returns the number of inactive connections.
    pub const fn inactive_len(&self) -> usize {
        self.inactive
    }

    /// Returns the number of connections whose last test failed.
    pub const fn failing_len(&self) -> usize {
        self.failing
    }

    /// Counts what the title shows, after a change of the list, so that a frame does not walk through it.
    fn count_states(&mut self) {
        (self.inactive, self.failing) = states_of(&self.items);
    }

    /// Returns the number of visible connections.
    pub fn shown_len(&self) -> usize {
        match &self.shown {
            Some(shown) => shown.len(),
            None => self.items.len(),
        }
    }

    /// Returns a visible connection by position.
    pub fn visible_at(&self, at: usize) -> Option<&TreeItem> {
        let index = match &self.shown {
            Some(shown) => shown.at(at)?,
            None if self.is_reversed => self.items.len().checked_sub(at + 1)?,
            None => at,
        };
        self.items.get(index)
    }

    /// Known providers.
    pub const fn providers(&self) -> &Providers {
        &self.providers
    }

    /// Sort order.
    pub const fn sort(&self) -> Sort {
        self.sort
    }

    /// Returns true if the visible list is grouped; it follows [`Tree::toggle_groups`] when the new order is ready.
    pub fn shows_groups(&self) -> bool {
        let shown = self.shown.as_ref();
        shown.is_some_and(|shown| shown.query().is_grouped)
    }

    /// Returns the active filter.
    pub const fn filter(&self) -> Option<&Filter> {
        self.filter.as_ref()
    }

    /// Returns true if Edit expands or collapses the selected node.
    pub fn is_on_expandable_node(&self) -> bool {
        match self.selected() {
            Node::Settings | Node::Ai | Node::Provider(_) => true,
            Node::Connections => !self.is_empty(),
            Node::Connection(_) => false,
        }
    }

    /// Returns true while the filter is typed.
    pub fn is_filtering(&self) -> bool {
        self.filter().is_some_and(|filter| filter.is_typing)
    }

    /// Returns true if nothing matches the filter exactly, and the shown connections match with typing mistakes.
    pub fn is_tolerant(&self) -> bool {
        let shown = self.shown.as_ref();
        shown.is_some_and(|shown| shown.is_tolerant() && shown.len() > 0)
    }

    /// Returns the byte ranges of a name, alias or endpoint that the filter matches.
    pub fn highlights(&self, field: QueryField, text: &str) -> Vec<Range<usize>> {
        let Some(filter) = self.filter.as_ref().filter(|filter| !filter.is_empty()) else {
            return Vec::new();
        };
        let mode = if self.is_tolerant() {
            MatchMode::Tolerant
        } else {
            MatchMode::Exact
        };
        highlights(&filter.terms, mode, (field, text))
    }

    /// Scrolls so that the selection is visible in `rows` of the tree and `list_rows` of the list.
    pub fn scroll(&mut self, rows: usize, list_rows: usize) {
        self.top = follow(self.top, self.selected_row(), rows, self.rows());
        let at = self.first_of_selected().unwrap_or(self.at);
        self.list_top = follow(self.list_top, at, list_rows, self.shown_len());
    }

    /// Returns the connection with an ID.
    pub fn item(&self, id: Uuid) -> Option<&TreeItem> {
        self.items.get(self.index_of(id)?)
    }

    /// Returns true if a loaded connection has this alias.
    pub fn has_alias(&self, alias: &str) -> bool {
        self.items.iter().any(|item| item.alias() == alias)
    }

    /// Returns an alias like this one that no loaded connection has.
    pub fn free_alias(&self, alias: &str) -> String {
        // Only aliases with the same beginning can be equal to one that `first_free` tries; a long one is shortened.
        let begin: String = alias.chars().take(MAX_LENGTH / 2).collect();
        let alike = self.items.iter().map(TreeItem::alias);
        let alike: HashSet<&str> = alike.filter(|other| other.starts_with(&begin)).collect();
        first_free(alias, |free| alike.contains(free))
    }

    /// Returns the index of a connection in `items`.
    fn index_of(&self, id: Uuid) -> Option<usize> {
        let is_it = |item: &TreeItem| item.id == id;
        if self.items.get(self.index).is_some_and(is_it) {
            return Some(self.index);
        }
        self.items.iter().position(is_it)
    }

    /// Returns the position of a connection in the visible list.
    fn position(&self, id: Uuid) -> Option<usize> {
        let index = self.index_of(id)?;
        match &self.shown {
            Some(shown) => shown.position(index),
            None if self.is_reversed => self.items.len().checked_sub(index + 1),
            None => Some(index),
        }
    }
}

/// Counts the inactive and the failing connections.
fn states_of(items: &[TreeItem]) -> (usize, usize) {
    let inactive = items.iter().filter(|item| !item.is_active).count();
    let failing = items.iter().filter(|item| item.health.is_failing()).count();
    (inactive, failing)
}
