//! The fuzzy filter: words over name, alias and provider, in slices so that no key waits for it.

use std::cmp::Reverse;

use frizbee::{CaseMatching, Config, Matcher, SortStrategy};

use super::Item;
use super::news::Shift;
use crate::provider::ProviderCatalog;

/// How many connections one slice looks at: well under a millisecond's work.
pub const SLICE: usize = 4_096;

/// What a filter's text asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    words: Vec<String>,
    is_active: Option<bool>,
    providers: Vec<String>,
}

impl Terms {
    /// Reads words, `status:active`, `status:inactive` and `provider:openai`.
    pub fn read(text: &str) -> Self {
        let mut terms = Self::default();
        for word in text.split_whitespace() {
            let lower = word.to_lowercase();
            if let Some(status) = lower.strip_prefix("status:") {
                terms.is_active = match status {
                    "" => terms.is_active,
                    status if "inactive".starts_with(status) => Some(false),
                    status if "active".starts_with(status) => Some(true),
                    _ => terms.is_active,
                };
            } else if let Some(provider) = lower.strip_prefix("provider:") {
                if !provider.is_empty() {
                    terms.providers.push(provider.to_owned());
                }
            } else {
                terms.words.push(lower);
            }
        }
        terms
    }

    /// Whether everything is admitted.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.is_active.is_none() && self.providers.is_empty()
    }
}

/// One connection that a filter found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// How well it fits.
    pub score: u16,
    /// Which it is, counted in name order.
    pub index: u32,
}

/// A filter at work.
pub struct Search {
    terms: Terms,
    matchers: Vec<Matcher>,
    looked_at: usize,
    found: Vec<Found>,
    names: Vec<(String, String)>,
}

impl Search {
    /// A filter for these terms, which has looked at nothing yet.
    pub fn new(terms: Terms, catalog: &ProviderCatalog) -> Self {
        let matchers = terms
            .words
            .iter()
            .map(|word| Matcher::new(word.as_str(), &config(word)))
            .collect();
        let names = catalog
            .all()
            .iter()
            .map(|provider| (provider.id.clone(), provider.name.to_lowercase()))
            .collect();
        Self {
            terms,
            matchers,
            looked_at: 0,
            found: Vec::new(),
            names,
        }
    }

    /// What was found so far, the best first.
    pub fn found(&self) -> &[Found] {
        &self.found
    }

    /// Whether there are connections it has not looked at.
    pub const fn has_more(&self, items: &[Item]) -> bool {
        self.looked_at < items.len()
    }

    /// Looks at everything again.
    pub fn restart(&mut self) {
        self.looked_at = 0;
        self.found.clear();
    }

    /// Looks at the next connections.
    pub fn step(&mut self, items: &[Item]) {
        let end = items.len().min(self.looked_at + SLICE);
        let start = u32::try_from(self.looked_at).unwrap_or(u32::MAX);
        let slice: Vec<(u32, &Item)> = (start..)
            .zip(items.get(self.looked_at..end).unwrap_or_default())
            .collect();
        self.look_at(&slice);
        self.looked_at = end;
    }

    /// The places in the list moved: what was found moves with them, and what is another now is looked at.
    pub fn shift(&mut self, shift: &Shift, items: &[Item]) {
        let is_whole = self.looked_at == shift.old_len(items.len());
        self.looked_at = if is_whole {
            items.len()
        } else {
            shift.moved_end(self.looked_at)
        };
        self.found.retain_mut(|found| {
            let place = shift.moved(found.index as usize);
            let place = place.filter(|place| shift.other.binary_search(place).is_err());
            found.index = place.map_or(u32::MAX, |place| u32::try_from(place).unwrap_or(u32::MAX));
            place.is_some()
        });
        let others: Vec<(u32, &Item)> = shift
            .other
            .iter()
            .filter(|place| **place < self.looked_at)
            .filter_map(|place| Some((u32::try_from(*place).ok()?, items.get(*place)?)))
            .collect();
        for slice in others.chunks(SLICE) {
            self.look_at(slice);
        }
    }

    fn look_at(&mut self, slice: &[(u32, &Item)]) {
        let mut scores: Vec<Option<u16>> = slice
            .iter()
            .map(|(_, item)| self.admits(item).then_some(0))
            .collect();
        let texts: Vec<&str> = slice.iter().map(|(_, item)| item.text()).collect();
        for (at, word) in self.terms.words.iter().enumerate() {
            let mut fits = vec![None; slice.len()];
            for found in self.matchers[at].match_list(&texts) {
                fits[found.index as usize] = Some(found.score);
            }
            for ((score, fit), (_, item)) in scores.iter_mut().zip(fits).zip(slice) {
                let fit = fit.or_else(|| self.is_of(item, word).then_some(1));
                *score = score.zip(fit).map(|(sum, more)| sum.saturating_add(more));
            }
        }
        let fresh = slice.iter().zip(scores).filter_map(|((index, _), score)| {
            Some(Found {
                score: score?,
                index: *index,
            })
        });
        self.found.extend(fresh);
        // Nearly sorted already; equal scores stand in name order.
        self.found
            .sort_by_key(|found| (Reverse(found.score), found.index));
    }

    fn admits(&self, item: &Item) -> bool {
        self.terms.is_active.is_none_or(|on| on == item.is_active)
            && (self.terms.providers.is_empty()
                || self
                    .terms
                    .providers
                    .iter()
                    .any(|word| self.is_of(item, word)))
    }

    /// Whether a word is part of the provider's id or name.
    fn is_of(&self, item: &Item, word: &str) -> bool {
        item.provider.to_ascii_lowercase().contains(word)
            || self
                .names
                .iter()
                .any(|(id, name)| name.contains(word) && id.eq_ignore_ascii_case(&item.provider))
    }
}

fn config(word: &str) -> Config {
    // A short word with a mistake in it would fit almost everything.
    let typos = u16::try_from(word.chars().count().saturating_sub(1) / 4).unwrap_or(0);
    Config::default()
        .max_typos(Some(typos))
        .casing(CaseMatching::Ignore)
        .sort(SortStrategy::IndexAsc)
}
