//! Cleaning of entered secrets: text around a key, and texts that cannot be a key.
//!
//! Interfaces that show a message (form, plain mode, CLI, environment) use [`clean`] and show [`CleanedKey::notice`]. The
//! service itself, and so the API, `apply` and `import`, trims white space and invisible characters without a message and refuses
//! the rest with [`key_error`].

use std::fmt;

use super::error::{DraftField, FieldError, FieldReason};
use super::key_flaw::{KeyFlaw, SurroundingText};
use super::secret::{ENCRYPTED, MaskedSecret, PlainSecret};
use super::setting::{SettingValue, Settings};
use super::validate::settings::field_path;
use crate::provider::{FieldKind, Provider, SettingsField, is_sensitive};
use crate::text;

/// HTTP headers that carry a key without an authentication scheme.
const KEY_HEADERS: [&str; 3] = ["x-api-key", "api-key", "x-goog-api-key"];

/// Words in the name of a variable that holds a secret.
const SECRET_WORDS: [&str; 8] = [
    "KEY",
    "APIKEY",
    "TOKEN",
    "SECRET",
    "PASSWORD",
    "PASSWD",
    "CREDENTIAL",
    "PAT",
];

/// Maximum length of a variable name in bytes.
const MAX_VARIABLE_NAME: usize = 64;

/// Key without the surrounding text.
#[derive(PartialEq, Eq)]
pub struct CleanedKey<'a> {
    /// Key; may be empty.
    pub value: &'a str,
    /// Removed surroundings, outermost first, each once.
    pub removed: Vec<SurroundingText>,
}

impl CleanedKey<'_> {
    /// Removed quotes or prefix, if any.
    pub fn surrounding(&self) -> Option<&SurroundingText> {
        self.removed
            .iter()
            .find(|one| matches!(one, SurroundingText::Quotes | SurroundingText::Prefix(_)))
    }

    /// Description of the removed text: "'Bearer ' before the key".
    pub fn described(&self) -> Option<String> {
        let names: Vec<String> = self
            .removed
            .iter()
            .map(|one| match one {
                SurroundingText::WhiteSpace => "white space".to_owned(),
                SurroundingText::Invisible => "invisible characters".to_owned(),
                SurroundingText::Quotes => "quotes".to_owned(),
                SurroundingText::Prefix(prefix) => format!("'{prefix}'"),
            })
            .collect();
        let is_prefix = |one: &SurroundingText| matches!(one, SurroundingText::Prefix(_));
        let is_before = self.removed.iter().all(is_prefix);
        let place = if is_before { "before" } else { "around" };
        let names = match names.as_slice() {
            [] => return None,
            [only] => only.clone(),
            [first @ .., last] => format!("{} and {last}", first.join(", ")),
        };
        Some(format!("{names} {place} the key"))
    }

    /// Message for the user: "Removed 'Bearer ' before the key".
    pub fn notice(&self) -> Option<String> {
        self.described().map(|what| format!("Removed {what}"))
    }
}

impl fmt::Debug for CleanedKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CleanedKey({:?})", self.removed)
    }
}

/// Removes text around the key that was entered for a field. Idempotent.
///
/// References (`$Section:Key`) and literals (`$$…`) only lose white space and invisible characters, and so do fields that hold
/// headers.
pub fn clean<'a>(text: &'a str, field: &SettingsField) -> CleanedKey<'a> {
    let value = text::trim_invisible(text);
    let mut removed = Vec::new();
    note_trimmed(text, value, &mut removed);
    let mut cleaned = CleanedKey { value, removed };
    if field.kind == FieldKind::Headers {
        return cleaned;
    }
    while let Some((surrounding, rest)) = surrounded(cleaned.value, field) {
        if !cleaned.removed.contains(&surrounding) {
            cleaned.removed.push(surrounding);
        }
        cleaned.value = text::trim_invisible(rest);
        let is_invisible = rest.trim() != cleaned.value;
        if is_invisible && !cleaned.removed.contains(&SurroundingText::Invisible) {
            cleaned.removed.push(SurroundingText::Invisible);
        }
    }
    cleaned
}

fn note_trimmed(text: &str, value: &str, removed: &mut Vec<SurroundingText>) {
    let start = text.len() - text.trim_start_matches(text::is_outer).len();
    let end = (start + value.len()).min(text.len());
    let outside = || text[..start].chars().chain(text[end..].chars());
    if outside().any(char::is_whitespace) {
        removed.push(SurroundingText::WhiteSpace);
    }
    if outside().any(|character| !character.is_whitespace()) {
        removed.push(SurroundingText::Invisible);
    }
}

/// A reason why a text cannot be the key of a field, as it stands. White space and invisible characters at the ends are ignored.
pub fn key_error(text: &str, field: &SettingsField) -> Option<KeyFlaw> {
    let cleaned = clean(text, field);
    if let Some(surrounding) = cleaned.surrounding() {
        return Some(KeyFlaw::Surrounded(surrounding.clone()));
    }
    content_error(cleaned.value)
}

/// A reason why a text that a person entered cannot be a key, after it was cleaned.
///
/// A mask that was typed is refused; only manifests and untouched form fields use one to keep the stored secret.
pub fn unusable(value: &str) -> Option<KeyFlaw> {
    if MaskedSecret::is_mask(value) {
        return Some(KeyFlaw::Mask);
    }
    content_error(value)
}

/// Returns whether a text that was entered for a field is a mask once it is cleaned.
pub fn is_mask(text: &str, field: &SettingsField) -> bool {
    field.sensitive && MaskedSecret::is_mask(clean(text, field).value)
}

fn content_error(value: &str) -> Option<KeyFlaw> {
    if value.starts_with(ENCRYPTED) {
        return Some(KeyFlaw::Encrypted);
    }
    let is_hidden =
        |character: &char| text::is_hidden(*character) || text::is_invisible(*character);
    let hidden = value.chars().find(is_hidden)?;
    Some(KeyFlaw::Invisible(format!("U+{:04X}", u32::from(hidden))))
}

/// Flaws of the secrets in new settings, for servers that do not look for them. Keys match in any case; a setting that the
/// provider does not describe is a secret by its name.
pub fn refusals(given: &Settings<PlainSecret>, provider: Option<&Provider>) -> Vec<FieldError> {
    let sensitive = given.iter().filter(|(key, _)| is_sensitive(provider, key));
    let flawed = sensitive.filter_map(|(key, value)| {
        let text = value.text()?;
        let field = provider.and_then(|provider| provider.field_in_any_case(key));
        let flaw = match field {
            Some(field) => key_error(text, field),
            None => unusable(text::trim_invisible(text)),
        };
        // A bare mask may stand for the stored secret, which only the caller knows.
        let flaw = flaw.filter(|flaw| *flaw != KeyFlaw::Mask);
        let place = match provider.zip(field) {
            Some((provider, field)) => field_path(provider, field),
            None => DraftField::Setting {
                provider: provider.map_or_else(String::new, |provider| provider.id.clone()),
                key: key.to_owned(),
                label: key.to_owned(),
            },
        };
        Some(FieldError {
            field: place,
            reason: FieldReason::NotAKey(flaw?),
        })
    });
    flawed.collect()
}

/// A setting with a cleaned secret, and the message about what was removed. Other settings come back as they are.
pub fn cleaned(
    value: SettingValue<PlainSecret>,
    field: &SettingsField,
) -> (SettingValue<PlainSecret>, Option<String>) {
    let Some(text) = value.text().filter(|_| field.sensitive) else {
        return (value, None);
    };
    let cleaned = clean(text, field);
    let notice = cleaned.notice();
    let key = PlainSecret::new(cleaned.value);
    (SettingValue::Secret(key), notice)
}

/// The outermost surrounding of a trimmed text, and what is inside.
fn surrounded<'a>(text: &'a str, field: &SettingsField) -> Option<(SurroundingText, &'a str)> {
    if text.starts_with('$') {
        return None;
    }
    if let Some(inside) = in_quotes(text) {
        return Some((SurroundingText::Quotes, inside));
    }
    let (prefix, rest) = header(text)
        .or_else(|| scheme(text).map(|rest| ("Bearer ".to_owned(), rest)))
        .or_else(|| assignment(text, field))?;
    Some((SurroundingText::Prefix(prefix), rest))
}

/// The inside of one pair of quotes that has no such quote in it.
fn in_quotes(text: &str) -> Option<&str> {
    const PAIRS: [(char, char); 6] = [
        ('"', '"'),
        ('\'', '\''),
        ('`', '`'),
        ('“', '”'),
        ('‘', '’'),
        ('«', '»'),
    ];
    PAIRS.into_iter().find_map(|(open, close)| {
        let inside = text.strip_prefix(open)?.strip_suffix(close)?;
        (!inside.contains([open, close])).then_some(inside)
    })
}

/// The rest after the scheme `Bearer` in any case, which white space or the end must follow.
fn scheme(text: &str) -> Option<&str> {
    let rest = strip_word(text, "bearer")?;
    (rest.is_empty() || rest.starts_with(char::is_whitespace)).then_some(rest)
}

/// The rest after a header that carries a key.
fn header(text: &str) -> Option<(String, &str)> {
    let after = |name: &str| strip_word(text, name)?.trim_start().strip_prefix(':');
    if let Some(rest) = after("authorization").and_then(|rest| scheme(rest.trim_start())) {
        return Some(("Authorization: Bearer ".to_owned(), rest));
    }
    KEY_HEADERS
        .into_iter()
        .find_map(|name| Some((format!("{name}: "), after(name)?)))
}

/// The rest after `NAME=` or `export NAME=`.
fn assignment<'a>(text: &'a str, field: &SettingsField) -> Option<(String, &'a str)> {
    let declared = ["export", "set"].into_iter().find_map(|word| {
        let rest = strip_word(text, word)?;
        rest.starts_with(char::is_whitespace)
            .then(|| rest.trim_start())
    });
    let (name, rest) = declared.unwrap_or(text).split_once('=')?;
    let name = name.trim_end();
    let is_name = name.len() <= MAX_VARIABLE_NAME
        && name.starts_with(|character: char| character.is_ascii_alphabetic() || character == '_')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_name {
        return None;
    }
    let mut known = std::iter::once(&field.key)
        .chain(&field.accepted_as)
        .chain(&field.variables);
    if let Some(known) = known.find(|known| known.eq_ignore_ascii_case(name)) {
        return Some((format!("{known}="), rest));
    }
    let is_empty =
        rest.trim().is_empty() && !name.contains(|character: char| character.is_ascii_lowercase());
    (is_secret_variable(name) && (is_empty || is_one_value(rest)))
        .then(|| ("NAME=".to_owned(), rest))
}

/// Returns whether variables of this name hold secrets: at least two words, one of them such as `KEY`.
fn is_secret_variable(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let words = || name.split('_').filter(|word| !word.is_empty());
    words().count() > 1 && words().any(|word| SECRET_WORDS.contains(&word))
}

/// Returns whether the text after `NAME=` is a single value, not base64 padding or a list of parameters.
fn is_one_value(rest: &str) -> bool {
    let rest = rest.trim();
    let value = rest.trim_end_matches('=');
    !value.is_empty() && (in_quotes(rest).is_some() || !value.contains(['=', ';', '&']))
}

/// The rest after a word in any case.
fn strip_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(word.len())?;
    start.eq_ignore_ascii_case(word).then_some(rest)
}

#[cfg(test)]
mod tests;
