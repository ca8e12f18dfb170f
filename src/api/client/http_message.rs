//! Requests to a server, and its responses.

use std::time::Duration;

use http::header::{ETAG, LOCATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use url::Url;
use zeroize::Zeroizing;

use crate::api::token::{TOKEN_SCOPE, TokenScope};

/// Timeout of a whole response, unless the server contacts a provider.
pub const TOTAL_TIMEOUT: Duration = Duration::from_secs(30);

/// Timeout until the response begins; detects a server that accepts the connection and sends nothing.
const FIRST_BYTE_TIMEOUT: Duration = Duration::from_secs(10);

/// Timeout of a connection test, during which the server contacts the provider.
pub const PROVIDER_TIMEOUT: Duration = Duration::from_secs(90);

const JSON: &str = "application/json";

/// A request.
pub struct HttpRequest {
    pub method: Method,
    pub url: Url,
    pub body: Option<Zeroizing<Vec<u8>>>,
    pub base_version: Option<u64>,
    /// Format of the response.
    pub accepted: HeaderValue,
    /// Format of the body.
    pub content_type: HeaderValue,
    /// Timeout of the whole response.
    pub total_timeout: Option<Duration>,
    /// Timeout until the response begins.
    pub first_byte_timeout: Duration,
    /// True if the request may change something.
    pub is_write: bool,
}

impl HttpRequest {
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            is_write: method != Method::GET,
            method,
            url,
            body: None,
            base_version: None,
            accepted: HeaderValue::from_static(JSON),
            content_type: HeaderValue::from_static(JSON),
            total_timeout: Some(TOTAL_TIMEOUT),
            first_byte_timeout: FIRST_BYTE_TIMEOUT,
        }
    }

    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    #[must_use]
    pub fn with(mut self, body: Zeroizing<Vec<u8>>) -> Self {
        self.body = Some(body);
        self
    }

    /// Sets the expected version. Version 0 stands for a server without versions and is ignored.
    #[must_use]
    pub fn if_match(mut self, version: Option<u64>) -> Self {
        self.base_version = version.filter(|version| *version > 0);
        self
    }

    /// Marks a request that changes nothing.
    #[must_use]
    pub fn without_effect(mut self) -> Self {
        self.is_write = false;
        self
    }

    /// Sets the format of the body.
    #[must_use]
    pub fn with_content_type(mut self, format: &'static str) -> Self {
        self.content_type = HeaderValue::from_static(format);
        self
    }

    #[must_use]
    pub fn with_timeout(mut self, time: Duration) -> Self {
        self.total_timeout = Some(time);
        self.first_byte_timeout = time;
        self
    }
}

/// A response.
pub struct HttpResponse {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// Zeroized: a third-party server may return a secret.
    pub body: Zeroizing<Vec<u8>>,
    /// True if the request may have changed something.
    pub is_write: bool,
}

impl HttpResponse {
    /// Returns the version in the `ETag`.
    pub fn version(&self) -> Option<u64> {
        let tag = self.headers.get(ETAG)?.to_str().ok()?;
        tag.trim_start_matches("W/").trim_matches('"').parse().ok()
    }

    /// Returns true if the server says that the token has scope read.
    pub fn has_read_scope(&self) -> bool {
        let scope = self.headers.get(TOKEN_SCOPE);
        scope.is_some_and(|scope| scope == TokenScope::Read.as_str())
    }

    /// Returns the `Location` header.
    pub fn location(&self) -> Option<&str> {
        self.headers.get(LOCATION)?.to_str().ok()
    }
}
