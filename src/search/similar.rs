//! Similar words: words with typing mistakes, and abbreviations.

use std::ops::Range;

use crate::text::case_fold::fold;

/// Letters for each typing mistake that a word may contain: shorter words would match almost everything.
const LETTERS_PER_MISTAKE: usize = 4;

/// Maximum number of typing mistakes in a word.
const MAX_MISTAKES: usize = 3;

/// Maximum number of characters of a word that is compared; longer ones were pasted, and comparing them would take long.
const MAX_LENGTH: usize = 32;

/// Typed word that may have mistakes or be an abbreviation.
#[derive(Debug)]
pub struct TypedWord {
    /// Folded text.
    text: String,
    /// Number of characters.
    length: usize,
    /// Maximum number of mistakes.
    max_mistakes: usize,
    letters: Letters,
}

/// Similarity of a word to a part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Similarity {
    /// It is in the text from the start of a word on, with this number of wrong, missing, additional or swapped letters.
    Mistyped(usize, Range<usize>),
    /// Its letters are the starts of words, in order.
    Abbreviated(Vec<Range<usize>>),
}

impl TypedWord {
    /// Creates it from a folded word.
    pub fn new(folded: &str) -> Self {
        let length = folded.chars().count();
        Self {
            text: folded.to_owned(),
            length,
            max_mistakes: (length.saturating_sub(1) / LETTERS_PER_MISTAKE).min(MAX_MISTAKES),
            letters: Letters::of(folded),
        }
    }

    /// Returns the similarity to a text, with byte ranges of the folded text: an abbreviation, or the fewest mistakes.
    pub fn similarity(&self, text: &str) -> Option<Similarity> {
        let text = self.comparable(text)?;
        let words: Vec<_> = words(&text).collect();
        abbreviation(&self.text, &words)
            .map(Similarity::Abbreviated)
            .or_else(|| self.fewest_mistakes(&text, &words))
    }

    /// Returns where a text has the word with mistakes.
    pub fn mistyped(&self, text: &str) -> Option<Similarity> {
        let text = self.comparable(text)?;
        self.fewest_mistakes(&text, &words(&text).collect::<Vec<_>>())
    }

    /// Returns the folded text unless it lacks too many of the letters: most texts do, and this shows it without any comparison.
    fn comparable(&self, text: &str) -> Option<String> {
        let missing = self.letters.missing_in(Letters::possible_in(text));
        (self.length <= MAX_LENGTH && missing <= self.max_mistakes).then(|| fold(text))
    }

    fn fewest_mistakes(&self, text: &str, words: &[(usize, &str)]) -> Option<Similarity> {
        let starts = words.iter().filter_map(|(start, _)| {
            let (mistakes, length) = self.mistakes_in(text.get(*start..)?)?;
            Some((mistakes, *start, length))
        });
        let (mistakes, start, length) = starts.min()?;
        Some(Similarity::Mistyped(mistakes, start..start + length))
    }

    /// Returns the fewest mistakes to the start of a text, and the length of that start in bytes.
    fn mistakes_in(&self, text: &str) -> Option<(usize, usize)> {
        let most = self.length + self.max_mistakes;
        let ends = text.char_indices().map(|(at, last)| at + last.len_utf8());
        let ends: Vec<usize> = ends.take(most).collect();
        let start = text.get(..*ends.last()?)?;
        let missing = self.letters.missing_in(Letters::possible_in(start));
        // Each letter more or less is one mistake more at most, so that a start of the same length shows if any other can be close.
        let same_length = *ends.get(self.length.saturating_sub(1)).or(ends.last())?;
        if missing > self.max_mistakes
            || self.mistakes_to(start, same_length)? > 2 * self.max_mistakes
        {
            return None;
        }
        let fewest = self.length.saturating_sub(self.max_mistakes).max(1);
        let found = ends.get(fewest - 1..)?.iter();
        let found = found.filter_map(|end| Some((self.mistakes_to(start, *end)?, *end)));
        found
            .min()
            .filter(|(mistakes, _)| *mistakes <= self.max_mistakes)
    }

    fn mistakes_to(&self, text: &str, end: usize) -> Option<usize> {
        Some(strsim::osa_distance(&self.text, text.get(..end)?))
    }
}

/// Set of the letters from a to z in a text.
#[derive(Debug, Clone, Copy)]
struct Letters(u32);

impl Letters {
    /// Returns the letters in any case.
    fn of(text: &str) -> Self {
        let letters = text.bytes().map(|byte| byte.to_ascii_lowercase());
        let letters = letters.filter(u8::is_ascii_lowercase);
        Self(letters.fold(0, |set, letter| set | 1 << (letter - b'a')))
    }

    /// Returns the letters that the folded form of a text may contain.
    fn possible_in(text: &str) -> Self {
        if text.is_ascii() {
            Self::of(text)
        } else {
            Self(u32::MAX)
        }
    }

    /// Number of letters that others lack.
    const fn missing_in(self, others: Self) -> usize {
        (self.0 & !others.0).count_ones() as usize
    }
}

/// Returns the words of a text with their byte positions.
pub fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_separator = |character: char| !character.is_alphanumeric();
    let mut end = 0;
    let words = text.split_inclusive(is_separator).map(move |word| {
        let start = end;
        end += word.len();
        (start, word.trim_end_matches(is_separator))
    });
    words.filter(|(_, word)| !word.is_empty())
}

/// Returns the starts of words that a typed text consists of, in order; words may be skipped.
pub fn abbreviation(typed: &str, words: &[(usize, &str)]) -> Option<Vec<Range<usize>>> {
    let length = typed.len();
    // For each number of bytes that the words so far can match: the last part, and the number before it.
    let mut reached: Vec<Option<(Range<usize>, usize)>> = vec![None; length + 1];
    for (start, word) in words {
        for from in (0..length).rev() {
            if from > 0 && reached[from].is_none() {
                continue;
            }
            let pairs = typed.bytes().skip(from).zip(word.bytes());
            let same = pairs.take_while(|(one, other)| one == other).count();
            for (length, end) in reached[from + 1..=from + same].iter_mut().enumerate() {
                end.get_or_insert((*start..start + length + 1, from));
            }
        }
    }
    let (mut parts, mut to) = (Vec::new(), length);
    while to > 0 {
        let (part, from) = reached[to].take()?;
        parts.push(part);
        to = from;
    }
    parts.reverse();
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    use Similarity::{Abbreviated, Mistyped};

    #[rstest::rstest]
    #[case::missing("prodction", "My Production", Some(Mistyped(1, 3..13)))]
    #[case::swapped("productoin", "my-production", Some(Mistyped(1, 3..13)))]
    #[case::additional("oppenai", "OpenAI", Some(Mistyped(1, 0..6)))]
    #[case::wrong("openei", "OpenAI", Some(Mistyped(1, 0..6)))]
    #[case::first_letter("xpenai", "OpenAI", Some(Mistyped(1, 0..6)))]
    #[case::start_of_a_word("devlopm", "Development", Some(Mistyped(1, 0..8)))]
    #[case::two_in_a_long_word("developmnet1", "Development", Some(Mistyped(2, 0..11)))]
    #[case::two_in_a_short_word("opneia", "OpenAI", None)]
    #[case::short_word("prd", "Pro", None)]
    #[case::several_words("hots-15.exmple", "https://host-15.example/", Some(Mistyped(2, 8..23)))]
    #[case::missing_space("penaiprod", "OpenAI Production", Some(Mistyped(2, 0..11)))]
    #[case::longest_word("productionproductionproductionpx", "Productionproductionproductionpr", Some(Mistyped(1, 0..31)))]
    #[case::pasted_word(
        "productionproductionproductionpxy",
        "Productionproductionproductionprod",
        None
    )]
    #[case::other_script("caf\u{e9}nior", "Caf\u{e9}noir", Some(Mistyped(1, 0..9)))]
    #[case::accent("prod\u{fc}ction", "Production", Some(Mistyped(1, 0..10)))]
    #[case::other_word("production", "Development", None)]
    #[case::separators_only("production", "--", None)]
    #[case::abbreviated("opprod", "OpenAI Production", Some(Abbreviated(vec![0..2, 7..11])))]
    #[case::abbreviated_rather_than_mistyped("openaiprod", "OpenAI Production", Some(Abbreviated(vec![0..6, 7..11])))]
    #[case::abbreviated_in_another_order("prodop", "OpenAI Production", None)]
    #[case::each_word_once("aaa", "ab a", None)]
    fn word_is_similar(
        #[case] typed: &str,
        #[case] text: &str,
        #[case] expected: Option<Similarity>,
    ) {
        assert_eq!(TypedWord::new(&fold(typed)).similarity(text), expected);
    }

    #[test]
    fn any_texts_can_be_compared() {
        proptest::proptest!(|(typed in ".{0,40}", text in ".{0,80}")| {
            let text = fold(&text);
            let ranges = match TypedWord::new(&fold(&typed)).similarity(&text) {
                None => Vec::new(),
                Some(Similarity::Mistyped(_, part)) => vec![part],
                Some(Similarity::Abbreviated(parts)) => parts,
            };
            for range in ranges {
                proptest::prop_assert!(text.get(range).is_some());
            }
        });
    }
}
