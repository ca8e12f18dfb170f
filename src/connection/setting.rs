//! Settings of a connection, in insertion order.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::secret::{MaskedSecret, PlainSecret};

/// Value of a setting; `S` is the type of secrets.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum SettingValue<S> {
    /// Null.
    Null,
    /// Boolean.
    Switch(bool),
    /// Number.
    Number(serde_json::Number),
    /// Secret. A mask is read as a secret.
    Secret(S),
    /// Visible text, including references.
    Text(String),
}

impl<S> SettingValue<S> {
    /// Converts a secret with `convert`.
    pub fn try_map<T, E>(
        self,
        convert: impl FnOnce(S) -> Result<T, E>,
    ) -> Result<SettingValue<T>, E> {
        Ok(match self {
            Self::Null => SettingValue::Null,
            Self::Switch(on) => SettingValue::Switch(on),
            Self::Number(number) => SettingValue::Number(number),
            Self::Text(text) => SettingValue::Text(text),
            Self::Secret(secret) => SettingValue::Secret(convert(secret)?),
        })
    }
}

impl SettingValue<PlainSecret> {
    /// Returns the text of a text or secret.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Secret(secret) => secret.expose(),
            Self::Null | Self::Switch(_) | Self::Number(_) => None,
        }
    }
}

/// Settings by key, in insertion order, each key once.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings<S>(Vec<(String, SettingValue<S>)>);

impl<S> Default for Settings<S> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<S> Settings<S> {
    /// Returns settings without keys that have space for a number of them.
    pub fn with_capacity(count: usize) -> Self {
        Self(Vec::with_capacity(count))
    }

    /// Returns the value of a key.
    pub fn get(&self, key: &str) -> Option<&SettingValue<S>> {
        self.0
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    /// Replaces or appends a value.
    pub fn set(&mut self, key: impl Into<String>, value: SettingValue<S>) {
        let key = key.into();
        match self.0.iter_mut().find(|(name, _)| *name == key) {
            Some((_, old)) => *old = value,
            None => self.0.push((key, value)),
        }
    }

    /// Removes a key.
    pub fn remove(&mut self, key: &str) {
        self.0.retain(|(name, _)| name != key);
    }

    /// Iterates over keys and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &SettingValue<S>)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// Returns the number of keys.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Converts every secret with `convert`, which receives the key.
    pub fn try_map<T, E>(
        self,
        mut convert: impl FnMut(&str, S) -> Result<T, E>,
    ) -> Result<Settings<T>, E> {
        self.0
            .into_iter()
            .map(|(key, value)| {
                let value = value.try_map(|secret| convert(&key, secret))?;
                Ok((key, value))
            })
            .collect::<Result<_, _>>()
            .map(Settings)
    }
}

impl Settings<PlainSecret> {
    /// Returns the settings with masked secrets.
    pub fn masked(&self) -> Settings<MaskedSecret> {
        Settings(
            self.iter()
                .map(|(key, value)| {
                    let seen = match value {
                        SettingValue::Null => SettingValue::Null,
                        SettingValue::Switch(on) => SettingValue::Switch(*on),
                        SettingValue::Number(number) => SettingValue::Number(number.clone()),
                        SettingValue::Text(text) => SettingValue::Text(text.clone()),
                        SettingValue::Secret(secret) => SettingValue::Secret(secret.mask()),
                    };
                    (key.to_owned(), seen)
                })
                .collect(),
        )
    }
}

impl<S> FromIterator<(String, SettingValue<S>)> for Settings<S> {
    fn from_iter<I: IntoIterator<Item = (String, SettingValue<S>)>>(pairs: I) -> Self {
        let mut settings = Self::default();
        for (key, value) in pairs {
            settings.set(key, value);
        }
        settings
    }
}

impl<S: Serialize> Serialize for Settings<S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

/// Reads a value. Not derived: serde would read a copy of it as each variant in turn, with an error for each that does not match.
impl<'de, S: Deserialize<'de>> Deserialize<'de> for SettingValue<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor(PhantomData))
    }
}

struct ValueVisitor<S>(PhantomData<S>);

impl<'de, S: Deserialize<'de>> Visitor<'de> for ValueVisitor<S> {
    type Value = SettingValue<S>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null, a boolean, a number, a text or a secret")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(SettingValue::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(SettingValue::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: de::Error>(self, on: bool) -> Result<Self::Value, E> {
        Ok(SettingValue::Switch(on))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(SettingValue::Number(number.into()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(SettingValue::Number(number.into()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
        let number = serde_json::Number::from_f64(number);
        let number = number.ok_or_else(|| E::custom("not a number of JSON"))?;
        Ok(SettingValue::Number(number))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        let secret = S::deserialize(StrDeserializer::<NotSecret>::new(text));
        Ok(secret.map_or_else(
            |NotSecret| SettingValue::Text(text.to_owned()),
            SettingValue::Secret,
        ))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        S::deserialize(MapAccessDeserializer::new(map)).map(SettingValue::Secret)
    }
}

/// Error of a text that is no secret, without a message.
#[derive(Debug, thiserror::Error)]
#[error("not a secret")]
struct NotSecret;

impl de::Error for NotSecret {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl<'de, S: Deserialize<'de>> Deserialize<'de> for Settings<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SettingPairs<S>(PhantomData<S>);

        impl<'de, S: Deserialize<'de>> Visitor<'de> for SettingPairs<S> {
            type Value = Settings<S>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of settings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::with_capacity(map.size_hint().unwrap_or(0));
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Settings(pairs))
            }
        }

        deserializer.deserialize_map(SettingPairs(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::super::secret::SealedSecret;
    use super::*;

    #[test]
    fn sealed_record_round_trips() -> Result<(), serde_json::Error> {
        let json = r#"{"apiKey":{"sealed":"AAAA"},"organization":null,"on":true,"endpoint":"***"}"#;
        let settings: Settings<SealedSecret> = serde_json::from_str(json)?;
        assert_eq!(serde_json::to_string(&settings)?, json);
        assert_eq!(
            settings.get("endpoint"),
            Some(&SettingValue::Text("***".into()))
        );
        Ok(())
    }

    #[test]
    fn masked_response_round_trips() -> Result<(), serde_json::Error> {
        let json = r#"{"apiKey":"sk-***","region":"us-east-1"}"#;
        let settings: Settings<MaskedSecret> = serde_json::from_str(json)?;
        assert_eq!(
            settings.get("apiKey"),
            Some(&SettingValue::Secret(MaskedSecret::OpenAiStyle))
        );
        assert_eq!(serde_json::to_string(&settings)?, json);
        Ok(())
    }

    #[test]
    fn values_of_every_kind_round_trip() -> Result<(), serde_json::Error> {
        let json = r#"{"a":null,"b":false,"c":-1,"d":18446744073709551615,"e":0.25,"f":"","g":{"sealed":"A"}}"#;
        let settings: Settings<SealedSecret> = serde_json::from_str(json)?;
        assert_eq!(serde_json::to_string(&settings)?, json);
        let copy: Settings<SealedSecret> =
            serde_json::from_value(serde_json::to_value(&settings)?)?;
        assert_eq!(copy, settings);
        Ok(())
    }

    #[test]
    fn list_or_other_object_is_no_value() {
        for json in [
            r#"{"a":[]}"#,
            r#"{"a":{}}"#,
            r#"{"a":{"sealed":"A","b":1}}"#,
        ] {
            assert!(
                serde_json::from_str::<Settings<SealedSecret>>(json).is_err(),
                "{json}"
            );
        }
        let object = r#"{"a":{"sealed":"A"}}"#;
        assert!(serde_json::from_str::<Settings<MaskedSecret>>(object).is_err());
    }
}
