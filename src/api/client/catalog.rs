//! The providers that a server knows.

use http::StatusCode;
use serde_json::Value;

use super::refusal::{self, About};
use super::wire::{Answer, Asking, Wire};
use crate::connection::{ConnectionError, ServerError};
use crate::provider::ProviderCatalog;
use crate::provider::received::Received;

/// The most providers that are taken from a server.
const MOST: usize = 256;

/// What a server knows of providers.
pub struct Fetched {
    /// The providers.
    pub catalog: ProviderCatalog,
    /// Whether the server is of our making: it says things of settings that others do not.
    pub is_kin: bool,
    /// Whether it named any at all.
    pub is_proven: bool,
    /// What people should know of it, one sentence each.
    pub notices: Vec<String>,
}

/// Asks for all at once; a server that does not tell so much is asked for each, and what it does not tell is taken from ours.
pub async fn fetch(wire: &Wire) -> Result<Fetched, ConnectionError> {
    let embedded = ProviderCatalog::embedded();
    let mut url = wire.address().of(&["providers"]);
    url.set_query(Some("expand=settings"));
    let answer = wire.send(Asking::get(url)).await?;
    if !answer.status.is_success() && answer.status != StatusCode::NOT_FOUND {
        if refusal::is_of_no_api(&answer) {
            let server = wire.address().to_string();
            return Err(ServerError::Foreign { server }.into());
        }
        return Err(refusal::read(&answer, About::default()));
    }
    let Some(listed) = listed(&answer) else {
        let words = "The server names no providers; those that come with umai are offered";
        return Ok(Fetched {
            catalog: embedded,
            is_kin: false,
            is_proven: false,
            notices: vec![words.into()],
        });
    };
    let mut fetched = Fetched {
        // A site without any provider lists nothing, and is none of ours.
        is_kin: !listed.is_empty() && listed.iter().all(Received::is_from_umai),
        is_proven: true,
        catalog: ProviderCatalog::default(),
        notices: Vec::new(),
    };
    let mut providers = Vec::with_capacity(listed.len());
    for received in listed.into_iter().take(MOST) {
        let known = embedded.get(&received.id);
        let Some(received) = described(received, wire).await? else {
            providers.extend(known.cloned());
            continue;
        };
        match received.into_provider(known) {
            Ok(provider) => providers.push(provider),
            Err(why) => fetched.notices.push(format!(
                "A provider of the server is left out, because {why}"
            )),
        }
    }
    fetched.catalog = providers.into_iter().collect();
    Ok(fetched)
}

/// The providers of a list that can be read; nothing when the answer is no list.
fn listed(answer: &Answer) -> Option<Vec<Received>> {
    if !answer.status.is_success() {
        return None;
    }
    let mut body = serde_json::from_slice(&answer.body).ok()?;
    if let Value::Object(page) = &mut body {
        body = page.remove("items")?;
    }
    let Value::Array(listed) = body else {
        return None;
    };
    let read = listed.into_iter().map(serde_json::from_value);
    Some(read.filter_map(Result::ok).collect())
}

/// The same with its settings, asked for by itself when the list does not say what they are; nothing when it is not told then.
async fn described(received: Received, wire: &Wire) -> Result<Option<Received>, ConnectionError> {
    if received.is_described() {
        return Ok(Some(received));
    }
    let url = wire.address().of(&["providers", &received.id]);
    let answer = wire.send(Asking::get(url)).await?;
    if !answer.status.is_success() {
        return Ok(None);
    }
    let described = serde_json::from_slice::<Received>(&answer.body).ok();
    Ok(described.filter(Received::is_described))
}
