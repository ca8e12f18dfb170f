//! Why no answer came, told apart as far as it can be.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::time::Duration;

use rustls::{AlertDescription, CertificateError, Error as TlsError};

use super::proxy::ProxyName;
use crate::tls::self_signed_command;
use crate::tls::trust::{CaAsServer, file_flaw};

/// Why no answer came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unreached {
    /// The name has no address.
    Name,
    /// It is an address that is never called.
    Forbidden,
    /// http to a host that is neither this computer nor private.
    Unencrypted,
    /// Nothing listens there.
    Refused,
    /// No way leads there.
    NoRoute,
    /// The time was over.
    Time,
    /// The certificate is none that is trusted here.
    Certificate(Distrust),
    /// The other side speaks no TLS, or none that fits.
    Tls,
    /// The proxy is not an address.
    ProxyAddress,
    /// The proxy is of a kind that is not supported.
    ProxyScheme,
    /// The proxy wants a user name and password.
    ProxyLogin,
    /// The proxy did not connect to the host.
    Proxy,
    /// It was closed before an answer.
    Closed,
    /// What came is not HTTP.
    NotHttp,
    /// The answer ended in the middle.
    Cut,
    /// The answer is larger than so many bytes.
    TooLarge(usize),
    /// There are no certificates to trust; why, in a sentence.
    NoTrust(String),
    /// The HTTP client cannot be set up.
    Unable,
}

/// What is wrong with a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Distrust {
    /// It is for another name.
    Name,
    /// It has no names.
    NoNames,
    /// It is a CA's and not trusted itself.
    Ca,
    /// It is over, or not valid yet.
    Time,
    /// Nobody who is trusted here vouches for it.
    Issuer,
    /// Something else.
    Other,
}

impl Unreached {
    /// What an error of sending means.
    pub(super) fn of(error: &reqwest::Error) -> Self {
        let mut source: Option<&(dyn Error + 'static)> = Some(error);
        let mut found = None;
        while let Some(cause) = source {
            found = Self::of_cause(cause).or(found);
            source = cause.source();
        }
        if error.is_timeout() {
            return Self::Time;
        }
        // Only a proxy is resolved while sending.
        if error.is_dns() {
            return Self::Name;
        }
        found.unwrap_or(if error.is_connect() {
            Self::NoRoute
        } else if error.is_builder() {
            Self::Unable
        } else {
            Self::Cut
        })
    }

    fn of_cause(cause: &(dyn Error + 'static)) -> Option<Self> {
        if let Some(error) = cause.downcast_ref::<TlsError>() {
            return Some(Self::of_tls(error));
        }
        if let Some(error) = cause.downcast_ref::<hyper::Error>() {
            return if error.is_incomplete_message() {
                Some(Self::Closed)
            } else if error.is_parse() {
                Some(Self::NotHttp)
            } else {
                None
            };
        }
        if let Some(error) = cause.downcast_ref::<io::Error>() {
            // An error inside does not show as the source: it is the error, in other clothes.
            let inner = error.get_ref().and_then(|inner| Self::of_cause(inner));
            return inner.or_else(|| Self::of_io(error));
        }
        // The client's own error for a proxy is private: only its words tell it.
        let words = cause.to_string();
        if !words.starts_with("tunnel error") {
            None
        } else if words.contains("authorization required") {
            Some(Self::ProxyLogin)
        } else {
            // With a cause of its own, such as a refused connection, that one says more.
            Some(Self::Proxy)
        }
    }

    fn of_io(error: &io::Error) -> Option<Self> {
        match error.kind() {
            ErrorKind::ConnectionRefused => Some(Self::Refused),
            ErrorKind::TimedOut => Some(Self::Time),
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => Some(Self::NoRoute),
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof => {
                Some(Self::Closed)
            }
            _ => None,
        }
    }

    fn of_tls(error: &TlsError) -> Self {
        match error {
            TlsError::InvalidCertificate(why) => Self::Certificate(match why {
                CertificateError::NotValidForNameContext { presented, .. }
                    if presented.is_empty() =>
                {
                    Distrust::NoNames
                }
                why if CaAsServer::is_cause(why) => Distrust::Ca,
                CertificateError::NotValidForName
                | CertificateError::NotValidForNameContext { .. } => Distrust::Name,
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. } => Distrust::Time,
                // An authority that was made anew under its old name signs what the old one cannot vouch for.
                CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                    Distrust::Issuer
                }
                _ => Distrust::Other,
            }),
            TlsError::AlertReceived(AlertDescription::CloseNotify) => Self::Closed,
            _ => Self::Tls,
        }
    }

    /// One sentence about a place.
    fn sentence(&self, place: &str, time: Duration) -> String {
        match self {
            Self::Name => format!("The name of {place} has no address"),
            Self::Forbidden => format!(
                "{place} is never called: it is a link-local, metadata, multicast or unspecified address"
            ),
            Self::Unencrypted => format!(
                "{place} would be called without encryption, and it is neither this computer nor in a private network"
            ),
            Self::Refused => format!("Nothing listens at {place}"),
            Self::NoRoute => format!("{place} cannot be reached from here"),
            Self::Time => format!("{place} did not answer within {}", seconds(time)),
            Self::Certificate(why) => why.sentence(place),
            Self::Tls => format!("No TLS could be agreed with {place}"),
            Self::ProxyAddress | Self::ProxyScheme | Self::ProxyLogin | Self::Proxy => {
                format!("The proxy did not connect to {place}")
            }
            Self::Closed => format!("{place} closed the connection without an answer"),
            Self::NotHttp => format!("What {place} answers is not HTTP"),
            Self::Cut => format!("The answer of {place} broke off"),
            Self::TooLarge(most) => format!("The answer of {place} is larger than {}", size(*most)),
            Self::NoTrust(why) => why.clone(),
            Self::Unable => "The HTTP client cannot be set up on this computer".into(),
        }
    }

    /// What to do about it.
    fn advice(&self, place: &str) -> String {
        match self {
            Self::Name => {
                "Check the spelling of the address, and that this computer can look names up"
            }
            Self::Forbidden => "Give the provider's own address",
            Self::Unencrypted => "Begin the address with https://",
            Self::Refused => "Check the port in the address, and that the server runs",
            Self::NoRoute | Self::Time => {
                "Check the address, the network and the firewall; behind a proxy set HTTPS_PROXY"
            }
            Self::Certificate(why) => return why.advice(place),
            Self::Tls => "Check the address: does the server speak http:// or use another port?",
            Self::ProxyAddress | Self::ProxyScheme | Self::ProxyLogin | Self::Proxy => {
                "Ask whoever runs the proxy to let it through, or name the host in NO_PROXY"
            }
            Self::Closed | Self::NotHttp => {
                "Check the port, and whether the address begins with http:// or https://"
            }
            Self::Cut => "Try again; if it stays, something on the way cuts answers",
            Self::TooLarge(_) => "Check that the address is the API's",
            Self::NoTrust(_) => {
                "Install the system's CA certificates, or set SSL_CERT_FILE to a PEM file with those to trust"
            }
            Self::Unable => "Report this with the output of umai doctor",
        }
        .to_owned()
    }
}

impl Distrust {
    fn sentence(self, place: &str) -> String {
        match self {
            Self::Name => format!("The certificate of {place} is for another name"),
            Self::NoNames => {
                format!("The certificate of {place} has no subjectAltName, so it is for no name")
            }
            Self::Ca => {
                format!("The certificate of {place} is a CA's (CA:TRUE) and is not trusted itself")
            }
            Self::Time => format!("The certificate of {place} is not valid at this time"),
            Self::Issuer => format!("The certificate of {place} is not signed by a trusted CA"),
            Self::Other => format!("The certificate of {place} is not accepted"),
        }
    }

    fn advice(self, place: &str) -> String {
        let trust = "set SSL_CERT_FILE to a PEM file with it. \
             The file replaces the system's CAs: append theirs to reach other providers, too";
        match self {
            Self::Name => "Check the address: the server answers for others".into(),
            Self::NoNames | Self::Other => {
                format!(
                    "The server needs another certificate, for example from: {}",
                    made(place)
                )
            }
            Self::Time => {
                "Check this computer's clock; if it is right, the server needs a new certificate"
                    .into()
            }
            Self::Ca | Self::Issuer => {
                // A file of another format is passed over while trusted certificates are gathered.
                if let Some(flaw) = file_flaw() {
                    return flaw;
                }
                if self == Self::Issuer {
                    return format!("To trust the CA, or a self-signed certificate, {trust}");
                }
                format!(
                    "To trust this certificate, {trust}. Or make one that is not a CA's: {}",
                    made(place)
                )
            }
        }
    }
}

/// The command that makes a certificate for a place, where that is a host.
fn made(place: &str) -> String {
    let host = place.rsplit_once(':').map_or(place, |(host, port)| {
        let is_port = port.parse::<u16>().is_ok();
        if is_port { host } else { place }
    });
    let is_host = !host.contains(char::is_whitespace);
    self_signed_command(is_host.then_some(host))
}

/// A call without an answer.
#[derive(Debug)]
pub(super) struct NoAnswer {
    /// Why.
    pub why: Unreached,
    /// The time that the call had.
    pub time: Duration,
    /// The proxy that the call went through, or was to go through.
    pub proxy: Option<ProxyName>,
}

impl NoAnswer {
    /// One sentence about a place.
    pub(super) fn sentence(&self, place: &str) -> String {
        let sentence = self.proxy.as_ref().and_then(|proxy| {
            Some(match &self.why {
                Unreached::ProxyAddress => format!("{proxy} is not an address"),
                Unreached::ProxyScheme => format!("{proxy} is not an HTTP proxy"),
                Unreached::ProxyLogin => {
                    format!("{proxy} requires a user name and password (407)")
                }
                Unreached::Proxy => format!("{proxy} did not connect to {place}"),
                Unreached::Name => format!("{proxy} cannot be resolved (DNS)"),
                Unreached::Refused => format!("{proxy} refuses connections"),
                Unreached::NoRoute => format!("{proxy} cannot be reached"),
                Unreached::Time => format!(
                    "{proxy} did not bring an answer of {place} within {}",
                    seconds(self.time)
                ),
                Unreached::Closed => {
                    format!("{proxy} or {place} closed the connection without an answer")
                }
                Unreached::Tls => format!("{proxy} or {place} does not speak TLS that fits"),
                Unreached::Certificate(why) if proxy.is_tls() => {
                    why.sentence(&format!("{place}, or of {proxy},"))
                }
                Unreached::Forbidden
                | Unreached::Unencrypted
                | Unreached::Certificate(_)
                | Unreached::NotHttp
                | Unreached::Cut
                | Unreached::TooLarge(_)
                | Unreached::NoTrust(_)
                | Unreached::Unable => return None,
            })
        });
        sentence.unwrap_or_else(|| self.why.sentence(place, self.time))
    }

    /// What to do about it.
    pub(super) fn advice(&self, place: &str) -> String {
        if self.proxy.is_none() {
            return self.why.advice(place);
        }
        match self.why {
            Unreached::ProxyAddress => {
                "Write it as http://host:port, or name the provider's host in NO_PROXY"
            }
            Unreached::ProxyScheme => {
                "SOCKS and other kinds are not supported: use an http:// or https:// proxy, or name the provider's host in NO_PROXY"
            }
            Unreached::ProxyLogin => {
                "Put them into the variable: http://user:password@host:port"
            }
            Unreached::Name
            | Unreached::Refused
            | Unreached::NoRoute
            | Unreached::Time
            | Unreached::Closed
            | Unreached::Tls => {
                "Check the proxy's address and that it runs, or name the provider's host in NO_PROXY"
            }
            _ => return self.why.advice(place),
        }
        .to_owned()
    }
}

fn seconds(time: Duration) -> String {
    if time.subsec_millis() == 0 {
        format!("{} s", time.as_secs())
    } else {
        format!("{} ms", time.as_millis())
    }
}

fn size(bytes: usize) -> String {
    const MIB: usize = 1024 * 1024;
    if bytes.is_multiple_of(MIB) {
        format!("{} MiB", bytes / MIB)
    } else {
        format!("{} KiB", bytes / 1024)
    }
}
