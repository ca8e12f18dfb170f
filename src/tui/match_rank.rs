//! Ranks matches of typed text against titles: prefix, word prefixes, substring, abbreviation, or typing mistakes.

use crate::search::similar::{TypedWord, abbreviation, words};
use crate::text::case_fold::fold;

/// Rank of a match, from weakest to strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MatchRank {
    /// Each word matches with typing mistakes.
    Typo,
    /// The letters abbreviate the words in order: `cc` for Create Connection.
    Abbreviated,
    /// Each word is a substring.
    Substring,
    /// Each word is the prefix of a word.
    WordPrefixes,
    /// The text is a prefix.
    Prefix,
}

/// Returns the best rank of the folded typed text among some texts, or `None` without a match.
pub fn match_rank(typed: &str, texts: &[&str]) -> Option<MatchRank> {
    let lower: Vec<String> = texts.iter().map(|text| fold(text)).collect();
    let joined = lower.join(" ");
    let words: Vec<_> = words(&joined).collect();
    let all = |is_there: &dyn Fn(&str) -> bool| typed.split_whitespace().all(is_there);
    let letters = || typed.split_whitespace().collect::<String>();
    if lower.iter().any(|text| text.starts_with(typed)) {
        Some(MatchRank::Prefix)
    } else if all(&|part| words.iter().any(|(_, word)| word.starts_with(part))) {
        Some(MatchRank::WordPrefixes)
    } else if all(&|part| lower.iter().any(|text| text.contains(part))) {
        Some(MatchRank::Substring)
    } else if abbreviation(&letters(), &words).is_some() {
        Some(MatchRank::Abbreviated)
    } else if all(&|part| TypedWord::new(part).mistyped(&joined).is_some()) {
        Some(MatchRank::Typo)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("", Some(MatchRank::Prefix))]
    #[case("create", Some(MatchRank::Prefix))]
    #[case("conn", Some(MatchRank::WordPrefixes))]
    #[case("conn cre", Some(MatchRank::WordPrefixes))]
    #[case("onne", Some(MatchRank::Substring))]
    #[case("cc", Some(MatchRank::Abbreviated))]
    #[case("creco", Some(MatchRank::Abbreviated))]
    #[case("craete", Some(MatchRank::Typo))]
    #[case("conection", Some(MatchRank::Typo))]
    #[case("connnect", Some(MatchRank::Typo))]
    #[case("connactio", Some(MatchRank::Typo))]
    #[case("prod", None)]
    #[case("cx", None)]
    #[case("create prod", None)]
    fn typed_text_has_the_expected_rank(#[case] typed: &str, #[case] close: Option<MatchRank>) {
        assert_eq!(match_rank(typed, &["Create Connection", "new"]), close);
    }

    #[test]
    fn rank_ignores_normalization() {
        let typed = fold("CAFE\u{301}");
        assert_eq!(
            match_rank(&typed, &["Caf\u{e9} Noir"]),
            Some(MatchRank::Prefix)
        );
    }
}
