//! Reads JSON into a value of limited size; what exceeds the limits is skipped.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Maximum length of a text in bytes.
const MAX_TEXT: usize = 16 * 1024;

/// Seed for a value of at most as many nodes as the budget has left.
pub(super) struct BoundedValue<'b> {
    /// Nodes left.
    pub budget: &'b mut usize,
}

impl<'de> DeserializeSeed<'de> for BoundedValue<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        if *self.budget == 0 {
            return deserializer
                .deserialize_ignored_any(IgnoredAny)
                .map(|_| Value::Null);
        }
        *self.budget -= 1;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for BoundedValue<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(short_text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut kept = Vec::new();
        while *self.budget > 0 {
            let seed = BoundedValue {
                budget: &mut *self.budget,
            };
            let Some(value) = list.next_element_seed(seed)? else {
                return Ok(Value::Array(kept));
            };
            kept.push(value);
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Array(kept))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut kept = Map::new();
        while *self.budget > 0 {
            let Some(key) = map.next_key::<String>()? else {
                return Ok(Value::Object(kept));
            };
            // A member gets at most half of the remaining budget, so that an ID after a long member is kept.
            let share = self.budget.div_ceil(2);
            let mut left = share;
            let value = map.next_value_seed(BoundedValue { budget: &mut left })?;
            *self.budget -= share - left;
            if key.len() <= MAX_TEXT {
                kept.insert(key, value);
            }
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Object(kept))
    }
}

/// Returns a text, or null if it is too long.
pub(super) fn short_text(text: &str) -> Value {
    if text.len() > MAX_TEXT {
        return Value::Null;
    }
    Value::String(text.to_owned())
}
