//! Word-by-word diff of two texts.

use similar::{Algorithm, DiffTag};
use unicode_segmentation::UnicodeSegmentation;

/// Maximum number of compared words; longer texts are reported as entirely different.
const MOST: usize = 400;

/// Part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordDiffPart {
    /// Text of the part.
    pub text: String,
    /// True if the other text lacks it.
    pub is_other: bool,
}

/// Splits both texts into common and different parts.
pub fn compare(old: &str, new: &str) -> (Vec<WordDiffPart>, Vec<WordDiffPart>) {
    let olds: Vec<&str> = old.split_word_bounds().collect();
    let news: Vec<&str> = new.split_word_bounds().collect();
    if olds.len() > MOST || news.len() > MOST {
        return (all_different(old), all_different(new));
    }
    let (mut in_old, mut in_new) = (Vec::new(), Vec::new());
    for op in similar::capture_diff_slices(Algorithm::Myers, &olds, &news) {
        let is_other = op.tag() != DiffTag::Equal;
        push(&mut in_old, &olds[op.old_range()], is_other);
        push(&mut in_new, &news[op.new_range()], is_other);
    }
    (in_old, in_new)
}

fn all_different(text: &str) -> Vec<WordDiffPart> {
    let part = WordDiffPart {
        text: text.to_owned(),
        is_other: true,
    };
    (!text.is_empty()).then_some(part).into_iter().collect()
}

/// Appends words to the last part if it is of the same kind, otherwise as a new part.
fn push(parts: &mut Vec<WordDiffPart>, words: &[&str], is_other: bool) {
    if words.is_empty() {
        return;
    }
    match parts.last_mut() {
        Some(last) if last.is_other == is_other => last.text.push_str(&words.concat()),
        _ => parts.push(WordDiffPart {
            text: words.concat(),
            is_other,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn diff_parts(parts: &[WordDiffPart]) -> String {
        let shown = parts.iter().map(|part| {
            if part.is_other {
                format!("[{}]", part.text)
            } else {
                part.text.clone()
            }
        });
        shown.collect()
    }

    #[rstest]
    #[case(
        "OpenAI Production",
        "OpenAI Staging",
        "OpenAI [Production]",
        "OpenAI [Staging]"
    )]
    #[case("a", "a", "a", "a")]
    #[case("", "a", "", "[a]")]
    #[case(
        "https://api.x/v1",
        "https://api.x/v2",
        "https://api.x/[v1]",
        "https://api.x/[v2]"
    )]
    #[case("日本 Tokyo", "日本 Osaka", "日本 [Tokyo]", "日本 [Osaka]")]
    fn only_the_words_that_differ_are_marked(
        #[case] old: &str,
        #[case] new: &str,
        #[case] olds: &str,
        #[case] news: &str,
    ) {
        let (left, right) = compare(old, new);
        assert_eq!(
            (diff_parts(&left), diff_parts(&right)),
            (olds.into(), news.into())
        );
    }

    proptest! {
        #[test]
        fn parts_add_up_and_common_parts_are_equal(old in "[ab ./]{0,30}", new in "[ab ./]{0,30}") {
            let (left, right) = compare(&old, &new);
            let text = |parts: &[WordDiffPart]| parts.iter().map(|part| part.text.as_str()).collect::<String>();
            prop_assert_eq!(text(&left), old);
            prop_assert_eq!(text(&right), new);
            let common = |parts: &[WordDiffPart]| {
                let common = parts.iter().filter(|part| !part.is_other);
                common.map(|part| part.text.as_str()).collect::<String>()
            };
            prop_assert_eq!(common(&left), common(&right));
        }
    }
}
