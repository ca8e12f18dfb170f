//! Validation of settings against the fields of the provider.

use super::super::error::{DraftField, FieldReason};
use super::super::secret::{MaskedSecret, PlainSecret};
use super::super::secret_input;
use super::super::setting::{SettingValue, Settings};
use super::{MaskPolicy, ValidatedDraft};
use crate::appsettings::Reference;
use crate::provider::probe::client_header;
use crate::provider::{FieldKind, Provider, SettingsField, ValueType};
use crate::text;

/// Maximum length of a setting in characters.
pub const MAX_SETTING: usize = 8192;

/// Validates the settings in the order of the provider. Returns them in their own order with secrets separated from text.
pub fn validate_settings(
    given: &Settings<PlainSecret>,
    provider: &Provider,
    stored: MaskPolicy,
    found: &mut ValidatedDraft,
) -> Settings<PlainSecret> {
    name_misread(provider, found);
    for field in &provider.settings {
        let place = field_path(provider, field);
        let mut values = given.iter().filter(|(key, _)| names(field, key));
        let value = values.next().map(|(_, value)| value);
        if values.next().is_some() {
            found.push_error(place, FieldReason::DuplicateKey);
        } else if !is_misread(found, field) {
            validate_field(value, field, place, stored, found);
        }
    }
    for (key, _) in given.iter() {
        if provider.field(key).is_none() {
            let known = provider.settings.iter().map(|field| field.key.clone());
            let known = FieldReason::UnknownSetting(known.collect());
            found.push_error(unknown_setting_path(provider, key), known);
        }
    }
    validate_rules(given, provider, found);
    given
        .iter()
        .map(|(key, value)| (key.to_owned(), normalized(value, provider.field(key))))
        .collect()
}

fn names(field: &SettingsField, key: &str) -> bool {
    field.key == key || field.accepted_as.iter().any(|other| other == key)
}

/// Adds the labels of the provider to errors of wrong types.
fn name_misread(provider: &Provider, found: &mut ValidatedDraft) {
    for error in &mut found.errors {
        if let Some(key) = error.field.setting_key() {
            error.field = provider.field(key).map_or_else(
                || unknown_setting_path(provider, key),
                |field| field_path(provider, field),
            );
        }
    }
}

fn is_misread(found: &ValidatedDraft, field: &SettingsField) -> bool {
    found
        .errors
        .iter()
        .filter_map(|error| error.field.setting_key())
        .any(|key| names(field, key))
}

/// Returns the field of an error for a setting.
pub fn field_path(provider: &Provider, field: &SettingsField) -> DraftField {
    DraftField::Setting {
        provider: provider.id.clone(),
        key: field.key.clone(),
        label: field.label.clone(),
    }
}

fn unknown_setting_path(provider: &Provider, key: &str) -> DraftField {
    DraftField::Setting {
        provider: provider.id.clone(),
        key: key.to_owned(),
        label: key.to_owned(),
    }
}

fn validate_field(
    value: Option<&SettingValue<PlainSecret>>,
    field: &SettingsField,
    place: DraftField,
    stored: MaskPolicy,
    found: &mut ValidatedDraft,
) {
    let wanted = field.kind.value_type();
    let reason = match value {
        None | Some(SettingValue::Null) => field.required.then_some(FieldReason::Required),
        Some(SettingValue::Switch(_)) => (wanted != ValueType::Switch).then(|| wrong_type(wanted)),
        Some(SettingValue::Number(_)) => (wanted != ValueType::Number).then(|| wrong_type(wanted)),
        Some(value @ (SettingValue::Text(_) | SettingValue::Secret(_))) => match value.text() {
            // A stored secret that cannot be decrypted is kept without validation.
            None => None,
            Some(text) => {
                let text = trimmed(text, field.sensitive);
                match Reference::read(text) {
                    Some(reference) if wanted != ValueType::Switch => {
                        found.references.push((place.clone(), reference));
                        None
                    }
                    _ => validate_text(text, field, stored),
                }
            }
        },
    };
    if let Some(reason) = reason {
        found.push_error(place, reason);
    }
}

/// Error of a value of another type than the wanted one.
fn wrong_type(wanted: ValueType) -> FieldReason {
    let wanted = match wanted {
        ValueType::Switch => "true or false",
        ValueType::Number => "a number",
        ValueType::Text => "text",
    };
    FieldReason::WrongType(wanted.into())
}

fn validate_text(text: &str, field: &SettingsField, stored: MaskPolicy) -> Option<FieldReason> {
    let wanted = field.kind.value_type();
    if wanted == ValueType::Switch {
        return Some(wrong_type(wanted));
    }
    if text.is_empty() {
        return field.required.then_some(FieldReason::Required);
    }
    if field.sensitive && MaskedSecret::is_mask(text) {
        // Only masks of umai keep the stored secret.
        let may_keep = stored == MaskPolicy::KeepStored && MaskedSecret::read(text).is_some();
        return (!may_keep).then_some(FieldReason::Masked);
    }
    if text.chars().count() > MAX_SETTING {
        return Some(FieldReason::TooLong(MAX_SETTING));
    }
    if text.chars().any(text::is_unprintable) || !text::is_visible_text(text) {
        return Some(FieldReason::Unprintable);
    }
    if field.sensitive
        && let Some(flaw) = secret_input::key_error(text, field)
    {
        return Some(FieldReason::NotAKey(flaw));
    }
    if text.starts_with('$') && !text.starts_with("$$") {
        return Some(FieldReason::NotAReference);
    }
    if !field.options.is_empty() && !field.options.iter().any(|option| option == text) {
        return Some(FieldReason::NotAnOption(field.options.clone()));
    }
    match field.kind {
        FieldKind::Url => validate_url(text),
        FieldKind::Headers => validate_headers(text),
        FieldKind::Number => serde_json::from_str::<serde_json::Number>(text)
            .is_err()
            .then(|| wrong_type(wanted)),
        FieldKind::Text | FieldKind::Switch => None,
    }
}

fn validate_url(text: &str) -> Option<FieldReason> {
    if text::address::has_credentials(text) {
        return Some(FieldReason::UrlWithCredentials);
    }
    let is_url = text::address::parse(text).is_some() && !text.contains(char::is_whitespace);
    (!is_url).then_some(FieldReason::NotAUrl)
}

/// Validates `Name: value; Other-Name: value`; names are tokens of RFC 9110, section 5.6.2.
fn validate_headers(text: &str) -> Option<FieldReason> {
    let is_token = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
    };
    let lines = text
        .split(';')
        .map(str::trim)
        .filter(|line| !line.is_empty());
    for line in lines {
        match line.split_once(':') {
            Some((name, value)) if is_token(name.trim()) && !value.trim().is_empty() => {
                if let Some(name) = client_header(name.trim()) {
                    return Some(FieldReason::ClientHeader(name.into()));
                }
            }
            Some(_) | None => return Some(FieldReason::NotHeaders),
        }
    }
    None
}

fn validate_rules(given: &Settings<PlainSecret>, provider: &Provider, found: &mut ValidatedDraft) {
    for fields in provider.wanted() {
        let is_met = given
            .iter()
            .any(|(key, value)| fields.iter().any(|field| names(field, key)) && has_value(value));
        if let (false, Some(first)) = (is_met, fields.first()) {
            let labels = fields.iter().map(|field| field.label.clone()).collect();
            found.push_error(field_path(provider, first), FieldReason::OneOf(labels));
        }
    }
    validate_alternatives(given, provider, found);
}

/// Checks the required settings of the alternatives in use.
fn validate_alternatives(
    given: &Settings<PlainSecret>,
    provider: &Provider,
    found: &mut ValidatedDraft,
) {
    let value_of = |key: &str| {
        let field = provider.field(key)?;
        let mut values = given.iter().filter(|(key, _)| names(field, key));
        values.next().map(|(_, value)| value)
    };
    let has = |key: &str| value_of(key).is_some_and(has_value);
    let mut lacking: Vec<&str> = Vec::new();
    for group in &provider.alternative_groups {
        // Without any value the error is about the group itself.
        if group.any_of().any(has) {
            lacking.extend(group.missing_settings(has));
        }
    }
    for field in &provider.settings {
        let Some(condition) = &field.required_when else {
            continue;
        };
        let mut groups = provider.alternative_groups.iter();
        let is_unused = groups.any(|group| {
            let alternative = group.alternative_of(&field.key);
            alternative.is_some() && alternative != group.in_use(has)
        });
        // The value of a reference is unknown here; the connection test reports a missing setting.
        let is_met = value_of(&condition.key)
            .and_then(SettingValue::text)
            .is_some_and(|text| condition.is_met_by(text));
        if is_met && !is_unused && !has(&field.key) {
            lacking.push(&field.key);
        }
    }
    for field in lacking.into_iter().filter_map(|key| provider.field(key)) {
        let place = field_path(provider, field);
        if found.errors.iter().all(|error| error.field != place) {
            found.push_error(place, FieldReason::Required);
        }
    }
}

/// Returns whether a value is not blank.
fn has_value(value: &SettingValue<PlainSecret>) -> bool {
    match value {
        SettingValue::Null => false,
        SettingValue::Switch(_) | SettingValue::Number(_) => true,
        SettingValue::Text(text) => !text.trim().is_empty(),
        SettingValue::Secret(secret) => secret
            .expose()
            .is_none_or(|text| !text::trim_invisible(text).is_empty()),
    }
}

/// Trims white space; secrets also lose outer invisible characters.
fn trimmed(text: &str, is_sensitive: bool) -> &str {
    if is_sensitive {
        text::trim_invisible(text)
    } else {
        text.trim()
    }
}

/// Returns the value to store: trimmed; a secret if the field is sensitive or unknown and the text is neither empty nor a reference.
fn normalized(
    value: &SettingValue<PlainSecret>,
    field: Option<&SettingsField>,
) -> SettingValue<PlainSecret> {
    let is_sensitive = field.is_none_or(|field| field.sensitive);
    let Some(text) = value.text().map(|text| trimmed(text, is_sensitive)) else {
        return value.clone();
    };
    if is_sensitive && !text.is_empty() && Reference::read(text).is_none() {
        SettingValue::Secret(PlainSecret::new(text))
    } else {
        SettingValue::Text(text.to_owned())
    }
}
