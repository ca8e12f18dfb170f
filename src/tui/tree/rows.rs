//! Rows of the tree: mapping to nodes, expanding and collapsing.

use super::visible::ItemGroup;
use super::{Node, Tree};

/// Rows above the first connection.
const UPPER: usize = 3;

/// Row of the collection.
const CONNECTIONS: usize = 2;

impl Tree {
    /// Hides or shows the rows of connections.
    pub const fn hide_connections(&mut self, is_hidden: bool) {
        self.hides_connections = is_hidden;
    }

    /// Returns true if the rows of connections are hidden.
    pub const fn hides_connections(&self) -> bool {
        self.hides_connections
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        match self.open {
            [false, ..] => 1,
            [true, false, _] => 2,
            [true, true, false] if !self.hides_connections => UPPER,
            [true, true, _] => UPPER + self.rows_below(),
        }
    }

    /// Returns the number of rows below the collection.
    fn rows_below(&self) -> usize {
        match self.groups() {
            [] if self.hides_connections => 0,
            [] => self.shown_len(),
            groups => groups.iter().map(|group| self.rows_of(group)).sum(),
        }
    }

    fn rows_of(&self, group: &ItemGroup) -> usize {
        1 + if self.hides_connections || self.is_closed(group) {
            0
        } else {
            group.len()
        }
    }

    fn is_closed(&self, group: &ItemGroup) -> bool {
        self.closed.contains(&group.provider)
    }

    /// Returns the provider groups; empty without grouping.
    pub(super) fn groups(&self) -> &[ItemGroup] {
        self.shown.as_ref().map_or(&[], |shown| shown.groups())
    }

    fn group_of(&self, number: u16) -> Option<&ItemGroup> {
        self.groups().iter().find(|group| group.provider == number)
    }

    /// Returns the number of visible connections of a provider.
    pub fn count_of(&self, number: u16) -> usize {
        self.group_of(number).map_or(0, ItemGroup::len)
    }

    /// Returns the provider node of the connection at a visible position.
    pub(super) fn provider_at(&self, at: usize) -> Option<u16> {
        let shown = self.shown.as_ref()?;
        let group = shown.groups().get(shown.group_at(at)?)?;
        Some(group.provider)
    }

    /// Returns the node in a row.
    pub fn node(&self, row: usize) -> Option<Node> {
        if row >= self.rows() {
            return None;
        }
        Some(match row {
            0 => Node::Settings,
            1 => Node::Ai,
            CONNECTIONS => Node::Connections,
            _ => match self.find_row(row)? {
                TreeRow::Provider(number) => Node::Provider(number),
                TreeRow::Connection(at) => Node::Connection(self.visible_at(at)?.id),
            },
        })
    }

    /// Returns the visible position of the connection in a row.
    pub fn at_row(&self, row: usize) -> Option<usize> {
        match self.find_row(row)? {
            TreeRow::Provider(_) => None,
            TreeRow::Connection(at) => Some(at),
        }
    }

    fn find_row(&self, row: usize) -> Option<TreeRow> {
        let mut below = row.checked_sub(UPPER)?;
        let groups = self.groups();
        if groups.is_empty() {
            return Some(TreeRow::Connection(below));
        }
        for group in groups {
            let rows = self.rows_of(group);
            if below < rows {
                return Some(match below.checked_sub(1) {
                    None => TreeRow::Provider(group.provider),
                    Some(at) => TreeRow::Connection(group.start + at),
                });
            }
            below -= rows;
        }
        None
    }

    /// Returns true if the connection in a row is the last one of its group.
    pub fn is_last(&self, row: usize) -> bool {
        match self.node(row + 1) {
            Some(Node::Connection(_)) => false,
            Some(Node::Settings | Node::Ai | Node::Connections | Node::Provider(_)) | None => true,
        }
    }

    /// Returns true if a row belongs to the last provider.
    pub fn is_in_last_group(&self, row: usize) -> bool {
        let last = self.groups().last().map(|group| group.provider);
        match self.find_row(row) {
            Some(TreeRow::Provider(number)) => Some(number) == last,
            Some(TreeRow::Connection(at)) => self.provider_at(at) == last,
            None => false,
        }
    }

    /// Returns the row of the selected node.
    pub fn selected_row(&self) -> usize {
        match self.selected {
            Node::Settings => 0,
            Node::Ai => 1,
            Node::Connections => CONNECTIONS,
            Node::Provider(number) => self.row_of(number).unwrap_or(CONNECTIONS),
            Node::Connection(_) => match self.provider_at(self.at) {
                None if self.hides_connections => CONNECTIONS,
                None => UPPER + self.at,
                Some(number) if self.hides_connections => {
                    self.row_of(number).unwrap_or(CONNECTIONS)
                }
                Some(number) => {
                    let start = self.group_of(number).map_or(0, |group| group.start);
                    self.row_of(number).unwrap_or(CONNECTIONS) + 1 + self.at - start
                }
            },
        }
    }

    /// Returns the row of a provider.
    fn row_of(&self, number: u16) -> Option<usize> {
        let groups = self.groups();
        let at = groups.iter().position(|group| group.provider == number)?;
        let above = groups.iter().take(at).map(|group| self.rows_of(group));
        Some(UPPER + above.sum::<usize>())
    }

    /// Returns the visible position of the first connection of the selected provider.
    pub fn first_of_selected(&self) -> Option<usize> {
        match self.selected {
            Node::Provider(number) => self.group_of(number).map(|group| group.start),
            Node::Settings | Node::Ai | Node::Connections | Node::Connection(_) => None,
        }
    }

    /// Reselects the provider, or the one at its position, after a change of the list.
    pub(super) fn relocate_provider(&mut self, number: u16) {
        if self.group_of(number).is_some() {
            return;
        }
        let order = self.providers.order(number);
        let groups = self.groups();
        let at = groups.partition_point(|group| self.providers.order(group.provider) < order);
        let neighbour = groups.get(at).or_else(|| groups.last());
        self.selected = neighbour.map_or(Node::Connections, |group| Node::Provider(group.provider));
    }

    /// Returns true if a node is expanded.
    pub fn is_open(&self, node: Node) -> bool {
        match node {
            Node::Settings => self.open[0],
            Node::Ai => self.open[1],
            Node::Connections => self.open[2],
            Node::Provider(number) => !self.closed.contains(&number),
            Node::Connection(_) => false,
        }
    }

    /// Expands the selected node, or selects its first child.
    pub fn open(&mut self) {
        match self.selected {
            Node::Connection(_) => {}
            node if self.is_open(node) => self.select_row(self.selected_row() + 1),
            node => self.set_open(node, true),
        }
    }

    /// Collapses the selected node, or selects its parent.
    pub fn close(&mut self) {
        match self.selected {
            Node::Connection(_) => {
                let parent = self.selected_provider();
                let row = parent.and_then(|number| self.row_of(number));
                self.select_row(row.unwrap_or(CONNECTIONS));
            }
            Node::Provider(_) if self.hides_connections => self.select_row(CONNECTIONS),
            Node::Connections if self.hides_connections => self.select_row(1),
            node if self.is_open(node) => self.set_open(node, false),
            Node::Provider(_) => self.select_row(CONNECTIONS),
            Node::Connections => self.select_row(1),
            Node::Ai | Node::Settings => self.select_row(0),
        }
    }

    /// Expands or collapses a node; a selection below a collapsed node moves to it.
    pub fn set_open(&mut self, node: Node, open: bool) {
        match node {
            Node::Settings => self.open[0] = open,
            Node::Ai => self.open[1] = open,
            Node::Connections => self.open[2] = open,
            Node::Provider(number) if open => {
                self.closed.remove(&number);
            }
            Node::Provider(number) => {
                if self.selected_provider() == Some(number) {
                    self.selected = node;
                }
                self.closed.insert(number);
            }
            Node::Connection(_) => {}
        }
        if self.selected_row() >= self.rows() {
            self.select_row(self.rows() - 1);
        }
    }

    /// Expands all ancestors of the selected connection.
    pub(super) fn expand_ancestors(&mut self) {
        if matches!(self.selected, Node::Connection(_)) {
            self.open = [true; 3];
            if let Some(number) = self.selected_provider() {
                self.closed.remove(&number);
            }
        }
    }
}

/// Row below the collection.
enum TreeRow {
    /// Provider.
    Provider(u16),
    /// Connection by visible position.
    Connection(usize),
}
