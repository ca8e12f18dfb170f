//! Changes of the tree's connections: loaded pages, feed events and the user's own changes.

use uuid::Uuid;

use super::loading::Loading;
use super::updates::{self, IndexShift, ItemChange};
use super::{Node, Tree, states_of};
use crate::connection::ListQuery;
use crate::search::TreeItem;
use crate::tui::health::TestRecord;

/// Number of remembered deletions, so that a late reply does not re-add a deleted connection.
const REMEMBERED: usize = 1_024;

impl Tree {
    /// Sets the status of a connection.
    pub fn set_active(&mut self, id: Uuid, active: bool) {
        self.change_in_place(|items| {
            let place = items.iter().position(|item| item.id == id)?;
            items[place].is_active = active;
            Some(vec![place])
        });
    }

    /// Records the result of a test; [`Tree::show_tested`] shows it.
    pub fn record_test(&mut self, id: Uuid, record: TestRecord) {
        self.tests.add(id, record);
        self.tested.insert(id);
    }

    /// Returns the last test of the current version of a connection.
    pub fn last_test(&self, item: &TreeItem) -> Option<&TestRecord> {
        self.tests.of(item)
    }

    /// Shows the results of all tests that ended since the last call, in one pass over the list.
    pub fn show_tested(&mut self) {
        if self.tested.is_empty() {
            return;
        }
        let tested = std::mem::take(&mut self.tested);
        let tests = std::mem::take(&mut self.tests);
        self.change_in_place(|items| {
            let mut places = Vec::new();
            for (place, item) in items.iter_mut().enumerate() {
                if tested.contains(&item.id) {
                    tests.apply(item);
                    places.push(place);
                }
            }
            (!places.is_empty()).then_some(places)
        });
        self.tests = tests;
    }

    /// Changes connections without moving them in name order; `find` returns their indexes in a list.
    fn change_in_place(&mut self, find: impl Fn(&mut [TreeItem]) -> Option<Vec<usize>>) {
        let is_next_fresh = self.is_reload_complete();
        let find = |items: &mut [TreeItem]| find(items).map(IndexShift::changed);
        let places = self.place_on_screen();
        if let Some(fresh) = &mut self.fresh
            && let Some(shift) = find(fresh)
            && is_next_fresh
            && let Some(next) = &mut self.next
        {
            next.shift(&shift, fresh, &mut self.providers);
        }
        if let Some(shift) = find(&mut self.items) {
            self.shift(&shift);
            self.count_states();
        }
        self.relocate();
        self.keep_on_screen(places);
    }

    /// Inserts or replaces a connection, unless a newer version or its deletion is known.
    pub fn upsert(&mut self, item: TreeItem) {
        if !self.deleted.contains(&item.id) {
            self.change(vec![ItemChange::Saved(item)]);
        }
    }

    /// Removes a connection; its neighbour is selected instead.
    pub fn remove(&mut self, id: Uuid) {
        self.apply(vec![ItemChange::Deleted(id)]);
    }

    /// Applies changes in order.
    pub fn apply(&mut self, news: Vec<ItemChange>) {
        for change in &news {
            match change {
                ItemChange::Deleted(id) => {
                    if self.deleted.len() == REMEMBERED {
                        self.deleted.pop_front();
                    }
                    self.deleted.push_back(*id);
                    self.marks.remove(*id);
                }
                ItemChange::Saved(item) if !self.deleted.is_empty() => {
                    self.deleted.retain(|deleted| *deleted != item.id);
                }
                ItemChange::Saved(_) => {}
            }
        }
        self.change(news);
    }

    /// Returns the next page of the list to request.
    pub fn next_page(&self) -> Option<ListQuery> {
        let items = self.fresh.as_ref().unwrap_or(&self.items);
        self.loading.next_page(items)
    }

    /// Adds the next page of the list.
    pub fn take_page(&mut self, mut page: Vec<TreeItem>, total: usize) {
        for item in &mut page {
            self.tests.apply(item);
        }
        match &mut self.fresh {
            Some(fresh) => {
                self.loading.take_page(fresh, page, total);
                if self.loading.is_done() {
                    self.rearrange();
                }
            }
            None => self.take_first_page(page, total),
        }
    }

    fn take_first_page(&mut self, page: Vec<TreeItem>, total: usize) {
        // The items before are not counted again: there may be very many.
        let complete = self.loading.complete().min(self.items.len());
        let (inactive, failing) = states_of(&self.items[complete..]);
        let from = self.loading.take_page(&mut self.items, page, total);
        let (now_inactive, now_failing) = states_of(&self.items[complete..]);
        self.inactive = self.inactive + now_inactive - inactive;
        self.failing = self.failing + now_failing - failing;
        let arrangements = [&mut self.shown, &mut self.next, &mut self.lookup];
        for arrangement in arrangements.into_iter().flatten() {
            arrangement.remove_from(from, &self.providers);
        }
        // A selected connection that was created before the list loaded stays visible.
        if let Node::Connection(id) = self.selected
            && self.index_of(id).is_some_and(|index| index >= from)
            && let Some(shown) = &mut self.shown
        {
            while shown.has_more(&self.items) {
                shown.step(&self.items, &mut self.providers);
            }
        }
        self.relocate();
    }

    /// Reloads the list; the loaded connections stay until the reload is complete.
    pub fn refresh(&mut self) {
        let was_whole = self.is_reload_complete();
        self.fresh = (!self.items.is_empty()).then(Vec::new);
        self.loading = Loading::default();
        if was_whole {
            self.rearrange();
        }
    }

    fn change(&mut self, mut news: Vec<ItemChange>) {
        for change in &mut news {
            self.loading.note_change(change.id());
            if let ItemChange::Saved(item) = change {
                self.tests.apply(item);
            }
        }
        let places = self.place_on_screen();
        let is_next_fresh = self.is_reload_complete();
        if let Some(fresh) = &mut self.fresh {
            let shift = updates::apply_changes(fresh, news.clone());
            if !is_next_fresh {
                self.loading.shift(&shift);
            } else if let Some(next) = &mut self.next {
                next.shift(&shift, fresh, &mut self.providers);
            }
        }
        let shift = updates::apply_changes(&mut self.items, news);
        self.count_states();
        if self.fresh.is_none() {
            self.loading.shift(&shift);
        }
        self.shift(&shift);
        self.relocate();
        self.keep_on_screen(places);
    }

    /// Adjusts indexes into the list.
    fn shift(&mut self, shift: &IndexShift) {
        let next = if self.is_reload_complete() {
            None
        } else {
            self.next.as_mut()
        };
        let arrangements = [self.shown.as_mut(), next, self.lookup.as_mut()];
        for arrangement in arrangements.into_iter().flatten() {
            arrangement.shift(shift, &self.items, &mut self.providers);
        }
        if let Some(index) = shift.new_index(self.index) {
            self.index = index;
        }
    }

    /// Returns the distance of the selection from the first visible rows of tree and list.
    pub(super) fn place_on_screen(&self) -> Option<(usize, usize)> {
        let at = self.selected_at()?;
        Some((
            self.selected_row().saturating_sub(self.top),
            at.saturating_sub(self.list_top),
        ))
    }

    /// Scrolls so that the selection keeps its place on screen after insertions and removals above it.
    pub(super) fn keep_on_screen(&mut self, places: Option<(usize, usize)>) {
        if let (Some((row, list_row)), Node::Connection(_)) = (places, self.selected) {
            self.top = self.selected_row().saturating_sub(row);
            self.list_top = self.at.saturating_sub(list_row);
        }
    }
}
