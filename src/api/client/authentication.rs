//! Tokens of requests: a given one that may be read again, or those of an API user of a site.

use std::sync::{PoisonError, RwLock};

use http::HeaderValue;
use reqwest::Response;

use super::RemoteOptions;
use super::http_client::HttpClient;
use super::options::TokenSource;
use super::umbraco::error_response::has_invalid_token;
use super::umbraco::token_provider::TokenProvider;
use crate::connection::ServerError;

/// Source of the tokens.
pub enum Authentication {
    /// A given token, or none.
    Given(GivenToken),
    /// Tokens of an API user.
    Client(TokenProvider),
}

/// A given token, and the function that reads it again.
pub struct GivenToken {
    token: RwLock<Option<HeaderValue>>,
    source: Option<TokenSource>,
}

impl Authentication {
    /// Creates the source that the options name.
    pub fn new(options: &RemoteOptions) -> Self {
        match &options.client {
            Some(credentials) => Self::Client(TokenProvider::new(credentials.clone())),
            None => Self::Given(GivenToken {
                token: RwLock::new(options.token.clone()),
                source: options.token_source.clone(),
            }),
        }
    }

    /// Returns whether the tokens are those of an API user.
    pub const fn is_site(&self) -> bool {
        matches!(self, Self::Client(_))
    }

    /// Returns the token of the next request.
    pub async fn token(&self, http: &HttpClient) -> Result<Option<HeaderValue>, ServerError> {
        match self {
            Self::Given(given) => Ok(given.token()),
            Self::Client(provider) => provider.token(http).await.map(Some),
        }
    }

    /// Returns another token after a response with status 401; none if another one would not help.
    pub async fn renewed(
        &self,
        http: &HttpClient,
        rejected: Option<HeaderValue>,
        response: &Response,
    ) -> Result<Option<HeaderValue>, ServerError> {
        match (self, rejected) {
            (Self::Given(given), rejected) => Ok(given.reloaded(rejected.as_ref()).await),
            (Self::Client(provider), Some(rejected)) if has_invalid_token(response.headers()) => {
                provider.renewed(http, &rejected).await.map(Some)
            }
            (Self::Client(_), _) => Ok(None),
        }
    }

    /// Revokes the cached token of an API user; returns whether there was one.
    pub async fn revoke(&self, http: &HttpClient) -> Result<bool, ServerError> {
        match self {
            Self::Given(_) => Ok(false),
            Self::Client(provider) => provider.revoke(http).await,
        }
    }
}

impl GivenToken {
    fn token(&self) -> Option<HeaderValue> {
        let token = self.token.read();
        token.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the token again after the server rejected it; none when it has not changed.
    async fn reloaded(&self, rejected: Option<&HeaderValue>) -> Option<HeaderValue> {
        let current = self.token();
        if current.as_ref() != rejected {
            // Another request has already reloaded it.
            return current;
        }
        let source = self.source.clone()?;
        let read = tokio::task::spawn_blocking(move || source()).await;
        let token = read.ok().flatten()?;
        if Some(&token) == rejected {
            return None;
        }
        let mut current = self.token.write().unwrap_or_else(PoisonError::into_inner);
        *current = Some(token.clone());
        Some(token)
    }
}
