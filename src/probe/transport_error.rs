//! Classification of requests without a response: DNS, connection, TLS, proxy, limits.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::time::Duration;

use rustls::{AlertDescription, CertificateError, Error as TlsError};

use super::proxy::ProxyName;
use crate::tls::self_signed_command;
use crate::tls::trust::{CaAsServer, file_error};

/// Reason for a missing response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TransportError {
    /// The host name cannot be resolved.
    Dns,
    /// The address is blocked.
    Forbidden,
    /// Plain http to a host that is neither local nor in a private network.
    Unencrypted,
    /// The connection was refused.
    Refused,
    /// The host cannot be reached.
    NoRoute,
    /// The time limit passed.
    Timeout,
    /// The certificate is not trusted.
    Certificate(CertificateProblem),
    /// The TLS handshake failed.
    Tls,
    /// The address of the proxy is invalid.
    ProxyAddress,
    /// The kind of proxy is not supported.
    ProxyScheme,
    /// The proxy requires a user name and password.
    ProxyLogin,
    /// The proxy did not connect to the host.
    Proxy,
    /// The connection was closed before a response.
    Closed,
    /// The response is not HTTP.
    NotHttp,
    /// The response ended early.
    Truncated,
    /// The response is larger than this limit, in bytes.
    TooLarge(usize),
    /// No trusted certificates are available; contains the message.
    NoRootCertificates(String),
    /// The HTTP client cannot be set up.
    ClientSetup,
}

/// Reason why a certificate is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CertificateProblem {
    /// Valid for other names only.
    Name,
    /// No subjectAltName.
    NoNames,
    /// CA certificate that is not trusted itself.
    Ca,
    /// Expired or not yet valid.
    Validity,
    /// Not signed by a trusted CA.
    Issuer,
    /// Any other reason.
    Other,
}

impl TransportError {
    /// Classifies an error of the HTTP client.
    pub(super) fn from_reqwest(error: &reqwest::Error) -> Self {
        let mut source: Option<&(dyn Error + 'static)> = Some(error);
        let mut found = None;
        while let Some(cause) = source {
            found = Self::from_cause(cause).or(found);
            source = cause.source();
        }
        if error.is_timeout() {
            return Self::Timeout;
        }
        // Only a proxy is resolved while sending.
        if error.is_dns() {
            return Self::Dns;
        }
        found.unwrap_or(if error.is_connect() {
            Self::NoRoute
        } else if error.is_builder() {
            Self::ClientSetup
        } else {
            Self::Truncated
        })
    }

    fn from_cause(cause: &(dyn Error + 'static)) -> Option<Self> {
        if let Some(error) = cause.downcast_ref::<TlsError>() {
            return Some(Self::from_tls(error));
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
            // `source()` skips an error that `io::Error` wraps.
            let inner = error.get_ref().and_then(|inner| Self::from_cause(inner));
            return inner.or_else(|| Self::from_io(error));
        }
        // The proxy error type of the HTTP client is private; only its text identifies it.
        let text = cause.to_string();
        if !text.starts_with("tunnel error") {
            None
        } else if text.contains("authorization required") {
            Some(Self::ProxyLogin)
        } else {
            // A cause of this error, such as a refused connection, is more specific.
            Some(Self::Proxy)
        }
    }

    fn from_io(error: &io::Error) -> Option<Self> {
        match error.kind() {
            ErrorKind::ConnectionRefused => Some(Self::Refused),
            ErrorKind::TimedOut => Some(Self::Timeout),
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => Some(Self::NoRoute),
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof => {
                Some(Self::Closed)
            }
            _ => None,
        }
    }

    fn from_tls(error: &TlsError) -> Self {
        match error {
            TlsError::InvalidCertificate(reason) => Self::Certificate(match reason {
                CertificateError::NotValidForNameContext { presented, .. }
                    if presented.is_empty() =>
                {
                    CertificateProblem::NoNames
                }
                reason if CaAsServer::is_cause(reason) => CertificateProblem::Ca,
                CertificateError::NotValidForName
                | CertificateError::NotValidForNameContext { .. } => CertificateProblem::Name,
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. } => CertificateProblem::Validity,
                // A CA that was recreated under its old name: the trusted certificate does not match the signature.
                CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                    CertificateProblem::Issuer
                }
                _ => CertificateProblem::Other,
            }),
            TlsError::AlertReceived(AlertDescription::CloseNotify) => Self::Closed,
            _ => Self::Tls,
        }
    }

    /// Returns the message about a host.
    fn sentence(&self, place: &str, time: Duration) -> String {
        match self {
            Self::Dns => format!("Cannot resolve {place} (DNS)"),
            Self::Forbidden => format!(
                "{place} is blocked: link-local, metadata, multicast and unspecified addresses are never called"
            ),
            Self::Unencrypted => format!(
                "{place} requires https: plain http is allowed for this computer and private networks only"
            ),
            Self::Refused => format!("{place} refused the connection"),
            Self::NoRoute => format!("Cannot connect to {place}"),
            Self::Timeout => format!("{place} did not answer within {}", seconds(time)),
            Self::Certificate(reason) => reason.sentence(place),
            Self::Tls => format!("The TLS handshake with {place} failed"),
            Self::ProxyAddress | Self::ProxyScheme | Self::ProxyLogin | Self::Proxy => {
                format!("The proxy did not connect to {place}")
            }
            Self::Closed => format!("{place} closed the connection without a response"),
            Self::NotHttp => format!("{place} did not return an HTTP response"),
            Self::Truncated => format!("The response of {place} ended early"),
            Self::TooLarge(most) => {
                format!("The response of {place} is larger than {}", size(*most))
            }
            Self::NoRootCertificates(reason) => reason.clone(),
            Self::ClientSetup => "Cannot set up the HTTP client on this computer".into(),
        }
    }

    /// Returns the advice for the user.
    fn advice(&self, place: &str) -> String {
        match self {
            Self::Dns => {
                "Check the spelling of the endpoint, and the DNS of this computer"
            }
            Self::Forbidden => "Use the public endpoint of the provider",
            Self::Unencrypted => "Use an endpoint that begins with https://",
            Self::Refused => "Check the port of the endpoint, and that the server is running",
            Self::NoRoute | Self::Timeout => {
                "Check the endpoint, the network and the firewall; behind a proxy set HTTPS_PROXY"
            }
            Self::Certificate(reason) => return reason.advice(place),
            Self::Tls => "Check the scheme and the port of the endpoint; the server may use http://",
            Self::ProxyAddress | Self::ProxyScheme | Self::ProxyLogin | Self::Proxy => {
                "Ask the administrator of the proxy to allow the host, or add the host to NO_PROXY"
            }
            Self::Closed | Self::NotHttp => {
                "Check the port of the endpoint, and http:// or https://"
            }
            Self::Truncated => "Try again; if the error persists, check proxies and firewalls on the way",
            Self::TooLarge(_) => "Check that the endpoint is the base URL of the API",
            Self::NoRootCertificates(_) => {
                "Install the system's CA certificates, or set SSL_CERT_FILE to a PEM file with trusted certificates"
            }
            Self::ClientSetup => "Report this with the output of umai doctor",
        }
        .to_owned()
    }
}

impl CertificateProblem {
    fn sentence(self, place: &str) -> String {
        match self {
            Self::Name => format!("The certificate of {place} is valid for other names only"),
            Self::NoNames => {
                format!("The certificate of {place} has no subjectAltName")
            }
            Self::Ca => {
                format!(
                    "The certificate of {place} is a CA certificate (CA:TRUE) and is not trusted itself"
                )
            }
            Self::Validity => format!("The certificate of {place} is not valid at this time"),
            Self::Issuer => format!("The certificate of {place} is not signed by a trusted CA"),
            Self::Other => format!("The certificate of {place} is not accepted"),
        }
    }

    fn advice(self, place: &str) -> String {
        let trust = "set SSL_CERT_FILE to a PEM file with it. \
             The file replaces the CAs of the system: append them to reach other providers, too";
        match self {
            Self::Name => "Check the host name of the endpoint".into(),
            Self::NoNames | Self::Other => {
                format!(
                    "The server needs another certificate, for example from: {}",
                    certificate_command(place)
                )
            }
            Self::Validity => {
                "Check this computer's clock; if it is right, the server needs a new certificate"
                    .into()
            }
            Self::Ca | Self::Issuer => {
                // Loading the trusted certificates skips a file of another format.
                if let Some(flaw) = file_error() {
                    return flaw;
                }
                if self == Self::Issuer {
                    return format!("To trust the CA, or a self-signed certificate, {trust}");
                }
                format!(
                    "To trust this certificate, {trust}. Or create one that is not a CA certificate: {}",
                    certificate_command(place)
                )
            }
        }
    }
}

/// Returns the command that creates a certificate, for this host if `place` is one.
fn certificate_command(place: &str) -> String {
    let host = place.rsplit_once(':').map_or(place, |(host, port)| {
        let is_port = port.parse::<u16>().is_ok();
        if is_port { host } else { place }
    });
    let is_host = !host.contains(char::is_whitespace);
    self_signed_command(is_host.then_some(host))
}

/// Request without a response.
#[derive(Debug)]
pub(super) struct FailedRequest {
    /// Reason.
    pub error: TransportError,
    /// Time limit of the request.
    pub time: Duration,
    /// Proxy of the request, if any.
    pub proxy: Option<ProxyName>,
}

impl FailedRequest {
    /// Returns the message about a host.
    pub(super) fn sentence(&self, place: &str) -> String {
        let sentence = self.proxy.as_ref().and_then(|proxy| {
            Some(match &self.error {
                TransportError::ProxyAddress => format!("{proxy} is not a valid address"),
                TransportError::ProxyScheme => format!("{proxy} is not an HTTP proxy"),
                TransportError::ProxyLogin => {
                    format!("{proxy} requires a user name and password (407)")
                }
                TransportError::Proxy => format!("{proxy} did not connect to {place}"),
                TransportError::Dns => format!("Cannot resolve {proxy} by DNS"),
                TransportError::Refused => format!("{proxy} refused the connection"),
                TransportError::NoRoute => format!("Cannot connect to {proxy}"),
                TransportError::Timeout => format!(
                    "{proxy} did not return a response of {place} within {}",
                    seconds(self.time)
                ),
                TransportError::Closed => {
                    format!("{proxy} or {place} closed the connection without a response")
                }
                TransportError::Tls => format!("The TLS handshake with {proxy} or {place} failed"),
                TransportError::Certificate(reason) if proxy.is_tls() => {
                    reason.sentence(&format!("{place}, or of {proxy},"))
                }
                _ => return None,
            })
        });
        sentence.unwrap_or_else(|| self.error.sentence(place, self.time))
    }

    /// Returns the advice for the user.
    pub(super) fn advice(&self, place: &str) -> String {
        if self.proxy.is_none() {
            return self.error.advice(place);
        }
        match self.error {
            TransportError::ProxyAddress => {
                "Write the proxy as http://host:port, or add the provider's host to NO_PROXY"
            }
            TransportError::ProxyScheme => {
                "SOCKS and other kinds are not supported: use an http:// or https:// proxy, or add the provider's host to NO_PROXY"
            }
            TransportError::ProxyLogin => {
                "Add them to the variable: http://user:password@host:port"
            }
            TransportError::Dns
            | TransportError::Refused
            | TransportError::NoRoute
            | TransportError::Timeout
            | TransportError::Closed
            | TransportError::Tls => {
                "Check the address of the proxy and that it is running, or add the provider's host to NO_PROXY"
            }
            _ => return self.error.advice(place),
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
