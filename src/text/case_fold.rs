//! Normalizes text for comparison: Unicode normalization (NFC, UAX #15) and case folding.
//!
//! macOS and some keyboards send `é` as `e` and a combining accent. Stored text stays unchanged.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Returns the text in NFC.
pub fn nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

/// Returns the text in NFC and lower case, for comparing and sorting names and filters.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let lower = nfc(text).to_lowercase();
    match nfc(&lower) {
        Cow::Borrowed(_) => lower,
        Cow::Owned(text) => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composed_and_decomposed_text_fold_alike() {
        for (one, other) in [
            ("CAFÉ", "cafe\u{301}"),
            ("Å", "\u{212b}"),
            ("한", "\u{1112}\u{1161}\u{11ab}"),
            ("ế", "ê\u{301}"),
        ] {
            assert_eq!(fold(one), fold(other), "{one}");
        }
        assert_ne!(fold("é"), fold("e"));
    }

    #[test]
    fn folded_text_stays_the_same_when_folded_again() {
        proptest::proptest!(|(text in ".*")| {
            let folded = fold(&text);
            let again = fold(&folded);
            proptest::prop_assert_eq!(again, folded.clone());
            let composed = nfc(&folded).into_owned();
            proptest::prop_assert_eq!(composed, folded);
        });
    }
}
