//! Description of model lists, and parsing of models.

mod bounded;
mod parser;

use std::collections::BTreeMap;
use std::io::Read;

use serde::Deserialize;
use serde_json::Value;

use super::infer_capabilities::capabilities_by_name;
use super::one_or_many::one_or_many;
use super::template::Template;
use crate::provider::Capability;

use parser::ListParser;

/// Maximum length of a model ID in characters.
const MAX_ID: usize = 512;

/// Maximum number of models of a list.
pub const MAX_MODELS: usize = 50_000;

/// Members with the ID in lists of OpenAI-compatible servers.
const OPENAI_IDS: &[&str] = &["id", "name", "model"];

/// Format of a model list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ModelListFormat {
    /// URLs of the list; those of the probe by default.
    #[serde(default, deserialize_with = "one_or_many")]
    pub address: Vec<Template>,
    /// Member with the list; the whole response by default.
    #[serde(default)]
    pub list: Option<String>,
    /// Member with the model ID.
    #[serde(default = "id")]
    pub id: String,
    /// Member with the display name; the ID by default.
    #[serde(default)]
    pub name: Option<String>,
    /// Prefix to remove from IDs.
    #[serde(default)]
    pub strip: Option<String>,
    /// Member with the name that determines capabilities, if not the ID.
    #[serde(default)]
    pub known_as: Option<String>,
    /// Member with the capabilities.
    #[serde(default)]
    pub capabilities: Option<CapabilityWords>,
    /// Pagination.
    #[serde(default)]
    pub next: Option<Pagination>,
}

fn id() -> String {
    "id".to_owned()
}

/// Mapping of capability names of the provider.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CapabilityWords {
    /// Member with the names: a text, a list, or an object of booleans.
    pub member: String,
    /// Capability of each name; other names are ignored.
    pub words: BTreeMap<String, Capability>,
}

/// Pagination of a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Pagination {
    /// Member with the token of the next page.
    pub token: String,
    /// Query parameter for the token; by default the token is a URL.
    #[serde(default)]
    pub query: Option<String>,
    /// Member that must be true if there is a next page.
    #[serde(default)]
    pub more: Option<String>,
}

/// Accepted formats of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListShape {
    /// Format of the provider file only.
    AsListed,
    /// Also formats of OpenAI-compatible servers: a bare array, `data` or `models`, with `id`, `name` or `model`.
    OpenAiLike,
}

/// Response to the request for a list.
#[derive(Debug, PartialEq)]
pub enum ListAnswer {
    /// Page of the list.
    Page(PageOfModels),
    /// Other JSON document, shortened; the first element of an array.
    Other(Value),
}

/// Page of a list.
#[derive(Debug, PartialEq, Eq)]
pub struct PageOfModels {
    /// Models in the order of the provider.
    pub models: Vec<ListedModel>,
    /// Next page.
    pub next: Option<NextPage>,
}

/// Model in a list.
#[derive(Debug, PartialEq, Eq)]
pub struct ListedModel {
    /// ID for requests.
    pub id: String,
    /// Display name.
    pub name: String,
    /// Capabilities.
    pub capabilities: Vec<Capability>,
}

/// Address of the next page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextPage {
    /// Same URL with this query parameter.
    Query(String, String),
    /// Other URL of the same origin.
    Address(String),
}

impl ModelListFormat {
    /// Parses a response from a stream in bounded memory. Errors are those of JSON and of the stream.
    pub fn read(
        &self,
        shape: ListShape,
        answer: impl Read,
    ) -> Result<ListAnswer, serde_json::Error> {
        ListParser::new(self, shape).read(answer)
    }

    fn model(&self, model: &Value, shape: ListShape) -> Option<ListedModel> {
        let text = |path: &str| member(model, path)?.as_str();
        let usual: &[&str] = match shape {
            ListShape::AsListed => &[],
            ListShape::OpenAiLike => OPENAI_IDS,
        };
        let mut ids = std::iter::once(self.id.as_str()).chain(usual.iter().copied());
        let whole = ids.find_map(|path| text(path).filter(|id| !id.is_empty()))?;
        let stripped = self
            .strip
            .as_deref()
            .and_then(|start| whole.strip_prefix(start));
        let id = stripped.unwrap_or(whole);
        if id.is_empty() || id.len() > MAX_ID {
            return None;
        }
        let name = self
            .name
            .as_deref()
            .and_then(text)
            .filter(|name| !name.is_empty() && name.len() <= MAX_ID);
        let known_as = self.known_as.as_deref().and_then(text).unwrap_or(id);
        Some(ListedModel {
            id: id.to_owned(),
            name: name.unwrap_or(id).to_owned(),
            capabilities: self
                .stated_capabilities(model)
                .unwrap_or_else(|| capabilities_by_name(known_as)),
        })
    }

    /// Returns the capabilities that the provider states, if any.
    fn stated_capabilities(&self, model: &Value) -> Option<Vec<Capability>> {
        let CapabilityWords {
            member: path,
            words,
        } = self.capabilities.as_ref()?;
        let names: Vec<&str> = match member(model, path)? {
            Value::String(word) => vec![word],
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
            Value::Object(switches) => switches
                .iter()
                .filter(|(_, on)| **on == Value::Bool(true) || on.as_str() == Some("true"))
                .map(|(word, _)| word.as_str())
                .collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) => return None,
        };
        let able = |capability: &Capability| {
            names
                .iter()
                .any(|word| words.get(*word) == Some(capability))
        };
        Some(Capability::ALL.into_iter().filter(able).collect())
    }

    fn next_page(&self, answer: &Value) -> Option<NextPage> {
        let next = self.next.as_ref()?;
        if let Some(more) = &next.more
            && member(answer, more) != Some(&Value::Bool(true))
        {
            return None;
        }
        let token = member(answer, &next.token)?.as_str()?;
        if token.is_empty() {
            return None;
        }
        Some(match &next.query {
            Some(key) => NextPage::Query(key.clone(), token.to_owned()),
            None => NextPage::Address(token.to_owned()),
        })
    }
}

/// Returns the member at a dotted path.
fn member<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.')
        .try_fold(value, |value, name| value.get(name))
}
