//! Matcher: words over name, alias, provider, endpoint and ID, and terms for one of them.
//!
//! A word matches where it occurs. Only when nothing matches does the caller switch to [`MatchMode::Tolerant`], which
//! forgives typing mistakes.

use frizbee::{CaseMatching, Config, Matcher, SortStrategy};
use uuid::Uuid;

use super::TreeItem;
use super::providers::Providers;
use super::query::{FilterQuery, QueryField, QueryWord, is_health, is_status};
use crate::text::case_fold::{fold, nfc};

/// Minimum hexadecimal digits of a word to search IDs: fewer occur in many IDs by chance.
const FEWEST_DIGITS: usize = 8;

/// Divisor for the score of matches outside name and alias, so that they rank after those.
const BESIDE: u16 = 4;

/// Maximum score per matched letter.
const LETTER: usize = 16;

/// Maximum bonus for the start and the end of a match.
const EDGE_BONUS: usize = 24;

/// Minimum score per letter in an endpoint, or in the name or ID of a provider: allows one or two mistakes.
const MIN_SCORE: usize = 13;

/// Maximum length in bytes of a word that may contain mistakes: longer than any name. The matcher needs memory for every letter.
const MAX_FUZZY: usize = 1024;

/// Candidate: index, connection and number of its provider.
pub type Candidate<'a> = (u32, &'a TreeItem, u16);

/// Tolerance of typing mistakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MatchMode {
    /// A word must occur as it was typed.
    #[default]
    Exact,
    /// A word that is not quoted may contain mistakes.
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
    /// Part that forgives mistakes; created for the first tolerant search.
    tolerant: Option<TolerantWord>,
}

struct TolerantWord {
    matcher: Matcher,
    /// Providers that match with mistakes, by number.
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
                    word.tolerant = TolerantWord::new(&of.text, providers);
                }
            }
        }
    }

    /// Returns the score of each candidate, `None` without a match.
    pub fn scores(&mut self, slice: &[Candidate<'_>], providers: &Providers) -> Vec<Option<u16>> {
        match self.mode {
            MatchMode::Exact => self.exact_scores(slice, providers),
            MatchMode::Tolerant => self.tolerant_scores(slice, providers),
        }
    }

    /// Returns the score of each candidate without typing mistakes.
    pub fn exact_scores(&self, slice: &[Candidate<'_>], providers: &Providers) -> Vec<Option<u16>> {
        let score = |(_, item, provider): &Candidate<'_>| {
            let mut sum: u16 = 0;
            for word in &self.words {
                sum = sum.saturating_add(word.exact_score(item, *provider, providers)?);
            }
            matches(&self.terms, item, *provider, providers).then_some(sum)
        };
        slice.iter().map(score).collect()
    }

    fn tolerant_scores(
        &mut self,
        slice: &[Candidate<'_>],
        providers: &Providers,
    ) -> Vec<Option<u16>> {
        let mut scores: Vec<Option<u16>> = slice
            .iter()
            .map(|(_, item, provider)| {
                matches(&self.terms, item, *provider, providers).then_some(0)
            })
            .collect();
        let texts: Vec<_> = slice
            .iter()
            .map(|(_, item, _)| nfc(item.name_and_alias()))
            .collect();
        let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        for word in &mut self.words {
            for (score, fit) in scores.iter_mut().zip(word.fits(slice, &texts, providers)) {
                *score = score.zip(fit).map(|(sum, more)| sum.saturating_add(more));
            }
        }
        scores
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

    fn fits(
        &mut self,
        slice: &[Candidate<'_>],
        texts: &[&str],
        providers: &Providers,
    ) -> Vec<Option<u16>> {
        let Some(mut tolerant) = self.tolerant.take() else {
            let scores = slice
                .iter()
                .map(|(_, item, provider)| self.exact_score(item, *provider, providers));
            return scores.collect();
        };
        let mut fits = vec![None; slice.len()];
        for found in tolerant.matcher.match_list(texts) {
            if let Some(fit) = fits.get_mut(found.index as usize) {
                *fit = Some(found.score);
            }
        }
        let mut endpoints = Vec::new();
        for (at, (fit, (_, item, provider))) in fits.iter_mut().zip(slice).enumerate() {
            if let Some(digits) = &self.digits
                && id_contains(item.id, digits)
            {
                *fit = Some(u16::MAX);
            } else if fit.is_none() {
                let known = tolerant.provider_fits.get(usize::from(*provider)).copied();
                if known.unwrap_or_else(|| providers.fits(*provider, &self.text))
                    || contains(item.endpoint(), &self.text)
                {
                    let most = LETTER * self.text.chars().count() + EDGE_BONUS;
                    *fit = Some(u16::try_from(most).unwrap_or(u16::MAX) / BESIDE);
                } else if !item.endpoint().is_empty() {
                    endpoints.push((at, item.endpoint()));
                }
            }
        }
        let texts: Vec<&str> = endpoints.iter().map(|(_, endpoint)| *endpoint).collect();
        for found in tolerant.matcher.match_list(&texts) {
            if is_strict(found.score, &self.text)
                && let Some((at, _)) = endpoints.get(found.index as usize)
                && let Some(fit) = fits.get_mut(*at)
            {
                *fit = Some(found.score / BESIDE);
            }
        }
        self.tolerant = Some(tolerant);
        fits
    }
}

impl TolerantWord {
    /// Returns `None` for a word that is too long to have mistakes.
    fn new(text: &str, providers: &Providers) -> Option<Self> {
        let mut matcher = tolerant_matcher(text)?;
        let provider_fits = providers
            .numbers()
            .map(|number| {
                providers.fits(number, text)
                    || is_close(&mut matcher, text, &nfc(providers.title(number)))
                    || is_close(&mut matcher, text, providers.id(number))
            })
            .collect();
        Some(Self {
            matcher,
            provider_fits,
        })
    }
}

/// Creates the matcher that forgives mistakes in a word; `None` if the word is too long.
pub(super) fn tolerant_matcher(word: &str) -> Option<Matcher> {
    (word.len() <= MAX_FUZZY).then(|| Matcher::new(word, &config(word)))
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

fn is_close(matcher: &mut Matcher, word: &str, text: &str) -> bool {
    let found = matcher.match_list(&[text]);
    found
        .first()
        .is_some_and(|found| is_strict(found.score, word))
}

fn is_strict(score: u16, word: &str) -> bool {
    usize::from(score) >= MIN_SCORE * word.chars().count()
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

fn config(word: &str) -> Config {
    // Short words and numbers with a mistake would match almost everything.
    let typos = if word.bytes().all(|byte| byte.is_ascii_digit()) {
        0
    } else {
        u16::try_from(word.chars().count().saturating_sub(1) / 4).unwrap_or(0)
    };
    Config::default()
        .max_typos(Some(typos))
        .casing(CaseMatching::Ignore)
        .sort(SortStrategy::IndexAsc)
}
