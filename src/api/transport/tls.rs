//! TLS: a certificate and its key from files, and what is wrong with them in a sentence.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{Error, ServerConfig};
use tokio_rustls::TlsAcceptor;

use crate::text::file::{FileFlaw, read_bytes};
use crate::tls::pem::{self, Wanted};
use crate::tls::x509;

/// The largest file of certificates or keys.
const MOST_BYTES: usize = 1024 * 1024;

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TlsError(pub String);

/// A certificate with what is behind it, and its key.
pub struct Identity {
    /// The certificate, and those that signed it.
    pub chain: Vec<CertificateDer<'static>>,
    /// The key.
    pub key: PrivateKeyDer<'static>,
}

impl Identity {
    /// From two files; they may be the same.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let chain = pem::certificates(&bytes(certificate)?, certificate);
        let chain = chain.map_err(|why| flaw(certificate, &why))?;
        let bytes = bytes(key)?;
        let found = PrivateKeyDer::from_pem_slice(&bytes);
        let key = found.map_err(|_| {
            let is_encrypted = String::from_utf8_lossy(&bytes)
                .contains("-----BEGIN ENCRYPTED PRIVATE KEY-----");
            let words = if is_encrypted {
                "holds an encrypted key; give it one without a passphrase that only its owner can read".to_owned()
            } else {
                pem::not_pem(&bytes, key, Wanted::Key)
            };
            flaw(key, &words)
        })?;
        Ok(Self { chain, key })
    }

    /// When it expires, as far as can be read.
    pub fn expires(&self) -> Option<DateTime<Utc>> {
        self.chain.first().and_then(|leaf| x509::not_after(leaf))
    }

    /// What clients will refuse the certificate for, in sentences.
    pub fn flaws(&self) -> Vec<String> {
        let Some(own) = self.chain.first() else {
            return Vec::new();
        };
        let mut flaws = Vec::new();
        if x509::is_ca(own) {
            flaws.push("The certificate is a CA's (CA:TRUE): many clients refuse it as a server's own, even when they trust it");
        }
        if !x509::has_names(own) {
            flaws.push(
                "The certificate has no subjectAltName: clients find no name in it and refuse it",
            );
        }
        let command = crate::tls::self_signed_command(None);
        let flaws = flaws.into_iter();
        flaws
            .map(|flaw| format!("{flaw}. To make one: {command}"))
            .collect()
    }

    /// What connections are encrypted with: TLS 1.2 and 1.3, HTTP/1.1.
    pub fn acceptor(self) -> Result<TlsAcceptor, TlsError> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(|error| TlsError(error.to_string()))?
            .with_no_client_auth()
            .with_single_cert(self.chain, self.key)
            .map_err(|error| {
                TlsError(match error {
                    Error::InconsistentKeys(_) => {
                        "The key is not the one of the certificate; --cert and --key must belong together".into()
                    }
                    error => format!("The certificate and its key cannot be used: {error}"),
                })
            })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

fn bytes(path: &Path) -> Result<zeroize::Zeroizing<Vec<u8>>, TlsError> {
    read_bytes(path, MOST_BYTES).map_err(|why| match why {
        FileFlaw::NotThere => flaw(path, "is not there"),
        FileFlaw::Unusable(why) => flaw(path, &why),
    })
}

fn flaw(path: &Path, words: &str) -> TlsError {
    TlsError(format!("{} {words}", path.display()))
}
