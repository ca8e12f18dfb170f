//! Matched parts of a text, to highlight them.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::MatchMode;
use super::query::{FilterQuery, QueryField};
use super::similar::{Similarity, TypedWord};
use crate::text::case_fold::fold;
use crate::text::is_plain;

/// Returns the byte ranges of a field's text that the words of a filter match: sorted, without overlaps.
pub fn highlights(
    query: &FilterQuery,
    mode: MatchMode,
    (field, text): (QueryField, &str),
) -> Vec<Range<usize>> {
    let folded = FoldedText::new(text);
    let named = query.included.iter().filter(|(term, _)| *term == field);
    let exact = query.words.iter().map(|word| &word.text);
    let mut ranges: Vec<Range<usize>> = exact
        .chain(named.map(|(_, word)| word))
        .flat_map(|word| folded.occurrences(word))
        .collect();
    if mode == MatchMode::Tolerant && text.is_ascii() {
        let words = query.words.iter().filter(|word| !word.is_exact);
        ranges.extend(words.flat_map(|word| similar(text, &word.text)));
    }
    joined(ranges)
}

/// Text in lower case and NFC, with the place of each character in the original.
struct FoldedText {
    folded: String,
    /// For each byte of `folded`, the range of its character in the original.
    places: Vec<Range<usize>>,
}

impl FoldedText {
    fn new(text: &str) -> Self {
        if is_plain(text) {
            return Self {
                folded: text.to_ascii_lowercase(),
                places: (0..text.len()).map(|at| at..at + 1).collect(),
            };
        }
        let (mut folded, mut places) = (String::new(), Vec::new());
        for (at, character) in text.grapheme_indices(true) {
            folded.push_str(&fold(character));
            places.resize(folded.len(), at..at + character.len());
        }
        Self { folded, places }
    }

    fn occurrences<'a>(&'a self, word: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
        let found = self.folded.match_indices(word);
        found.filter_map(|(at, word)| {
            let first = self.places.get(at)?;
            let last = self.places.get((at + word.len()).checked_sub(1)?)?;
            Some(first.start..last.end)
        })
    }
}

/// Returns the parts of an ASCII text that a mistyped or abbreviated word matches.
fn similar(text: &str, word: &str) -> Vec<Range<usize>> {
    match TypedWord::new(word).similarity(text) {
        None => Vec::new(),
        Some(Similarity::Abbreviated(parts)) => parts,
        Some(Similarity::Mistyped(_, part)) => {
            // The mistakes are between the first and the last letters that are the same.
            let (typed, found) = (word.as_bytes(), &text.as_bytes()[part.clone()]);
            let same = |(one, other): &(&u8, &u8)| one.eq_ignore_ascii_case(other);
            let before = typed.iter().zip(found).take_while(same).count();
            let rest = typed[before..]
                .iter()
                .rev()
                .zip(found[before..].iter().rev());
            let after = rest.take_while(same).count();
            vec![part.start..part.start + before, part.end - after..part.end]
        }
    }
}

fn joined(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut joined: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(filter: &str, mode: MatchMode, text: &str) -> String {
        let query = FilterQuery::read(filter);
        let mut shown = text.to_owned();
        for range in highlights(&query, mode, (QueryField::Name, text))
            .iter()
            .rev()
        {
            shown.insert(range.end, ']');
            shown.insert(range.start, '[');
        }
        shown
    }

    #[rstest::rstest]
    #[case("prod", "OpenAI Production", "OpenAI [Prod]uction")]
    #[case("o", "OpenAI Prod", "[O]penAI Pr[o]d")]
    #[case("open enai", "OpenAI", "[OpenAI]")]
    #[case("name:ai", "OpenAI", "Open[AI]")]
    #[case("alias:ai -open status:active", "OpenAI", "OpenAI")]
    #[case("\"ai p\"", "OpenAI Prod", "Open[AI P]rod")]
    #[case("caf\u{e9}", "Cafe\u{301} Noir", "[Cafe\u{301}] Noir")]
    #[case("cafe\u{301}", "CAF\u{c9}", "[CAF\u{c9}]")]
    fn exact_matches_are_marked(#[case] filter: &str, #[case] text: &str, #[case] want: &str) {
        assert_eq!(marked(filter, MatchMode::Exact, text), want);
    }

    #[test]
    fn letters_of_a_similar_word_are_marked() {
        let shown = marked("prodction", MatchMode::Tolerant, "My Production");
        assert_eq!(shown, "My [Prod]u[ction]");
        let shown = marked("myprod", MatchMode::Tolerant, "My Production");
        assert_eq!(shown, "[My] [Prod]uction");
        let shown = marked("\"prodction\"", MatchMode::Tolerant, "My Production");
        assert_eq!(shown, "My Production");
    }
}
