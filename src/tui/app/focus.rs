//! Focus: which pane takes the keys, and what the content beside the tree is.

use crate::tui::layout::PaneCount;
use crate::tui::tree::{Node, Tree};

/// Pane with the keyboard focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pane {
    /// Tree of providers and connections.
    Tree,
    /// Table of the connections.
    Table,
    /// Workspace of the selected connection.
    Workspace,
}

/// Keyboard focus.
#[derive(Debug)]
pub struct Focus {
    /// Pane with the keyboard focus.
    pub pane: Pane,
    /// Pane that the workspace was opened from.
    opened_from: Pane,
}

impl Default for Focus {
    fn default() -> Self {
        Self {
            pane: Pane::Tree,
            opened_from: Pane::Tree,
        }
    }
}

impl Focus {
    /// Returns true if the content beside the tree is the table of the connections, otherwise it is a workspace.
    ///
    /// While a filter is typed, its line and the list stay in the same pane, also when nothing matches.
    pub(super) fn shows_table(&self, tree: &Tree, panes: PaneCount) -> bool {
        let is_filter_empty =
            tree.is_filtering() && tree.shown_len() == 0 && !tree.hides_connections();
        let is_chosen = tree.selected_item().is_none() && !is_filter_empty;
        panes == PaneCount::Two && (self.pane == Pane::Table || is_chosen)
    }

    /// Moves the focus to a visible pane, and hides the connections of the tree while the table lists them.
    pub(super) fn settle(&mut self, tree: &mut Tree, panes: PaneCount) {
        let is_selected = tree.selected_item().is_some();
        let is_there = match self.pane {
            Pane::Tree => true,
            Pane::Table => panes == PaneCount::Two && (is_selected || tree.is_filtering()),
            Pane::Workspace => is_selected,
        };
        if !is_there {
            self.pane = Pane::Tree;
        }
        tree.hide_connections(self.shows_table(tree, panes));
    }

    /// Moves the selection to a row of the table, which gets the focus; does nothing without a row.
    pub(super) fn enter_table(&mut self, at: usize, tree: &mut Tree) {
        if tree.shown_len() > 0 {
            self.pane = Pane::Table;
            tree.select_shown(at);
        }
    }

    /// Moves the focus from the table to its node in the tree.
    fn leave_table(&mut self, tree: &mut Tree) {
        self.pane = Pane::Tree;
        tree.select_collection();
    }

    /// Moves the focus to the workspace of the selected connection.
    pub(super) fn enter_workspace(&mut self) {
        if self.pane != Pane::Workspace {
            self.opened_from = self.pane;
            self.pane = Pane::Workspace;
        }
    }

    /// Expands the selected node; goes on to the table, and from a connection to its workspace.
    pub(super) fn open_node(&mut self, tree: &mut Tree, panes: PaneCount) {
        match tree.selected() {
            Node::Connection(_) => self.enter_workspace(),
            Node::Connections | Node::Provider(_) if self.shows_table(tree, panes) => {
                self.enter_table(tree.first_of_selected().unwrap_or(0), tree);
            }
            Node::Settings | Node::Ai | Node::Connections | Node::Provider(_) => tree.open(),
        }
    }

    /// Goes back from the workspace to the pane that it was opened from, and from the table to the tree; returns false if the
    /// tree has the focus.
    pub(super) fn leave(&mut self, tree: &mut Tree) -> bool {
        match self.pane {
            Pane::Workspace => self.pane = std::mem::replace(&mut self.opened_from, Pane::Tree),
            Pane::Table => self.leave_table(tree),
            Pane::Tree => return false,
        }
        true
    }

    /// Moves the focus to the other pane.
    pub(super) fn change_pane(&mut self, tree: &mut Tree, panes: PaneCount) {
        match self.pane {
            Pane::Tree if tree.selected_item().is_some() => self.enter_workspace(),
            Pane::Tree if self.shows_table(tree, panes) => {
                let first = tree.first_of_selected();
                let at = first.unwrap_or_else(|| tree.position_in_list());
                self.enter_table(at, tree);
            }
            Pane::Tree => {}
            Pane::Table => self.leave_table(tree),
            Pane::Workspace => self.pane = Pane::Tree,
        }
    }

    /// Focuses the filter, in the pane that lists the connections.
    pub(super) fn focus_filter(&mut self, tree: &mut Tree, panes: PaneCount) {
        self.pane = if self.shows_table(tree, panes) {
            Pane::Table
        } else {
            Pane::Tree
        };
        tree.start_filter();
    }

    /// Moves the selection in the tree; below the collection, on to the rows of the table.
    pub(super) fn move_in_tree(&mut self, by: isize, tree: &mut Tree) {
        let row = tree.selected_row().saturating_add_signed(by);
        let goes_on = tree.hides_connections() && !tree.shows_groups();
        let below = row.checked_sub(tree.rows());
        tree.select_row(row);
        if let Some(at) = below.filter(|_| goes_on) {
            self.enter_table(at, tree);
        }
    }

    /// Moves the selection in the table; one row above the first is the node of the tree.
    pub(super) fn move_in_table(&mut self, by: isize, tree: &mut Tree) {
        match tree.selected_at() {
            Some(0) if by == -1 => self.leave_table(tree),
            Some(at) => tree.select_shown(at.saturating_add_signed(by)),
            None => tree.select_shown(0),
        }
    }
}
