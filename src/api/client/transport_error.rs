//! Messages of failed requests.

use std::error::Error;
use std::io;

use rustls::CertificateError;

use crate::tls::self_signed_command;
use crate::tls::trust::CaAsServer;

/// Connect timeout, in seconds.
pub const CONNECT_SECONDS: u64 = 5;

/// Returns the cause of a failed request.
pub fn describe(error: &reqwest::Error) -> String {
    if error.is_dns() {
        return "cannot resolve the host name (DNS); check the URL".into();
    }
    if let Some(words) = chain(error).find_map(cause_message) {
        return words;
    }
    if error.is_timeout() && error.is_connect() {
        return format!("no connection within {CONNECT_SECONDS} seconds");
    }
    if error.is_timeout() {
        return "the request timed out".into();
    }
    if error.is_connect() {
        return "cannot connect".into();
    }
    CONNECTION_LOST.into()
}

/// Returns whether the request cannot have reached the server.
pub fn is_unsent(error: &reqwest::Error) -> bool {
    error.is_connect() || error.is_builder()
}

/// Advice for a site on this machine whose certificate is not trusted.
pub const DEVELOPMENT_CERTIFICATE: &str = ". For the development certificate of .NET, run: dotnet dev-certs https --format PEM --export-path site.pem, then use --ca-file site.pem";

/// Returns whether the certificate of the server is not trusted.
pub fn is_untrusted(error: &reqwest::Error) -> bool {
    chain(error).any(|cause| {
        let tls = cause.downcast_ref::<rustls::Error>();
        matches!(
            tls,
            Some(rustls::Error::InvalidCertificate(flaw))
                if *flaw == CertificateError::UnknownIssuer || CaAsServer::is_cause(flaw)
        )
    })
}

const CONNECTION_LOST: &str = "connection lost";

/// Iterates over the causes of an error, with wrapped errors first.
fn chain(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    fn next<'a>(error: &&'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
        (**error).source()
    }
    std::iter::successors(error.source(), next).flat_map(|error| [innermost(error), error])
}

/// Returns the innermost error that a system error wraps; it is not a `source`, and TLS layers wrap more than once.
fn innermost<'a>(mut error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    while let Some(inner) = error.downcast_ref().and_then(io::Error::get_ref) {
        error = inner;
    }
    error
}

fn cause_message(cause: &(dyn Error + 'static)) -> Option<String> {
    if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
        return Some(tls_message(tls));
    }
    if let Some(http) = cause.downcast_ref::<hyper::Error>() {
        return http
            .is_parse()
            .then(|| "not an HTTP server; check http:// and https://".into());
    }
    let words = match cause.downcast_ref::<io::Error>()?.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused; check that it is running",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "the network is unreachable"
        }
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => CONNECTION_LOST,
        _ => return None,
    };
    Some(words.into())
}

fn tls_message(error: &rustls::Error) -> String {
    let rustls::Error::InvalidCertificate(flaw) = error else {
        return match error {
            rustls::Error::InvalidMessage(_) => {
                "the server does not use TLS on this port; check the port".into()
            }
            _ => "the TLS handshake failed".into(),
        };
    };
    match flaw {
        CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => {
            return format!(
                "its certificate has no subjectAltName; create one with, for example: {}",
                self_signed_command(None)
            );
        }
        flaw if CaAsServer::is_cause(flaw) => {
            "its certificate is a CA certificate (CA:TRUE) and not trusted as a server certificate; add it with --ca-file"
        }
        CertificateError::UnknownIssuer => {
            "its certificate is not signed by a trusted CA; add that CA with --ca-file"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another host name; use the name in the certificate"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet; check the clock"
        }
        _ => "its certificate is not valid; add its CA with --ca-file",
    }
    .into()
}
