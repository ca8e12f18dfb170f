//! How close what was typed is to a title: its beginning, the beginnings of its words, a part of it, or nearly so.

use crate::text::fold::fold;

/// How close; the later the closer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Closeness {
    /// Each word is there but for one letter.
    Mistyped,
    /// The letters begin the words, one after the other: `cc` for Create Connection.
    Abbreviated,
    /// Each word is part of it.
    Part,
    /// Each word begins one of its words.
    Words,
    /// It begins so.
    Beginning,
}

/// A shorter word with a letter wrong would be close to almost everything.
const SHORTEST_MISTYPED: usize = 5;

/// How close what was typed, folded, is to the closest of some texts; none when it is not.
pub fn closeness(typed: &str, texts: &[&str]) -> Option<Closeness> {
    let lower: Vec<String> = texts.iter().map(|text| fold(text)).collect();
    let words: Vec<&str> = lower
        .iter()
        .flat_map(|text| text.split(|sign: char| !sign.is_alphanumeric()))
        .filter(|word| !word.is_empty())
        .collect();
    let all = |is_there: &dyn Fn(&str) -> bool| typed.split_whitespace().all(is_there);
    if lower.iter().any(|text| text.starts_with(typed)) {
        Some(Closeness::Beginning)
    } else if all(&|part| words.iter().any(|word| word.starts_with(part))) {
        Some(Closeness::Words)
    } else if all(&|part| lower.iter().any(|text| text.contains(part))) {
        Some(Closeness::Part)
    } else if abbreviates(typed, &words) {
        Some(Closeness::Abbreviated)
    } else if all(&|part| words.iter().any(|word| is_nearly(part, word))) {
        Some(Closeness::Mistyped)
    } else {
        None
    }
}

/// Whether letters are beginnings of words, in their order, some of which may be left out.
fn abbreviates(typed: &str, words: &[&str]) -> bool {
    let typed: Vec<char> = typed.chars().filter(|sign| !sign.is_whitespace()).collect();
    // Up to which letters the words so far can say.
    let mut said = vec![false; typed.len() + 1];
    said[0] = true;
    for word in words {
        for from in (0..typed.len())
            .rev()
            .filter(|from| said[*from])
            .collect::<Vec<_>>()
        {
            let same = typed[from..]
                .iter()
                .zip(word.chars())
                .take_while(|(one, other)| *one == other);
            let same = same.count();
            said[from..=from + same].fill(true);
        }
    }
    said[typed.len()]
}

/// Whether a word, or its beginning, is what was typed but for a letter that is wrong, missing, too much, or in the wrong order.
fn is_nearly(typed: &str, word: &str) -> bool {
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
    #[case("", Some(Closeness::Beginning))]
    #[case("create", Some(Closeness::Beginning))]
    #[case("conn", Some(Closeness::Words))]
    #[case("conn cre", Some(Closeness::Words))]
    #[case("onne", Some(Closeness::Part))]
    #[case("cc", Some(Closeness::Abbreviated))]
    #[case("creco", Some(Closeness::Abbreviated))]
    #[case("craete", Some(Closeness::Mistyped))]
    #[case("conection", Some(Closeness::Mistyped))]
    #[case("connnect", Some(Closeness::Mistyped))]
    #[case("connactio", Some(Closeness::Mistyped))]
    #[case("prod", None)]
    #[case("cx", None)]
    #[case("create prod", None)]
    fn what_was_typed_is_as_close_as_it_is(#[case] typed: &str, #[case] close: Option<Closeness>) {
        assert_eq!(closeness(typed, &["Create Connection", "new"]), close);
    }

    #[test]
    fn normalization_makes_no_difference() {
        let typed = fold("CAFE\u{301}");
        assert_eq!(
            closeness(&typed, &["Caf\u{e9} Noir"]),
            Some(Closeness::Beginning)
        );
    }
}
