//! Reads and validates a provider file.

mod alternatives;
mod probe;

use std::collections::HashSet;
use std::fmt;

use toml::de::{DeTable, DeValue};

use super::{DefaultValue, FieldKind, Provider, SettingsField, ValueType};
use crate::text;

const MAX_ID: usize = 100;
const MAX_LABEL: usize = 255;
const MAX_DESCRIPTION: usize = 1000;
const MAX_SETTINGS: usize = 64;

/// Error of a provider file; displayed after the file name: `, line 3, column 1: …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProviderFileError {
    line_and_column: Option<(usize, usize)>,
    sentence: String,
}

impl fmt::Display for ProviderFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((line, column)) = self.line_and_column {
            write!(f, ", line {line}, column {column}")?;
        }
        write!(f, ": {}", self.sentence)
    }
}

/// Parses and validates the text of a provider file.
pub(super) fn read(source: &str) -> Result<Provider, ProviderFileError> {
    let provider: Provider = toml::from_str(source).map_err(|error| ProviderFileError {
        line_and_column: error
            .span()
            .map(|span| text::file::line_and_column(source, span.start)),
        sentence: error.message().replace('\n', ", "),
    })?;
    match first_error(&provider) {
        None => Ok(provider),
        Some((place, sentence)) => Err(ProviderFileError {
            line_and_column: place
                .offset(source)
                .map(|offset| text::file::line_and_column(source, offset)),
            sentence,
        }),
    }
}

/// Returns the error of a provider from any source, if any.
pub(super) fn error_at(provider: &Provider) -> Option<String> {
    first_error(provider).map(|(_, sentence)| sentence)
}

/// Position in the file.
#[derive(Debug, Clone, Copy)]
enum FilePosition {
    Member(&'static str),
    Setting(usize, &'static str),
    Rule(usize),
    Alternatives(usize),
    Probe(usize, &'static str),
}

impl FilePosition {
    /// Returns the byte offset; that of the table if the member is missing.
    fn offset(self, source: &str) -> Option<usize> {
        let table = DeTable::parse(source).ok()?;
        let (list, index, member) = match self {
            Self::Member(member) => return Some(table.get_ref().get(member)?.span().start),
            Self::Setting(index, member) => ("settings", index, Some(member)),
            Self::Rule(index) => ("rules", index, None),
            Self::Alternatives(index) => ("alternatives", index, None),
            Self::Probe(index, member) => ("probe", index, Some(member)),
        };
        let list = table.get_ref().get(list)?;
        let entry = match list.get_ref() {
            DeValue::Array(entries) => entries.get(index)?,
            _ => list,
        };
        let inner = match (entry.get_ref(), member) {
            (DeValue::Table(entry), Some(member)) => {
                entry.get(member).map(|value| value.span().start)
            }
            _ => None,
        };
        Some(inner.unwrap_or(entry.span().start))
    }
}

fn first_error(provider: &Provider) -> Option<(FilePosition, String)> {
    if !is_id(&provider.id) {
        return Some((
            FilePosition::Member("id"),
            format!("id must be at most {MAX_ID} lowercase letters, numbers and hyphens"),
        ));
    }
    if !is_label(&provider.name) {
        return Some((
            FilePosition::Member("name"),
            "name must be one line of visible text".into(),
        ));
    }
    let distinct: HashSet<_> = provider.capabilities.iter().collect();
    if provider.capabilities.is_empty() || distinct.len() < provider.capabilities.len() {
        return Some((
            FilePosition::Member("capabilities"),
            "capabilities must name at least one, and each once".into(),
        ));
    }
    if provider.settings.len() > MAX_SETTINGS {
        return Some((
            FilePosition::Setting(MAX_SETTINGS, "key"),
            format!("a provider has at most {MAX_SETTINGS} settings"),
        ));
    }
    let mut keys = HashSet::new();
    if !provider.hosts.iter().all(|host| is_label(host)) {
        return Some((
            FilePosition::Member("hosts"),
            "hosts must be lines of visible text".into(),
        ));
    }
    for (index, field) in provider.settings.iter().enumerate() {
        if let Some((member, sentence)) = field_error(field, &mut keys) {
            return Some((FilePosition::Setting(index, member), sentence));
        }
    }
    let choice = || {
        let found = alternatives::first_error(provider);
        found.map(|(index, sentence)| (FilePosition::Alternatives(index), sentence))
    };
    rule_error(provider)
        .or_else(|| condition_error(provider))
        .or_else(choice)
        .or_else(|| {
            let found = probe::first_error(provider);
            found.map(|(index, member, sentence)| (FilePosition::Probe(index, member), sentence))
        })
}

/// Returns the first invalid `requiredWhen`.
fn condition_error(provider: &Provider) -> Option<(FilePosition, String)> {
    let mut settings = provider.settings.iter().enumerate();
    settings.find_map(|(index, field)| {
        let condition = field.required_when.as_ref()?;
        let mut keys = provider.settings.iter().map(|field| &field.key);
        let sentence = if !keys.any(|key| *key == condition.key && *key != field.key) {
            let key = &condition.key;
            format!("requiredWhen names '{key}', which is not the key of another setting")
        } else if condition.starts_with.is_empty()
            || condition.starts_with.iter().any(String::is_empty)
        {
            "requiredWhen needs startsWith".to_owned()
        } else {
            return None;
        };
        Some((FilePosition::Setting(index, "requiredWhen"), sentence))
    })
}

fn rule_error(provider: &Provider) -> Option<(FilePosition, String)> {
    provider.rules.iter().enumerate().find_map(|(index, rule)| {
        let unknown = rule
            .any_of
            .iter()
            .find(|key| !provider.settings.iter().any(|field| field.key == **key));
        match unknown {
            Some(key) => Some((
                FilePosition::Rule(index),
                format!("anyOf names '{key}', which is not the key of a setting"),
            )),
            None if rule.any_of.is_empty() => Some((
                FilePosition::Rule(index),
                "anyOf must name at least one setting".into(),
            )),
            None => None,
        }
    })
}

fn field_error<'a>(
    field: &'a SettingsField,
    keys: &mut HashSet<&'a str>,
) -> Option<(&'static str, String)> {
    for (member, key) in std::iter::once(("key", &field.key))
        .chain(field.accepted_as.iter().map(|key| ("acceptedAs", key)))
    {
        if !is_key(key) {
            return Some((
                member,
                format!(
                    "{member} must be a letter, then at most {MAX_ID} letters, numbers, hyphens and underscores"
                ),
            ));
        }
        if !keys.insert(key) {
            return Some((member, format!("duplicate setting '{key}'")));
        }
    }
    if !is_label(&field.label) {
        return Some(("label", "label must be one line of visible text".into()));
    }
    if field.description.chars().count() > MAX_DESCRIPTION
        || field.description.chars().any(text::is_unprintable)
    {
        return Some((
            "description",
            format!("description must be one line of at most {MAX_DESCRIPTION} characters"),
        ));
    }
    for (member, words) in [
        ("suggestions", &field.suggestions),
        ("variables", &field.variables),
        ("prefixes", &field.prefixes),
    ] {
        if !words.iter().all(|word| is_label(word)) {
            return Some((member, format!("{member} must be lines of visible text")));
        }
    }
    if field.group.as_deref().is_some_and(|group| !is_label(group)) {
        return Some(("group", "group must be one line of visible text".into()));
    }
    kind_error(field)
}

/// Returns a conflict between kind, default and options of a setting.
fn kind_error(field: &SettingsField) -> Option<(&'static str, String)> {
    if field.sensitive && field.kind.value_type() == ValueType::Switch {
        return Some(("sensitive", "a switch cannot be sensitive".into()));
    }
    if field.sensitive && field.default.is_some() {
        return Some((
            "default",
            "a sensitive setting cannot have a default".into(),
        ));
    }
    if !field.options.is_empty() && (field.kind != FieldKind::Text || field.sensitive) {
        return Some((
            "options",
            "only text settings that are not sensitive can have options".into(),
        ));
    }
    let default = field.default.as_ref()?;
    let reason = match default {
        DefaultValue::Text(_) if !field.kind.accepts_default(default) => {
            "the default of a switch is true or false"
        }
        DefaultValue::Switch(_) if !field.kind.accepts_default(default) => {
            "the default must be text"
        }
        DefaultValue::Text(text) if field.kind == FieldKind::Url && !is_address(text) => {
            "the default must begin with http:// or https://"
        }
        DefaultValue::Text(text) if !field.options.is_empty() && !field.options.contains(text) => {
            "the default must be one of the options"
        }
        DefaultValue::Switch(_) | DefaultValue::Text(_) => return None,
    };
    Some(("default", reason.into()))
}

fn is_id(id: &str) -> bool {
    (1..=MAX_ID).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn is_key(key: &str) -> bool {
    key.len() <= MAX_ID
        && key.starts_with(|sign: char| sign.is_ascii_alphabetic())
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn is_label(label: &str) -> bool {
    label.chars().count() <= MAX_LABEL
        && text::is_visible_text(label)
        && !label.chars().any(text::is_unprintable)
}

fn is_address(address: &str) -> bool {
    text::address::parse(address).is_some()
}
