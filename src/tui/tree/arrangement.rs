//! Visible connections in order, computed in slices so that no key press waits.
//!
//! Sorting a hundred thousand connections by alias takes too long for one key press. Each slice is sorted and merged into
//! the result; changes that arrive in between shift the result, and only changed connections are processed again.

use std::cmp::Ordering;

use super::Item;
use super::merge::merge;
use super::news::Shift;
use super::order::{Column, Sort, Standing};
use super::providers::Providers;
use super::search::{Looked, Search};
use super::terms::Terms;

/// Connections per slice: about a millisecond of work.
pub const SLICE: usize = 4_096;

/// Connections per slice if scattered texts are compared.
pub const SORTED_SLICE: usize = 1_024;

/// Query of a visible list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Filter; `None` matches all.
    pub terms: Option<Terms>,
    /// Sort order.
    pub sort: Sort,
    /// True if grouped by provider.
    pub is_grouped: bool,
}

impl Asked {
    /// Returns true if the order is the name order or its reverse, without a filter.
    pub fn is_plain(&self) -> bool {
        self.terms.is_none() && self.sort.column == Column::Name && !self.is_grouped
    }
}

/// Visible connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Match score.
    score: u16,
    /// Number of the provider.
    provider: u16,
    /// Index in name order.
    index: u32,
}

/// Group of connections.
#[derive(Debug)]
pub struct Group {
    /// Number of the provider; unused without grouping.
    pub provider: u16,
    /// Number of visible connections before the group.
    pub start: usize,
    found: Vec<Found>,
}

impl Group {
    /// Returns the number of connections.
    pub const fn len(&self) -> usize {
        self.found.len()
    }
}

/// Visible connections in order.
pub struct Arrangement {
    query: Asked,
    search: Option<Search>,
    groups: Vec<Group>,
    len: usize,
    looked_at: usize,
}

impl Arrangement {
    /// Creates a list that has processed nothing yet.
    pub fn new(query: Asked, providers: &Providers) -> Self {
        let search = query.terms.clone();
        Self {
            search: search.map(|terms| Search::new(terms, providers)),
            query,
            groups: Vec::new(),
            len: 0,
            looked_at: 0,
        }
    }

    /// Returns the query.
    pub const fn query(&self) -> &Asked {
        &self.query
    }

    /// Returns the groups; empty without grouping.
    pub fn groups(&self) -> &[Group] {
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
        let found = group.found.get(at - group.start)?;
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
            let mut found = group.found.iter();
            let at = found.position(|found| found.index == index)?;
            Some(group.start + at)
        })
    }

    /// Returns the position of the best match.
    pub fn best(&self) -> Option<usize> {
        let score = |group: &Group| group.found.first().map_or(0, |found| found.score);
        let best = self.groups.iter().map(score).max()?;
        let group = self.groups.iter().find(|group| score(group) == best)?;
        Some(group.start)
    }

    /// Returns true if unprocessed connections remain.
    pub const fn has_more(&self, items: &[Item]) -> bool {
        self.looked_at < items.len()
    }

    /// Processes the next slice of connections.
    pub fn step(&mut self, items: &[Item], providers: &mut Providers) {
        let has_words = self.search.as_ref().is_some_and(Search::has_words);
        let slice = match self.query.sort.column {
            Column::Name => SLICE,
            _ if has_words => SLICE,
            Column::Alias | Column::Provider | Column::Status | Column::Modified => SORTED_SLICE,
        };
        let end = items.len().min(self.looked_at + slice);
        let places: Vec<usize> = (self.looked_at..end).collect();
        self.look_at(&places, items, providers);
        self.looked_at = end;
    }

    /// Discards the results from an index on, because the connections there changed.
    pub fn forget_from(&mut self, place: usize) {
        if self.looked_at <= place {
            return;
        }
        self.looked_at = place;
        for group in &mut self.groups {
            group.found.retain(|found| (found.index as usize) < place);
        }
        self.count();
    }

    /// Shifts the results after a change of the list and processes the changed connections.
    pub fn shift(&mut self, shift: &Shift, items: &[Item], providers: &mut Providers) {
        let is_whole = self.looked_at == shift.old_len(items.len());
        self.looked_at = if is_whole {
            items.len()
        } else {
            shift.moved_end(self.looked_at)
        };
        for group in &mut self.groups {
            group.found.retain_mut(|found| {
                let place = shift.moved(found.index as usize);
                let place = place.filter(|place| shift.other.binary_search(place).is_err());
                let index = place.and_then(|place| u32::try_from(place).ok());
                found.index = index.unwrap_or(u32::MAX);
                index.is_some()
            });
        }
        let others: Vec<usize> = shift
            .other
            .iter()
            .copied()
            .filter(|place| *place < self.looked_at)
            .collect();
        self.look_at(&others, items, providers);
    }

    /// Processes the connections at some indexes and inserts the matches in order.
    fn look_at(&mut self, places: &[usize], items: &[Item], providers: &mut Providers) {
        let looked: Vec<Looked<'_>> = places
            .iter()
            .filter_map(|place| Some((u32::try_from(*place).ok()?, items.get(*place)?)))
            .map(|(index, item)| (index, item, providers.number(&item.provider)))
            .collect();
        let scores = match &mut self.search {
            Some(search) => search.scores(&looked, providers),
            None => vec![Some(0); looked.len()],
        };
        let found = looked
            .iter()
            .zip(scores)
            .filter_map(|((index, _, provider), score)| {
                Some(Found {
                    score: score?,
                    provider: *provider,
                    index: *index,
                })
            });
        let mut found: Vec<Found> = found.collect();
        found.sort_unstable_by(|one, other| self.compare(*one, *other, items, providers));
        if self.query.is_grouped {
            let mut by_provider: Vec<Vec<Found>> = Vec::new();
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
    fn insert_sorted(&mut self, fresh: &[Found], items: &[Item], providers: &Providers) {
        let Some(first) = fresh.first() else { return };
        let is_its = |group: &Group| !self.query.is_grouped || group.provider == first.provider;
        let at = self.groups.iter().position(is_its).unwrap_or_else(|| {
            let order = providers.order(first.provider);
            let at = self
                .groups
                .partition_point(|group| providers.order(group.provider) < order);
            let group = Group {
                provider: first.provider,
                start: 0,
                found: Vec::new(),
            };
            self.groups.insert(at, group);
            at
        });
        let mut found = std::mem::take(&mut self.groups[at].found);
        merge(&mut found, fresh, |one, other| {
            self.compare(one, other, items, providers).is_lt()
        });
        self.groups[at].found = found;
    }

    /// Compares two matches: by score if the filter has words, then by the sort order.
    fn compare(&self, one: Found, other: Found, items: &[Item], known: &Providers) -> Ordering {
        let has_words = self.search.as_ref().is_some_and(Search::has_words);
        if has_words && one.score != other.score {
            return other.score.cmp(&one.score);
        }
        let (Some(a), Some(b)) = (
            items.get(one.index as usize),
            items.get(other.index as usize),
        ) else {
            return one.index.cmp(&other.index);
        };
        let standing = |item, found: Found| Standing {
            item,
            provider: found.provider,
            index: found.index,
        };
        let sort = self.query.sort;
        sort.compare(standing(a, one), standing(b, other), known)
    }

    fn count(&mut self) {
        self.groups.retain(|group| !group.found.is_empty());
        self.len = 0;
        for group in &mut self.groups {
            group.start = self.len;
            self.len += group.found.len();
        }
    }
}
