//! Cleans a pasted value, and tells a value from an empty one, a placeholder, a mask and a ciphertext.

use zeroize::Zeroizing;

use super::placeholder::{is_placeholder, is_placeholder_address};
use crate::connection::MaskedSecret;
use crate::text::secret_detector;

/// Kind of a pasted value without surrounding quotes and white space.
pub(super) enum PastedValue {
    /// A value to take.
    Text(Zeroizing<String>),
    /// A text to leave out, with the reason.
    LeftOut(&'static str),
}

impl PastedValue {
    /// Reads a value that may be a secret; a leading `Bearer ` is removed.
    pub(super) fn secret(raw: &str) -> Self {
        let text = clean(raw);
        let scheme = text
            .get(..6)
            .filter(|scheme| scheme.eq_ignore_ascii_case("bearer"));
        let rest = scheme
            .and_then(|_| text.get(6..))
            .filter(|rest| rest.starts_with(' '));
        match Self::cleaned(rest.map_or(text, clean)) {
            // A command in backticks, or a sentence; keys have no blanks.
            Self::Text(text) if text.contains(char::is_whitespace) => {
                Self::LeftOut("not a single word")
            }
            read => read,
        }
    }

    /// Reads any other value.
    pub(super) fn plain(raw: &str) -> Self {
        Self::cleaned(clean(raw))
    }

    /// Reads an address, in which words such as `example` are ordinary.
    pub(super) fn address(raw: &str) -> Self {
        let text = clean(raw);
        if text.is_empty() {
            Self::LeftOut("empty")
        } else if is_placeholder_address(text) || (is_placeholder(text) && !text.contains('.')) {
            Self::LeftOut("a placeholder")
        } else {
            Self::Text(Zeroizing::new(text.to_owned()))
        }
    }

    fn cleaned(text: &str) -> Self {
        if text.is_empty() {
            Self::LeftOut("empty")
        } else if MaskedSecret::is_mask(text) {
            Self::LeftOut("a mask")
        } else if text.starts_with("ENC:") {
            Self::LeftOut("encrypted by Umbraco")
        } else if is_placeholder(text) {
            Self::LeftOut("a placeholder")
        } else {
            Self::Text(Zeroizing::new(text.to_owned()))
        }
    }
}

/// A text without white space, invisible characters and one pair of quotes around it.
pub(super) fn clean(raw: &str) -> &str {
    let text = trim(raw);
    for (open, close) in [('"', '"'), ('\'', '\''), ('“', '”'), ('‘', '’'), ('`', '`')] {
        if let Some(inner) = text
            .strip_prefix(open)
            .and_then(|rest| rest.strip_suffix(close))
        {
            return trim(inner);
        }
    }
    text
}

fn trim(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || is_invisible(character))
}

/// Zero-width space, word joiner, byte order mark and soft hyphen.
const fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200B}' | '\u{2060}' | '\u{FEFF}' | '\u{AD}')
}

/// Returns whether a text has a part that begins as keys do, after any sign that is not a letter or a digit.
pub(super) fn has_key(text: &str) -> bool {
    let mut before = ' ';
    text.char_indices().any(|(at, character)| {
        let is_start = !before.is_alphanumeric();
        before = character;
        let rest = text.get(at..).unwrap_or_default();
        let part = rest
            .split(|character: char| character.is_whitespace() || "/@:?&=.,;#".contains(character))
            .next();
        is_start && part.is_some_and(secret_detector::has_key_prefix)
    })
}
