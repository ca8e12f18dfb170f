//! Splits a JSON object into its members without touching their bytes.

use std::ops::Range;

use serde_json::Value;

use crate::connection::{MaskedSecret, PlainSecret, SettingValue};
use crate::text;

/// Position of a member in the text.
pub struct Member {
    /// The key with its quotes.
    pub name: Range<usize>,
    /// The value.
    pub value: Range<usize>,
}

impl Member {
    /// Returns the key without quotes and escapes.
    pub fn key(&self, text: &str) -> String {
        let name = text.get(self.name.clone()).unwrap_or_default();
        serde_json::from_str(name).unwrap_or_default()
    }

    /// Returns the value as it was sent.
    pub fn value<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.value.clone()).unwrap_or_default()
    }

    /// Returns a string value.
    pub fn text(&self, text: &str) -> Option<zeroize::Zeroizing<String>> {
        serde_json::from_str(self.value(text))
            .ok()
            .map(zeroize::Zeroizing::new)
    }

    /// Returns whether the value is a mask, or a list or an object that contains one.
    pub fn has_mask(&self, text: &str) -> bool {
        match self.text(text) {
            Some(text) => is_mask(&text),
            None => serde_json::from_str(self.value(text)).is_ok_and(|value| has_mask(&value)),
        }
    }

    /// Returns the value as a setting; none for a list or an object.
    pub fn setting(&self, text: &str) -> Option<SettingValue<PlainSecret>> {
        Some(match serde_json::from_str(self.value(text)).ok()? {
            Value::Null => SettingValue::Null,
            Value::Bool(on) => SettingValue::Switch(on),
            Value::Number(number) => SettingValue::Number(number),
            Value::String(text) => SettingValue::Secret(PlainSecret::new(text)),
            Value::Array(_) | Value::Object(_) => return None,
        })
    }
}

fn is_mask(text: &str) -> bool {
    MaskedSecret::is_mask(text::trim_invisible(text))
}
fn has_mask(value: &Value) -> bool {
    match value {
        Value::String(text) => is_mask(text),
        Value::Array(items) => items.iter().any(has_mask),
        Value::Object(members) => members.values().any(has_mask),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Returns the members of the object that begins at `from`, in valid JSON; none when something else begins there.
pub fn members(text: &str, from: usize) -> Option<Vec<Member>> {
    let bytes = text.as_bytes();
    let mut at = skip_space(bytes, from);
    if bytes.get(at) != Some(&b'{') {
        return None;
    }
    let mut members = Vec::new();
    at = skip_space(bytes, at + 1);
    while bytes.get(at)? != &b'}' {
        let name = at..end_of_value(bytes, at)?;
        at = skip_space(bytes, name.end);
        if bytes.get(at)? != &b':' {
            return None;
        }
        at = skip_space(bytes, at + 1);
        let value = at..end_of_value(bytes, at)?;
        at = skip_space(bytes, value.end);
        members.push(Member { name, value });
        if bytes.get(at)? == &b',' {
            at = skip_space(bytes, at + 1);
        }
    }
    Some(members)
}

fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

/// Returns the offset after the value that begins at `at`.
fn end_of_value(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let begin = at;
    loop {
        match bytes.get(at) {
            Some(b'"') => at = end_of_string(bytes, at)?,
            Some(b'{' | b'[') => {
                depth += 1;
                at += 1;
            }
            Some(b'}' | b']') if depth > 0 => {
                depth -= 1;
                at += 1;
            }
            // Between the elements of a list or an object.
            Some(_) if depth > 0 => {
                at += 1;
                continue;
            }
            Some(b',' | b':' | b'}' | b']') | None => return (at > begin).then_some(at),
            Some(sign) if sign.is_ascii_whitespace() => return (at > begin).then_some(at),
            Some(_) => {
                at += 1;
                continue;
            }
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

/// Returns the offset after the string that begins at `at`.
fn end_of_string(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        match bytes.get(at)? {
            b'\\' => at += 2,
            b'"' => return Some(at + 1),
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(text: &str) -> Vec<(String, &str)> {
        let members = members(text, 0).unwrap();
        let pairs = members
            .iter()
            .map(|member| (member.key(text), member.value(text)));
        pairs.collect()
    }

    #[test]
    fn members_keep_their_bytes_and_order() {
        let text = r#" { "b" : 1.50 , "A\"}\u0041":"x\\\"}", "n":null,"l":[1,{"x":"]"}], "o":{"a":[]},"t":true } "#;
        assert_eq!(
            split(text),
            [
                ("b".to_owned(), "1.50"),
                ("A\"}A".to_owned(), r#""x\\\"}""#),
                ("n".to_owned(), "null"),
                ("l".to_owned(), r#"[1,{"x":"]"}]"#),
                ("o".to_owned(), r#"{"a":[]}"#),
                ("t".to_owned(), "true"),
            ]
        );
        assert!(split("{}").is_empty());
        assert!(members("[]", 0).is_none());
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::from),
            ".*".prop_map(Value::String),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                prop::collection::vec((".*", inner), 0..4)
                    .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_object_splits_into_its_members(pairs in prop::collection::vec((".*", value()), 0..5)) {
            let object: serde_json::Map<_, _> = pairs.into_iter().collect();
            let text = serde_json::to_string_pretty(&object).unwrap();
            let found = split(&text);
            prop_assert_eq!(found.len(), object.len());
            for ((key, raw), (name, value)) in found.iter().zip(&object) {
                prop_assert_eq!(key, name);
                prop_assert_eq!(&serde_json::from_str::<Value>(raw).unwrap(), value);
            }
        }

        #[test]
        fn any_text_is_split_or_refused(text in ".*") {
            let _ = members(&text, 0);
        }
    }
}
