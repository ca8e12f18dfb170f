//! Marked connections, by ID.
//!
//! A mark stays with its connection through filters, sort orders, reloads
//! and remote changes. Only a deleted connection loses it.

use uuid::Uuid;

use super::{Ids, Tree};
use crate::search::TreeItem;
use crate::tui::notice::Notice;

/// Marked connections.
#[derive(Debug, Default)]
pub struct Marks {
    ids: Ids,
    /// Start of a range that extends to the selection.
    last: Option<Uuid>,
}

/// Marked connection.
#[derive(Debug, Clone, Copy)]
pub struct MarkedConnection<'a> {
    /// The connection.
    pub item: &'a TreeItem,
    /// True if the filter hides it.
    pub is_hidden: bool,
}

impl Marks {
    fn set(&mut self, id: Uuid, is_marked: bool) {
        if is_marked {
            self.ids.insert(id);
        } else {
            self.ids.remove(&id);
        }
    }

    /// Removes the mark of a deleted connection.
    pub(super) fn remove(&mut self, id: Uuid) {
        self.ids.remove(&id);
        self.last.take_if(|last| *last == id);
    }

    /// Keeps only the marks of these connections.
    pub(super) fn keep(&mut self, items: &[TreeItem]) {
        if self.ids.is_empty() {
            return;
        }
        let there = items.iter().map(|item| item.id);
        self.ids = there.filter(|id| self.ids.contains(id)).collect();
    }
}

impl Tree {
    /// Returns the number of marked connections.
    pub fn marked_len(&self) -> usize {
        self.marks.ids.len()
    }

    /// Returns true if a connection is marked.
    pub fn is_marked(&self, id: Uuid) -> bool {
        self.marks.ids.contains(&id)
    }

    /// Marks or unmarks a connection.
    pub fn set_mark(&mut self, id: Uuid, is_marked: bool) {
        self.marks.set(id, is_marked);
        self.marks.last = Some(id);
    }

    /// Toggles the mark of the selected connection; returns false if none is selected.
    pub fn toggle_mark(&mut self) -> bool {
        let selected = self.selected_item().map(|item| item.id);
        if let Some(id) = selected {
            self.set_mark(id, !self.is_marked(id));
        }
        selected.is_some()
    }

    /// Unmarks a connection without moving the range start.
    pub fn unmark(&mut self, id: Uuid) {
        self.marks.ids.remove(&id);
    }

    /// Marks the selected connection and its neighbour, and selects the neighbour; returns false if none is selected.
    pub fn mark_and_move(&mut self, by: isize) -> bool {
        let Some(at) = self.selected_at() else {
            return false;
        };
        for at in [Some(at), at.checked_add_signed(by)] {
            let item = at.and_then(|at| self.visible_at(at));
            if let Some(id) = item.map(|item| item.id) {
                self.set_mark(id, true);
            }
        }
        if at > 0 || by > 0 {
            self.select_shown(at.saturating_add_signed(by));
        }
        true
    }

    /// Marks the range from the last marked connection to the selected one; returns false if none is selected.
    pub fn mark_up_to_selected(&mut self) -> bool {
        let Some(at) = self.selected_at() else {
            return false;
        };
        let start = self.marks.last.and_then(|last| self.position(last));
        let start = start.unwrap_or(at);
        for place in start.min(at)..=start.max(at) {
            if let Some(id) = self.visible_at(place).map(|item| item.id) {
                self.marks.ids.insert(id);
            }
        }
        self.marks.last = self.visible_at(at).map(|item| item.id);
        true
    }

    /// Marks all visible connections, or unmarks them if all were marked. Returns a warning if some may be missing.
    pub fn mark_all(&mut self) -> Option<Notice> {
        if let Some(problem) = self.filter().and_then(|filter| filter.problem.as_ref()) {
            // The part of the filter that is wrong does not restrict the list.
            return Some(Notice::warning(format!(
                "Nothing marked: the filter has an error. {problem}"
            )));
        }
        self.finish_search();
        let before = self.marked_len();
        self.marks.ids.reserve(self.shown_len());
        for at in 0..self.shown_len() {
            if let Some(id) = self.visible_at(at).map(|item| item.id) {
                self.marks.ids.insert(id);
            }
        }
        if self.marked_len() == before {
            for at in 0..self.shown_len() {
                if let Some(id) = self.visible_at(at).map(|item| item.id) {
                    self.marks.ids.remove(&id);
                }
            }
        }
        let total = self.loading.incomplete_total()?;
        let (marked, read) = (self.marked_len(), self.len());
        (marked > 0).then(|| {
            Notice::warning(format!(
                "{marked} marked; {read} of {total} connections loaded so far"
            ))
        })
    }

    /// Inverts the marks of the visible connections.
    pub fn invert_marks(&mut self) {
        self.finish_search();
        for at in 0..self.shown_len() {
            if let Some(id) = self.visible_at(at).map(|item| item.id) {
                let is_marked = self.is_marked(id);
                self.marks.set(id, !is_marked);
            }
        }
    }

    /// Unmarks all connections.
    pub fn unmark_all(&mut self) {
        self.marks = Marks::default();
    }

    /// Returns the IDs of the marked connections, or of the selected one.
    pub fn marked_or_selected(&self) -> Vec<Uuid> {
        if self.marked_len() > 0 {
            let marked = self.marked();
            return marked.iter().map(|marked| marked.item.id).collect();
        }
        let selected = self.selected_item();
        selected.map(|item| item.id).into_iter().collect()
    }

    /// Returns the marked connections: visible ones in order, then hidden ones.
    pub fn marked(&self) -> Vec<MarkedConnection<'_>> {
        let shown = (0..self.shown_len()).filter_map(|at| self.visible_at(at));
        let shown = shown.filter(|item| self.is_marked(item.id));
        let mut marked: Vec<MarkedConnection<'_>> = shown
            .map(|item| MarkedConnection {
                item,
                is_hidden: false,
            })
            .collect();
        if marked.len() < self.marked_len() {
            let seen: Ids = marked.iter().map(|marked| marked.item.id).collect();
            let hidden = self.items.iter().filter(|item| self.is_marked(item.id));
            let hidden = hidden.filter(|item| !seen.contains(&item.id));
            marked.extend(hidden.map(|item| MarkedConnection {
                item,
                is_hidden: true,
            }));
        }
        marked
    }

    /// Returns the loaded connections that match a predicate, in name order.
    pub fn among(&self, is_wanted: impl Fn(Uuid) -> bool) -> impl Iterator<Item = &TreeItem> {
        self.items.iter().filter(move |item| is_wanted(item.id))
    }

    /// Completes the search of a filter that was just typed.
    fn finish_search(&mut self) {
        while self.is_arranging() {
            self.arrange();
        }
    }
}
