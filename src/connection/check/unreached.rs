//! Why no answer came, told apart as far as it can be.

use std::error::Error;
use std::io::{self, ErrorKind};

use rustls::{AlertDescription, CertificateError, Error as TlsError};

/// Why no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// The proxy between did not let it through.
    Proxy,
    /// It was closed before an answer.
    Closed,
    /// What came is not HTTP.
    NotHttp,
    /// The answer ended in the middle.
    Cut,
    /// The answer is larger than it may be.
    TooLarge,
    /// This computer has no certificates to trust, or cannot make the call for a like reason.
    Unable,
}

/// What is wrong with a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Distrust {
    /// It is for another name.
    Name,
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
        cause.to_string().contains("tunnel").then_some(Self::Proxy)
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
    pub(super) fn sentence(self, place: &str, seconds: &str, limit: &str) -> String {
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
            Self::Time => format!("{place} did not answer within {seconds}"),
            Self::Certificate(Distrust::Name) => {
                format!("The certificate of {place} is for another name")
            }
            Self::Certificate(Distrust::Time) => {
                format!("The certificate of {place} is not valid at this time")
            }
            Self::Certificate(Distrust::Issuer) => {
                format!("Nobody who is trusted here vouches for the certificate of {place}")
            }
            Self::Certificate(Distrust::Other) => {
                format!("The certificate of {place} is not accepted")
            }
            Self::Tls => format!("No TLS could be agreed with {place}"),
            Self::Proxy => format!("The proxy does not let the call to {place} through"),
            Self::Closed => format!("{place} closed the connection without an answer"),
            Self::NotHttp => format!("What {place} answers is not HTTP"),
            Self::Cut => format!("The answer of {place} broke off"),
            Self::TooLarge => format!("The answer of {place} is larger than {limit}"),
            Self::Unable => {
                "This computer cannot make the call: it has no certificates to trust".into()
            }
        }
    }

    /// What to do about it.
    pub(super) const fn advice(self) -> &'static str {
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
            Self::Certificate(Distrust::Name) => "Check the address: the server answers for others",
            Self::Certificate(Distrust::Time) => {
                "Check this computer's clock; if it is right, the server needs a new certificate"
            }
            Self::Certificate(Distrust::Issuer) => {
                "Trust its authority on this computer, or name its certificate in SSL_CERT_FILE"
            }
            Self::Certificate(Distrust::Other) => "Check the address and the server's certificate",
            Self::Tls => "Check the address: does the server speak http:// or use another port?",
            Self::Proxy => {
                "Ask whoever runs the proxy to let it through, or name the host in NO_PROXY"
            }
            Self::Closed | Self::NotHttp => {
                "Check the port, and whether the address begins with http:// or https://"
            }
            Self::Cut => "Try again; if it stays, something on the way cuts answers",
            Self::TooLarge => "Check that the address is the API's",
            Self::Unable => {
                "Install the system's certificate authorities, or name them in SSL_CERT_FILE"
            }
        }
    }
}
