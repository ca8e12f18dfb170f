//! Access tokens of a site: requested when needed, shared by all requests, renewed before they expire.

use std::time::{Duration, Instant, SystemTime};

use http::{HeaderValue, Method};
use tokio::sync::Mutex;
use url::form_urlencoded::Serializer;
use zeroize::Zeroizing;

use super::super::http_client::HttpClient;
use super::super::http_message::HttpRequest;
use super::access_token::AccessToken;
use super::credentials::ClientCredentials;
use super::{MANAGEMENT, error_response, token_response};
use crate::connection::ServerError;

/// Time to wait for another process that requests a token; a stopped process must not block this one.
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// Tokens of one API user.
pub struct TokenProvider {
    credentials: ClientCredentials,
    /// Locked during a request, so that all waiters share one token.
    state: Mutex<TokenState>,
}

#[derive(Default)]
struct TokenState {
    token: Option<AccessToken>,
    /// Last failure, for the requests that waited for it.
    failed: Option<(Instant, ServerError)>,
}

impl TokenProvider {
    /// Creates the provider. No request is sent.
    pub fn new(credentials: ClientCredentials) -> Self {
        Self {
            credentials,
            state: Mutex::default(),
        }
    }

    /// Returns a token, requesting one if there is none that lasts.
    pub async fn token(&self, http: &HttpClient) -> Result<HeaderValue, ServerError> {
        self.obtain(http, None).await
    }

    /// Returns another token than the rejected one.
    pub async fn renewed(
        &self,
        http: &HttpClient,
        rejected: &HeaderValue,
    ) -> Result<HeaderValue, ServerError> {
        self.obtain(http, Some(rejected)).await
    }

    async fn obtain(
        &self,
        http: &HttpClient,
        rejected: Option<&HeaderValue>,
    ) -> Result<HeaderValue, ServerError> {
        let began = Instant::now();
        let mut state = self.state.lock().await;
        if let Some(header) = usable(state.token.as_ref(), rejected) {
            return Ok(header);
        }
        match &state.failed {
            Some((failed, error)) if *failed > began => return Err(error.clone()),
            Some(_) | None => {}
        }
        match self.shared(http, rejected).await {
            Ok(token) => {
                let header = token.header().ok_or_else(|| http.unreachable("no token"))?;
                *state = TokenState {
                    token: token.is_reusable().then_some(token),
                    failed: None,
                };
                Ok(header)
            }
            Err(error) => {
                *state = TokenState {
                    token: None,
                    failed: Some((Instant::now(), error.clone())),
                };
                Err(error)
            }
        }
    }

    /// Returns the token in the cache, or requests one and caches it.
    async fn shared(
        &self,
        http: &HttpClient,
        rejected: Option<&HeaderValue>,
    ) -> Result<AccessToken, ServerError> {
        let Some(cache) = self.credentials.cache.clone() else {
            return self.request(http).await;
        };
        let locking = cache.clone();
        let locked = tokio::task::spawn_blocking(move || locking.lock());
        let locked = tokio::time::timeout(LONGEST_WAIT, locked).await;
        let Ok(Ok(Some(_guard))) = locked else {
            return self.request(http).await;
        };
        let cached = cache.read();
        if let Some(token) = cached.filter(|token| usable(Some(token), rejected).is_some()) {
            return Ok(token);
        }
        let token = self.request(http).await?;
        if token.is_reusable() {
            cache.write(&token);
        }
        Ok(token)
    }

    async fn request(&self, http: &HttpClient) -> Result<AccessToken, ServerError> {
        let requested = SystemTime::now();
        let grant = ("grant_type", "client_credentials");
        let request = self.request_to(http, "token", &[grant]);
        let response = http.send_unauthorized(request).await?;
        if token_response::is_missing(&response) {
            return Err(error_response::missing_api(http).await);
        }
        token_response::read(&response, &self.credentials, requested)
    }

    /// Revokes the cached token at the site and removes it; returns whether there was one.
    pub async fn revoke(&self, http: &HttpClient) -> Result<bool, ServerError> {
        let Some(cache) = &self.credentials.cache else {
            return Ok(false);
        };
        let _guard = cache.lock();
        let cached = cache.read();
        cache.remove();
        let Some(token) = cached.filter(|token| token.is_fresh(SystemTime::now())) else {
            return Ok(false);
        };
        let request = self.request_to(http, "revoke", &[("token", token.text())]);
        let response = http.send_unauthorized(request).await?;
        if response.status.is_success() {
            return Ok(true);
        }
        Err(http.unreachable(format!(
            "the token could not be revoked: status {}",
            response.status.as_u16()
        )))
    }

    /// Creates a request to an endpoint for tokens, with the credentials in its body.
    fn request_to(&self, http: &HttpClient, name: &str, pairs: &[(&str, &str)]) -> HttpRequest {
        let ClientCredentials { id, secret, .. } = &self.credentials;
        // Three times the length is the most that escaping needs, so that no unwiped copy is left by growing.
        let texts = pairs.iter().map(|(key, value)| key.len() + value.len() + 2);
        let room = 3 * (texts.sum::<usize>() + id.len() + secret.len()) + 64;
        let mut form = Serializer::new(String::with_capacity(room));
        form.extend_pairs(pairs)
            .append_pair("client_id", id)
            .append_pair("client_secret", secret);
        let body = Zeroizing::new(form.finish().into_bytes());
        let url = http
            .address()
            .on_host(&format!("{MANAGEMENT}/security/back-office/{name}"));
        HttpRequest::new(Method::POST, url)
            .with(body)
            .with_content_type("application/x-www-form-urlencoded")
    }
}

/// Returns the header of a token that lasts and was not rejected.
fn usable(token: Option<&AccessToken>, rejected: Option<&HeaderValue>) -> Option<HeaderValue> {
    let token = token.filter(|token| token.is_fresh(SystemTime::now()))?;
    let header = token.header()?;
    (Some(&header) != rejected).then_some(header)
}
