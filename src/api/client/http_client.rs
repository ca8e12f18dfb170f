//! HTTP client with limits on time, response size and redirects.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, IF_MATCH};
use http::{HeaderValue, StatusCode};
use hyper::body::Bytes;
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use tokio::sync::Semaphore;
use url::Url;
use zeroize::Zeroizing;

use super::authentication::Authentication;
use super::http_message::{HttpRequest, HttpResponse, TOTAL_TIMEOUT};
use super::{BaseUrl, RemoteOptions, transport_error};
use crate::connection::ServerError;
use crate::text::address;
use crate::tls::trust::client_config;

/// Message of a request timeout.
const TIMED_OUT: &str = "the request timed out";

/// Maximum size of a response, in bytes; a page of 5,000 connections has about a tenth.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// Maximum number of concurrent requests. Each one uses its own connection, and servers limit them.
const MAX_AT_ONCE: usize = 32;

/// HTTP client of one server, with its open connections.
pub struct HttpClient {
    client: Client,
    /// Limits the concurrent requests.
    permits: Semaphore,
    address: BaseUrl,
    authentication: Authentication,
}

impl HttpClient {
    /// Creates the client. No request is sent.
    pub fn new(options: &RemoteOptions) -> Result<Self, ServerError> {
        // An already installed provider is the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("umai/", env!("CARGO_PKG_VERSION")))
            .http1_only()
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(transport_error::CONNECT_SECONDS));
        let unreachable = |reason| ServerError::Unreachable {
            server: options.address.to_string(),
            why: reason,
        };
        builder = if options.address.is_tls() {
            let config = client_config(&options.roots);
            let config = config.map_err(|reason| {
                unreachable(format!("{reason}; add its certificate with --ca-file"))
            })?;
            builder.tls_backend_preconfigured(config)
        } else {
            // Loading the system's certificates takes longer than the request.
            builder.tls_certs_only([])
        };
        let client = builder
            .build()
            .map_err(|_| unreachable("cannot create the HTTP client".into()))?;
        Ok(Self {
            client,
            permits: Semaphore::new(MAX_AT_ONCE),
            address: options.address.clone(),
            authentication: Authentication::new(options),
        })
    }

    /// Returns the base URL.
    pub fn address(&self) -> &BaseUrl {
        &self.address
    }

    /// Returns whether the server is an Umbraco site that is signed in to as an API user.
    pub const fn is_site(&self) -> bool {
        self.authentication.is_site()
    }

    /// Obtains an access token, so that a failure is not mistaken for that of a request.
    pub async fn sign_in(&self) -> Result<(), ServerError> {
        self.authentication.token(self).await.map(drop)
    }

    /// Revokes the cached access token of a site; returns whether there was one.
    pub async fn revoke_token(&self) -> Result<bool, ServerError> {
        self.authentication.revoke(self).await
    }

    /// Sends a request and reads the whole response. A rejected token is renewed once.
    pub async fn send(&self, asking: HttpRequest) -> Result<HttpResponse, ServerError> {
        // The semaphore is never closed.
        let _permit = self.permits.acquire().await.ok();
        let is_read = !asking.is_write;
        let response = self.begin(asking).await?;
        self.whole(response, is_read).await
    }

    /// Sends a request without a token and reads the whole response.
    pub async fn send_unauthorized(
        &self,
        asking: HttpRequest,
    ) -> Result<HttpResponse, ServerError> {
        let body = asking.body.map(Bytes::from_owner);
        let asking = HttpRequest {
            body: None,
            ..asking
        };
        // A request for a token saves nothing.
        let response = self.attempt(&asking, body, None, true).await?;
        self.whole(response, true).await
    }

    /// Opens a stream, without a limit on its duration.
    pub async fn open(&self, url: Url) -> Result<Response, ServerError> {
        let mut asking = HttpRequest::get(url);
        asking.accepted = HeaderValue::from_static("text/event-stream");
        asking.total_timeout = None;
        self.begin(asking).await
    }

    async fn whole(&self, response: Response, is_read: bool) -> Result<HttpResponse, ServerError> {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = self.body(response, is_read).await?;
        Ok(HttpResponse {
            status,
            headers,
            body,
            is_write: !is_read,
        })
    }

    /// Reads the error response to a stream request.
    pub async fn read_error_response(
        &self,
        response: Response,
    ) -> Result<HttpResponse, ServerError> {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = tokio::time::timeout(TOTAL_TIMEOUT, self.body(response, true))
            .await
            .map_err(|_| self.unreachable("the request timed out"))??;
        Ok(HttpResponse {
            status,
            headers,
            body,
            is_write: false,
        })
    }

    /// Sends a request, and once more with another token if the server rejects the first one.
    async fn begin(&self, mut asking: HttpRequest) -> Result<Response, ServerError> {
        let is_read = !asking.is_write;
        let body = asking.body.take().map(Bytes::from_owner);
        let token = self.authentication.token(self).await?;
        let response = self
            .attempt(&asking, body.clone(), token.clone(), is_read)
            .await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        let renewed = self.authentication.renewed(self, token, &response).await?;
        match renewed {
            Some(token) => self.attempt(&asking, body, Some(token), is_read).await,
            None => Ok(response),
        }
    }

    async fn attempt(
        &self,
        asking: &HttpRequest,
        body: Option<Bytes>,
        token: Option<HeaderValue>,
        is_read: bool,
    ) -> Result<Response, ServerError> {
        let mut request = self
            .client
            .request(asking.method.clone(), asking.url.clone())
            .header(ACCEPT, asking.accepted.clone());
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, token);
        }
        if let Some(version) = asking.base_version {
            request = request.header(IF_MATCH, format!("\"{version}\""));
        }
        if let Some(body) = body {
            request = request
                .header(CONTENT_TYPE, asking.content_type.clone())
                .body(body);
        }
        if let Some(within) = asking.total_timeout {
            request = request.timeout(within);
        }
        // Detects a server that accepts the connection and sends nothing.
        let begun = Instant::now();
        let sent = tokio::time::timeout(asking.first_byte_timeout, request.send()).await;
        let status = sent.as_ref().ok().and_then(|sent| sent.as_ref().ok());
        let status = status.map_or(0, |response| response.status().as_u16());
        tracing::debug!(
            target: "umai::requests",
            method = %asking.method,
            url = address::for_log(&asking.url),
            status,
            ms = begun.elapsed().as_millis(),
        );
        let sent = sent.map_err(|_| self.uncertain(TIMED_OUT, is_read))?;
        sent.map_err(|error| self.transport_error(&error, is_read))
    }

    async fn body(
        &self,
        mut response: Response,
        is_read: bool,
    ) -> Result<Zeroizing<Vec<u8>>, ServerError> {
        let mut body = Zeroizing::new(Vec::new());
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| self.transport_error(&error, is_read))?
        {
            if body.len() + chunk.len() > MAX_BYTES {
                return Err(self.unreachable("the response is too large"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// Creates the error of an unreachable server.
    pub fn unreachable(&self, reason: impl Into<String>) -> ServerError {
        ServerError::Unreachable {
            server: self.address.to_string(),
            why: reason.into(),
        }
    }

    fn transport_error(&self, error: &reqwest::Error, is_read: bool) -> ServerError {
        let mut reason = transport_error::describe(error);
        if self.is_site() && self.address.is_loopback() && transport_error::is_untrusted(error) {
            reason.push_str(transport_error::DEVELOPMENT_CERTIFICATE);
        }
        self.uncertain(reason, is_read || transport_error::is_unsent(error))
    }

    /// Creates the error of a request whose result is unknown, unless it cannot have had an effect.
    fn uncertain(&self, reason: impl Into<String>, is_certain: bool) -> ServerError {
        let reason = reason.into();
        if is_certain {
            return self.unreachable(reason);
        }
        self.unconfirmed(reason)
    }

    /// Creates the error of a change that may have been saved.
    pub fn unconfirmed(&self, why: String) -> ServerError {
        ServerError::Unconfirmed {
            server: self.address.to_string(),
            why,
        }
    }
}

/// HTTP client that concurrent requests share.
pub type SharedHttpClient = Arc<HttpClient>;
