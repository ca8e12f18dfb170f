//! Changes of the visible list: immediate if cheap, otherwise in slices in the background.

use super::visible::{VisibleList, VisibleQuery};
use super::{Node, Tree};
use crate::provider::ProviderCatalog;
use crate::search::query::FilterQuery;
use crate::search::{Column, Direction, TreeItem};
use crate::tui::notice::Notice;

impl Tree {
    /// Adds the names of the providers.
    pub fn set_catalog(&mut self, catalog: &ProviderCatalog) {
        self.providers.set_catalog(catalog);
        if self.shown.take().is_some() | self.next.take().is_some() {
            self.rearrange();
        }
    }

    /// Sorts by a column; by the present one, or without a column, in the reverse order. Returns a notice.
    pub fn sort_by(&mut self, column: Option<Column>) -> Notice {
        self.sort = match column {
            Some(column) => self.sort.or_reversed(column),
            None => self.sort.turned(),
        };
        self.rearrange();
        Notice::info(format!("Sorted by {}", self.sort.description()))
    }

    /// Turns grouping by provider on or off. Returns a notice.
    pub fn toggle_groups(&mut self) -> Notice {
        self.is_grouped = !self.is_grouped;
        self.rearrange();
        Notice::info(if self.is_grouped {
            "Grouped by provider"
        } else {
            "Grouping is off"
        })
    }

    /// Returns the query for the visible list.
    fn query(&self) -> VisibleQuery {
        let terms = self.filter.as_ref().map(|filter| &filter.terms);
        VisibleQuery {
            terms: terms.filter(|terms| !terms.is_empty()).cloned(),
            sort: self.sort,
            is_grouped: self.is_grouped,
        }
    }

    /// Returns true if a reload is complete and only needs sorting.
    pub(super) fn is_reload_complete(&self) -> bool {
        self.fresh.is_some() && self.loading.is_done()
    }

    /// Rebuilds the visible list; the current one stays until the new one is ready.
    pub(super) fn rearrange(&mut self) {
        let query = self.query();
        self.next = None;
        if query.is_plain() {
            self.show(None);
            return;
        }
        let is_shown = self.shown.as_ref().map(VisibleList::query) == Some(&query);
        if is_shown && !self.is_reload_complete() {
            return;
        }
        self.next = Some(VisibleList::new(query, &self.providers));
        self.step_next();
    }

    /// Rebuilds the visible list and shows matches as they are found.
    pub(super) fn rearrange_at_once(&mut self) {
        let query = self.query();
        if query.is_plain() || self.is_reload_complete() {
            self.rearrange();
            return;
        }
        self.next = None;
        self.shown = Some(VisibleList::new(query, &self.providers));
        self.step_shown();
    }

    /// Returns true if work remains.
    pub fn is_arranging(&self) -> bool {
        let has_more = |arrangement: &Option<VisibleList>| {
            let arrangement = arrangement.as_ref();
            arrangement.is_some_and(|arrangement| arrangement.has_more(&self.items))
        };
        self.next.is_some() || has_more(&self.shown) || has_more(&self.lookup)
    }

    /// Processes the next slice of connections.
    pub fn arrange(&mut self) {
        let has_more = |arrangement: &Option<VisibleList>, items: &[TreeItem]| {
            let arrangement = arrangement.as_ref();
            arrangement.is_some_and(|arrangement| arrangement.has_more(items))
        };
        if has_more(&self.shown, &self.items) {
            self.step_shown();
        } else if self.next.is_some() {
            self.step_next();
        } else if let Some(lookup) = &mut self.lookup {
            lookup.step(&self.items, &mut self.providers);
        }
    }

    pub(super) fn step_shown(&mut self) {
        let places = self.place_on_screen();
        let Some(shown) = &mut self.shown else { return };
        shown.step(&self.items, &mut self.providers);
        let follows_best = self.filter.as_ref().is_some_and(|one| one.follows_best);
        if follows_best {
            self.select_best();
        } else {
            self.relocate();
            self.keep_on_screen(places);
        }
    }

    fn select_best(&mut self) {
        let best = self.shown.as_ref().and_then(VisibleList::best);
        let best = best.and_then(|at| Some((at, self.visible_at(at)?.id)));
        let nothing = (0, Node::Connections);
        (self.at, self.selected) = best.map_or(nothing, |(at, id)| (at, Node::Connection(id)));
        self.expand_ancestors();
    }

    fn step_next(&mut self) {
        let is_fresh = self.is_reload_complete();
        let Some(next) = &mut self.next else { return };
        let items = match &self.fresh {
            Some(fresh) if is_fresh => fresh,
            Some(_) | None => &self.items,
        };
        next.step(items, &mut self.providers);
        if !next.has_more(items) {
            let next = self.next.take();
            self.show(next);
        }
    }

    /// Shows a finished list, and replaces `items` by the reloaded connections if they waited for it.
    fn show(&mut self, arrangement: Option<VisibleList>) {
        if self.is_reload_complete()
            && let Some(fresh) = self.fresh.take()
        {
            self.items = fresh;
            self.count_states();
            self.marks.keep(&self.items);
            if let Some(lookup) = &mut self.lookup {
                lookup.remove_from(0, &self.providers);
            }
        }
        self.is_reversed =
            self.sort.direction == Direction::Descending && self.sort.column == Column::Name;
        self.shown = arrangement;
        self.relocate();
    }

    /// Starts a search among all connections, independent of the filter.
    pub fn search_connections(&mut self, text: &str) {
        let terms = FilterQuery::from_words(text);
        self.lookup = (!terms.is_empty()).then(|| {
            let query = VisibleQuery {
                terms: Some(terms),
                ..VisibleQuery::default()
            };
            let mut lookup = VisibleList::new(query, &self.providers);
            lookup.step(&self.items, &mut self.providers);
            lookup
        });
    }

    /// Returns the number of connections found by [`Tree::search_connections`] so far.
    pub fn looked_up_len(&self) -> usize {
        self.lookup.as_ref().map_or(0, VisibleList::len)
    }

    /// Returns a found connection by rank.
    pub fn result_at(&self, at: usize) -> Option<&TreeItem> {
        self.items.get(self.lookup.as_ref()?.at(at)?)
    }
}
