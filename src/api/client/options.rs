//! Options of a remote connection: URL, token or credentials, and trusted certificates.

use std::path::Path;
use std::sync::Arc;

use http::HeaderValue;
use rustls::pki_types::CertificateDer;

use super::{BaseUrl, ClientCredentials};
use crate::tls::pem;

/// Reloads the token after the server rejected the previous one; none when there is no usable token.
pub(super) type TokenSource = Arc<dyn Fn() -> Option<HeaderValue> + Send + Sync>;

/// Options of a remote connection.
#[derive(Clone)]
pub struct RemoteOptions {
    pub(super) address: BaseUrl,
    pub(super) token: Option<HeaderValue>,
    pub(super) token_source: Option<TokenSource>,
    /// Credentials for an Umbraco site; none for an umai server.
    pub(super) client: Option<ClientCredentials>,
    pub(super) roots: Vec<CertificateDer<'static>>,
}

impl RemoteOptions {
    /// Creates options without a token, with the system's trusted certificates.
    pub const fn new(address: BaseUrl) -> Self {
        Self {
            address,
            token: None,
            token_source: None,
            client: None,
            roots: Vec::new(),
        }
    }

    /// Creates options for an Umbraco site, with the system's trusted certificates.
    pub fn for_site(address: BaseUrl, credentials: ClientCredentials) -> Self {
        Self {
            client: Some(credentials),
            ..Self::new(address)
        }
    }

    /// Returns whether the server is an Umbraco site that is signed in to as an API user.
    pub const fn is_site(&self) -> bool {
        self.client.is_some()
    }

    /// Keeps access tokens in memory only.
    #[must_use]
    pub fn without_token_cache(mut self) -> Self {
        if let Some(client) = &mut self.client {
            client.cache = None;
        }
        self
    }

    /// Returns the base URL.
    pub const fn address(&self) -> &BaseUrl {
        &self.address
    }

    /// Returns the URL of the management API.
    pub fn api(&self) -> String {
        self.address.endpoint(&[]).to_string()
    }

    /// Sets the token. The error describes the flaw without repeating the token.
    pub fn with_token(mut self, token: &str) -> Result<Self, String> {
        self.token = Some(authorization(token)?);
        Ok(self)
    }

    /// Reloads the token with `read` when the server answers 401.
    #[must_use]
    pub fn with_token_source<T: AsRef<str>>(
        mut self,
        read: impl Fn() -> Option<T> + Send + Sync + 'static,
    ) -> Self {
        let source = move || authorization(read()?.as_ref()).ok();
        self.token_source = Some(Arc::new(source));
        self
    }

    /// Trusts the certificates of a PEM file in addition to the system's. The error describes the flaw of the file.
    pub fn with_certificates(mut self, bytes: &[u8], path: &Path) -> Result<Self, String> {
        self.roots.extend(pem::roots(bytes, path)?);
        Ok(self)
    }
}

/// Creates the `Authorization` header. The error describes the flaw without repeating the token.
pub(super) fn authorization(token: &str) -> Result<HeaderValue, String> {
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(
            "is not a token: a token has only letters, digits and symbols, without spaces".into(),
        );
    }
    let mut value = HeaderValue::try_from(format!("Bearer {token}"))
        .map_err(|_| "is not a token".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}
