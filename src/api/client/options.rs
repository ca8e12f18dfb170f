//! Which server is asked, and how it is told who asks.

use http::HeaderValue;
use reqwest::Certificate;

use super::Address;

/// Which server is asked, by whom, and whom it is trusted by.
#[derive(Clone)]
pub struct RemoteOptions {
    pub(super) address: Address,
    pub(super) token: Option<HeaderValue>,
    pub(super) roots: Vec<Certificate>,
}

impl RemoteOptions {
    /// A server that is asked without a token, and trusted as the system trusts it.
    pub const fn new(address: Address) -> Self {
        Self {
            address,
            token: None,
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
        let is_plain = |byte: u8| byte.is_ascii_graphic();
        if token.is_empty() || !token.bytes().all(is_plain) {
            return Err(
                "is no token: a token is letters, numbers and signs without a space".into(),
            );
        }
        let mut value = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| "is no token".to_owned())?;
        value.set_sensitive(true);
        self.token = Some(value);
        Ok(self)
    }

    /// The same, trusting the certificates of a PEM file besides the system's. The sentence says what is wrong with the file.
    pub fn with_certificates(mut self, pem: &[u8]) -> Result<Self, String> {
        let roots = Certificate::from_pem_bundle(pem).unwrap_or_default();
        if roots.is_empty() {
            return Err(
                "holds no certificate; it must be PEM, with -----BEGIN CERTIFICATE-----".into(),
            );
        }
        self.roots.extend(roots);
        Ok(self)
    }
}
