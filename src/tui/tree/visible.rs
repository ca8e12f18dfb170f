//! Visible connections in order, computed in slices so that no key press waits.
//!
//! Sorting a hundred thousand connections by alias takes too long for one key press. Each slice is sorted and merged into
//! the result; changes that arrive in between shift the result, and only changed connections are processed again.

use std::cmp::Ordering;
use std::sync::Arc;

use super::updates::IndexShift;
use crate::search::query::FilterQuery;
use crate::search::{
    Candidate, Column, FilterMatcher, MatchMode, Providers, Sort, SortKey, TreeItem,
};

/// Connections per slice: about a millisecond of work.
pub const SLICE: usize = 4_096;

/// Connections per slice if scattered texts are compared.
pub const SORTED_SLICE: usize = 1_024;

/// Query of a visible list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VisibleQuery {
    /// Filter; `None` matches all.
    pub terms: Option<FilterQuery>,
    /// Sort order.
    pub sort: Sort,
    /// True if grouped by provider.
    pub is_grouped: bool,
}

impl VisibleQuery {
    /// Returns true if the order is the name order or its reverse, without a filter.
    pub fn is_plain(&self) -> bool {
        self.terms.is_none() && self.sort.column == Column::Name && !self.is_grouped
    }
}

/// Visible connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VisibleItem {
    /// Match score.
    score: u16,
    /// Number of the provider.
    provider: u16,
    /// Index in name order.
    index: u32,
}

/// Group of connections.
#[derive(Debug)]
pub struct ItemGroup {
    /// Number of the provider; unused without grouping.
    pub provider: u16,
    /// Number of visible connections before the group.
    pub start: usize,
    items: Vec<VisibleItem>,
}

impl ItemGroup {
    /// Returns the number of connections.
    pub const fn len(&self) -> usize {
        self.items.len()
    }
}

/// Visible connections in order.
pub struct VisibleList {
    query: VisibleQuery,
    search: Option<FilterMatcher>,
    groups: Vec<ItemGroup>,
    len: usize,
    examined: usize,
}

impl VisibleList {
    /// Creates a list that has processed nothing yet.
    pub fn new(query: VisibleQuery, providers: &Providers) -> Self {
        let search = query.terms.clone();
        Self {
            search: search.map(|terms| FilterMatcher::new(terms, providers)),
            query,
            groups: Vec::new(),
            len: 0,
            examined: 0,
        }
    }

    /// Returns the query.
    pub const fn query(&self) -> &VisibleQuery {
        &self.query
    }

    /// Returns the groups; empty without grouping.
    pub fn groups(&self) -> &[ItemGroup] {
        if self.query.is_grouped {
            &self.groups
        } else {
            &[]
        }
    }

    /// Returns the number of visible connections.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Returns the index of the connection at a position.
    pub fn at(&self, at: usize) -> Option<usize> {
        let before = self.groups.partition_point(|group| group.start <= at);
        let group = self.groups.get(before.checked_sub(1)?)?;
        let found = group.items.get(at - group.start)?;
        Some(found.index as usize)
    }

    /// Returns the index of the group at a position.
    pub fn group_at(&self, at: usize) -> Option<usize> {
        let before = self.groups.partition_point(|group| group.start <= at);
        before.checked_sub(1)
    }

    /// Returns the position of a connection.
    pub fn position(&self, index: usize) -> Option<usize> {
        let index = u32::try_from(index).ok()?;
        self.groups.iter().find_map(|group| {
            let mut found = group.items.iter();
            let at = found.position(|found| found.index == index)?;
            Some(group.start + at)
        })
    }

    /// Returns the position of the best match.
    pub fn best(&self) -> Option<usize> {
        let score = |group: &ItemGroup| group.items.first().map_or(0, |found| found.score);
        let best = self.groups.iter().map(score).max()?;
        let group = self.groups.iter().find(|group| score(group) == best)?;
        Some(group.start)
    }

    /// Returns true if unprocessed connections remain.
    pub fn has_more(&self, items: &[TreeItem]) -> bool {
        self.examined < items.len() || self.is_to_tolerate(items)
    }

    /// Returns true if nothing matches exactly and typing mistakes are forgiven.
    pub fn is_tolerant(&self) -> bool {
        self.search.as_ref().is_some_and(FilterMatcher::is_tolerant)
    }

    /// Returns true if the exact search is complete without a match, and a word may be mistyped.
    fn is_to_tolerate(&self, items: &[TreeItem]) -> bool {
        self.len == 0
            && !items.is_empty()
            && self.examined >= items.len()
            && self
                .search
                .as_ref()
                .is_some_and(|search| !search.is_tolerant() && search.can_tolerate())
    }

    /// Starts again at an index.
    fn restart(&mut self, mode: MatchMode, from: usize, providers: &Providers) {
        if let Some(search) = &mut self.search {
            search.set_mode(mode, providers);
        }
        self.groups.clear();
        self.examined = from;
        self.count();
    }

    /// Processes the next slice of connections.
    pub fn step(&mut self, items: &[TreeItem], providers: &mut Providers) {
        if self.examined < items.len() {
            self.step_slice(items, providers);
        }
        if self.is_to_tolerate(items) {
            self.restart(MatchMode::Tolerant, 0, providers);
            self.step_slice(items, providers);
        }
    }

    fn step_slice(&mut self, items: &[TreeItem], providers: &mut Providers) {
        let has_words = self.search.as_ref().is_some_and(FilterMatcher::has_words);
        let slice = match self.query.sort.column {
            Column::Name => SLICE,
            _ if has_words => SLICE,
            Column::Alias | Column::Provider | Column::Status | Column::Modified => SORTED_SLICE,
        };
        let end = items.len().min(self.examined + slice);
        let places: Vec<usize> = (self.examined..end).collect();
        self.examine(&places, items, providers);
        self.examined = end;
    }

    /// Discards the results from an index on, because the connections there changed.
    pub fn remove_from(&mut self, place: usize, providers: &Providers) {
        if self.is_tolerant() {
            // Nothing before the changed or added connections matches exactly, but one of them may.
            self.restart(MatchMode::Exact, place, providers);
            return;
        }
        if self.examined <= place {
            return;
        }
        self.examined = place;
        for group in &mut self.groups {
            group.items.retain(|found| (found.index as usize) < place);
        }
        self.count();
    }

    /// Shifts the results after a change of the list and processes the changed connections.
    pub fn shift(&mut self, shift: &IndexShift, items: &[TreeItem], providers: &mut Providers) {
        if self.is_tolerant() && self.has_exact_match(&shift.touched, items, providers) {
            self.restart(MatchMode::Exact, 0, providers);
            return;
        }
        let is_whole = self.examined == shift.old_len(items.len());
        self.examined = if is_whole {
            items.len()
        } else {
            shift.moved_end(self.examined)
        };
        for group in &mut self.groups {
            group.items.retain_mut(|found| {
                let place = shift.new_index(found.index as usize);
                let place = place.filter(|place| shift.touched.binary_search(place).is_err());
                let index = place.and_then(|place| u32::try_from(place).ok());
                found.index = index.unwrap_or(u32::MAX);
                index.is_some()
            });
        }
        let others: Vec<usize> = shift
            .touched
            .iter()
            .copied()
            .filter(|place| *place < self.examined)
            .collect();
        self.examine(&others, items, providers);
    }

    /// Returns true if one of the connections at some indexes matches without typing mistakes.
    fn has_exact_match(
        &self,
        places: &[usize],
        items: &[TreeItem],
        providers: &mut Providers,
    ) -> bool {
        let looked = candidates(places, items, providers);
        let search = self.search.as_ref();
        search.is_some_and(|search| {
            let scores = search.exact_scores(&looked, providers);
            scores.iter().any(Option::is_some)
        })
    }

    /// Processes the connections at some indexes and inserts the matches in order.
    fn examine(&mut self, places: &[usize], items: &[TreeItem], providers: &mut Providers) {
        let looked = candidates(places, items, providers);
        let scores = match &self.search {
            Some(search) => search.scores(&looked, providers),
            None => vec![Some(0); looked.len()],
        };
        let found = looked
            .iter()
            .zip(scores)
            .filter_map(|((index, _, provider), score)| {
                Some(VisibleItem {
                    score: score?,
                    provider: *provider,
                    index: *index,
                })
            });
        let mut found: Vec<VisibleItem> = found.collect();
        found.sort_unstable_by(|one, other| self.compare(*one, *other, items, providers));
        if self.query.is_grouped {
            let mut by_provider: Vec<Vec<VisibleItem>> = Vec::new();
            let mut slots = vec![usize::MAX; providers.numbers().count()];
            for found in found {
                let slot = &mut slots[usize::from(found.provider)];
                if *slot == usize::MAX {
                    *slot = by_provider.len();
                    by_provider.push(Vec::new());
                }
                by_provider[*slot].push(found);
            }
            for fresh in by_provider {
                self.insert_sorted(&fresh, items, providers);
            }
        } else {
            self.insert_sorted(&found, items, providers);
        }
        self.count();
    }

    /// Inserts sorted matches of one group.
    fn insert_sorted(&mut self, fresh: &[VisibleItem], items: &[TreeItem], providers: &Providers) {
        let Some(first) = fresh.first() else { return };
        let is_its = |group: &ItemGroup| !self.query.is_grouped || group.provider == first.provider;
        let at = self.groups.iter().position(is_its).unwrap_or_else(|| {
            let order = providers.order(first.provider);
            let at = self
                .groups
                .partition_point(|group| providers.order(group.provider) < order);
            let group = ItemGroup {
                provider: first.provider,
                start: 0,
                items: Vec::new(),
            };
            self.groups.insert(at, group);
            at
        });
        let mut found = std::mem::take(&mut self.groups[at].items);
        merge(&mut found, fresh, |one, other| {
            self.compare(one, other, items, providers).is_lt()
        });
        self.groups[at].items = found;
    }

    /// Compares two matches: by score if the filter has words, then by the sort order.
    fn compare(
        &self,
        one: VisibleItem,
        other: VisibleItem,
        items: &[TreeItem],
        known: &Providers,
    ) -> Ordering {
        let has_words = self.search.as_ref().is_some_and(FilterMatcher::has_words);
        if has_words && one.score != other.score {
            return other.score.cmp(&one.score);
        }
        let (Some(a), Some(b)) = (
            items.get(one.index as usize),
            items.get(other.index as usize),
        ) else {
            return one.index.cmp(&other.index);
        };
        let sort_key = |item, found: VisibleItem| SortKey {
            item,
            provider: found.provider,
            index: found.index,
        };
        let sort = self.query.sort;
        sort.compare(sort_key(a, one), sort_key(b, other), known)
    }

    fn count(&mut self) {
        self.groups.retain(|group| !group.items.is_empty());
        self.len = 0;
        for group in &mut self.groups {
            group.start = self.len;
            self.len += group.items.len();
        }
    }
}

fn candidates<'a>(
    places: &[usize],
    items: &'a [TreeItem],
    providers: &mut Providers,
) -> Vec<Candidate<'a>> {
    // Most neighbours share the ID of their provider.
    let mut last: Option<(&Arc<str>, u16)> = None;
    let mut number = |id: &'a Arc<str>| match last {
        Some((same, number)) if Arc::ptr_eq(same, id) => number,
        _ => last.insert((id, providers.number(id))).1,
    };
    let found = places
        .iter()
        .filter_map(|place| Some((u32::try_from(*place).ok()?, items.get(*place)?)));
    found
        .map(|(index, item)| (index, item, number(&item.provider)))
        .collect()
}

/// Merges `fresh` into `found`, both sorted; each element moves at most once.
fn merge<T: Copy>(found: &mut Vec<T>, fresh: &[T], is_before: impl Fn(T, T) -> bool) {
    let (Some(first), Some(filler)) = (fresh.first(), fresh.last()) else {
        return;
    };
    if found.last().is_none_or(|last| is_before(*last, *first)) {
        found.extend_from_slice(fresh);
        return;
    }
    let mut end = found.len();
    found.resize(end + fresh.len(), *filler);
    let mut free = found.len();
    for new in fresh.iter().rev() {
        let place = found[..end].partition_point(|other| is_before(*other, *new));
        free -= end - place;
        found.copy_within(place..end, free);
        free -= 1;
        found[free] = *new;
        end = place;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::ConnectionItem;
    use crate::provider::ProviderCatalog;
    use proptest::prelude::*;

    fn item(name: &str) -> TreeItem {
        let json = serde_json::json!({"id": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "alias": "a", "name": name, "providerId": "openai", "isActive": true, "dateCreated": "2024-01-15T10:30:00Z", "dateModified": "2024-01-15T10:30:00Z", "version": 1});
        let item: ConnectionItem = serde_json::from_value(json).unwrap();
        TreeItem::new(&item, "openai".into())
    }

    #[test]
    fn exact_match_on_a_later_page_ends_forgiving() {
        let mut providers = Providers::default();
        providers.set_catalog(&ProviderCatalog::embedded());
        let query = VisibleQuery {
            terms: Some(FilterQuery::read("prodction")),
            ..VisibleQuery::default()
        };
        let mut list = VisibleList::new(query, &providers);
        let mut items = vec![item("Production A"), item("Production B")];
        while list.has_more(&items) {
            list.step(&items, &mut providers);
        }
        assert!(list.is_tolerant() && list.len() == 2);
        items.push(item("Prodction C"));
        list.remove_from(2, &providers);
        while list.has_more(&items) {
            list.step(&items, &mut providers);
        }
        assert!(!list.is_tolerant());
        assert_eq!((list.len(), list.at(0)), (1, Some(2)));
    }

    proptest! {
        #[test]
        fn merge_keeps_the_order(mut old: Vec<u8>, mut new: Vec<u8>) {
            old.sort_unstable();
            new.sort_unstable();
            let mut both = [old.clone(), new.clone()].concat();
            both.sort_unstable();
            merge(&mut old, &new, |one, other| one < other);
            prop_assert_eq!(old, both);
        }
    }
}
