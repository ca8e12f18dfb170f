//! HTTP requests of probes.

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use secrecy::SecretString;
use url::{Position, Url};

/// Headers that frame a request or belong to one connection (RFC 9110, section 7.6.1): the HTTP client sets them.
const CLIENT_HEADERS: &[&str] = &[
    "Connection",
    "Content-Length",
    "Expect",
    "Host",
    "HTTP2-Settings",
    "Keep-Alive",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
];

/// Prefix of headers for a proxy.
const PROXY_HEADERS: &str = "Proxy-";

/// Returns the header, in its usual spelling, when only the HTTP client may set it.
pub fn client_header(name: &str) -> Option<&'static str> {
    let is_for_proxy = name
        .get(..PROXY_HEADERS.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(PROXY_HEADERS));
    let mut known = CLIENT_HEADERS.iter().copied();
    known
        .find(|known| known.eq_ignore_ascii_case(name))
        .or(is_for_proxy.then_some("Proxy-*"))
}

/// HTTP request to send.
#[derive(Debug)]
pub struct ProbeRequest {
    /// Method: GET, or POST for a token.
    pub method: Method,
    /// URL.
    pub url: Url,
    /// Headers; every value is marked as sensitive.
    pub headers: HeaderMap,
    /// Form with a secret.
    pub body: Option<SecretString>,
}

/// Reason why a request cannot be built, without values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsendable {
    /// The setting is not a URL.
    NotAnAddress(String),
    /// The setting is not valid at its position in the URL.
    InvalidUrlPart(String),
    /// The header value is invalid.
    NotAHeader(String),
    /// The settings have no value that a URL of the provider needs.
    NoUrl,
    /// The request cannot be signed.
    Unsigned,
}

impl ProbeRequest {
    /// Creates a request without headers.
    pub(super) fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: None,
        }
    }

    /// Adds a sensitive header.
    pub(super) fn add(&mut self, name: &str, value: &str) -> Result<(), Unsendable> {
        let refused = |_| Unsendable::NotAHeader(name.to_owned());
        let header = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Unsendable::NotAHeader(name.to_owned()))?;
        let mut value = HeaderValue::from_str(value).map_err(refused)?;
        value.set_sensitive(true);
        self.headers.insert(header, value);
        Ok(())
    }

    /// Returns the value of the `Host` header.
    pub(super) fn host(&self) -> String {
        self.url[Position::BeforeHost..Position::AfterPort].to_owned()
    }
}
