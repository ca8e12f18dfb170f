//! A request that is ready to be sent, and why one is not.

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use secrecy::SecretString;
use url::{Position, Url};

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
