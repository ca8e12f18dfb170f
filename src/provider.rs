//! Providers: capabilities, settings, and connection tests.

mod alternatives;
mod capability;
mod endpoints;
pub mod catalog;
mod validate;
pub mod probe;
pub mod from_api;
mod detect;
pub mod to_api;
mod sensitivity;

use serde::{Deserialize, Serialize};

pub use alternatives::{Alternative, AlternativeGroup};
pub use capability::Capability;
pub use catalog::ProviderCatalog;
pub use endpoints::ProbeUrls;
pub use probe::Probe;
pub use sensitivity::{is_sensitive, names_address};

/// AI provider, as described by a provider file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Provider {
    /// ID in connections, for example `openai`.
    pub id: String,
    /// Display name, for example `OpenAI`.
    pub name: String,
    /// Capabilities of its models.
    pub capabilities: Vec<Capability>,
    /// Settings of a connection, in the order of the form.
    #[serde(default)]
    pub settings: Vec<SettingsField>,
    /// Rules over several settings, checked after the single fields.
    #[serde(default)]
    pub rules: Vec<SettingsRule>,
    /// Groups of alternatives; a connection uses one alternative of each group.
    #[serde(default, rename = "alternatives")]
    pub alternative_groups: Vec<AlternativeGroup>,
    /// Probes of the connection test; empty if the file has none.
    #[serde(default, deserialize_with = "probe::one_or_many::one_or_many")]
    pub probe: Vec<Probe>,
    /// Hosts of the API including subdomains, to recognize the provider of a URL.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Endpoints that a remote server reports; with a known probe, they come from the probe.
    #[serde(skip)]
    pub reported_probe_urls: Vec<ProbeUrls>,
}

impl Provider {
    /// Returns the field of a key or of an alternative key.
    pub fn field(&self, key: &str) -> Option<&SettingsField> {
        self.settings
            .iter()
            .find(|field| field.key == key || field.accepted_as.iter().any(|other| other == key))
    }

    /// Returns true if a connection cannot be used without settings.
    pub fn requires_settings(&self) -> bool {
        self.settings.iter().any(|field| field.required) || self.wanted().next().is_some()
    }

    /// Returns the field that `key` names in any case; the exact spelling goes first.
    pub fn field_in_any_case(&self, key: &str) -> Option<&SettingsField> {
        self.field(key).or_else(|| {
            let mut fields = self.settings.iter();
            fields.find(|field| field.names().any(|name| name.eq_ignore_ascii_case(key)))
        })
    }

    /// Returns the provider's spelling of a key that is given in any case; an unknown key is unchanged.
    pub fn canonical_spelling<'a>(&'a self, key: &'a str) -> &'a str {
        if self.field(key).is_some() {
            return key;
        }
        let names = self.settings.iter().flat_map(SettingsField::names);
        let mut same = names.filter(|name| name.eq_ignore_ascii_case(key));
        same.next().unwrap_or(key)
    }
}

/// Setting of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SettingsField {
    /// Key in the `settings` object, for example `apiKey`.
    pub key: String,
    /// Label in the form.
    pub label: String,
    /// Help text under the label.
    #[serde(default)]
    pub description: String,
    /// Type of the value.
    #[serde(default)]
    pub kind: FieldKind,
    /// `true` if a connection with settings requires it.
    #[serde(default)]
    pub required: bool,
    /// Condition that also requires it.
    #[serde(default)]
    pub required_when: Option<RequiredWhen>,
    /// `true` for a secret: sealed at rest and masked everywhere.
    #[serde(default)]
    pub sensitive: bool,
    /// Default value in the form.
    #[serde(default)]
    pub default: Option<DefaultValue>,
    /// Heading of its group; none for the first, unnamed group.
    #[serde(default)]
    pub group: Option<String>,
    /// Alternative keys.
    #[serde(default)]
    pub accepted_as: Vec<String>,
    /// Allowed values; any value if empty.
    #[serde(default)]
    pub options: Vec<String>,
    /// Common values; others are accepted too.
    #[serde(default)]
    pub suggestions: Vec<String>,
    /// Usual environment variables, by priority.
    #[serde(default)]
    pub variables: Vec<String>,
    /// Prefixes of keys of this provider, for example `sk-ant-`.
    #[serde(default)]
    pub prefixes: Vec<String>,
}

impl SettingsField {
    /// Accepted keys, the main one first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.key)
            .chain(&self.accepted_as)
            .map(String::as_str)
    }
}

/// Condition on another setting.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RequiredWhen {
    /// Key of the other setting.
    pub key: String,
    /// Prefixes of its value, for example `ASIA`.
    pub starts_with: Vec<String>,
}

impl RequiredWhen {
    /// Returns whether a value of the other setting meets the condition.
    pub fn is_met_by(&self, value: &str) -> bool {
        let mut starts = self.starts_with.iter();
        starts.any(|start| value.trim().starts_with(start.as_str()))
    }
}

/// Type of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldKind {
    /// One line of text.
    #[default]
    Text,
    /// http or https URL.
    Url,
    /// Boolean.
    Switch,
    /// Number.
    Number,
    /// Headers of each request: `Name: value; Other-Name: value`.
    Headers,
}

impl FieldKind {
    /// Returns the type of the values.
    pub const fn value_type(self) -> ValueType {
        match self {
            Self::Text | Self::Url | Self::Headers => ValueType::Text,
            Self::Switch => ValueType::Switch,
            Self::Number => ValueType::Number,
        }
    }

    /// Returns whether a default value has the right type. That of a number is text.
    pub const fn accepts_default(self, default: &DefaultValue) -> bool {
        let is_switch = matches!(self.value_type(), ValueType::Switch);
        matches!(default, DefaultValue::Switch(_)) == is_switch
    }
}

/// Type of the values of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// Text.
    Text,
    /// True or false.
    Switch,
    /// Number.
    Number,
}

impl ValueType {
    /// Returns the kind of setting that accepts every value of this type.
    pub const fn general_kind(self) -> FieldKind {
        match self {
            Self::Text => FieldKind::Text,
            Self::Switch => FieldKind::Switch,
            Self::Number => FieldKind::Number,
        }
    }
}

/// Default value of a field.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum DefaultValue {
    /// Boolean.
    Switch(bool),
    /// Text.
    Text(String),
}

/// Rule over several settings.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SettingsRule {
    /// At least one of these keys must have a value.
    pub any_of: Vec<String>,
}
