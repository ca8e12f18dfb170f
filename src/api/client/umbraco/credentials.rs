//! Client credentials of an API user, and the cache of its tokens.

use std::any::Any;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::access_token::AccessToken;

/// Cache of access tokens that processes share.
pub trait TokenCache: Send + Sync {
    /// Waits for the lock that one process holds at a time, and returns its guard; none if the cache cannot be used.
    fn lock(&self) -> Option<Box<dyn Any + Send>>;

    /// Returns the cached token; none if there is none that can be read.
    fn read(&self) -> Option<AccessToken>;

    /// Replaces the cached token. A cache that cannot be written is not an error: the next process requests its own token.
    fn write(&self, token: &AccessToken);

    /// Removes the cached token.
    fn remove(&self);
}

/// Client ID and secret of an API user.
#[derive(Clone)]
pub struct ClientCredentials {
    /// Client ID.
    pub id: String,
    /// Client secret.
    pub secret: Zeroizing<String>,
    /// Command that signs in again, for messages.
    pub login: String,
    /// Cache; none to keep tokens in memory only.
    pub cache: Option<Arc<dyn TokenCache>>,
}

impl ClientCredentials {
    /// Creates credentials without a cache. The error does not repeat the texts.
    pub fn new(id: &str, secret: &str) -> Result<Self, String> {
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(
                "The client ID must not contain spaces; it is shown at the API user and begins with umbraco-back-office-".into(),
            );
        }
        if secret.is_empty() || secret.chars().any(char::is_control) {
            return Err(
                "The client secret must be one line; copy it again from the API user".into(),
            );
        }
        Ok(Self {
            id: id.to_owned(),
            secret: Zeroizing::new(secret.to_owned()),
            login: "umai login".into(),
            cache: None,
        })
    }

    /// Sets the command that signs in again.
    #[must_use]
    pub fn with_login(mut self, command: String) -> Self {
        self.login = command;
        self
    }

    /// Sets the cache of tokens.
    #[must_use]
    pub fn with_cache(mut self, cache: Option<impl TokenCache + 'static>) -> Self {
        self.cache = cache.map(|cache| Arc::new(cache) as Arc<dyn TokenCache>);
        self
    }
}
