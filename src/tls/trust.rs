//! Verifies servers like the system does, and also accepts a trusted CA certificate as the server's own.
//!
//! `openssl req -x509` creates self-signed certificates that are marked as CA. They can be trusted, but the standard verification
//! rejects them as server certificates. Trusting such a certificate means trusting this server, so it is accepted when it equals
//! a trusted certificate byte for byte, is valid now, and has the server's name. The handshake proves that the server has its
//! key.

use std::error::Error;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, OtherError,
    SignatureScheme,
};
use rustls_platform_verifier::Verifier;

use super::{pem, x509};

/// Variable that replaces the system's certificates with those of a file.
const FILE: &str = "SSL_CERT_FILE";

/// Maximum size of a file that is inspected for an error message, in bytes.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Creates the client configuration: TLS 1.2 and 1.3 with HTTP/1.1, trusting the system's certificates and `extra`.
pub fn client_config(extra: &[CertificateDer<'static>]) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let system = Verifier::new_with_extra_roots(extra.iter().cloned(), Arc::clone(&provider))
        .map_err(|_| {
            file_error().unwrap_or_else(|| "This system has no CA certificates".to_owned())
        })?;
    let verifier = ExactOrSystem {
        system,
        extra: extra.to_vec(),
    };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Describes the flaw of the file in `SSL_CERT_FILE`; none when it is usable or not set.
pub fn file_error() -> Option<String> {
    let path = std::env::var_os(FILE).filter(|path| !path.is_empty())?;
    let path = Path::new(&path);
    let flaw = match read(path) {
        Ok(bytes) => pem::certificates(&bytes, path).err()?,
        Err(error) => format!("cannot be read: {error}"),
    };
    Some(format!("{FILE}: {} {flaw}", path.display()))
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read;
    // Opening a named pipe would block.
    if !std::fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path)?;
    file.take(MAX_BYTES as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Error for an untrusted CA certificate that a server uses as its own.
#[derive(Debug)]
pub struct CaAsServer;

impl fmt::Display for CaAsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a CA certificate cannot be used as a server certificate")
    }
}

impl Error for CaAsServer {}

impl CaAsServer {
    /// Returns whether a certificate was rejected for this reason.
    pub fn is_cause(error: &CertificateError) -> bool {
        let CertificateError::Other(OtherError(cause)) = error else {
            return false;
        };
        cause.downcast_ref::<Self>().is_some()
    }
}

/// The system's verifier, and certificates that are trusted byte for byte.
#[derive(Debug)]
struct ExactOrSystem {
    system: Verifier,
    extra: Vec<CertificateDer<'static>>,
}

impl ExactOrSystem {
    fn is_trusted(&self, certificate: &CertificateDer<'_>) -> bool {
        // Loaded only here: there are many, and this case is rare.
        self.extra.contains(certificate)
            || rustls_native_certs::load_native_certs()
                .certs
                .contains(certificate)
    }
}

impl ServerCertVerifier for ExactOrSystem {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let verified = self
            .system
            .verify_server_cert(own, intermediates, name, ocsp_response, now);
        let Err(TlsError::InvalidCertificate(CertificateError::Other(_))) = &verified else {
            return verified;
        };
        if !x509::is_ca(own) {
            return verified;
        }
        if !self.is_trusted(own) {
            let cause = OtherError(Arc::new(CaAsServer));
            return Err(CertificateError::Other(cause).into());
        }
        let validity = x509::validity(own).ok_or(CertificateError::BadEncoding)?;
        let now = i64::try_from(now.as_secs()).ok();
        let now = now.and_then(|now| DateTime::<Utc>::from_timestamp(now, 0));
        let now = now.ok_or(CertificateError::NotValidYet)?;
        if now < validity.0 {
            return Err(CertificateError::NotValidYet.into());
        }
        if now > validity.1 {
            return Err(CertificateError::Expired.into());
        }
        verify_server_name(&ParsedCertificate::try_from(own)?, name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.system
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.system
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.system.supported_verify_schemes()
    }
}
