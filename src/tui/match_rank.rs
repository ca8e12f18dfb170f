//! Ranks matches of typed text against titles: prefix, word prefixes, substring, or one typing mistake.

use crate::text::case_fold::fold;

/// Rank of a match, from weakest to strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MatchRank {
    /// Each word matches except for one letter.
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

/// Minimum length of a word that tolerates a mistake; shorter words would match almost everything.
const SHORTEST_MISTYPED: usize = 5;

/// Returns the best rank of the folded typed text among some texts, or `None` without a match.
pub fn match_rank(typed: &str, texts: &[&str]) -> Option<MatchRank> {
    let lower: Vec<String> = texts.iter().map(|text| fold(text)).collect();
    let words: Vec<&str> = lower
        .iter()
        .flat_map(|text| text.split(|character: char| !character.is_alphanumeric()))
        .filter(|word| !word.is_empty())
        .collect();
    let all = |is_there: &dyn Fn(&str) -> bool| typed.split_whitespace().all(is_there);
    if lower.iter().any(|text| text.starts_with(typed)) {
        Some(MatchRank::Prefix)
    } else if all(&|part| words.iter().any(|word| word.starts_with(part))) {
        Some(MatchRank::WordPrefixes)
    } else if all(&|part| lower.iter().any(|text| text.contains(part))) {
        Some(MatchRank::Substring)
    } else if abbreviates(typed, &words) {
        Some(MatchRank::Abbreviated)
    } else if all(&|part| words.iter().any(|word| is_typo_of(part, word))) {
        Some(MatchRank::Typo)
    } else {
        None
    }
}

/// Returns true if the letters are prefixes of words in order; words may be skipped.
fn abbreviates(typed: &str, words: &[&str]) -> bool {
    let typed: Vec<char> = typed
        .chars()
        .filter(|character| !character.is_whitespace())
        .collect();
    // Prefix lengths of the letters that the words so far can match.
    let mut reachable = vec![false; typed.len() + 1];
    reachable[0] = true;
    for word in words {
        for from in (0..typed.len())
            .rev()
            .filter(|from| reachable[*from])
            .collect::<Vec<_>>()
        {
            let same = typed[from..]
                .iter()
                .zip(word.chars())
                .take_while(|(one, other)| *one == other);
            let same = same.count();
            reachable[from..=from + same].fill(true);
        }
    }
    reachable[typed.len()]
}

/// Returns true if a word or its prefix equals the typed text except for one wrong, missing, extra or swapped letter.
fn is_typo_of(typed: &str, word: &str) -> bool {
    let (typed, word): (Vec<char>, Vec<char>) = (typed.chars().collect(), word.chars().collect());
    if typed.len() < SHORTEST_MISTYPED {
        return false;
    }
    let same = typed.iter().zip(&word).take_while(|(a, b)| a == b).count();
    let (typed, word) = (&typed[same..], &word[same..]);
    let rest = |of: &[char], skip: usize| of.get(skip..).unwrap_or_default().to_vec();
    let swapped = typed.len() > 1 && word.len() > 1 && typed[0] == word[1] && typed[1] == word[0];
    word.starts_with(&rest(typed, 1))
        || rest(word, 1).starts_with(typed)
        || rest(word, 1).starts_with(&rest(typed, 1))
        || (swapped && rest(word, 2).starts_with(&rest(typed, 2)))
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
