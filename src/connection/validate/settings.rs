//! Validation of settings against the fields of the provider.

use super::super::error::{Field, Reason};
use super::super::secret::{Mask, Plain};
use super::super::secret_input;
use super::super::setting::{Setting, Settings};
use super::{Examined, Stored};
use crate::appsettings::Reference;
use crate::provider::probe::client_header;
use crate::provider::{FieldKind, Provider, SettingsField};
use crate::text;

/// Maximum length of a setting in characters.
pub const MAX_SETTING: usize = 8192;

/// Validates the settings in the order of the provider. Returns them in their own order with secrets separated from text.
pub fn examine(
    given: &Settings<Plain>,
    provider: &Provider,
    stored: Stored,
    found: &mut Examined,
) -> Settings<Plain> {
    name_misread(provider, found);
    for field in &provider.settings {
        let place = place_of(provider, field);
        let mut values = given.iter().filter(|(key, _)| names(field, key));
        let value = values.next().map(|(_, value)| value);
        if values.next().is_some() {
            found.refuse(place, Reason::GivenTwice);
        } else if !is_misread(found, field) {
            examine_field(value, field, place, stored, found);
        }
    }
    for (key, _) in given.iter() {
        if provider.field(key).is_none() {
            let known = provider.settings.iter().map(|field| field.key.clone());
            let known = Reason::UnknownSetting(known.collect());
            found.refuse(unknown_place(provider, key), known);
        }
    }
    examine_rules(given, provider, found);
    given
        .iter()
        .map(|(key, value)| (key.to_owned(), normalized(value, provider.field(key))))
        .collect()
}

fn names(field: &SettingsField, key: &str) -> bool {
    field.key == key || field.accepted_as.iter().any(|other| other == key)
}

/// Adds the labels of the provider to errors of wrong types.
fn name_misread(provider: &Provider, found: &mut Examined) {
    for error in &mut found.errors {
        if let Some(key) = error.field.setting_key() {
            error.field = provider.field(key).map_or_else(
                || unknown_place(provider, key),
                |field| place_of(provider, field),
            );
        }
    }
}

fn is_misread(found: &Examined, field: &SettingsField) -> bool {
    found
        .errors
        .iter()
        .filter_map(|error| error.field.setting_key())
        .any(|key| names(field, key))
}

/// Returns the field of an error for a setting.
pub fn place_of(provider: &Provider, field: &SettingsField) -> Field {
    Field::Setting {
        provider: provider.id.clone(),
        key: field.key.clone(),
        label: field.label.clone(),
    }
}

fn unknown_place(provider: &Provider, key: &str) -> Field {
    Field::Setting {
        provider: provider.id.clone(),
        key: key.to_owned(),
        label: key.to_owned(),
    }
}

fn examine_field(
    value: Option<&Setting<Plain>>,
    field: &SettingsField,
    place: Field,
    stored: Stored,
    found: &mut Examined,
) {
    let reason = match value {
        None | Some(Setting::Null) => field.required.then_some(Reason::Required),
        Some(Setting::Switch(_)) => (field.kind != FieldKind::Switch)
            .then_some(Reason::WrongType(expected(field.kind).into())),
        Some(Setting::Number(_)) => (field.kind != FieldKind::Number)
            .then_some(Reason::WrongType(expected(field.kind).into())),
        Some(value @ (Setting::Text(_) | Setting::Secret(_))) => match value.text() {
            // A stored secret that cannot be decrypted is kept without validation.
            None => None,
            Some(text) => {
                let text = trimmed(text, field.sensitive);
                match Reference::read(text) {
                    Some(reference) if field.kind != FieldKind::Switch => {
                        found.references.push((place.clone(), reference));
                        None
                    }
                    _ => examine_text(text, field, stored),
                }
            }
        },
    };
    if let Some(reason) = reason {
        found.refuse(place, reason);
    }
}

const fn expected(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Switch => "true or false",
        FieldKind::Number => "a number",
        FieldKind::Text | FieldKind::Url | FieldKind::Headers => "text",
    }
}

fn examine_text(text: &str, field: &SettingsField, stored: Stored) -> Option<Reason> {
    if field.kind == FieldKind::Switch {
        return Some(Reason::WrongType(expected(field.kind).into()));
    }
    if text.is_empty() {
        return field.required.then_some(Reason::Required);
    }
    if field.sensitive && Mask::is_mask(text) {
        // Only masks of umai keep the stored secret.
        let may_keep = stored == Stored::Secrets && Mask::read(text).is_some();
        return (!may_keep).then_some(Reason::Masked);
    }
    if text.chars().count() > MAX_SETTING {
        return Some(Reason::TooLong(MAX_SETTING));
    }
    if text.chars().any(text::is_unprintable) || !text::is_visible_text(text) {
        return Some(Reason::Unprintable);
    }
    if field.sensitive
        && let Some(flaw) = secret_input::flaw(text, field)
    {
        return Some(Reason::NotAKey(flaw));
    }
    if text.starts_with('$') && !text.starts_with("$$") {
        return Some(Reason::NotAReference);
    }
    if !field.options.is_empty() && !field.options.iter().any(|option| option == text) {
        return Some(Reason::NotAnOption(field.options.clone()));
    }
    match field.kind {
        FieldKind::Url => examine_url(text),
        FieldKind::Headers => examine_headers(text),
        FieldKind::Number => serde_json::from_str::<serde_json::Number>(text)
            .is_err()
            .then_some(Reason::WrongType(expected(field.kind).into())),
        FieldKind::Text | FieldKind::Switch => None,
    }
}

fn examine_url(text: &str) -> Option<Reason> {
    if text::address::has_credentials(text) {
        return Some(Reason::UrlWithCredentials);
    }
    let is_url = text::address::parse(text).is_some() && !text.contains(char::is_whitespace);
    (!is_url).then_some(Reason::NotAUrl)
}

/// Validates `Name: value; Other-Name: value`; names are tokens of RFC 9110, section 5.6.2.
fn examine_headers(text: &str) -> Option<Reason> {
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
                    return Some(Reason::ClientHeader(name.into()));
                }
            }
            Some(_) | None => return Some(Reason::NotHeaders),
        }
    }
    None
}

fn examine_rules(given: &Settings<Plain>, provider: &Provider, found: &mut Examined) {
    for fields in provider.wanted() {
        let is_met = given
            .iter()
            .any(|(key, value)| fields.iter().any(|field| names(field, key)) && has_value(value));
        if let (false, Some(first)) = (is_met, fields.first()) {
            let labels = fields.iter().map(|field| field.label.clone()).collect();
            found.refuse(place_of(provider, first), Reason::OneOf(labels));
        }
    }
    examine_alternatives(given, provider, found);
}

/// Checks the required settings of the alternatives in use.
fn examine_alternatives(given: &Settings<Plain>, provider: &Provider, found: &mut Examined) {
    let value_of = |key: &str| {
        let field = provider.field(key)?;
        let mut values = given.iter().filter(|(key, _)| names(field, key));
        values.next().map(|(_, value)| value)
    };
    let has = |key: &str| value_of(key).is_some_and(has_value);
    let mut lacking: Vec<&str> = Vec::new();
    for choice in &provider.alternatives {
        // Without any value the error is about the choice itself.
        if choice.any_of().any(has) {
            lacking.extend(choice.lacking(has));
        }
    }
    for field in &provider.settings {
        let Some(condition) = &field.required_when else {
            continue;
        };
        let mut choices = provider.alternatives.iter();
        let is_unused = choices.any(|choice| {
            let way = choice.way_of(&field.key);
            way.is_some() && way != choice.in_use(has)
        });
        // The value of a reference is unknown here; the connection test reports a missing setting.
        let is_met = value_of(&condition.key)
            .and_then(Setting::text)
            .is_some_and(|text| condition.is_met_by(text));
        if is_met && !is_unused && !has(&field.key) {
            lacking.push(&field.key);
        }
    }
    for field in lacking.into_iter().filter_map(|key| provider.field(key)) {
        let place = place_of(provider, field);
        if found.errors.iter().all(|error| error.field != place) {
            found.refuse(place, Reason::Required);
        }
    }
}

/// Returns whether a value is not blank.
fn has_value(value: &Setting<Plain>) -> bool {
    match value {
        Setting::Null => false,
        Setting::Switch(_) | Setting::Number(_) => true,
        Setting::Text(text) => !text.trim().is_empty(),
        Setting::Secret(secret) => secret
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
fn normalized(value: &Setting<Plain>, field: Option<&SettingsField>) -> Setting<Plain> {
    let is_sensitive = field.is_none_or(|field| field.sensitive);
    let Some(text) = value.text().map(|text| trimmed(text, is_sensitive)) else {
        return value.clone();
    };
    if is_sensitive && !text.is_empty() && Reference::read(text).is_none() {
        Setting::Secret(Plain::new(text))
    } else {
        Setting::Text(text.to_owned())
    }
}
