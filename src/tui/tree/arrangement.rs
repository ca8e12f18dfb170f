//! Which connections are shown and in which order, found out in slices so that no key waits for it.
//!
//! Why: sorting a hundred thousand by alias takes longer than a key may wait. So each slice is sorted alone and merged into what
//! stands already; what is heard of others meanwhile moves what stands, and only what is another now is looked at again.

use std::cmp::Ordering;

use super::Item;
use super::merge::merge;
use super::news::Shift;
use super::order::{Column, Sort, Standing};
use super::providers::Providers;
use super::search::{Looked, Search};
use super::terms::Terms;

/// How many connections one slice looks at: about a millisecond's work.
pub const SLICE: usize = 4_096;

/// The same where texts are compared that lie all over the memory.
pub const SORTED_SLICE: usize = 1_024;

/// What is asked of an arrangement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Which connections; all of them without.
    pub terms: Option<Terms>,
    /// In which order.
    pub sort: Sort,
    /// Whether each provider's stand together.
    pub is_grouped: bool,
}

impl Asked {
    /// Whether all stand as they are kept, be it from the other end.
    pub fn is_plain(&self) -> bool {
        self.terms.is_none() && self.sort.column == Column::Name && !self.is_grouped
    }
}

/// One connection that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// How well it fits.
    score: u16,
    /// Its provider's number.
    provider: u16,
    /// Which it is, counted in name order.
    index: u32,
}

/// Connections that stand together.
#[derive(Debug)]
pub struct Group {
    /// Their provider's number; means nothing where not each provider has a group.
    pub provider: u16,
    /// How many are shown before them.
    pub start: usize,
    found: Vec<Found>,
}

impl Group {
    /// How many they are.
    pub const fn len(&self) -> usize {
        self.found.len()
    }
}

/// Which connections are shown, and in which order.
pub struct Arrangement {
    asked: Asked,
    search: Option<Search>,
    groups: Vec<Group>,
    len: usize,
    looked_at: usize,
}

impl Arrangement {
    /// One that has looked at nothing yet.
    pub fn new(asked: Asked, providers: &Providers) -> Self {
        let search = asked.terms.clone();
        Self {
            search: search.map(|terms| Search::new(terms, providers)),
            asked,
            groups: Vec::new(),
            len: 0,
            looked_at: 0,
        }
    }

    /// What was asked of it.
    pub const fn asked(&self) -> &Asked {
        &self.asked
    }

    /// Those that stand together, where that is asked for.
    pub fn groups(&self) -> &[Group] {
        if self.asked.is_grouped {
            &self.groups
        } else {
            &[]
        }
    }

    /// How many are shown.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Which connection is shown in a place.
    pub fn at(&self, at: usize) -> Option<usize> {
        let before = self.groups.partition_point(|group| group.start <= at);
        let group = self.groups.get(before.checked_sub(1)?)?;
        let found = group.found.get(at - group.start)?;
        Some(found.index as usize)
    }

    /// The group that a place is in, counted from the first.
    pub fn group_at(&self, at: usize) -> Option<usize> {
        let before = self.groups.partition_point(|group| group.start <= at);
        before.checked_sub(1)
    }

    /// Where a connection is shown.
    pub fn position(&self, index: usize) -> Option<usize> {
        let index = u32::try_from(index).ok()?;
        self.groups.iter().find_map(|group| {
            let mut found = group.found.iter();
            let at = found.position(|found| found.index == index)?;
            Some(group.start + at)
        })
    }

    /// Where the one is shown that fits best.
    pub fn best(&self) -> Option<usize> {
        let score = |group: &Group| group.found.first().map_or(0, |found| found.score);
        let best = self.groups.iter().map(score).max()?;
        let group = self.groups.iter().find(|group| score(group) == best)?;
        Some(group.start)
    }

    /// Whether there are connections it has not looked at.
    pub const fn has_more(&self, items: &[Item]) -> bool {
        self.looked_at < items.len()
    }

    /// Looks at the next connections.
    pub fn step(&mut self, items: &[Item], providers: &mut Providers) {
        let has_words = self.search.as_ref().is_some_and(Search::has_words);
        let slice = match self.asked.sort.column {
            Column::Name => SLICE,
            _ if has_words => SLICE,
            Column::Alias | Column::Provider | Column::Status | Column::Modified => SORTED_SLICE,
        };
        let end = items.len().min(self.looked_at + slice);
        let places: Vec<usize> = (self.looked_at..end).collect();
        self.look_at(&places, items, providers);
        self.looked_at = end;
    }

    /// Everything from a place on is another: it is looked at again.
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

    /// The places in the list moved: what was found moves with them, and what is another now is looked at.
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

    /// Looks at the connections in some places, and puts those that are to be shown where they belong.
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
        if self.asked.is_grouped {
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
                self.put_in(&fresh, items, providers);
            }
        } else {
            self.put_in(&found, items, providers);
        }
        self.count();
    }

    /// Puts in what is sorted and belongs to one group.
    fn put_in(&mut self, fresh: &[Found], items: &[Item], providers: &Providers) {
        let Some(first) = fresh.first() else { return };
        let is_its = |group: &Group| !self.asked.is_grouped || group.provider == first.provider;
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

    /// Which of two is shown first: the one that fits better, where words are looked for.
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
        let sort = self.asked.sort;
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
