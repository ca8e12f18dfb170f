//! Connections in server responses: missing members get defaults, and plain secrets are masked here.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::appsettings::Reference;
use crate::connection::{Connection, ConnectionItem, MaskedSecret, SettingValue, Settings};
use crate::provider::{Provider, ProviderCatalog, is_sensitive};
use crate::text::secret_detector::looks_like_secret;
use crate::text::{is_hidden, key_like};

/// One page of a list.
#[derive(Deserialize)]
pub struct PageDto<T> {
    pub items: Vec<T>,
    #[serde(default)]
    total: Option<usize>,
}

impl<T> PageDto<T> {
    /// Returns the length of the whole list, at least the length of this page.
    pub fn total(&self) -> usize {
        self.total.unwrap_or_default().max(self.items.len())
    }
}

/// A connection without its settings.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemDto {
    id: Uuid,
    alias: String,
    name: String,
    provider_id: String,
    #[serde(default)]
    is_active: Option<bool>,
    #[serde(default)]
    date_created: LenientDate,
    #[serde(default)]
    date_modified: LenientDate,
    /// Missing on a server without versions, which becomes version 0.
    #[serde(default)]
    version: Option<u64>,
    #[serde(default)]
    date_deleted: LenientDate,
    #[serde(default)]
    endpoint: Option<String>,
}

impl From<ItemDto> for ConnectionItem {
    fn from(item: ItemDto) -> Self {
        let created = item.date_created.0.or(item.date_modified.0);
        Self {
            id: item.id,
            alias: item.alias,
            name: item.name,
            provider_id: item.provider_id,
            is_active: item.is_active.unwrap_or(true),
            date_created: created.unwrap_or_default(),
            date_modified: item.date_modified.0.or(created).unwrap_or_default(),
            version: item.version.unwrap_or_default(),
            date_deleted: item.date_deleted.0,
            endpoint: item.endpoint,
        }
    }
}

/// A connection whose settings may contain plain secrets.
#[derive(Deserialize)]
pub struct ConnectionDto {
    #[serde(flatten)]
    item: ItemDto,
    #[serde(default)]
    settings: Option<Map<String, Value>>,
}

impl ConnectionDto {
    /// Sets version and date, where the snapshot lacks them.
    pub fn at(mut self, number: u64, saved: LenientDate) -> Self {
        self.item.version.get_or_insert(number);
        self.item.date_modified.0 = self.item.date_modified.0.or(saved.0);
        self
    }

    /// Returns the connection with secrets masked and keys as the provider spells them. The stored spelling stays on the server.
    pub fn masked(self, catalog: &ProviderCatalog) -> Connection {
        let item = ConnectionItem::from(self.item);
        let provider = catalog.get(&item.provider_id);
        let settings = self.settings.map(|settings| {
            let seen = settings
                .into_iter()
                .filter_map(|(key, value)| Some((seen(provider, &key, value)?, key)));
            let spelled = |key: String| match provider {
                Some(provider) => provider.canonical_spelling(&key).to_owned(),
                None => key,
            };
            seen.map(|(value, key)| (spelled(key), value))
                .collect::<Settings<MaskedSecret>>()
        });
        Connection { item, settings }
    }
}

/// Masks a setting value. A list or an object is not a setting value.
pub fn seen(
    provider: Option<&Provider>,
    key: &str,
    value: Value,
) -> Option<SettingValue<MaskedSecret>> {
    Some(match value {
        Value::Null => SettingValue::Null,
        Value::Bool(on) => SettingValue::Switch(on),
        Value::Number(_) if is_sensitive(provider, key) => SettingValue::Secret(MaskedSecret::Any),
        Value::Number(number) => SettingValue::Number(number),
        Value::String(text) => {
            let text = Zeroizing::new(text);
            if may_show(provider, key, &text) {
                SettingValue::Text(text.to_string())
            } else if text.is_empty() {
                SettingValue::Null
            } else {
                // Masking a mask again returns the same mask.
                SettingValue::Secret(MaskedSecret::new(&text))
            }
        }
        Value::Array(_) | Value::Object(_) => return None,
    })
}

/// Returns whether a text may be shown: a reference, or the value of a setting that is not sensitive.
fn may_show(provider: Option<&Provider>, key: &str, text: &str) -> bool {
    if Reference::read(text).is_some() {
        return true;
    }
    let is_described = provider.is_some_and(|it| it.field_in_any_case(key).is_some());
    // The setting's name is only a hint: a value that looks like a key is masked.
    let looks_like_secret =
        text.starts_with("sk-") || looks_like_secret(text) || text.chars().any(is_hidden);
    !is_sensitive(provider, key)
        && (is_described || !looks_like_secret)
        && !key_like::has_key(text)
        && !has_credentials(text)
}

/// Returns whether a text is a URL with a user name or password.
fn has_credentials(text: &str) -> bool {
    const WORDS: [&str; 5] = ["key", "token", "secret", "password", "signature"];
    let Ok(url) = url::Url::parse(text.trim()) else {
        return false;
    };
    let has_key = url.query_pairs().any(|(name, _)| {
        let name = name.to_lowercase();
        WORDS.iter().any(|word| name.contains(word))
    });
    has_key || !url.username().is_empty() || url.password().is_some()
}

/// A date that may be missing, or without an offset as .NET writes it, which means UTC.
#[derive(Clone, Copy, Default)]
pub struct LenientDate(pub Option<DateTime<Utc>>);

impl<'de> Deserialize<'de> for LenientDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else {
            return Ok(Self(None));
        };
        let with_offset = DateTime::parse_from_rfc3339(&text).map(|date| date.to_utc());
        let without = || text.parse::<NaiveDateTime>().map(|date| date.and_utc());
        Ok(Self(with_offset.or_else(|_| without()).ok()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(json: &str) -> Connection {
        let arrived: ConnectionDto = serde_json::from_str(json).unwrap();
        arrived.masked(&ProviderCatalog::embedded())
    }

    const LEAST: &str = r#""id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"a","name":"A","providerId":"openai""#;

    #[test]
    fn plain_secrets_are_masked() {
        let connection = masked(&format!(
            r#"{{{LEAST},"settings":{{"apiKey":"sk-planted","endpoint":"https://x.example","organization":null,"unheardOf":"planted"}}}}"#
        ));
        let settings = serde_json::to_string(&connection.settings).unwrap();
        assert_eq!(
            settings,
            r#"{"apiKey":"sk-***","endpoint":"https://x.example","organization":null,"unheardOf":"***"}"#
        );
    }

    #[test]
    fn masks_references_and_empty_secrets_stay() {
        for (sent, seen) in [
            ("\"$OpenAI:ApiKey\"", "\"$OpenAI:ApiKey\""),
            ("\"sk-***\"", "\"sk-***\""),
            ("\"********\"", "\"***\""),
            ("\"$$planted\"", "\"***\""),
            ("\"\"", "null"),
            ("true", "true"),
            ("1.5", "\"***\""),
        ] {
            let connection = masked(&format!(r#"{{{LEAST},"settings":{{"apiKey":{sent}}}}}"#));
            let settings = serde_json::to_string(&connection.settings).unwrap();
            assert_eq!(settings, format!(r#"{{"apiKey":{seen}}}"#), "{sent}");
        }
    }

    #[test]
    fn unknown_provider_shows_harmless_settings_only() {
        let json = r#"{"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"a","name":"A","providerId":"else","settings":{
            "region":"eu","token":"planted","pin":4711,"list":["planted"],"baseUrl":"https://u:planted@x.example","model":"sk-planted"}}"#;
        let settings = serde_json::to_string(&masked(json).settings).unwrap();
        assert_eq!(
            settings,
            r#"{"region":"eu","token":"***","pin":"***","baseUrl":"***","model":"sk-***"}"#
        );
    }

    #[test]
    fn setting_keys_ignore_case() {
        let connection = masked(&format!(
            r#"{{{LEAST},"settings":{{"ApiKey":"planted","ENDPOINT":"https://x.example"}}}}"#
        ));
        let settings = serde_json::to_string(&connection.settings).unwrap();
        assert_eq!(
            settings,
            r#"{"apiKey":"***","endpoint":"https://x.example"}"#
        );
    }

    #[test]
    fn missing_members_default_and_unknown_are_ignored() {
        let connection = masked(&format!(
            r#"{{{LEAST},"dateCreated":"2024-01-15T10:30:00.1234567","settings":null,"$type":"x","group":{{"a":[1]}}}}"#
        ));
        assert!(connection.item.is_active && connection.settings.is_none());
        assert_eq!(connection.item.version, 0);
        assert_eq!(connection.item.date_created, connection.item.date_modified);
        assert!(
            connection
                .item
                .date_created
                .to_rfc3339()
                .starts_with("2024-01-15T10:30:00.1234567")
        );
    }
}
