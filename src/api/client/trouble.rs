//! Why a request got no answer, in words a person can act on.

use std::error::Error;
use std::io;

use rustls::CertificateError;

use crate::tls::self_signed_command;
use crate::tls::trust::CaAsServer;

/// So long a connection may take to come about.
pub const CONNECT_SECONDS: u64 = 5;

/// Why there was no answer.
pub fn why(error: &reqwest::Error) -> String {
    if error.is_dns() {
        return "its name is not found; check the address".into();
    }
    if let Some(words) = chain(error).find_map(of_cause) {
        return words;
    }
    if error.is_timeout() && error.is_connect() {
        return format!("nothing answers within {CONNECT_SECONDS} seconds");
    }
    if error.is_timeout() {
        return "it takes too long to answer".into();
    }
    if error.is_connect() {
        return "no connection comes about".into();
    }
    BROKE_OFF.into()
}

/// Whether the request cannot have reached the server.
pub fn is_unsent(error: &reqwest::Error) -> bool {
    error.is_connect() || error.is_builder()
}

const BROKE_OFF: &str = "the connection broke off";

/// Everything that led to an error, the innermost of each first.
fn chain(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    fn next<'a>(error: &&'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
        (**error).source()
    }
    std::iter::successors(error.source(), next).flat_map(|error| [innermost(error), error])
}

/// What a system error wraps, which is no source of it; layers of TLS wrap it more than once.
fn innermost<'a>(mut error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    while let Some(inner) = error.downcast_ref().and_then(io::Error::get_ref) {
        error = inner;
    }
    error
}

fn of_cause(cause: &(dyn Error + 'static)) -> Option<String> {
    if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
        return Some(of_tls(tls));
    }
    if let Some(http) = cause.downcast_ref::<hyper::Error>() {
        return http
            .is_parse()
            .then(|| "what answers there is no web server; check http:// and https://".into());
    }
    let words = match cause.downcast_ref::<io::Error>()?.kind() {
        io::ErrorKind::ConnectionRefused => "nobody listens there; is it running?",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "there is no way to it on this network"
        }
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => BROKE_OFF,
        _ => return None,
    };
    Some(words.into())
}

fn of_tls(error: &rustls::Error) -> String {
    let rustls::Error::InvalidCertificate(flaw) = error else {
        return match error {
            rustls::Error::InvalidMessage(_) => {
                "it does not speak TLS there; check the port".into()
            }
            _ => "no TLS connection comes about".into(),
        };
    };
    match flaw {
        CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => {
            return format!(
                "its certificate has no subjectAltName; it needs one, for example from: {}",
                self_signed_command(None)
            );
        }
        flaw if CaAsServer::is_cause(flaw) => {
            "its certificate is a CA's (CA:TRUE) and is not trusted itself; name this certificate with --ca-file"
        }
        CertificateError::UnknownIssuer => {
            "its certificate is not trusted; name the one that signed it with --ca-file"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another name; use the name that is in it"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet; check the clock"
        }
        _ => "its certificate is not right; name the one that signed it with --ca-file",
    }
    .into()
}
