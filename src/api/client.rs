//! Client of a remote server: [`crate::service::ConnectionService`] over HTTP.
//!
//! An umai server returns every error in machine-readable form, and the client restores it. For a third-party server the client
//! shows the error text of the response and uses defaults for missing members; plain secrets in a response never leave
//! the response types.

mod authentication;
mod base_url;
mod response_dto;
mod catalog;
mod commands;
mod draft_check;
mod sse;
mod change_feed;
mod third_party;
mod umbraco;
mod versions;
mod list;
mod models;
mod options;
mod raw;
mod error_response;
mod service;
mod transport_error;
mod http_client;
mod http_message;
mod untrusted_text;

use std::sync::Arc;

use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use base_url::BaseUrl;
pub use list::MAX_LISTED;
pub use options::RemoteOptions;
pub use umbraco::access_token::AccessToken;
pub use umbraco::credentials::{ClientCredentials, TokenCache};
pub use umbraco::site_check::{SiteCheck, check_site, find_site};

use crate::connection::{Connection, ConnectionError, IdOrAlias, ServerError, alias};
use crate::provider::ProviderCatalog;
use error_response::ErrorContext;
use http_client::{HttpClient, SharedHttpClient};
use http_message::{HttpRequest, HttpResponse};
use response_dto::ConnectionDto;

/// Maximum length of an alias in a request path, in characters; some servers limit URLs.
const MAX_ALIAS: usize = 255;

/// [`crate::service::ConnectionService`] of a remote server.
pub struct RemoteService {
    http: SharedHttpClient,
    catalog: Arc<ProviderCatalog>,
    /// True for an umai server.
    is_umai: bool,
    /// True when the server listed providers, as every server with this API does.
    has_listed_providers: bool,
    /// True when the token cannot change anything.
    is_read_only: bool,
    notices: Vec<String>,
}

impl RemoteService {
    /// Connects to a server: loads its providers and notices.
    pub async fn connect(options: &RemoteOptions) -> Result<Self, ConnectionError> {
        let http = HttpClient::new(options)?;
        // One after the other: an authentication error is reported once, and the second request reuses the connection.
        let fetched = catalog::fetch(&http).await?;
        let reported = if fetched.is_umai {
            notices(&http).await
        } else {
            Vec::new()
        };
        let notices = reported.into_iter().chain(fetched.notices);
        Ok(Self {
            catalog: Arc::new(fetched.catalog),
            is_umai: fetched.is_umai,
            has_listed_providers: fetched.has_listed_providers,
            is_read_only: fetched.is_read_only,
            notices: notices.collect(),
            http: Arc::new(http),
        })
    }

    /// Returns the version of a site, or the title and version from the server's `openapi.json`; none when it has none.
    pub async fn server_version(&self) -> Option<String> {
        if self.http.is_site() {
            return umbraco::site_check::version(&self.http).await;
        }
        let url = self.http.address().sibling_url("openapi.json");
        let answer = self.http.send(HttpRequest::get(url)).await.ok()?;
        let document: Value = serde_json::from_slice(&answer.body).ok()?;
        let word = |name: &str| untrusted_text::line(document.get("info")?.get(name)?.as_str()?);
        Some(format!("{} {}", word("title")?, word("version")?))
    }

    /// Sends a request and returns the successful response.
    async fn send_request(
        &self,
        asking: HttpRequest,
        about: ErrorContext<'_>,
    ) -> Result<HttpResponse, ConnectionError> {
        let answer = self.http.send(asking).await?;
        self.accept(answer, about).await
    }

    /// Returns a successful response, or the error of another one.
    async fn accept(
        &self,
        answer: HttpResponse,
        about: ErrorContext<'_>,
    ) -> Result<HttpResponse, ConnectionError> {
        if answer.status.is_success() {
            return Ok(answer);
        }
        if self.http.is_site()
            && let Some(error) = umbraco::error_response::read(&self.http, &answer).await
        {
            return Err(error.into());
        }
        if error_response::is_not_api(&answer) || self.is_api_missing(&answer).await {
            return Err(self.not_the_api());
        }
        Err(self.uncertain(&answer, error_response::read(&answer, about)))
    }

    /// Returns the error of a response; that of a gateway or of a failed handler says nothing about a change.
    fn uncertain(&self, answer: &HttpResponse, error: ConnectionError) -> ConnectionError {
        match error {
            ConnectionError::Server(ServerError::Refused {
                status: 500 | 502 | 504,
                words,
            }) if answer.is_write => self.http.unconfirmed(words).into(),
            other => other,
        }
    }

    /// Returns whether the API is missing: a server that did not list providers answers 404 with an empty body, also for the list of connections.
    async fn is_api_missing(&self, answer: &HttpResponse) -> bool {
        let is_empty_not_found = answer.status == StatusCode::NOT_FOUND && answer.body.is_empty();
        if self.has_listed_providers || !is_empty_not_found {
            return false;
        }
        let mut url = self.http.address().endpoint(&["connections"]);
        url.set_query(Some("skip=0&take=1"));
        let listed = self.http.send(HttpRequest::get(url)).await;
        listed.is_ok_and(|listed| listed.status == StatusCode::NOT_FOUND)
    }

    fn not_the_api(&self) -> ConnectionError {
        let server = self.http.address().to_string();
        ServerError::NotTheApi { server }.into()
    }

    /// Sends a request and parses the response body.
    async fn fetch<T: DeserializeOwned>(
        &self,
        asking: HttpRequest,
        about: ErrorContext<'_>,
    ) -> Result<T, ConnectionError> {
        let answer = self.send_request(asking, about).await?;
        self.read(&answer)
    }

    /// Parses a response body. An invalid body is not repeated in the error, because it may hold a secret.
    fn read<T: DeserializeOwned>(&self, answer: &HttpResponse) -> Result<T, ConnectionError> {
        serde_json::from_slice(&answer.body).map_err(|_| self.not_the_api())
    }

    /// Returns the connection of a save response. A third-party server may return an empty body or only an ID.
    async fn saved_connection(
        &self,
        answer: HttpResponse,
        otherwise: Option<&IdOrAlias>,
    ) -> Result<Connection, ConnectionError> {
        let bare = || serde_json::from_slice::<uuid::Uuid>(&answer.body).ok();
        let located = || answer.location()?.rsplit('/').next()?.parse().ok();
        if let Some(id) = bare() {
            return self.read_back(self.load(&IdOrAlias::Id(id))).await;
        }
        match serde_json::from_slice::<ConnectionDto>(&answer.body) {
            Ok(arrived) => return Ok(arrived.masked(&self.catalog)),
            Err(_) if self.is_umai && !answer.body.iter().all(u8::is_ascii_whitespace) => {
                return Err(self.not_the_api());
            }
            // The save succeeded; load the current state.
            Err(_) => {}
        }
        match (located(), otherwise) {
            (Some(id), _) => self.read_back(self.load(&IdOrAlias::Id(id))).await,
            (None, Some(key)) => self.read_back(self.load(key)).await,
            (None, None) => self.read::<Value>(&answer).and(Err(missing_connection())),
        }
    }

    /// Loads a connection.
    async fn load(&self, key: &IdOrAlias) -> Result<Connection, ConnectionError> {
        let arrived: ConnectionDto = self.load_as(key).await?;
        let connection = arrived.masked(&self.catalog);
        match key {
            // The app would ask for the missing connection again and again.
            IdOrAlias::Id(id) if connection.item.id != *id => Err(wrong_connection()),
            IdOrAlias::Id(_) | IdOrAlias::Alias(_) => Ok(connection),
        }
    }

    async fn load_as<T: DeserializeOwned>(&self, key: &IdOrAlias) -> Result<T, ConnectionError> {
        let url = self
            .http
            .address()
            .endpoint(&["connections", &path_segment(key)?]);
        self.fetch(HttpRequest::get(url), ErrorContext::one(key))
            .await
    }
}

/// Creates the error of a response with another connection than the requested one.
fn wrong_connection() -> ConnectionError {
    ServerError::Refused {
        status: 200,
        words: "The server returned another connection than the requested one; check the server and its proxies".into(),
    }
    .into()
}

/// Creates the error of a save response without a connection.
fn missing_connection() -> ConnectionError {
    ServerError::Refused {
        status: 200,
        words: "The server did not return the saved connection; reload the list".into(),
    }
    .into()
}

/// Revokes the cached access token of a site and removes it; returns whether there was one.
pub async fn sign_out(options: &RemoteOptions) -> Result<bool, ConnectionError> {
    Ok(HttpClient::new(options)?.revoke_token().await?)
}

/// Loads the server's notices; empty when it has none.
async fn notices(http: &HttpClient) -> Vec<String> {
    let url = http.address().endpoint(&["notices"]);
    let Ok(answer) = http.send(HttpRequest::get(url)).await else {
        return Vec::new();
    };
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let items = body.get("items").and_then(Value::as_array);
    items
        .into_iter()
        .flatten()
        .filter_map(|item| untrusted_text::line(item.as_str()?))
        .collect()
}

/// Returns the path segment of a connection. An alias that would change the path belongs to no connection.
fn path_segment(key: &IdOrAlias) -> Result<String, ConnectionError> {
    match key {
        IdOrAlias::Id(id) => Ok(id.to_string()),
        IdOrAlias::Alias(alias) if is_valid_segment(alias) => Ok(alias.clone()),
        IdOrAlias::Alias(_) => Err(ConnectionError::NotFound(key.clone())),
    }
}

/// Returns whether an alias can be a path segment that names a connection.
fn is_valid_segment(alias: &str) -> bool {
    !matches!(alias, "" | "." | "..")
        // URL parsers remove line ends and tabs, which would name another connection.
        && !alias.chars().any(char::is_control)
        && alias.chars().count() <= MAX_ALIAS
        && !alias::is_reserved(&alias.to_lowercase())
}
