//! JSON for terminals, and JSON with comments.

use std::borrow::Cow;
use std::fmt::Write;

use jsonc_parser::ParseOptions;

use super::is_hidden;

/// Options of JSON with comments and trailing commas, which the reader of .NET allows, too.
pub const WITH_COMMENTS: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

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
