//! A request that is ready to be sent, and why one is not.

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

/// Headers that are meant for a proxy; all that begin so.
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

/// A request that is ready to be sent.
#[derive(Debug)]
pub struct ProbeRequest {
    /// GET, or POST for a token.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Every value is marked as sensitive.
    pub headers: HeaderMap,
    /// A form with a secret in it.
    pub body: Option<SecretString>,
}

/// Why a request cannot be sent; never with a value in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsendable {
    /// This setting is no address.
    NotAnAddress(String),
    /// This setting stands in an address where only a word can.
    NotAWord(String),
    /// This header cannot be sent as it is.
    NotAHeader(String),
    /// It cannot be signed.
    Unsigned,
}

impl ProbeRequest {
    /// A request without headers.
    pub(super) fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: None,
        }
    }

    /// Adds a header that no log may show.
    pub(super) fn add(&mut self, name: &str, value: &str) -> Result<(), Unsendable> {
        let refused = |_| Unsendable::NotAHeader(name.to_owned());
        let header = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Unsendable::NotAHeader(name.to_owned()))?;
        let mut value = HeaderValue::from_str(value).map_err(refused)?;
        value.set_sensitive(true);
        self.headers.insert(header, value);
        Ok(())
    }

    /// The host as the `Host` header has it.
    pub(super) fn host(&self) -> String {
        self.url[Position::BeforeHost..Position::AfterPort].to_owned()
    }
}
