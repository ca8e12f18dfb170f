//! The document that connections leave by: what there shall be, without any secret.
//!
//! Why this shape: a connection in it is what a create takes, known by its alias, and has nothing that a store gave it. So the
//! document can be compared, kept beside code, and applied where the same connections have other ids. What was a secret is a
//! named blank: it is seen that something belongs there, and that it is not there. References (`$Section:Key`) stay.

mod file;
mod stream;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use file::{NotWritten, deliver, place, write};
pub use stream::{Format, Stream};

use super::{Connection, Mask, Setting, Settings};
use crate::appsettings::Reference;
use crate::provider::{Provider, ProviderCatalog};

/// What the document says it is.
pub const KIND: &str = "umai.connections";

/// The version of its shape; a document of a later one is not read by this program.
pub const VERSION: u32 = 1;

/// A list of connections that leaves the program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// [`KIND`].
    pub kind: String,
    /// [`VERSION`].
    pub version: u32,
    /// The connections, by alias.
    pub connections: Vec<Exported>,
}

/// A connection without what only its store knows, and without its secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exported {
    /// By which it is known.
    pub alias: String,
    /// The name.
    pub name: String,
    /// The provider's id.
    pub provider_id: String,
    /// Whether it may be used.
    pub is_active: bool,
    /// The provider's values, a blank in place of each secret.
    pub settings: Option<Settings<Blank>>,
    /// The settings that are blank because they are secret.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blank: Vec<String>,
}

/// What stands in place of a secret: an empty text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blank;

impl Serialize for Blank {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("")
    }
}

impl<'de> Deserialize<'de> for Blank {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "" => Ok(Self),
            _ => Err(serde::de::Error::custom("not a blank")),
        }
    }
}

impl Exported {
    /// What leaves of a connection. A text that a secret belongs in leaves only where it is a reference.
    pub fn of(connection: Connection<Mask>, catalog: &ProviderCatalog) -> Self {
        let Connection { item, settings } = connection;
        let provider = catalog.get(&item.provider_id);
        let mut blank = Vec::new();
        let settings = settings.map(|settings| {
            let pairs = settings.iter().map(|(key, value)| {
                let value = leaving(value, is_secret(provider, key));
                if matches!(value, Setting::Secret(Blank)) {
                    blank.push(key.to_owned());
                }
                (key.to_owned(), value)
            });
            pairs.collect()
        });
        Self {
            alias: item.alias,
            name: item.name,
            provider_id: item.provider_id,
            is_active: item.is_active,
            settings,
            blank,
        }
    }
}

/// Whether a setting may be a secret: also when nobody knows what it is.
fn is_secret(provider: Option<&Provider>, key: &str) -> bool {
    provider
        .and_then(|provider| provider.field(key))
        .is_none_or(|field| field.sensitive)
}

fn leaving(value: &Setting<Mask>, is_secret: bool) -> Setting<Blank> {
    match value {
        Setting::Null => Setting::Null,
        Setting::Switch(on) => Setting::Switch(*on),
        Setting::Number(number) => Setting::Number(number.clone()),
        Setting::Secret(_) => Setting::Secret(Blank),
        Setting::Text(text) if is_secret && !text.is_empty() && Reference::read(text).is_none() => {
            Setting::Secret(Blank)
        }
        Setting::Text(text) => Setting::Text(text.clone()),
    }
}

impl Document {
    /// A document of these, ordered by alias, so that two of them can be compared.
    pub fn of(mut connections: Vec<Exported>) -> Self {
        connections.sort_by(|one, other| one.alias.cmp(&other.alias));
        Self {
            kind: KIND.into(),
            version: VERSION,
            connections,
        }
    }

    /// The document as JSON, with every hidden character written out.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let text = serde_json::to_string_pretty(self)?;
        Ok(format!("{}\n", crate::text::json::harmless(&text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::{ConnectionDraft, Plain};

    fn connection(provider: &str, settings: &str) -> Connection<Mask> {
        let json = format!(
            r#"{{"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"a","name":"A","providerId":"{provider}","isActive":false,
            "dateCreated":"2024-01-15T10:30:00Z","dateModified":"2024-01-15T10:30:00Z","version":3,"settings":{settings}}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    fn exported(provider: &str, settings: &str) -> Exported {
        Exported::of(connection(provider, settings), &ProviderCatalog::embedded())
    }

    #[test]
    fn a_secret_becomes_a_named_blank_and_a_reference_stays() {
        let one = exported(
            "openai",
            r#"{"apiKey":"sk-***","organization":null,"endpoint":"https://api.openai.com/v1"}"#,
        );
        let other = exported("openai", r#"{"apiKey":"$OpenAI:ApiKey"}"#);
        assert_eq!(
            serde_json::to_string(&one).unwrap(),
            r#"{"alias":"a","name":"A","providerId":"openai","isActive":false,"settings":{"apiKey":"","organization":null,"endpoint":"https://api.openai.com/v1"},"blank":["apiKey"]}"#
        );
        assert_eq!(
            serde_json::to_string(&other).unwrap(),
            r#"{"alias":"a","name":"A","providerId":"openai","isActive":false,"settings":{"apiKey":"$OpenAI:ApiKey"}}"#
        );
    }

    #[test]
    fn what_may_be_a_secret_does_not_leave_even_when_it_is_stored_as_text() {
        for (provider, settings) in [
            ("openai", r#"{"apiKey":"planted"}"#),
            ("openai", r#"{"nobodyKnows":"planted"}"#),
            ("nobody", r#"{"endpoint":"planted"}"#),
            ("openai", r#"{"apiKey":"$$planted"}"#),
        ] {
            let text = serde_json::to_string(&exported(provider, settings)).unwrap();
            assert!(!text.contains("planted"), "{text}");
            assert!(text.contains(r#""blank":["#), "{text}");
        }
    }

    #[test]
    fn a_document_reads_back_as_it_was_written() {
        let document = Document::of(vec![
            exported("openai", r#"{"apiKey":"sk-***","endpoint":"https://x"}"#),
            exported("nobody", "null"),
        ]);
        let json = document.to_json().unwrap();
        assert_eq!(serde_json::from_str::<Document>(&json).unwrap(), document);
        assert!(json.starts_with("{\n  \"kind\": \"umai.connections\",\n  \"version\": 1,"));
    }

    #[test]
    fn each_connection_is_what_a_create_takes() {
        let one = exported("openai", r#"{"apiKey":"sk-***","endpoint":"https://x"}"#);
        let body = serde_json::to_vec(&one).unwrap();
        let draft = ConnectionDraft::from_json(&body).unwrap();
        assert_eq!(draft.alias.as_deref(), Some("a"));
        assert_eq!(draft.is_active, Some(false));
        assert!(draft.misread.is_empty());
        let settings = draft.settings.unwrap();
        assert_eq!(
            settings.get("apiKey"),
            Some(&Setting::Secret(Plain::new("")))
        );
    }

    #[test]
    fn connections_are_ordered_by_alias() {
        let named = |alias: &str| Exported {
            alias: alias.into(),
            ..exported("openai", "null")
        };
        let document = Document::of(vec![named("b"), named("c"), named("a")]);
        let aliases: Vec<&str> = document
            .connections
            .iter()
            .map(|one| one.alias.as_str())
            .collect();
        assert_eq!(aliases, ["a", "b", "c"]);
    }
}
