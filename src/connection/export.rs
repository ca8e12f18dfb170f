//! Exported manifest of connections, without secrets.
//!
//! A connection has the members of a create, identified by its alias, without IDs and dates. So a manifest can be compared,
//! stored next to code, and applied where the connections have other IDs. Secrets are listed as blanks; references
//! (`$Section:Key`) are kept.

mod deploy_artifact;
mod file;
mod stream;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use deploy_artifact::{DeployArtifact, UDI_PREFIX};
pub use file::{ExportFileError, deliver, write, write_destination};
pub use stream::{ExportStream, ExportStreamFormat};

use super::{Connection, MaskedSecret, SettingValue, Settings};
use crate::appsettings::Reference;
use crate::provider::{ProviderCatalog, is_sensitive};

/// Value of `kind`.
pub const KIND: &str = "umai.connections";

/// Version of the format; later versions are refused.
pub const VERSION: u32 = 1;

/// Exported manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportedManifest {
    /// [`KIND`].
    pub kind: String,
    /// [`VERSION`].
    pub version: u32,
    /// Connections, ordered by alias.
    pub connections: Vec<Exported>,
}

/// Exported connection, without ID, dates and secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exported {
    /// Alias.
    pub alias: String,
    /// Name.
    pub name: String,
    /// Provider ID.
    pub provider_id: String,
    /// `true` if Active.
    pub is_active: bool,
    /// Settings with blanks instead of secrets.
    pub settings: Option<Settings<BlankSecret>>,
    /// Keys of settings whose secret was left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blank: Vec<String>,
}

/// Empty text instead of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlankSecret;

impl Serialize for BlankSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("")
    }
}

impl<'de> Deserialize<'de> for BlankSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "" => Ok(Self),
            _ => Err(serde::de::Error::custom("not a blank")),
        }
    }
}

impl Exported {
    /// Exports a connection. A sensitive text is exported only if it is a reference.
    pub fn new(connection: Connection<MaskedSecret>, catalog: &ProviderCatalog) -> Self {
        let Connection { item, settings } = connection;
        let provider = catalog.get(&item.provider_id);
        let mut blank = Vec::new();
        let settings = settings.map(|settings| {
            let pairs = settings.iter().map(|(key, value)| {
                let value = exported_value(value, is_sensitive(provider, key));
                if matches!(value, SettingValue::Secret(BlankSecret)) {
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

fn exported_value(
    value: &SettingValue<MaskedSecret>,
    is_secret: bool,
) -> SettingValue<BlankSecret> {
    match value {
        SettingValue::Null => SettingValue::Null,
        SettingValue::Switch(on) => SettingValue::Switch(*on),
        SettingValue::Number(number) => SettingValue::Number(number.clone()),
        SettingValue::Secret(_) => SettingValue::Secret(BlankSecret),
        SettingValue::Text(text)
            if is_secret && !text.is_empty() && Reference::read(text).is_none() =>
        {
            SettingValue::Secret(BlankSecret)
        }
        SettingValue::Text(text) => SettingValue::Text(text.clone()),
    }
}

impl ExportedManifest {
    /// Creates a manifest, ordered by alias so that manifests can be compared.
    pub fn new(mut connections: Vec<Exported>) -> Self {
        connections.sort_by(|one, other| one.alias.cmp(&other.alias));
        Self {
            kind: KIND.into(),
            version: VERSION,
            connections,
        }
    }

    /// Serializes as JSON with escaped invisible characters.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let text = serde_json::to_string_pretty(self)?;
        Ok(format!("{}\n", crate::text::json::harmless(&text)))
    }

    /// Serializes as YAML.
    pub fn to_yaml(&self) -> Result<String, serde_json::Error> {
        Ok(crate::text::yaml::document(&serde_json::to_value(self)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::{ConnectionDraft, PlainSecret};

    fn connection(provider: &str, settings: &str) -> Connection<MaskedSecret> {
        let json = format!(
            r#"{{"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"a","name":"A","providerId":"{provider}","isActive":false,
            "dateCreated":"2024-01-15T10:30:00Z","dateModified":"2024-01-15T10:30:00Z","version":3,"settings":{settings}}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    fn exported(provider: &str, settings: &str) -> Exported {
        Exported::new(connection(provider, settings), &ProviderCatalog::embedded())
    }

    #[test]
    fn secret_is_blanked_and_reference_kept() {
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
    fn sensitive_and_unknown_text_settings_are_blanked() {
        for (provider, settings) in [
            ("openai", r#"{"apiKey":"planted"}"#),
            ("openai", r#"{"unknownKey":"planted"}"#),
            ("unknown", r#"{"accessToken":"planted"}"#),
            ("openai", r#"{"apiKey":"$$planted"}"#),
        ] {
            let text = serde_json::to_string(&exported(provider, settings)).unwrap();
            assert!(!text.contains("planted"), "{text}");
            assert!(text.contains(r#""blank":["#), "{text}");
        }
    }

    #[test]
    fn harmless_settings_of_unknown_providers_are_exported() {
        let one = exported("unknown", r#"{"region":"eu","token":"sk-***"}"#);
        let text = serde_json::to_string(&one).unwrap();
        assert!(text.contains(r#""region":"eu","token":"""#), "{text}");
        assert_eq!(one.blank, ["token"]);
    }

    #[test]
    fn document_round_trips() {
        let document = ExportedManifest::new(vec![
            exported("openai", r#"{"apiKey":"sk-***","endpoint":"https://x"}"#),
            exported("unknown", "null"),
        ]);
        let json = document.to_json().unwrap();
        assert_eq!(
            serde_json::from_str::<ExportedManifest>(&json).unwrap(),
            document
        );
        assert!(json.starts_with("{\n  \"kind\": \"umai.connections\",\n  \"version\": 1,"));
    }

    #[test]
    fn exported_connection_is_a_create_body() {
        let one = exported("openai", r#"{"apiKey":"sk-***","endpoint":"https://x"}"#);
        let body = serde_json::to_vec(&one).unwrap();
        let draft = ConnectionDraft::from_json(&body).unwrap();
        assert_eq!(draft.alias.as_deref(), Some("a"));
        assert_eq!(draft.is_active, Some(false));
        assert!(draft.misread.is_empty());
        let settings = draft.settings.unwrap();
        assert_eq!(
            settings.get("apiKey"),
            Some(&SettingValue::Secret(PlainSecret::new("")))
        );
    }

    #[test]
    fn connections_are_ordered_by_alias() {
        let named = |alias: &str| Exported {
            alias: alias.into(),
            ..exported("openai", "null")
        };
        let document = ExportedManifest::new(vec![named("b"), named("c"), named("a")]);
        let aliases: Vec<&str> = document
            .connections
            .iter()
            .map(|one| one.alias.as_str())
            .collect();
        assert_eq!(aliases, ["a", "b", "c"]);
    }
}
