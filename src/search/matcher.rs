//! Matcher: words over name, alias, provider, endpoint and ID, and terms for one of them.
//!
//! A word matches where it occurs. Only when nothing matches does the caller switch to [`MatchMode::Tolerant`], which
//! forgives typing mistakes and accepts abbreviations.

use uuid::Uuid;

use super::TreeItem;
use super::providers::Providers;
use super::query::{FilterQuery, QueryField, QueryWord, is_health, is_status};
use super::similar::{Similarity, TypedWord};
use crate::text::case_fold::fold;

/// Minimum hexadecimal digits of a word to search IDs: fewer occur in many IDs by chance.
const FEWEST_DIGITS: usize = 8;

/// Candidate: index, connection and number of its provider.
pub type Candidate<'a> = (u32, &'a TreeItem, u16);

/// Tolerance of typing mistakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MatchMode {
    /// A word must occur as it was typed.
    #[default]
    Exact,
    /// A word that is not quoted may contain mistakes or be an abbreviation.
    Tolerant,
}

/// Scores of exact matches, by where the word occurs.
mod exact_score {
    pub const WHOLE_NAME: u16 = 64;
    pub const ID: u16 = 64;
    pub const NAME_START: u16 = 48;
    pub const NAME_WORD: u16 = 40;
    pub const NAME: u16 = 32;
    pub const ALIAS_START: u16 = 28;
    pub const ALIAS: u16 = 24;
    pub const PROVIDER: u16 = 8;
    pub const ENDPOINT: u16 = 4;
}

/// Scores of similar words: less than those of exact matches in a name.
mod similar_score {
    pub const ABBREVIATED: u16 = 20;
    pub const MISTYPED: u16 = 16;
    pub const BESIDE_NAME: u16 = 2;
}

/// Matcher of a filter.
pub struct FilterMatcher {
    terms: FilterQuery,
    words: Vec<SearchWord>,
    mode: MatchMode,
}

struct SearchWord {
    text: String,
    digits: Option<String>,
    /// Matching providers by number.
    provider_fits: Vec<bool>,
    /// Part for similar texts; created for the first tolerant search.
    tolerant: Option<TolerantWord>,
}

struct TolerantWord {
    typed: TypedWord,
    /// Providers with a similar name or ID, by number.
    provider_fits: Vec<bool>,
}

impl FilterMatcher {
    /// Creates the exact matcher of a filter.
    pub fn new(terms: FilterQuery, providers: &Providers) -> Self {
        let words = terms.words.iter();
        let words = words.map(|word| SearchWord::new(word, providers)).collect();
        Self {
            terms,
            words,
            mode: MatchMode::Exact,
        }
    }

    /// Returns true if matches have different scores.
    pub const fn has_words(&self) -> bool {
        !self.words.is_empty()
    }

    /// Returns true if typing mistakes are forgiven now.
    pub fn is_tolerant(&self) -> bool {
        self.mode == MatchMode::Tolerant
    }

    /// Returns true if the filter has words that may contain typing mistakes.
    pub fn can_tolerate(&self) -> bool {
        self.terms.can_be_mistyped()
    }

    /// Changes whether typing mistakes are forgiven.
    pub fn set_mode(&mut self, mode: MatchMode, providers: &Providers) {
        self.mode = mode;
        if mode == MatchMode::Tolerant {
            for (word, of) in self.words.iter_mut().zip(&self.terms.words) {
                if !of.is_exact && word.tolerant.is_none() {
                    word.tolerant = Some(TolerantWord::new(&of.text, providers));
                }
            }
        }
    }

    /// Returns the score of each candidate, `None` without a match.
    pub fn scores(&self, slice: &[Candidate<'_>], providers: &Providers) -> Vec<Option<u16>> {
        match self.mode {
            MatchMode::Exact => self.exact_scores(slice, providers),
            MatchMode::Tolerant => self.scores_by(slice, providers, SearchWord::tolerant_score),
        }
    }

    /// Returns the score of each candidate without typing mistakes.
    pub fn exact_scores(&self, slice: &[Candidate<'_>], providers: &Providers) -> Vec<Option<u16>> {
        self.scores_by(slice, providers, SearchWord::exact_score)
    }

    fn scores_by(
        &self,
        slice: &[Candidate<'_>],
        providers: &Providers,
        word_score: impl Fn(&SearchWord, &TreeItem, u16, &Providers) -> Option<u16>,
    ) -> Vec<Option<u16>> {
        let score = |(_, item, provider): &Candidate<'_>| {
            let mut sum: u16 = 0;
            for word in &self.words {
                sum = sum.saturating_add(word_score(word, item, *provider, providers)?);
            }
            matches(&self.terms, item, *provider, providers).then_some(sum)
        };
        slice.iter().map(score).collect()
    }
}

impl SearchWord {
    fn new(word: &QueryWord, providers: &Providers) -> Self {
        let text = word.text.as_str();
        let numbers = providers.numbers();
        Self {
            text: text.to_owned(),
            digits: digits(text).filter(|digits| digits.len() >= FEWEST_DIGITS),
            provider_fits: numbers.map(|one| providers.fits(one, text)).collect(),
            tolerant: None,
        }
    }

    fn exact_score(&self, item: &TreeItem, provider: u16, providers: &Providers) -> Option<u16> {
        let word = self.text.as_str();
        if let Some(digits) = &self.digits
            && id_contains(item.id, digits)
        {
            return Some(exact_score::ID);
        }
        // Most connections do not match, and one search over all texts shows it.
        let is_in_texts = contains(item.all_texts(), word);
        if is_in_texts {
            if let Some(score) = name_score(item.name(), word) {
                return Some(score);
            }
            match find(item.alias(), word) {
                Some(0) => return Some(exact_score::ALIAS_START),
                Some(_) => return Some(exact_score::ALIAS),
                None => {}
            }
        }
        let known = self.provider_fits.get(usize::from(provider)).copied();
        if known.unwrap_or_else(|| providers.fits(provider, word)) {
            return Some(exact_score::PROVIDER);
        }
        let is_in_endpoint = is_in_texts && contains(item.endpoint(), word);
        is_in_endpoint.then_some(exact_score::ENDPOINT)
    }

    fn tolerant_score(&self, item: &TreeItem, provider: u16, providers: &Providers) -> Option<u16> {
        let exact = self.exact_score(item, provider, providers);
        exact.or_else(|| self.tolerant.as_ref()?.score(item, provider, providers))
    }
}

impl TolerantWord {
    fn new(text: &str, providers: &Providers) -> Self {
        let typed = TypedWord::new(text);
        let numbers = providers.numbers();
        let provider_fits = numbers
            .map(|number| is_similar_provider(&typed, number, providers))
            .collect();
        Self {
            typed,
            provider_fits,
        }
    }

    fn score(&self, item: &TreeItem, provider: u16, providers: &Providers) -> Option<u16> {
        match self.typed.similarity(item.name_and_alias()) {
            Some(Similarity::Abbreviated(_)) => return Some(similar_score::ABBREVIATED),
            Some(Similarity::Mistyped(mistakes, _)) => {
                let mistakes = u16::try_from(mistakes).unwrap_or(u16::MAX);
                let score = similar_score::MISTYPED.saturating_sub(mistakes);
                return Some(score.max(similar_score::BESIDE_NAME));
            }
            None => {}
        }
        let known = self.provider_fits.get(usize::from(provider)).copied();
        let is_beside = known
            .unwrap_or_else(|| is_similar_provider(&self.typed, provider, providers))
            || self.typed.mistyped(item.endpoint()).is_some();
        is_beside.then_some(similar_score::BESIDE_NAME)
    }
}

fn is_similar_provider(typed: &TypedWord, number: u16, providers: &Providers) -> bool {
    let names = [providers.title(number), providers.id(number)];
    names.iter().any(|name| typed.mistyped(name).is_some())
}

fn name_score(name: &str, word: &str) -> Option<u16> {
    let at = find(name, word)?;
    // A folded name may differ in length; then only the start is known.
    let before = at.checked_sub(1).and_then(|at| name.as_bytes().get(at));
    Some(match before {
        None if name.len() == word.len() => exact_score::WHOLE_NAME,
        None => exact_score::NAME_START,
        Some(byte) if !byte.is_ascii_alphanumeric() => exact_score::NAME_WORD,
        Some(_) => exact_score::NAME,
    })
}

fn matches(terms: &FilterQuery, item: &TreeItem, provider: u16, providers: &Providers) -> bool {
    let fits = |term: QueryField, word: &str| match term {
        QueryField::Status => is_status(item.is_active, word),
        QueryField::Health => is_health(item.health, word),
        QueryField::Provider => providers.fits(provider, word),
        QueryField::Name => contains(item.name(), word),
        QueryField::Alias => contains(item.alias(), word),
        QueryField::Endpoint => contains(item.endpoint(), word),
        QueryField::Id => digits(word).is_some_and(|digits| id_contains(item.id, &digits)),
    };
    let is_anywhere = |word: &str| {
        [
            QueryField::Provider,
            QueryField::Name,
            QueryField::Alias,
            QueryField::Endpoint,
        ]
        .into_iter()
        .any(|term| fits(term, word))
            || (digits(word).is_some_and(|digits| digits.len() >= FEWEST_DIGITS)
                && fits(QueryField::Id, word))
    };
    let is_wanted = terms.included.iter().all(|(term, _)| {
        let mut same = terms.included.iter().filter(|(other, _)| other == term);
        same.any(|(term, word)| fits(*term, word))
    });
    is_wanted
        && !terms.excluded.iter().any(|(term, word)| match term {
            Some(term) => fits(*term, word),
            None => is_anywhere(word),
        })
}

/// Returns the hexadecimal digits of a text that may be a pasted ID prefix.
fn digits(text: &str) -> Option<String> {
    let text = text.trim_start_matches('{').trim_end_matches('}');
    let is_id = |character: char| character.is_ascii_hexdigit() || character == '-';
    let digits: String = text.chars().filter(|character| *character != '-').collect();
    (text.chars().all(is_id) && !digits.is_empty()).then_some(digits)
}

/// Returns true if the ID contains these digits anywhere; hyphens do not count.
fn id_contains(id: Uuid, digits: &str) -> bool {
    let mut text = [0; uuid::fmt::Simple::LENGTH];
    id.as_simple().encode_lower(&mut text).contains(digits)
}

/// Returns true if a text contains a folded word, in any case and normalization.
fn contains(text: &str, word: &str) -> bool {
    find(text, word).is_some()
}

/// Returns the position of a folded word in the folded text.
fn find(text: &str, word: &str) -> Option<usize> {
    if !text.is_ascii() {
        return fold(text).find(word);
    }
    let (text, word) = (text.as_bytes(), word.as_bytes());
    let Some((first, rest)) = word.split_first() else {
        return Some(0);
    };
    let last = text.len().checked_sub(word.len())?;
    let starts = text.get(..=last)?;
    memchr::memchr2_iter(*first, first.to_ascii_uppercase(), starts).find(|at| {
        let following = text.get(at + 1..at + word.len());
        following.is_some_and(|following| following.eq_ignore_ascii_case(rest))
    })
}
