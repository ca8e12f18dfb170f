//! Fits text into columns: safe for a terminal, cut between grapheme clusters.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::text::{Printable, is_plain, is_simple};

/// Returns the text with unsafe characters replaced.
pub fn safe(text: &str) -> String {
    Printable(text).to_string()
}

/// Returns the width of a safe text in columns.
pub fn width(safe: &str) -> usize {
    crate::text::columns(safe)
}

/// Cuts the text to a number of columns; a cut text ends with `…`.
pub fn cut(text: &str, columns: usize) -> String {
    if text.len() <= columns && is_plain(text) {
        return text.to_owned();
    }
    if let Some(start) = columns.checked_sub(1)
        && text.get(..=columns).is_some_and(is_plain)
    {
        return format!("{}…", &text[..start]);
    }
    if text.len() <= columns.saturating_mul(char::MAX_LEN_UTF8) && is_simple(text) {
        let mut ends = text.char_indices().map(|(at, _)| at);
        let last = columns.checked_sub(1).and_then(|last| ends.nth(last));
        return match (last, ends.next()) {
            (Some(last), Some(_)) => format!("{}…", &text[..last]),
            _ => text.to_owned(),
        };
    }
    // The invisible rest of a huge text is not processed.
    let safe = safe(prefix(text, columns));
    if safe.len() <= columns && safe.is_ascii() && text.len() <= columns {
        return safe;
    }
    let mut taken = String::new();
    let mut used = 0;
    for letter in safe.graphemes(true) {
        let wide = UnicodeWidthStr::width(letter);
        if used + wide > columns {
            while used + 1 > columns {
                let Some((at, last)) = taken.grapheme_indices(true).next_back() else {
                    return String::new();
                };
                used -= UnicodeWidthStr::width(last);
                taken.truncate(at);
            }
            taken.push('…');
            return taken;
        }
        taken.push_str(letter);
        used += wide;
    }
    taken
}

/// Returns a prefix slightly wider than a number of columns, by visible width: a letter may have hundreds
/// of combining marks, of which few are drawn.
fn prefix(text: &str, columns: usize) -> &str {
    let letters = text.grapheme_indices(true);
    let end = filled(
        letters.map(|(at, letter)| (at + letter.len(), letter)),
        columns,
    );
    text.get(..end.unwrap_or(text.len())).unwrap_or(text)
}

/// Returns a suffix slightly wider than a number of columns.
pub fn suffix(text: &str, columns: usize) -> &str {
    let start = filled(text.grapheme_indices(true).rev(), columns);
    text.get(start.unwrap_or(0)..).unwrap_or(text)
}

/// Returns the byte offset where slightly more than a number of columns are filled.
fn filled<'a>(letters: impl Iterator<Item = (usize, &'a str)>, columns: usize) -> Option<usize> {
    let mut wide = 0;
    for (at, letter) in letters {
        wide += crate::text::columns(&crate::text::printable(letter));
        if wide > columns.saturating_add(2) {
            return Some(at);
        }
    }
    None
}

/// Cuts or pads the text to exactly a number of columns.
pub fn pad(text: &str, columns: usize) -> String {
    let mut cut = cut(text, columns);
    let used = width(&cut);
    cut.extend(std::iter::repeat_n(' ', columns.saturating_sub(used)));
    cut
}

/// Wraps the text to a number of columns, between words if possible.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    if columns == 0 {
        return Vec::new();
    }
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in safe(text).split_whitespace() {
        let wide = width(word);
        if used > 0 && used + 1 + wide <= columns {
            line.push(' ');
            line.push_str(word);
            used += 1 + wide;
            continue;
        }
        if used > 0 {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        for letter in word.graphemes(true) {
            let wide = UnicodeWidthStr::width(letter);
            if used + wide > columns && used > 0 {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push_str(letter);
            used += wide;
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("abc", 3, "abc")]
    #[case("abcd", 3, "ab…")]
    #[case("日本語", 5, "日本…")]
    #[case("日本語", 4, "日…")]
    #[case("日本語", 6, "日本語")]
    #[case("abc", 0, "")]
    #[case("ab", 1, "…")]
    #[case("日", 1, "…")]
    fn cut_splits_between_grapheme_clusters(
        #[case] text: &str,
        #[case] columns: usize,
        #[case] cut_to: &str,
    ) {
        assert_eq!(cut(text, columns), cut_to);
    }

    #[test]
    fn hidden_combining_marks_take_no_columns() {
        let name = format!("z{}algo", "\u{301}".repeat(200));
        let seen = format!("z{}algo", "\u{301}".repeat(8));
        for columns in 5..40 {
            assert_eq!(cut(&name, columns), seen, "{columns}");
        }
        assert_eq!(cut(&name, 4), format!("z{}al…", "\u{301}".repeat(8)));
        assert_eq!(suffix(&name, 20), name);
        assert_eq!(suffix(&name, 1), "algo");
    }

    #[test]
    fn padded_text_has_the_requested_width() {
        for text in [
            "",
            "abc",
            "日本語",
            "e\u{301}\u{301}",
            "👩‍👩‍👧‍👦 family",
            "\u{202e}abc",
        ] {
            for columns in 0..12 {
                assert_eq!(width(&pad(text, columns)), columns, "{text:?}");
            }
        }
    }

    #[test]
    fn wrap_breaks_between_words_and_splits_long_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("", 3), Vec::<String>::new());
        assert_eq!(wrap("日本", 1), ["日", "本"]);
    }
}
