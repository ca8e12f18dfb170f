//! Context that a sealed secret is bound to: its place in a store, and the destination of its connection.

use sha2::{Digest as _, Sha256};
use url::Url;
use uuid::Uuid;

use crate::connection::{Connection, SettingValue, Settings};

/// Context that a sealed secret is bound to.
pub struct SealContext<'a> {
    /// ID of the store.
    pub store: Uuid,
    /// ID of the connection.
    pub connection: Uuid,
    /// Key of the setting.
    pub field: &'a str,
    /// Destination of the connection.
    pub destination: SealDestination,
}

impl SealContext<'_> {
    pub(super) fn binding(&self) -> Vec<u8> {
        [self.place(b"umai secret 2").as_slice(), &self.destination.0].concat()
    }

    /// Binding of seals in stores of format 1, which do not bind the destination.
    pub(super) fn binding_of_format_1(&self) -> Vec<u8> {
        self.place(b"umai secret 1")
    }

    fn place(&self, domain: &[u8]) -> Vec<u8> {
        let field = self.field.as_bytes();
        [
            domain,
            self.store.as_bytes(),
            self.connection.as_bytes(),
            &(field.len() as u64).to_le_bytes(),
            field,
        ]
        .concat()
    }
}

/// Hash of what decides where the secrets of a connection are sent: its provider and its visible settings, of URLs only the
/// origin.
///
/// A provider file may use any setting in an address, so all of them count. Without the key, none can be changed without making
/// the secrets unreadable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealDestination([u8; 32]);

impl SealDestination {
    /// Returns the destination of a connection.
    pub fn of<S>(connection: &Connection<S>) -> Self {
        let settings = connection.settings.iter().flat_map(Settings::iter);
        let mut places: Vec<(&str, String)> = settings
            .filter_map(|(key, value)| Some((key, place_of(value)?)))
            .collect();
        places.sort();
        let mut hash = Sha256::new();
        add(&mut hash, &connection.item.provider_id);
        for (key, place) in &places {
            add(&mut hash, key);
            add(&mut hash, place);
        }
        Self(hash.finalize().into())
    }
}

fn place_of<S>(value: &SettingValue<S>) -> Option<String> {
    match value {
        SettingValue::Null | SettingValue::Secret(_) => None,
        SettingValue::Switch(on) => Some(on.to_string()),
        SettingValue::Number(number) => Some(number.to_string()),
        SettingValue::Text(text) => Some(origin(text).unwrap_or_else(|| text.clone())),
    }
}

/// Returns scheme, host and port of a URL.
fn origin(text: &str) -> Option<String> {
    let origin = Url::parse(text.trim()).ok()?.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

fn add(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_le_bytes());
    hash.update(text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::MaskedSecret;

    fn destination(provider: &str, settings: &str) -> SealDestination {
        let json = format!(
            r#"{{"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"a","name":"A","providerId":"{provider}","isActive":true,
            "dateCreated":"2024-01-15T10:30:00Z","dateModified":"2024-01-15T10:30:00Z","version":1,"settings":{settings}}}"#
        );
        let connection: Connection<MaskedSecret> = serde_json::from_str(&json).unwrap();
        SealDestination::of(&connection)
    }

    #[test]
    fn destination_changes_with_provider_origin_and_visible_settings() {
        let of = |settings| destination("openai", settings);
        let stored =
            of(r#"{"apiKey":"***","endpoint":"https://api.example/v1","region":"eu","n":null}"#);
        for same in [
            r#"{"region":"eu","endpoint":"https://API.example:443/v2"}"#,
            r#"{"apiKey":"sk-***","endpoint":" https://api.example/v1 ","region":"eu"}"#,
        ] {
            assert_eq!(of(same), stored, "{same}");
        }
        for other in [
            r#"{"endpoint":"https://evil.example/v1","region":"eu"}"#,
            r#"{"endpoint":"http://api.example/v1","region":"eu"}"#,
            r#"{"endpoint":"https://api.example:8443/v1","region":"eu"}"#,
            r#"{"endpoint":"https://api.example@evil.example/v1","region":"eu"}"#,
            r#"{"endpoint":"$Evil:Endpoint","region":"eu"}"#,
            r#"{"endpoint":"https://api.example/v1","region":"us"}"#,
            r#"{"endpoint":"https://api.example/v1","region":"eu","proxy":"x"}"#,
            r#"{"base":"https://api.example/v1","region":"eu"}"#,
            r#"{"region":"eu"}"#,
        ] {
            assert_ne!(of(other), stored, "{other}");
        }
        let settings = r#"{"endpoint":"https://api.example/v1","region":"eu"}"#;
        assert_ne!(destination("custom", settings), stored);
        assert_ne!(of(r#"{"a":"data:1"}"#), of(r#"{"a":"data:2"}"#));
    }
}
