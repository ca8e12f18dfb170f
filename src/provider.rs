//! What a provider is: its capabilities and the settings a connection to it has.

mod alternatives;
mod calls;
pub mod catalog;
mod check;
pub mod probe;
pub mod received;
mod recognise;
pub mod response;
mod sensitivity;

use serde::{Deserialize, Serialize};

pub use alternatives::{Alternatives, Way};
pub use calls::Call;
pub use catalog::ProviderCatalog;
pub use probe::Probe;
pub use sensitivity::{is_sensitive, names_address};

/// An AI provider, as a file of the catalogue describes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Provider {
    /// The identifier that connections keep, for example `openai`.
    pub id: String,
    /// The name people see, for example `OpenAI`.
    pub name: String,
    /// What its models can do.
    pub capabilities: Vec<Capability>,
    /// The settings of a connection, in the order of the form.
    #[serde(default)]
    pub settings: Vec<SettingsField>,
    /// Rules over several settings, checked after the fields alone are right.
    #[serde(default)]
    pub rules: Vec<SettingsRule>,
    /// Choices between ways, of which a connection goes one.
    #[serde(default)]
    pub alternatives: Vec<Alternatives>,
    /// How it is asked whether credentials work; nothing when its file does not say.
    #[serde(default, deserialize_with = "probe::one_or_many::one_or_many")]
    pub probe: Vec<Probe>,
    /// Hosts, with everything below them, that the API is at, so that an address tells its provider.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Where a server says that it calls the provider; of one whose probe is known, the probe says it.
    #[serde(skip)]
    pub told_calls: Vec<Call>,
}

impl Provider {
    /// The field that `key` names, by its own key or by another one it is also accepted as.
    pub fn field(&self, key: &str) -> Option<&SettingsField> {
        self.settings
            .iter()
            .find(|field| field.key == key || field.accepted_as.iter().any(|other| other == key))
    }

    /// Returns the field that `key` names in any case; the exact spelling goes first.
    pub fn field_in_any_case(&self, key: &str) -> Option<&SettingsField> {
        self.field(key).or_else(|| {
            let mut fields = self.settings.iter();
            fields.find(|field| field.names().any(|name| name.eq_ignore_ascii_case(key)))
        })
    }

    /// Returns the provider's spelling of a key that is given in any case; a key it does not have stays as it is.
    pub fn spelled<'a>(&'a self, key: &'a str) -> &'a str {
        if self.field(key).is_some() {
            return key;
        }
        let names = self.settings.iter().flat_map(SettingsField::names);
        let mut same = names.filter(|name| name.eq_ignore_ascii_case(key));
        same.next().unwrap_or(key)
    }
}

/// What a model can do, spelled as the management API spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Capability {
    /// Conversation and text generation.
    Chat,
    /// Vectors from text.
    Embedding,
    /// Images, audio and video.
    Media,
    /// Classification of harmful content.
    Moderation,
    /// Transcription.
    SpeechToText,
    /// Images from text.
    ImageGeneration,
}

impl Capability {
    /// Every capability, in the order they are shown.
    pub const ALL: [Self; 6] = [
        Self::Chat,
        Self::Embedding,
        Self::Media,
        Self::Moderation,
        Self::SpeechToText,
        Self::ImageGeneration,
    ];

    /// The word used on screen, in files and in the API.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Chat => "Chat",
            Self::Embedding => "Embedding",
            Self::Media => "Media",
            Self::Moderation => "Moderation",
            Self::SpeechToText => "SpeechToText",
            Self::ImageGeneration => "ImageGeneration",
        }
    }

    /// The capability a word names, in any case.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|capability| capability.word().eq_ignore_ascii_case(word))
    }
}

impl std::fmt::Display for Capability {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// One setting of a connection to a provider.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SettingsField {
    /// The key in the `settings` object, for example `apiKey`.
    pub key: String,
    /// The label in the form.
    pub label: String,
    /// One sentence under the label.
    #[serde(default)]
    pub description: String,
    /// What the value is.
    #[serde(default)]
    pub kind: FieldKind,
    /// Whether a connection with settings must have it.
    #[serde(default)]
    pub required: bool,
    /// When it must have a value beyond that.
    #[serde(default)]
    pub required_when: Option<RequiredWhen>,
    /// Whether it is sealed at rest and masked everywhere.
    #[serde(default)]
    pub sensitive: bool,
    /// What the form starts with.
    #[serde(default)]
    pub default: Option<DefaultValue>,
    /// The heading it stands under; none for the first, unnamed group.
    #[serde(default)]
    pub group: Option<String>,
    /// Other keys it is accepted as.
    #[serde(default)]
    pub accepted_as: Vec<String>,
    /// The values to choose from; anything is accepted when empty.
    #[serde(default)]
    pub options: Vec<String>,
    /// Values that are common; others are accepted too.
    #[serde(default)]
    pub suggestions: Vec<String>,
    /// Environment variables that customarily have the value, the first choice first.
    #[serde(default)]
    pub variables: Vec<String>,
    /// How the provider's own keys begin, for example `sk-ant-`.
    #[serde(default)]
    pub prefixes: Vec<String>,
}

impl SettingsField {
    /// The keys it is accepted as, its own first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.key)
            .chain(&self.accepted_as)
            .map(String::as_str)
    }
}

/// Condition on another setting that makes one required.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RequiredWhen {
    /// The key of the other setting.
    pub key: String,
    /// How its value begins, for example `ASIA`.
    pub starts_with: Vec<String>,
}

impl RequiredWhen {
    /// Whether a value of the other setting meets the condition.
    pub fn is_met_by(&self, value: &str) -> bool {
        let mut starts = self.starts_with.iter();
        starts.any(|start| value.trim().starts_with(start.as_str()))
    }
}

/// What a setting's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldKind {
    /// One line of text.
    #[default]
    Text,
    /// An http or https address.
    Url,
    /// On or off.
    Switch,
    /// A number.
    Number,
    /// Header lines for each request: `Name: value; Other-Name: value`.
    Headers,
}

/// What a field starts with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum DefaultValue {
    /// On or off.
    Switch(bool),
    /// Text.
    Text(String),
}

/// A rule over several settings.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SettingsRule {
    /// At least one of these keys must have a value.
    pub any_of: Vec<String>,
}
