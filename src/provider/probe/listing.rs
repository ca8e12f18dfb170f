//! How models are read from an answer.

mod bounded;
mod reading;

use std::collections::BTreeMap;
use std::io::Read;

use serde::Deserialize;
use serde_json::Value;

use super::by_name::capabilities_by_name;
use super::one_or_many::one_or_many;
use super::template::Template;
use crate::provider::Capability;

use reading::Reading;

/// The most characters of an identifier that is believed to be one.
const MAX_ID: usize = 512;

/// The most models that are kept of one list.
pub const MAX_MODELS: usize = 50_000;

/// Members that OpenAI-like servers have an identifier in.
const OPENAI_IDS: &[&str] = &["id", "name", "model"];

/// Where an answer has its models.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Listing {
    /// Where the list is asked for; the probe's own address when none is given.
    #[serde(default, deserialize_with = "one_or_many")]
    pub address: Vec<Template>,
    /// The member that is the list; the answer itself when none is given.
    #[serde(default)]
    pub list: Option<String>,
    /// The member of a model that requests call it by.
    #[serde(default = "id")]
    pub id: String,
    /// The member that people call it by; its id when there is none.
    #[serde(default)]
    pub name: Option<String>,
    /// What is taken off the beginning of an id.
    #[serde(default)]
    pub strip: Option<String>,
    /// The member whose name tells what a model can do, where the id does not.
    #[serde(default)]
    pub known_as: Option<String>,
    /// How the provider itself tells what a model can do.
    #[serde(default)]
    pub capabilities: Option<CapabilityWords>,
    /// How it goes on behind the end of a page.
    #[serde(default)]
    pub next: Option<Next>,
}

fn id() -> String {
    "id".to_owned()
}

/// The provider's own words for what a model can do.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CapabilityWords {
    /// The member that has them: one word, a list, or an object of which those that are true count.
    pub member: String,
    /// What each means; others mean nothing to us.
    pub words: BTreeMap<String, Capability>,
}

/// How a list goes on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Next {
    /// The member that says where.
    pub token: String,
    /// The query's key that takes it; a whole address when none is given.
    #[serde(default)]
    pub query: Option<String>,
    /// The member that must be true for it to go on at all.
    #[serde(default)]
    pub more: Option<String>,
}

/// How strictly an answer has to follow its [`Listing`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListShape {
    /// As the provider's file says.
    AsListed,
    /// As OpenAI-like servers write lists, too: a bare array, `data` or `models`, with `id`, `name` or `model`.
    OpenAiLike,
}

/// An answer to the request for a list.
#[derive(Debug, PartialEq)]
pub enum ListAnswer {
    /// A page of the list.
    Page(PageOfModels),
    /// Another JSON document, shortened; of an array its first element.
    Other(Value),
}

/// One page of a list.
#[derive(Debug, PartialEq, Eq)]
pub struct PageOfModels {
    /// The models, in the provider's order.
    pub models: Vec<Named>,
    /// Where it goes on.
    pub next: Option<NextPage>,
}

/// A model as a provider names it.
#[derive(Debug, PartialEq, Eq)]
pub struct Named {
    /// What requests call it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it can do.
    pub capabilities: Vec<Capability>,
}

/// Where a list goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextPage {
    /// The same address with this in its query.
    Query(String, String),
    /// Another address of the same origin.
    Address(String),
}

impl Listing {
    /// Reads an answer from a stream in bounded memory. Errors are those of JSON and of the stream.
    pub fn read(
        &self,
        shape: ListShape,
        answer: impl Read,
    ) -> Result<ListAnswer, serde_json::Error> {
        Reading::new(self, shape).read(answer)
    }

    fn model(&self, model: &Value, shape: ListShape) -> Option<Named> {
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
        Some(Named {
            id: id.to_owned(),
            name: name.unwrap_or(id).to_owned(),
            capabilities: self
                .told(model)
                .unwrap_or_else(|| capabilities_by_name(known_as)),
        })
    }

    /// What the provider says a model can do; nothing when it says nothing of it.
    fn told(&self, model: &Value) -> Option<Vec<Capability>> {
        let CapabilityWords {
            member: path,
            words,
        } = self.capabilities.as_ref()?;
        let said: Vec<&str> = match member(model, path)? {
            Value::String(word) => vec![word],
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
            Value::Object(switches) => switches
                .iter()
                .filter(|(_, on)| **on == Value::Bool(true) || on.as_str() == Some("true"))
                .map(|(word, _)| word.as_str())
                .collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) => return None,
        };
        let able =
            |capability: &Capability| said.iter().any(|word| words.get(*word) == Some(capability));
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

/// The member at a path of names joined by dots.
fn member<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.')
        .try_fold(value, |value, name| value.get(name))
}
