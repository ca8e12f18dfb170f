//! Selection in the tree, restored after changes of the list.

use uuid::Uuid;

use super::{Node, NodeKey, Tree};
use crate::search::TreeItem;

impl Tree {
    /// Returns the selected node.
    pub const fn selected(&self) -> Node {
        self.selected
    }

    /// Returns the selected connection.
    pub fn selected_item(&self) -> Option<&TreeItem> {
        self.visible_at(self.selected_at()?)
    }

    /// Returns the visible position of the selected connection.
    pub const fn selected_at(&self) -> Option<usize> {
        match self.selected {
            Node::Connection(_) => Some(self.at),
            Node::Settings | Node::Ai | Node::Connections | Node::Provider(_) => None,
        }
    }

    /// Returns the provider of the selection, if grouped.
    pub fn selected_provider(&self) -> Option<u16> {
        match self.selected {
            Node::Settings | Node::Ai | Node::Connections => None,
            Node::Provider(number) => Some(number),
            Node::Connection(_) => self.provider_at(self.at),
        }
    }

    /// Selects the collection; the position in the list is kept for a return to it.
    pub fn select_collection(&mut self) {
        self.pending_selection = None;
        self.selected = self
            .selected_provider()
            .map_or(Node::Connections, Node::Provider);
        self.choose();
    }

    /// Position in the visible list, of the selected connection or of the last selected one.
    pub const fn position_in_list(&self) -> usize {
        self.at
    }

    /// Selects the node in a row, or in the last row.
    pub fn select_row(&mut self, row: usize) {
        self.pending_selection = None;
        let row = row.min(self.rows().saturating_sub(1));
        if let Some(node) = self.node(row) {
            self.selected = node;
            self.at = self.at_row(row).unwrap_or(0);
        }
        self.choose();
    }

    /// Selects a visible connection by position.
    pub fn select_shown(&mut self, at: usize) {
        self.pending_selection = None;
        let Some(last) = self.shown_len().checked_sub(1) else {
            return;
        };
        let at = at.min(last);
        if let Some(id) = self.visible_at(at).map(|item| item.id) {
            self.selected = Node::Connection(id);
            self.at = at;
        }
        self.expand_ancestors();
        self.choose();
    }

    /// Selects a connection by ID; expands its ancestors and removes a filter that hides it. Returns true if it removed one.
    pub fn select_id(&mut self, id: Uuid) -> bool {
        self.open = [true; 3];
        if self.item(id).is_none() {
            return false;
        }
        let hides = self.position(id).is_none() && self.filter.is_some();
        if self.position(id).is_none() {
            self.drop_filter();
            self.rearrange();
        }
        match self.position(id) {
            Some(at) => self.select_shown(at),
            // It appears when the new order is ready.
            None => self.pending_selection = Some(NodeKey::Connection(id)),
        }
        hides
    }

    /// Records a choice of the user, so that the selection stops following the best match.
    pub(super) const fn choose(&mut self) {
        if let Some(filter) = &mut self.filter {
            filter.follows_best = false;
        }
    }

    /// Reselects the node after a change of the list.
    pub(super) fn relocate(&mut self) {
        match self.selected {
            Node::Settings | Node::Ai | Node::Connections => {}
            Node::Provider(number) => self.relocate_provider(number),
            Node::Connection(id) => self.relocate_connection(id),
        }
        if let Some(place) = self.pending_selection.take() {
            self.select_when_loaded(place);
        }
    }

    fn relocate_connection(&mut self, id: Uuid) {
        if let Some(index) = self.index_of(id) {
            self.index = index;
        }
        if self.visible_at(self.at).is_none_or(|item| item.id != id) {
            match self.position(id) {
                Some(at) => self.at = at,
                None if self.shown_len() == 0 => self.selected = Node::Connections,
                None => {
                    let at = self.at.min(self.shown_len() - 1);
                    if let Some(item) = self.visible_at(at) {
                        self.selected = Node::Connection(item.id);
                        self.at = at;
                    }
                }
            }
        }
        self.expand_ancestors();
    }
}
