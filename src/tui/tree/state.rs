//! Saved state of the tree, restored at the next start.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{ById, Node, Tree};
use crate::search::Sort;
use crate::tui::health::TestRecord;

/// Persistent key of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NodeKey {
    /// Root.
    Settings,
    /// Section.
    Ai,
    /// Collection of the connections.
    Connections,
    /// Provider by ID.
    Provider(String),
    /// Connection by ID.
    Connection(Uuid),
}

/// Saved state of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TreeState {
    /// Selected node.
    pub place: Option<NodeKey>,
    /// Collapsed upper nodes and providers.
    pub closed: Vec<NodeKey>,
    /// Sort order.
    pub sort: Sort,
    /// True if grouped by provider.
    pub is_grouped: bool,
    /// Filter text.
    pub filter: String,
}

/// Upper nodes, from the root.
const UPPER: [Node; 3] = [Node::Settings, Node::Ai, Node::Connections];

impl Tree {
    fn place(&self, node: Node) -> NodeKey {
        match node {
            Node::Settings => NodeKey::Settings,
            Node::Ai => NodeKey::Ai,
            Node::Connections => NodeKey::Connections,
            Node::Provider(number) => NodeKey::Provider(self.providers.id(number).to_owned()),
            Node::Connection(id) => NodeKey::Connection(id),
        }
    }

    /// Returns the state to save.
    pub fn saved_state(&self) -> TreeState {
        let closed = self.filter.as_ref().map_or(&self.closed, |filter| {
            filter.closed_before.as_ref().unwrap_or(&self.closed)
        });
        let upper = UPPER.into_iter().filter(|node| !self.is_open(*node));
        // Sorted, so that the saved file is stable.
        let closed: BTreeSet<u16> = closed.iter().copied().collect();
        let nodes = upper.chain(closed.into_iter().map(Node::Provider));
        let wanted = self.pending_selection.clone();
        TreeState {
            place: Some(wanted.unwrap_or_else(|| self.place(self.selected))),
            closed: nodes.map(|node| self.place(node)).collect(),
            sort: self.sort,
            is_grouped: self.is_grouped,
            filter: self
                .filter
                .as_ref()
                .map_or_else(String::new, |filter| filter.line.value().trim().to_owned()),
        }
    }

    /// Returns the results of tests to save: of connections that exist in the tested version, as far as they are loaded.
    pub fn saved_tests(&self) -> BTreeMap<Uuid, TestRecord> {
        let versions: ById<u64> = self
            .items
            .iter()
            .map(|item| (item.id, item.version()))
            .collect();
        let is_complete = self.loading.is_done();
        self.tests.saved(|id, version| match versions.get(&id) {
            Some(current) => *current == version,
            None => !is_complete,
        })
    }

    /// Restores a saved state; the saved node is selected when it loads, unless the user moved first.
    pub fn restore_state(&mut self, state: TreeState) {
        self.sort = state.sort;
        self.is_grouped = state.is_grouped;
        for place in state.closed {
            match place {
                NodeKey::Settings => self.open[0] = false,
                NodeKey::Ai => self.open[1] = false,
                NodeKey::Connections => self.open[2] = false,
                NodeKey::Provider(id) => {
                    let number = self.providers.number(&id);
                    self.closed.insert(number);
                }
                NodeKey::Connection(_) => {}
            }
        }
        self.keep_filter(&state.filter);
        self.rearrange();
        if let Some(place) = state.place {
            self.select_when_loaded(place);
        }
    }

    /// Selects a saved node now or when it loads.
    pub(super) fn select_when_loaded(&mut self, place: NodeKey) {
        let is_all = self.loading.is_done() && self.fresh.is_none() && !self.is_arranging();
        match &place {
            NodeKey::Settings => self.select_row(0),
            NodeKey::Ai if self.is_open(Node::Settings) => self.select_row(1),
            NodeKey::Ai | NodeKey::Connections => {}
            NodeKey::Provider(id) => {
                let number = self.providers.known_number(id);
                match number.filter(|number| self.count_of(*number) > 0) {
                    Some(number) if self.open == [true; 3] => {
                        self.selected = Node::Provider(number);
                    }
                    Some(_) => {}
                    None if is_all => {}
                    None => self.pending_selection = Some(place),
                }
            }
            NodeKey::Connection(id) => match self.position(*id) {
                Some(at) => self.select_shown(at),
                None if is_all => {}
                None => self.pending_selection = Some(place),
            },
        }
    }
}
