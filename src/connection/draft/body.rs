//! Writes a draft as a request body.
//!
//! Plaintext secrets do not implement `Serialize`, so that none gets into a record or a response by accident. This module writes
//! them explicitly, into a buffer that never reallocates and is wiped.

use serde::Serialize;
use zeroize::Zeroizing;

use super::ConnectionDraft;
use crate::connection::{MaskedSecret, PlainSecret, SettingValue, Settings};

/// Maximum size of an escaped byte in JSON: `\u001b`.
pub(crate) const MAX_PER_BYTE: usize = 6;

/// Upper limit for member names and punctuation.
const OVERHEAD: usize = 128;

/// Upper limit for the punctuation of a setting, and for a number.
pub(crate) const SETTING_OVERHEAD: usize = 40;

impl ConnectionDraft {
    /// Returns the body that [`ConnectionDraft::from_json`] reads as this draft, without absent fields.
    pub fn to_body(&self) -> Zeroizing<Vec<u8>> {
        let mut body = Zeroizing::new(Vec::with_capacity(self.max_bytes()));
        let mut separator = b'{';
        let mut member = |name: &str, write: &dyn Fn(&mut Vec<u8>)| {
            body.push(separator);
            separator = b',';
            put(&mut body, name);
            body.push(b':');
            write(&mut body);
        };
        for (name, text) in [
            ("alias", &self.alias),
            ("name", &self.name),
            ("providerId", &self.provider_id),
            ("changeDescription", &self.note),
        ] {
            if let Some(text) = text {
                member(name, &|body| put(body, text));
            }
        }
        if let Some(active) = &self.is_active {
            member("isActive", &|body| put(body, active));
        }
        if let Some(settings) = &self.settings {
            member("settings", &|body| put_settings(body, settings));
        }
        if separator == b'{' {
            body.push(separator);
        }
        body.push(b'}');
        body
    }

    /// Returns an upper limit of the body size: a buffer that grows leaves an unwiped copy.
    fn max_bytes(&self) -> usize {
        let texts = [&self.alias, &self.name, &self.provider_id, &self.note];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        let settings: usize = self
            .settings
            .iter()
            .flat_map(Settings::iter)
            .map(|(key, value)| max_setting_bytes(key, value))
            .sum();
        OVERHEAD + MAX_PER_BYTE * texts + settings
    }
}

/// Returns an upper limit of the size of a setting.
pub(crate) fn max_setting_bytes(key: &str, value: &SettingValue<PlainSecret>) -> usize {
    let text = value.text().map_or(0, str::len);
    SETTING_OVERHEAD + MAX_PER_BYTE * (key.len() + text)
}

fn put_settings(body: &mut Vec<u8>, settings: &Settings<PlainSecret>) {
    let mut separator = b'{';
    for (key, value) in settings.iter() {
        body.push(separator);
        separator = b',';
        put(body, key);
        body.push(b':');
        put_setting(body, value);
    }
    if separator == b'{' {
        body.push(separator);
    }
    body.push(b'}');
}

/// Writes the value of a setting with its secret.
pub(crate) fn put_setting(body: &mut Vec<u8>, value: &SettingValue<PlainSecret>) {
    match value {
        SettingValue::Null => put(body, &()),
        SettingValue::Switch(on) => put(body, on),
        SettingValue::Number(number) => put(body, number),
        // The mask keeps a secret that cannot be read.
        SettingValue::Secret(secret) => {
            put(body, secret.expose().unwrap_or(MaskedSecret::Any.text()));
        }
        SettingValue::Text(text) => put(body, text),
    }
}

/// Writes a text, a boolean or a number.
pub(crate) fn put<T: Serialize + ?Sized>(body: &mut Vec<u8>, value: &T) {
    // Serializing text, booleans and numbers into a Vec cannot fail.
    let _ = serde_json::to_writer(body, value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn setting() -> impl Strategy<Value = SettingValue<PlainSecret>> {
        prop_oneof![
            Just(SettingValue::Null),
            any::<bool>().prop_map(SettingValue::Switch),
            any::<i64>().prop_map(|number| SettingValue::Number(number.into())),
            any::<u64>().prop_map(|number| SettingValue::Number(number.into())),
            any::<String>().prop_map(|text| SettingValue::Secret(PlainSecret::new(text))),
        ]
    }

    fn draft() -> impl Strategy<Value = ConnectionDraft> {
        let text = || prop::option::of(any::<String>());
        let settings = prop::option::of(prop::collection::vec((any::<String>(), setting()), 0..6));
        let active = prop::option::of(any::<bool>());
        (text(), text(), text(), active, settings, text()).prop_map(
            |(alias, name, provider_id, is_active, settings, note)| ConnectionDraft {
                alias,
                name,
                provider_id,
                is_active,
                settings: settings.map(|pairs| pairs.into_iter().collect()),
                note,
                misread: Vec::new(),
            },
        )
    }

    proptest! {
        #[test]
        fn body_reads_back_as_the_same_draft(draft in draft()) {
            let body = draft.to_body();
            prop_assert!(body.capacity() <= draft.max_bytes(), "it grew");
            prop_assert_eq!(ConnectionDraft::from_json(&body).unwrap(), draft);
        }
    }

    #[test]
    fn documented_request_round_trips() {
        let body = r#"{"alias":"openai-prod","name":"OpenAI Production","providerId":"openai","isActive":true,"settings":{"apiKey":"sk-your-api-key","organization":null}}"#;
        let draft = ConnectionDraft::from_json(body.as_bytes()).unwrap();
        assert_eq!(std::str::from_utf8(&draft.to_body()).unwrap(), body);
    }

    #[test]
    fn number_with_many_digits_round_trips() {
        let body = br#"{"settings":{"n":18446744073704073709551615,"m":1e-7,"o":0.1}}"#;
        let draft = ConnectionDraft::from_json(body).unwrap();
        assert_eq!(ConnectionDraft::from_json(&draft.to_body()).unwrap(), draft);
    }

    #[test]
    fn absent_fields_are_omitted_and_text_settings_are_written() {
        let empty = ConnectionDraft::default();
        assert_eq!(&*empty.to_body(), b"{}");
        let settings = [("region".to_owned(), SettingValue::Text("eu".into()))];
        let draft = ConnectionDraft {
            settings: Some(settings.into_iter().collect()),
            ..ConnectionDraft::default()
        };
        assert_eq!(&*draft.to_body(), br#"{"settings":{"region":"eu"}}"#);
    }
}
