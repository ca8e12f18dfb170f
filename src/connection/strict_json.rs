//! Strict JSON for request bodies: one object, no duplicate members, at most 64 levels.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::error::ConnectionError;

/// Maximum nesting depth.
pub const MAX_DEPTH: usize = 64;

/// JSON value.
pub enum StrictJson {
    /// Null.
    Null,
    /// Boolean.
    Switch(bool),
    /// Number.
    Number(serde_json::Number),
    /// String.
    Text(String),
    /// Array.
    List(Vec<StrictJson>),
    /// Object, in order.
    Object(Vec<(String, StrictJson)>),
}

/// Reads the members of a body.
pub fn read_object(body: &[u8]) -> Result<Vec<(String, StrictJson)>, ConnectionError> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(malformed("The body is empty; it must be a JSON object"));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = JsonDepth(0)
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|error| malformed(&format!("The body is not valid JSON: {error}")))?;
    match value {
        StrictJson::Object(members) => Ok(members),
        _ => Err(malformed("The body must be a JSON object")),
    }
}

/// Converts known members to the spelling in `known`, case-insensitive as in ASP.NET.
///
/// Two spellings of a known member are a duplicate; unknown members keep their case.
pub fn with_known_names(
    members: Vec<(String, StrictJson)>,
    known: &[&str],
) -> Result<Vec<(String, StrictJson)>, ConnectionError> {
    let mut seen = HashSet::new();
    let named = members.into_iter().map(|(name, value)| {
        let Some(own) = known.iter().find(|own| own.eq_ignore_ascii_case(&name)) else {
            return Ok((name, value));
        };
        if seen.insert(*own) {
            Ok(((*own).to_owned(), value))
        } else {
            Err(malformed(&format!("The member '{own}' is given twice")))
        }
    });
    named.collect()
}

fn malformed(sentence: &str) -> ConnectionError {
    ConnectionError::Malformed(sentence.to_owned())
}

/// Nesting depth of the current value.
#[derive(Clone, Copy, Default)]
pub(super) struct JsonDepth(usize);

impl JsonDepth {
    /// Returns the depth of the values in a list or object at this depth.
    pub(super) fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.0 >= MAX_DEPTH {
            return Err(E::custom(format_args!("more than {MAX_DEPTH} levels")));
        }
        Ok(Self(self.0 + 1))
    }
}

impl<'de> Deserialize<'de> for StrictJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        JsonDepth(0).deserialize(deserializer)
    }
}

impl<'de> DeserializeSeed<'de> for JsonDepth {
    type Value = StrictJson;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<StrictJson, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for JsonDepth {
    type Value = StrictJson;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<StrictJson, E> {
        Ok(StrictJson::Null)
    }

    fn visit_bool<E>(self, on: bool) -> Result<StrictJson, E> {
        Ok(StrictJson::Switch(on))
    }

    fn visit_i64<E>(self, number: i64) -> Result<StrictJson, E> {
        Ok(StrictJson::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<StrictJson, E> {
        Ok(StrictJson::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<StrictJson, E> {
        Ok(serde_json::Number::from_f64(number).map_or(StrictJson::Null, StrictJson::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<StrictJson, E> {
        Ok(StrictJson::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<StrictJson, E> {
        Ok(StrictJson::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<StrictJson, A::Error> {
        let below = self.deeper()?;
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(below)? {
            values.push(value);
        }
        Ok(StrictJson::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<StrictJson, A::Error> {
        let below = self.deeper()?;
        let mut members = Vec::new();
        let mut seen = HashSet::new();
        while let Some(member) = object.next_key::<String>()? {
            if is_repeated(&members, &mut seen, &member) {
                return Err(serde::de::Error::custom(format_args!(
                    "the member '{member}' is given twice"
                )));
            }
            members.push((member, object.next_value_seed(below)?));
        }
        // Files have many small objects.
        members.shrink_to_fit();
        Ok(StrictJson::Object(members))
    }
}

/// Number of members that are compared one by one.
const FEW_MEMBERS: usize = 16;

/// Returns true if an object already has the member. Of an object with many members, `seen` has the names.
pub(super) fn is_repeated(
    members: &[(String, StrictJson)],
    seen: &mut HashSet<String>,
    member: &str,
) -> bool {
    let mut names = members.iter().map(|(name, _)| name);
    if members.len() < FEW_MEMBERS {
        return names.any(|name| name == member);
    }
    if seen.is_empty() {
        seen.extend(names.cloned());
    }
    !seen.insert(member.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("", "empty")]
    #[case("  \n", "empty")]
    #[case("[]", "must be a JSON object")]
    #[case("\"x\"", "must be a JSON object")]
    #[case("{\"a\":1", "not valid JSON")]
    #[case("{} {}", "not valid JSON")]
    #[case(r#"{"alias":"a","alias":"b"}"#, "'alias' is given twice")]
    #[case(
        r#"{"settings":{"apiKey":"a","apiKey":"b"}}"#,
        "'apiKey' is given twice"
    )]
    #[case(r#"{"x":[{"b":1,"b":2}]}"#, "'b' is given twice")]
    fn malformed_or_duplicate_body_is_refused(#[case] body: &str, #[case] reason: &str) {
        let message = match read_object(body.as_bytes()) {
            Ok(_) => panic!("{body} was accepted"),
            Err(error) => error.to_string(),
        };
        assert!(message.contains(reason), "{message}");
    }

    #[test]
    fn repeated_member_of_a_large_object_is_refused() {
        for repeated in [0, 15, 16, 17, 39] {
            let names = (0..40).chain([repeated]);
            let members: Vec<_> = names.map(|name| format!(r#""m{name}":1"#)).collect();
            let Err(error) = read_object(format!("{{{}}}", members.join(",")).as_bytes()) else {
                panic!("m{repeated} was accepted twice");
            };
            let reason = format!("'m{repeated}' is given twice");
            assert!(error.to_string().contains(&reason), "{error}");
            let once = format!("{{{}}}", members[..40].join(","));
            assert!(read_object(once.as_bytes()).is_ok());
        }
    }

    #[test]
    fn nesting_limit_is_64_levels() {
        let nested = |levels: usize| {
            format!(
                "{{\"x\":{}1{}}}",
                "[".repeat(levels - 1),
                "]".repeat(levels - 1)
            )
        };
        assert!(read_object(nested(64).as_bytes()).is_ok());
        assert!(read_object(nested(65).as_bytes()).is_err());
        assert!(read_object(nested(100_000).as_bytes()).is_err());
    }
}
