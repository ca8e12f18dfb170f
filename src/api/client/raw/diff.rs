//! Compares a changed setting with the stored value of a third-party server, and converts it to the stored type.

use serde_json::Number;
use zeroize::Zeroizing;

use crate::appsettings::Reference;
use crate::connection::{MaskedSecret, PlainSecret, SettingValue};
use crate::provider::{DefaultValue, SettingsField, ValueType};
use crate::text;

/// Decimal digits that a 64-bit float always keeps.
const EXACT_DIGITS: usize = 15;

/// Relation of a changed setting to the stored one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RawComparison {
    /// The same value, or the mask of the stored value.
    Same,
    /// A mask without a stored value.
    Mask,
    /// Another value.
    Other,
}

/// Compares a setting with a stored JSON value. `field` also carries whether the setting is sensitive.
pub fn compare(
    raw: &str,
    value: &SettingValue<PlainSecret>,
    (field, is_secret): (Option<&SettingsField>, bool),
) -> RawComparison {
    let stored = text_of(raw);
    let is_same = match value {
        SettingValue::Null => raw == "null",
        SettingValue::Switch(on) => match &stored {
            Some(text) if is_string(raw) || is_switch(raw) => {
                text.trim().eq_ignore_ascii_case(&on.to_string())
            }
            // A form shows these as the default and sends it on save.
            Some(_) | None => *on == default_of(field),
        },
        SettingValue::Number(number) => {
            let number = number.to_string();
            stored.is_some_and(|text| is_same_number(text.trim(), &number))
        }
        SettingValue::Text(_) | SettingValue::Secret(_) => {
            return match (value.text(), stored) {
                // A stored secret that could not be parsed stays.
                (None, _) => RawComparison::Same,
                (Some(text), Some(stored)) => {
                    let text = text.trim();
                    if is_number(raw) && is_same_number(&stored, text) {
                        return RawComparison::Same;
                    }
                    compare_text(&stored, text, is_secret)
                }
                (Some(_), None) => RawComparison::Other,
            };
        }
    };
    if is_same {
        RawComparison::Same
    } else {
        RawComparison::Other
    }
}

/// Returns the text of a stored value: empty for null, none for a list or an object.
fn text_of(raw: &str) -> Option<Zeroizing<String>> {
    match raw.as_bytes().first()? {
        b'"' => serde_json::from_str(raw).ok().map(Zeroizing::new),
        b'[' | b'{' => None,
        _ if raw == "null" => Some(Zeroizing::default()),
        _ => Some(Zeroizing::new(raw.to_owned())),
    }
}

fn is_string(raw: &str) -> bool {
    raw.starts_with('"')
}

fn is_switch(raw: &str) -> bool {
    matches!(raw, "true" | "false")
}

fn compare_text(stored: &str, text: &str, is_secret: bool) -> RawComparison {
    let is_same = text::trim_invisible(stored) == text;
    if is_secret && MaskedSecret::is_mask(text) {
        let is_stored = !stored.trim().is_empty() && Reference::read(stored.trim()).is_none();
        let is_shown = is_stored && MaskedSecret::read(text).is_some();
        return if is_shown || is_same {
            RawComparison::Same
        } else {
            RawComparison::Mask
        };
    }
    if is_same {
        RawComparison::Same
    } else {
        RawComparison::Other
    }
}

fn is_number(raw: &str) -> bool {
    raw.starts_with(|sign: char| sign == '-' || sign.is_ascii_digit())
}

fn is_same_number(one: &str, other: &str) -> bool {
    one == other
        || exact_number(one)
            .zip(exact_number(other))
            .is_some_and(|(one, other)| one == other && one.to_string() == other.to_string())
}

/// Parses a number that keeps every digit; longer ones would be rounded.
fn exact_number(text: &str) -> Option<Number> {
    let number: Number = serde_json::from_str(text).ok()?;
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (!number.is_f64() || digits <= EXACT_DIGITS).then_some(number)
}

/// Returns whether a setting that is not stored would stay empty.
pub fn is_nothing(value: &SettingValue<PlainSecret>, field: Option<&SettingsField>) -> bool {
    match value {
        SettingValue::Null => true,
        SettingValue::Switch(on) => *on == default_of(field),
        SettingValue::Number(_) => false,
        SettingValue::Text(_) | SettingValue::Secret(_) => {
            value.text().is_none_or(|text| text.trim().is_empty())
        }
    }
}

fn default_of(field: Option<&SettingsField>) -> bool {
    let default = field.and_then(|field| field.default.as_ref());
    matches!(default, Some(DefaultValue::Switch(true)))
}

/// Converts a setting to the JSON type that is stored or that the field requires.
pub fn typed(
    value: &SettingValue<PlainSecret>,
    raw: Option<&str>,
    field: Option<&SettingsField>,
) -> SettingValue<PlainSecret> {
    let Some(text) = value.text().map(str::trim) else {
        return value.clone();
    };
    let wanted = field.map(|field| field.kind.value_type());
    let wants_number = raw.is_some_and(is_number) || wanted == Some(ValueType::Number);
    let wants_switch = raw.is_some_and(is_switch) || wanted == Some(ValueType::Switch);
    match text {
        "true" if wants_switch => SettingValue::Switch(true),
        "false" if wants_switch => SettingValue::Switch(false),
        text if wants_number => exact_number(text).map_or_else(
            || SettingValue::Secret(PlainSecret::new(text)),
            SettingValue::Number,
        ),
        text => SettingValue::Secret(PlainSecret::new(text)),
    }
}
