//! The connections of a far server: the same trait, over HTTP.
//!
//! Every refusal of a server of our making comes back as the error it was there. One of another making is shown in its own
//! words, and what it leaves out has a default; no secret that it sends in clear comes further than `client/arrival.rs`.

mod address;
mod arrival;
mod catalog;
mod change;
mod events;
mod feed;
mod foreign;
mod history;
mod list;
mod options;
mod raw;
mod refusal;
mod service;
mod trouble;
mod wire;
mod words;

use std::sync::Arc;

use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use address::Address;
pub use options::RemoteOptions;

use crate::connection::{Connection, ConnectionError, IdOrAlias, ServerError, alias};
use crate::provider::ProviderCatalog;
use arrival::Arrived;
use refusal::About;
use wire::{Answer, Asking, SharedWire, Wire};

/// The most characters of an alias that a server is asked for: no address is longer than some servers read.
const MOST_ALIAS: usize = 255;

/// Answers [`crate::connection::ConnectionService`] by asking a server.
pub struct RemoteService {
    wire: SharedWire,
    catalog: Arc<ProviderCatalog>,
    /// Whether the server is of our making.
    is_kin: bool,
    /// Whether it named providers, as every server with this API does.
    is_proven: bool,
    notices: Vec<String>,
}

impl RemoteService {
    /// Asks a server for what is needed before anything else: its providers, and what people should know.
    pub async fn connect(options: &RemoteOptions) -> Result<Self, ConnectionError> {
        let wire = Wire::new(options)?;
        // One after the other: whoever is not let in is told so once, and the second goes over the connection of the first.
        let fetched = catalog::fetch(&wire).await?;
        let told = if fetched.is_kin {
            notices(&wire).await
        } else {
            Vec::new()
        };
        let notices = told.into_iter().chain(fetched.notices);
        Ok(Self {
            catalog: Arc::new(fetched.catalog),
            is_kin: fetched.is_kin,
            is_proven: fetched.is_proven,
            notices: notices.collect(),
            wire: Arc::new(wire),
        })
    }

    /// What the server says that it is, in its `openapi.json`: a title and a version; nothing when it says no such thing.
    pub async fn says_of_itself(&self) -> Option<String> {
        let url = self.wire.address().beside("openapi.json");
        let answer = self.wire.send(Asking::get(url)).await.ok()?;
        let document: Value = serde_json::from_slice(&answer.body).ok()?;
        let word = |name: &str| words::line(document.get("info")?.get(name)?.as_str()?);
        Some(format!("{} {}", word("title")?, word("version")?))
    }

    /// Sends a request whose answer is what the server made of it.
    async fn ask(&self, asking: Asking, about: About<'_>) -> Result<Answer, ConnectionError> {
        let answer = self.wire.send(asking).await?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        if refusal::is_of_no_api(&answer) || self.has_no_such_address(&answer).await {
            return Err(self.foreign());
        }
        Err(refusal::read(&answer, about))
    }

    /// Whether nothing of the API is there, when a server that proved nothing yet answers 404 and says nothing.
    async fn has_no_such_address(&self, answer: &Answer) -> bool {
        let is_mute = answer.status == StatusCode::NOT_FOUND && answer.body.is_empty();
        if self.is_proven || !is_mute {
            return false;
        }
        let mut url = self.wire.address().of(&["connections"]);
        url.set_query(Some("skip=0&take=1"));
        let listed = self.wire.send(Asking::get(url)).await;
        listed.is_ok_and(|listed| listed.status == StatusCode::NOT_FOUND)
    }

    fn foreign(&self) -> ConnectionError {
        let server = self.wire.address().to_string();
        ServerError::Foreign { server }.into()
    }

    /// Asks for something.
    async fn fetch<T: DeserializeOwned>(
        &self,
        asking: Asking,
        about: About<'_>,
    ) -> Result<T, ConnectionError> {
        let answer = self.ask(asking, about).await?;
        self.read(&answer)
    }

    /// What an answer holds; what cannot be read is not repeated, since it may hold a secret.
    fn read<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, ConnectionError> {
        serde_json::from_slice(&answer.body).map_err(|_| self.foreign())
    }

    /// The connection that an answer holds; one of another making may answer nothing, or only an id.
    async fn saved(
        &self,
        answer: Answer,
        otherwise: Option<&IdOrAlias>,
    ) -> Result<Connection, ConnectionError> {
        let bare = || serde_json::from_slice::<uuid::Uuid>(&answer.body).ok();
        let located = || answer.location()?.rsplit('/').next()?.parse().ok();
        if let Some(id) = bare() {
            return self.one(&IdOrAlias::Id(id)).await;
        }
        match serde_json::from_slice::<Arrived>(&answer.body) {
            Ok(arrived) => return Ok(arrived.masked(&self.catalog)),
            Err(_) if self.is_kin && !answer.body.iter().all(u8::is_ascii_whitespace) => {
                return Err(self.foreign());
            }
            // The server said that it is done; how it looks now is asked for.
            Err(_) => {}
        }
        match (located(), otherwise) {
            (Some(id), _) => self.one(&IdOrAlias::Id(id)).await,
            (None, Some(key)) => self.one(key).await,
            (None, None) => self.read::<Value>(&answer).and(Err(unnamed())),
        }
    }

    /// One connection, as it is now.
    async fn one(&self, key: &IdOrAlias) -> Result<Connection, ConnectionError> {
        let arrived: Arrived = self.arrived(key).await?;
        Ok(arrived.masked(&self.catalog))
    }

    async fn arrived<T: DeserializeOwned>(&self, key: &IdOrAlias) -> Result<T, ConnectionError> {
        let url = self.wire.address().of(&["connections", &part(key)?]);
        self.fetch(Asking::get(url), About::one(key)).await
    }
}

/// The refusal of a save that does not say what it made.
fn unnamed() -> ConnectionError {
    ServerError::Refused {
        status: 200,
        words: "The server does not say what it saved; read the list again".into(),
    }
    .into()
}

/// What the server says people should know; nothing when it does not say so.
async fn notices(wire: &Wire) -> Vec<String> {
    let url = wire.address().of(&["notices"]);
    let Ok(answer) = wire.send(Asking::get(url)).await else {
        return Vec::new();
    };
    let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let items = said.get("items").and_then(Value::as_array);
    items
        .into_iter()
        .flatten()
        .filter_map(|item| words::line(item.as_str()?))
        .collect()
}

/// The part of an address that names a connection. An alias that would lead elsewhere is nobody's.
fn part(key: &IdOrAlias) -> Result<String, ConnectionError> {
    match key {
        IdOrAlias::Id(id) => Ok(id.to_string()),
        IdOrAlias::Alias(alias) if is_askable(alias) => Ok(alias.clone()),
        IdOrAlias::Alias(_) => Err(ConnectionError::NotFound(key.clone())),
    }
}

/// Whether an alias can be a part of an address, and means a connection there.
fn is_askable(alias: &str) -> bool {
    !matches!(alias, "" | "." | "..")
        // Addresses lose line ends and tabs, so that it would be another one's.
        && !alias.chars().any(char::is_control)
        && alias.chars().count() <= MOST_ALIAS
        && !alias::is_reserved(&alias.to_lowercase())
}
