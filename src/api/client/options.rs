//! Which server is asked, and how it is told who asks.

use std::path::Path;
use std::sync::Arc;

use http::HeaderValue;
use rustls::pki_types::CertificateDer;

use super::Address;
use crate::tls::pem;

/// Reads the token again, for a server that takes the one it was given no more; none where there is no usable one.
pub(super) type TokenSource = Arc<dyn Fn() -> Option<HeaderValue> + Send + Sync>;

/// Which server is asked, by whom, and whom it is trusted by.
#[derive(Clone)]
pub struct RemoteOptions {
    pub(super) address: Address,
    pub(super) token: Option<HeaderValue>,
    pub(super) token_source: Option<TokenSource>,
    pub(super) roots: Vec<CertificateDer<'static>>,
}

impl RemoteOptions {
    /// A server that is asked without a token, and trusted as the system trusts it.
    pub const fn new(address: Address) -> Self {
        Self {
            address,
            token: None,
            token_source: None,
            roots: Vec::new(),
        }
    }

    /// The server.
    pub const fn address(&self) -> &Address {
        &self.address
    }

    /// Where the server's management API is.
    pub fn api(&self) -> String {
        self.address.of(&[]).to_string()
    }

    /// The same, asked with a token. The sentence says what is wrong with it, and nothing of what it is.
    pub fn with_token(mut self, token: &str) -> Result<Self, String> {
        self.token = Some(authorization(token)?);
        Ok(self)
    }

    /// The same, with `read` asked for the token again when the server answers 401.
    #[must_use]
    pub fn with_token_source<T: AsRef<str>>(
        mut self,
        read: impl Fn() -> Option<T> + Send + Sync + 'static,
    ) -> Self {
        let source = move || authorization(read()?.as_ref()).ok();
        self.token_source = Some(Arc::new(source));
        self
    }

    /// The same, trusting the certificates of a PEM file besides the system's. The sentence says what is wrong with the file.
    pub fn with_certificates(mut self, bytes: &[u8], path: &Path) -> Result<Self, String> {
        self.roots.extend(pem::roots(bytes, path)?);
        Ok(self)
    }
}

/// The header that carries a token. The sentence says what is wrong with it, and nothing of what it is.
fn authorization(token: &str) -> Result<HeaderValue, String> {
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("is no token: a token is letters, numbers and signs without a space".into());
    }
    let mut value =
        HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| "is no token".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}
