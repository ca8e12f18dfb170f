//! What is marked in the tree: any number of connections, by identity.
//!
//! Why by identity: a mark stays with its connection whatever the filter shows, however the list is ordered or read again, and
//! whatever others change. Only one that is deleted loses it.

use std::collections::HashSet;

use uuid::Uuid;

use super::{Item, Tree};

/// What is marked.
#[derive(Debug, Default)]
pub struct Marks {
    ids: HashSet<Uuid>,
    /// From where a range reaches to what is selected.
    last: Option<Uuid>,
}

/// A connection that is marked.
#[derive(Debug, Clone, Copy)]
pub struct Marked<'a> {
    /// What is known of it.
    pub item: &'a Item,
    /// Whether the filter leaves it out.
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

    /// It is no more.
    pub(super) fn forget(&mut self, id: Uuid) {
        self.ids.remove(&id);
        self.last.take_if(|last| *last == id);
    }

    /// Only these are there now.
    pub(super) fn keep(&mut self, items: &[Item]) {
        if self.ids.is_empty() {
            return;
        }
        let there = items.iter().map(|item| item.id);
        self.ids = there.filter(|id| self.ids.contains(id)).collect();
    }
}

impl Tree {
    /// How many connections are marked.
    pub fn marked_len(&self) -> usize {
        self.marks.ids.len()
    }

    /// Whether a connection is marked.
    pub fn is_marked(&self, id: Uuid) -> bool {
        self.marks.ids.contains(&id)
    }

    /// Marks a connection, or takes its mark away.
    pub fn set_mark(&mut self, id: Uuid, is_marked: bool) {
        self.marks.set(id, is_marked);
        self.marks.last = Some(id);
    }

    /// Takes a mark away, whatever was marked last.
    pub fn take_mark(&mut self, id: Uuid) {
        self.marks.ids.remove(&id);
    }

    /// Marks everything from the one that was marked last to a place among those shown; only that place when there is none.
    pub fn mark_up_to(&mut self, at: usize) {
        let start = self.marks.last.and_then(|last| self.position(last));
        let start = start.unwrap_or(at);
        for place in start.min(at)..=start.max(at) {
            if let Some(id) = self.shown(place).map(|item| item.id) {
                self.marks.ids.insert(id);
            }
        }
        self.marks.last = self.shown(at).map(|item| item.id);
    }

    /// Marks all that are shown; when all of them were, they are no more.
    pub fn mark_all(&mut self) {
        self.finish_search();
        let before = self.marked_len();
        self.marks.ids.reserve(self.shown_len());
        for at in 0..self.shown_len() {
            if let Some(id) = self.shown(at).map(|item| item.id) {
                self.marks.ids.insert(id);
            }
        }
        if self.marked_len() == before {
            for at in 0..self.shown_len() {
                if let Some(id) = self.shown(at).map(|item| item.id) {
                    self.marks.ids.remove(&id);
                }
            }
        }
    }

    /// Marks those of the shown that are not marked, and takes the marks of the others away.
    pub fn invert_marks(&mut self) {
        self.finish_search();
        for at in 0..self.shown_len() {
            if let Some(id) = self.shown(at).map(|item| item.id) {
                let is_marked = self.is_marked(id);
                self.marks.set(id, !is_marked);
            }
        }
    }

    /// Takes all marks away.
    pub fn unmark_all(&mut self) {
        self.marks = Marks::default();
    }

    /// Those that are marked: first those that are shown, in their order, then those that the filter leaves out.
    pub fn marked(&self) -> Vec<Marked<'_>> {
        let shown = (0..self.shown_len()).filter_map(|at| self.shown(at));
        let shown = shown.filter(|item| self.is_marked(item.id));
        let mut marked: Vec<Marked<'_>> = shown
            .map(|item| Marked {
                item,
                is_hidden: false,
            })
            .collect();
        if marked.len() < self.marked_len() {
            let seen: HashSet<Uuid> = marked.iter().map(|marked| marked.item.id).collect();
            let hidden = self.items.iter().filter(|item| self.is_marked(item.id));
            let hidden = hidden.filter(|item| !seen.contains(&item.id));
            marked.extend(hidden.map(|item| Marked {
                item,
                is_hidden: true,
            }));
        }
        marked
    }

    /// What is known of these connections, as far as they are there, in name order.
    pub fn among(&self, is_wanted: impl Fn(Uuid) -> bool) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(move |item| is_wanted(item.id))
    }

    /// A filter that was just typed may not have looked at everything yet.
    fn finish_search(&mut self) {
        while self.is_arranging() {
            self.arrange();
        }
    }
}
