//! Streaming parser of model lists: keeps the models, the pagination and error members.

use std::fmt;
use std::io::Read;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::bounded::BoundedValue;
use super::{ListAnswer, ListShape, ListedModel, MAX_MODELS, ModelListFormat, PageOfModels};

/// Maximum number of nodes of a model.
const MODEL_NODES: usize = 1000;

/// Maximum number of nodes outside of the list.
const ENVELOPE_NODES: usize = 10_000;

/// Maximum length of a member name in bytes.
const MAX_KEY: usize = 1024;

/// State of the parser.
pub(super) struct ListParser<'l> {
    listing: &'l ModelListFormat,
    shape: ListShape,
    /// Paths of the list, by priority.
    paths: Vec<Vec<String>>,
    /// Result at each path.
    found: Vec<Option<ListAtPath>>,
    /// Current path, while a list may be below it.
    at: Vec<String>,
    budget: usize,
}

/// List at a path.
#[derive(Default)]
struct ListAtPath {
    is_null: bool,
    models: Vec<ListedModel>,
    /// The first element that is not a model.
    first_unknown: Option<Value>,
}

impl<'l> ListParser<'l> {
    pub(super) fn new(listing: &'l ModelListFormat, shape: ListShape) -> Self {
        let split = |path: &str| path.split('.').map(str::to_owned).collect::<Vec<_>>();
        let mut paths = vec![listing.list.as_deref().map(split).unwrap_or_default()];
        if shape == ListShape::OpenAiLike {
            for usual in [Vec::new(), split("data"), split("models")] {
                if !paths.contains(&usual) {
                    paths.push(usual);
                }
            }
        }
        Self {
            listing,
            shape,
            found: paths.iter().map(|_| None).collect(),
            paths,
            at: Vec::new(),
            budget: ENVELOPE_NODES,
        }
    }

    pub(super) fn read(mut self, answer: impl Read) -> Result<ListAnswer, serde_json::Error> {
        let mut json = serde_json::Deserializer::from_reader(answer);
        let envelope = Envelope(&mut self).deserialize(&mut json)?;
        json.end()?;
        Ok(self.finish_response(envelope))
    }

    fn finish_response(self, envelope: Value) -> ListAnswer {
        let lists = self.found.into_iter().flatten();
        let Some(list) = lists.min_by_key(|list| list.is_null) else {
            return ListAnswer::Other(envelope);
        };
        if list.models.is_empty() {
            // `{"error": …, "data": null}`
            if envelope.get("error").is_some_and(is_set) {
                return ListAnswer::Other(envelope);
            }
            if let Some(stranger) = list.first_unknown {
                return ListAnswer::Other(stranger);
            }
        }
        ListAnswer::Page(PageOfModels {
            models: list.models,
            next: self.listing.next_page(&envelope),
        })
    }

    /// Returns the index of the current path.
    fn place(&self) -> Option<usize> {
        self.paths.iter().position(|path| *path == self.at)
    }

    fn is_on_a_path(&self) -> bool {
        let mut paths = self.paths.iter();
        paths.any(|path| path.starts_with(&self.at))
    }
}

fn is_set(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false))
}

/// Seed for the document and for values that may contain the list.
struct Envelope<'r, 'l>(&'r mut ListParser<'l>);

impl<'de> DeserializeSeed<'de> for Envelope<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Envelope<'_, '_> {
    fn read_rest(&mut self) -> BoundedValue<'_> {
        BoundedValue {
            budget: &mut self.0.budget,
        }
    }
}

impl<'de> Visitor<'de> for Envelope<'_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        // Servers in Go and PHP serialize an empty list as null. A bare null is not a list.
        if let Some(place) = self.0.place()
            && !self.0.at.is_empty()
        {
            self.0.found[place] = Some(ListAtPath {
                is_null: true,
                ..ListAtPath::default()
            });
        }
        Ok(Value::Null)
    }

    fn visit_bool<E: serde::de::Error>(mut self, value: bool) -> Result<Value, E> {
        self.read_rest().visit_bool(value)
    }

    fn visit_i64<E: serde::de::Error>(mut self, value: i64) -> Result<Value, E> {
        self.read_rest().visit_i64(value)
    }

    fn visit_u64<E: serde::de::Error>(mut self, value: u64) -> Result<Value, E> {
        self.read_rest().visit_u64(value)
    }

    fn visit_f64<E: serde::de::Error>(mut self, value: f64) -> Result<Value, E> {
        self.read_rest().visit_f64(value)
    }

    fn visit_str<E: serde::de::Error>(mut self, text: &str) -> Result<Value, E> {
        self.read_rest().visit_str(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Value, A::Error> {
        let Some(place) = self.0.place() else {
            return self.read_rest().visit_seq(list);
        };
        let mut found = ListAtPath::default();
        while found.models.len() < MAX_MODELS {
            let mut budget = MODEL_NODES;
            let seed = BoundedValue {
                budget: &mut budget,
            };
            let Some(element) = list.next_element_seed(seed)? else {
                break;
            };
            match self.0.listing.model(&element, self.0.shape) {
                Some(model) => found.models.push(model),
                None if found.first_unknown.is_none() => found.first_unknown = Some(element),
                None => {}
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        self.0.found[place] = Some(found);
        Ok(Value::Array(Vec::new()))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Value, A::Error> {
        let mut kept = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            self.0.at.push(key);
            let value = if self.0.is_on_a_path() {
                map.next_value_seed(Envelope(&mut *self.0))
            } else {
                map.next_value_seed(self.read_rest())
            }?;
            let key = self.0.at.pop().unwrap_or_default();
            if self.0.budget > 0 && key.len() <= MAX_KEY {
                self.0.budget -= 1;
                kept.insert(key, value);
            }
        }
        Ok(Value::Object(kept))
    }
}

#[cfg(test)]
mod tests;
