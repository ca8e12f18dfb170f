//! Word-by-word diff of two texts.

use unicode_segmentation::UnicodeSegmentation;

/// Maximum number of compared words; longer texts are reported as entirely different.
const MAX_CELLS: usize = 400;

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
    let old_words: Vec<&str> = old.split_word_bounds().collect();
    let new_words: Vec<&str> = new.split_word_bounds().collect();
    if old_words.len() > MAX_CELLS || new_words.len() > MAX_CELLS {
        return (all_different(old), all_different(new));
    }
    let common = common(&old_words, &new_words);
    let (in_old, in_new): (Vec<_>, Vec<_>) = common.into_iter().unzip();
    (parts(&old_words, &in_old), parts(&new_words, &in_new))
}

fn all_different(text: &str) -> Vec<WordDiffPart> {
    let part = WordDiffPart {
        text: text.to_owned(),
        is_other: true,
    };
    (!text.is_empty()).then_some(part).into_iter().collect()
}

/// Returns the index pairs of a longest common subsequence of words.
fn common(old_words: &[&str], new_words: &[&str]) -> Vec<(usize, usize)> {
    let width = new_words.len() + 1;
    // Length of the longest common subsequence from each pair of indexes.
    let mut longest = vec![0_u32; (old_words.len() + 1) * width];
    for at in (0..old_words.len()).rev() {
        for other in (0..new_words.len()).rev() {
            longest[at * width + other] = if old_words[at] == new_words[other] {
                longest[(at + 1) * width + other + 1] + 1
            } else {
                longest[(at + 1) * width + other].max(longest[at * width + other + 1])
            };
        }
    }
    let (mut at, mut other) = (0, 0);
    let mut common = Vec::new();
    while at < old_words.len() && other < new_words.len() {
        if old_words[at] == new_words[other] {
            common.push((at, other));
            at += 1;
            other += 1;
        } else if longest[(at + 1) * width + other] >= longest[at * width + other + 1] {
            at += 1;
        } else {
            other += 1;
        }
    }
    common
}

/// Joins words into parts; `common` are the sorted indexes of the common words.
fn parts(words: &[&str], common: &[usize]) -> Vec<WordDiffPart> {
    let mut parts: Vec<WordDiffPart> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let is_other = common.binary_search(&at).is_err();
        match parts.last_mut() {
            Some(last) if last.is_other == is_other => last.text.push_str(word),
            _ => parts.push(WordDiffPart {
                text: (*word).to_owned(),
                is_other,
            }),
        }
    }
    parts
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
        #[case] old_words: &str,
        #[case] new_words: &str,
    ) {
        let (left, right) = compare(old, new);
        assert_eq!(
            (diff_parts(&left), diff_parts(&right)),
            (old_words.into(), new_words.into())
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
