//! Escapes JSON for terminals without changing its meaning.

use std::borrow::Cow;
use std::fmt::Write;

use super::is_hidden;

/// Escapes every hidden character.
///
/// Hidden characters occur only inside strings, where JSON allows any character to be escaped.
pub fn harmless(json: &str) -> Cow<'_, str> {
    let is_hidden = |character: char| character != '\n' && is_hidden(character);
    if !json.chars().any(is_hidden) {
        return Cow::Borrowed(json);
    }
    let mut text = String::with_capacity(json.len() + 32);
    for character in json.chars() {
        if is_hidden(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing into a String cannot fail.
                let _ = write!(text, "\\u{unit:04x}");
            }
        } else {
            text.push(character);
        }
    }
    Cow::Owned(text)
}
