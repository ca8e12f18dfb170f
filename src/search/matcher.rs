//! Fuzzy matcher: words over name, alias, provider, endpoint and ID, and terms for one of them.

use frizbee::{CaseMatching, Config, Matcher, SortStrategy};
use uuid::Uuid;

use super::TreeItem;
use super::providers::Providers;
use super::query::{FilterQuery, QueryField, is_status};
use crate::text::case_fold::{fold, nfc};

/// Minimum hexadecimal digits of a word to search IDs; URLs seldom have that many in a row.
const FEWEST_DIGITS: usize = 4;

/// Divisor for the score of matches outside the name, so that they rank after name matches.
const BESIDE: u16 = 4;

/// Maximum score per matched letter.
const LETTER: usize = 16;

/// Maximum bonus for the start and the end of a match.
const EDGE_BONUS: usize = 24;

/// Minimum score per letter in an endpoint, which is long: allows one or two mistakes.
const MIN_SCORE: usize = 13;

/// Maximum length in bytes of a word that may contain mistakes: longer than any name. The matcher needs memory for every letter.
const MAX_FUZZY: usize = 1024;

/// Candidate: index, connection and number of its provider.
pub type Candidate<'a> = (u32, &'a TreeItem, u16);

/// Matcher of a filter.
pub struct FilterMatcher {
    terms: FilterQuery,
    words: Vec<SearchWord>,
}

struct SearchWord {
    text: String,
    /// Matcher that tolerates mistakes; none for a long word.
    matcher: Option<Matcher>,
    digits: Option<String>,
    /// Matching providers by number.
    provider_fits: Vec<bool>,
}

impl FilterMatcher {
    /// Creates the matcher of a filter.
    pub fn new(terms: FilterQuery, providers: &Providers) -> Self {
        let words = terms
            .words
            .iter()
            .map(|word| SearchWord::new(word, providers))
            .collect();
        Self { terms, words }
    }

    /// Returns true if matches have different scores.
    pub const fn has_words(&self) -> bool {
        !self.words.is_empty()
    }

    /// Returns the score of each candidate, `None` without a match.
    pub fn scores(&mut self, slice: &[Candidate<'_>], providers: &Providers) -> Vec<Option<u16>> {
        let mut scores: Vec<Option<u16>> = slice
            .iter()
            .map(|(_, item, provider)| {
                matches(&self.terms, item, *provider, providers).then_some(0)
            })
            .collect();
        let texts: Vec<_> = slice.iter().map(|(_, item, _)| nfc(item.text())).collect();
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
    fn new(text: &str, providers: &Providers) -> Self {
        let mut matcher = (text.len() <= MAX_FUZZY).then(|| Matcher::new(text, &config(text)));
        let provider_fits = providers
            .numbers()
            .map(|number| {
                providers.fits(number, text)
                    || matcher.as_mut().is_some_and(|matcher| {
                        is_close(matcher, text, &nfc(providers.title(number)))
                            || is_close(matcher, text, providers.id(number))
                    })
            })
            .collect();
        Self {
            text: text.to_owned(),
            matcher,
            digits: digits(text).filter(|digits| digits.len() >= FEWEST_DIGITS),
            provider_fits,
        }
    }

    fn fits(
        &mut self,
        slice: &[Candidate<'_>],
        texts: &[&str],
        providers: &Providers,
    ) -> Vec<Option<u16>> {
        let mut fits = vec![None; slice.len()];
        let found = self.matcher.as_mut();
        for found in found.map_or_else(Vec::new, |matcher| matcher.match_list(texts)) {
            if let Some(fit) = fits.get_mut(found.index as usize) {
                *fit = Some(found.score);
            }
        }
        let mut endpoints = Vec::new();
        for (at, (fit, (_, item, provider))) in fits.iter_mut().zip(slice).enumerate() {
            if let Some(digits) = &self.digits
                && has_prefix(item.id, digits)
            {
                *fit = Some(u16::MAX);
            } else if fit.is_none() {
                let known = self.provider_fits.get(usize::from(*provider)).copied();
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
        let found = self.matcher.as_mut();
        for found in found.map_or_else(Vec::new, |matcher| matcher.match_list(&texts)) {
            if is_strict(found.score, &self.text)
                && let Some((at, _)) = endpoints.get(found.index as usize)
                && let Some(fit) = fits.get_mut(*at)
            {
                *fit = Some(found.score / BESIDE);
            }
        }
        fits
    }
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
        QueryField::Provider => providers.fits(provider, word),
        QueryField::Name => contains(item.name(), word),
        QueryField::Alias => contains(item.alias(), word),
        QueryField::Endpoint => contains(item.endpoint(), word),
        QueryField::Id => digits(word).is_some_and(|digits| has_prefix(item.id, &digits)),
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
            || (word.len() >= FEWEST_DIGITS && fits(QueryField::Id, word))
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

fn has_prefix(id: Uuid, digits: &str) -> bool {
    let mut text = [0; uuid::fmt::Simple::LENGTH];
    id.as_simple().encode_lower(&mut text).starts_with(digits)
}

/// Returns true if a text contains a folded word, in any case and normalization.
fn contains(text: &str, word: &str) -> bool {
    if !text.is_ascii() {
        return fold(text).contains(word);
    }
    let (text, word) = (text.as_bytes(), word.as_bytes());
    word.is_empty()
        || text
            .windows(word.len())
            .any(|part| part.eq_ignore_ascii_case(word))
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
