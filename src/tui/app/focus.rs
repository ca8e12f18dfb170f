//! Focus: which pane takes the keys, and what the content beside the tree is.

use super::{App, Pane};
use crate::tui::layout::PaneCount;
use crate::tui::tree::Node;

impl App {
    /// Returns true if the content beside the tree is the table of the connections, otherwise it is a workspace.
    ///
    /// While a filter is typed, its line and the list stay in the same pane, also when nothing matches.
    pub fn shows_table(&self) -> bool {
        let is_chosen = self.tree.selected_item().is_none() && !self.is_filter_of_tree_empty();
        self.layout().panes == PaneCount::Two && (self.pane == Pane::Table || is_chosen)
    }

    /// Returns true while a filter is typed in the tree that nothing matches.
    fn is_filter_of_tree_empty(&self) -> bool {
        self.is_filtering() && self.tree.shown_len() == 0 && !self.tree.hides_connections()
    }

    /// Moves the focus to a visible pane, and hides the connections of the tree while the table lists them.
    pub(super) fn settle_focus(&mut self) {
        let is_selected = self.tree.selected_item().is_some();
        let is_there = match self.pane {
            Pane::Tree => true,
            Pane::Table => {
                self.layout().panes == PaneCount::Two && (is_selected || self.is_filtering())
            }
            Pane::Workspace => is_selected,
        };
        if !is_there {
            self.pane = Pane::Tree;
        }
        let is_hidden = self.shows_table();
        self.tree.hide_connections(is_hidden);
    }

    /// Moves the selection to a row of the table, which gets the focus; does nothing without a row.
    pub(super) fn enter_table(&mut self, at: usize) {
        if self.tree.shown_len() > 0 {
            self.pane = Pane::Table;
            self.tree.select_shown(at);
        }
    }

    /// Moves the focus from the table to its node in the tree.
    pub(super) fn leave_table(&mut self) {
        self.pane = Pane::Tree;
        self.tree.select_collection();
    }

    /// Moves the focus to the workspace of the selected connection.
    pub(super) fn enter_workspace(&mut self) {
        if self.pane != Pane::Workspace {
            self.opened_from = self.pane;
            self.pane = Pane::Workspace;
        }
    }

    /// Moves the focus from the workspace to the pane that it was opened from.
    pub(super) fn leave_workspace(&mut self) {
        self.pane = std::mem::replace(&mut self.opened_from, Pane::Tree);
    }

    /// Expands the selected node; goes on to the table, and from a connection to its workspace.
    pub(super) fn open_node(&mut self) {
        match self.tree.selected() {
            Node::Connection(_) => self.enter_workspace(),
            Node::Connections | Node::Provider(_) if self.shows_table() => {
                self.enter_table(self.tree.first_of_selected().unwrap_or(0));
            }
            Node::Settings | Node::Ai | Node::Connections | Node::Provider(_) => self.tree.open(),
        }
    }

    /// Goes back from the workspace or the table; collapses a node of the tree, or goes to its parent.
    pub(super) fn close_node(&mut self) {
        match self.pane {
            Pane::Workspace => self.leave_workspace(),
            Pane::Table => self.leave_table(),
            Pane::Tree => self.tree.close(),
        }
    }

    /// Moves the focus to the other pane.
    pub(super) fn change_pane(&mut self) {
        match self.pane {
            Pane::Tree if self.tree.selected_item().is_some() => self.enter_workspace(),
            Pane::Tree if self.shows_table() => {
                let first = self.tree.first_of_selected();
                self.enter_table(first.unwrap_or_else(|| self.tree.position_in_list()));
            }
            Pane::Tree => {}
            Pane::Table => self.leave_table(),
            Pane::Workspace => self.pane = Pane::Tree,
        }
    }

    /// Focuses the filter, in the pane that lists the connections.
    pub(super) fn focus_filter(&mut self) {
        self.pane = if self.shows_table() {
            Pane::Table
        } else {
            Pane::Tree
        };
        self.tree.start_filter();
    }

    /// Moves the selection in the tree; below the collection, on to the rows of the table.
    pub(super) fn move_in_tree(&mut self, by: isize) {
        let row = self.tree.selected_row().saturating_add_signed(by);
        let goes_on = self.tree.hides_connections() && !self.tree.shows_groups();
        match row.checked_sub(self.tree.rows()) {
            Some(at) if goes_on => {
                self.tree.select_row(row);
                self.enter_table(at);
            }
            _ => self.tree.select_row(row),
        }
    }

    /// Moves the selection in the table; one row above the first is the node of the tree.
    pub(super) fn move_in_table(&mut self, by: isize) {
        match self.tree.selected_at() {
            Some(0) if by == -1 => self.leave_table(),
            Some(at) => self.tree.select_shown(at.saturating_add_signed(by)),
            None => self.tree.select_shown(0),
        }
    }
}
