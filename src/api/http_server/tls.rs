//! TLS certificate and key from files.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{Error, ServerConfig};
use tokio_rustls::TlsAcceptor;

use crate::text::file::trust::FileTrust;
use crate::text::file::{FileFlaw, read_bytes};
use crate::tls::pem::{self, PemContent};
use crate::tls::x509;

/// Maximum size of a certificate or key file, in bytes.
const MAX_BYTES: usize = 1024 * 1024;

/// Error of the TLS setup.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TlsError(pub String);

/// A certificate chain and its key.
pub struct TlsIdentity {
    /// The certificate, followed by its issuers.
    pub chain: Vec<CertificateDer<'static>>,
    /// The private key.
    pub key: PrivateKeyDer<'static>,
}

impl TlsIdentity {
    /// Reads certificate and key; both may be in one file.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let chain = pem::certificates(&bytes(certificate)?, certificate);
        let chain = chain.map_err(|reason| identity_error(certificate, &reason))?;
        let bytes = bytes(key)?;
        let found = PrivateKeyDer::from_pem_slice(&bytes);
        let key = found.map_err(|_| {
            let is_encrypted = String::from_utf8_lossy(&bytes)
                .contains("-----BEGIN ENCRYPTED PRIVATE KEY-----");
            let words = if is_encrypted {
                "holds an encrypted key; use a key without a passphrase that only its owner can read".to_owned()
            } else {
                pem::not_pem(&bytes, key, PemContent::Key)
            };
            identity_error(key, &words)
        })?;
        Ok(Self { chain, key })
    }

    /// Returns the expiry of the certificate, if it can be parsed.
    pub fn expires(&self) -> Option<DateTime<Utc>> {
        self.chain.first().and_then(|leaf| x509::not_after(leaf))
    }

    /// Returns warnings about certificates that clients reject.
    pub fn identity_errors(&self) -> Vec<String> {
        let Some(own) = self.chain.first() else {
            return Vec::new();
        };
        let mut errors = Vec::new();
        if x509::is_ca(own) {
            errors.push("The certificate is a CA certificate (CA:TRUE): many clients reject it as a server certificate, even when they trust it");
        }
        if !x509::has_names(own) {
            errors.push(
                "The certificate has no subjectAltName: clients reject it because they find no host name",
            );
        }
        let command = crate::tls::self_signed_command(None);
        let errors = errors.into_iter();
        errors
            .map(|flaw| format!("{flaw}. Create one with: {command}"))
            .collect()
    }

    /// Creates the TLS acceptor: TLS 1.2 and 1.3, HTTP/1.1.
    pub fn acceptor(self) -> Result<TlsAcceptor, TlsError> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(|error| TlsError(error.to_string()))?
            .with_no_client_auth()
            .with_single_cert(self.chain, self.key)
            .map_err(|error| {
                TlsError(match error {
                    Error::InconsistentKeys(_) => {
                        "The key does not match the certificate; check --cert and --key".into()
                    }
                    error => format!("Cannot use the certificate and its key: {error}"),
                })
            })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

fn bytes(path: &Path) -> Result<zeroize::Zeroizing<Vec<u8>>, TlsError> {
    read_bytes(path, MAX_BYTES, FileTrust::Anyone).map_err(|reason| match reason {
        FileFlaw::NotFound => identity_error(path, "does not exist"),
        FileFlaw::Unusable(reason) => identity_error(path, &reason),
    })
}

fn identity_error(path: &Path, words: &str) -> TlsError {
    TlsError(format!("{} {words}", path.display()))
}
