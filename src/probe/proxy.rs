//! Proxy of the environment for https: `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, in upper or lower case.

mod exceptions;

use std::fmt;

use url::Url;

use super::transport_error::TransportError;
use crate::text;

/// Proxy variables; the first one with a value applies.
const VARIABLES: &[&str] = &["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// Variables with the hosts that bypass the proxy.
const EXCEPTIONS: &[&str] = &["NO_PROXY", "no_proxy"];

/// Displayable proxy, without user name and password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProxyName {
    variable: &'static str,
    url: String,
}

impl ProxyName {
    /// Returns whether the connection to the proxy uses TLS.
    pub(super) fn is_tls(&self) -> bool {
        self.url.starts_with("https://")
    }
}

impl fmt::Display for ProxyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy {} ({})", self.url, self.variable)
    }
}

/// Usable proxy.
pub(super) struct Proxy {
    /// Name for messages.
    pub name: ProxyName,
    /// URL, with user name and password if it has them.
    pub url: Url,
}

/// Unusable proxy.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnusableProxy {
    /// Name for messages.
    pub name: ProxyName,
    /// Reason.
    pub reason: TransportError,
}

impl Proxy {
    /// Returns the proxy for a URL; none if no variable is set or `NO_PROXY` excludes the host.
    pub(super) fn for_url(
        url: &Url,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, UnusableProxy> {
        let first = |names: &[&'static str]| {
            let mut set = names.iter().filter_map(|name| {
                let value = variable(name)?.trim().to_owned();
                (!value.is_empty()).then_some((*name, value))
            });
            set.next()
        };
        let Some((variable, written)) = first(VARIABLES) else {
            return Ok(None);
        };
        if first(EXCEPTIONS).is_some_and(|(_, list)| exceptions::include(&list, url)) {
            return Ok(None);
        }
        let unusable = |reason, url| UnusableProxy {
            name: ProxyName { variable, url },
            reason,
        };
        // A bare `host:port` means http, as curl reads it.
        let full = if written.contains("://") {
            written.clone()
        } else {
            format!("http://{written}")
        };
        let Ok(url) = Url::parse(&full) else {
            return Err(unusable(
                TransportError::ProxyAddress,
                without_login(&written),
            ));
        };
        let host = url.host_str().unwrap_or_default();
        let shown = match url.port() {
            Some(port) => format!("{}://{host}:{port}", url.scheme()),
            None => format!("{}://{host}", url.scheme()),
        };
        if !matches!(url.scheme(), "http" | "https") {
            return Err(unusable(TransportError::ProxyScheme, shown));
        }
        if host.is_empty() {
            return Err(unusable(
                TransportError::ProxyAddress,
                without_login(&written),
            ));
        }
        let name = ProxyName {
            variable,
            url: shown,
        };
        Ok(Some(Self { name, url }))
    }
}

/// Returns an invalid address without its login, path and query.
fn without_login(written: &str) -> String {
    let (scheme, rest) = match written.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), written),
    };
    let host = rest.rsplit('@').next().unwrap_or_default();
    let host = host.split(['/', '?', '#']).next().unwrap_or_default();
    text::printable(&format!("{scheme}{host}")).into_owned()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn found(
        variables: &[(&str, &str)],
    ) -> Result<Option<(String, String)>, (String, TransportError)> {
        let variable = |name: &str| {
            let mut set = variables.iter().filter(|(known, _)| *known == name);
            set.next().map(|(_, value)| (*value).to_owned())
        };
        let url = Url::parse("https://api.openai.com/v1").unwrap();
        Proxy::for_url(&url, variable)
            .map(|proxy| proxy.map(|proxy| (proxy.name.to_string(), proxy.url.into())))
            .map_err(|unusable| (unusable.name.to_string(), unusable.reason))
    }

    #[rstest]
    #[case("http://127.0.0.1:9", "http://127.0.0.1:9", "http://127.0.0.1:9/")]
    #[case("proxy.corp:8080", "http://proxy.corp:8080", "http://proxy.corp:8080/")]
    #[case("https://proxy.corp", "https://proxy.corp", "https://proxy.corp/")]
    #[case(
        "http://me:s3cret@proxy.corp:3128",
        "http://proxy.corp:3128",
        "http://me:s3cret@proxy.corp:3128/"
    )]
    #[case(" http://[::1]:3128/ ", "http://[::1]:3128", "http://[::1]:3128/")]
    fn usable_proxy_is_named_without_login(
        #[case] written: &str,
        #[case] shown: &str,
        #[case] url: &str,
    ) {
        let name = format!("the proxy {shown} (HTTPS_PROXY)");
        assert_eq!(
            found(&[("HTTPS_PROXY", written)]),
            Ok(Some((name, url.to_owned())))
        );
    }

    #[rstest]
    #[case(
        "http://127.0.0.1:notaport",
        "http://127.0.0.1:notaport",
        TransportError::ProxyAddress
    )]
    #[case(
        "http://me:s3cret@127.0.0.1:notaport/x",
        "http://127.0.0.1:notaport",
        TransportError::ProxyAddress
    )]
    #[case(
        "http://me:s3/cret@proxy:x",
        "http://proxy:x",
        TransportError::ProxyAddress
    )]
    #[case("http://", "http://", TransportError::ProxyAddress)]
    #[case(
        "me:s3cret@127.0.0.1:99999",
        "127.0.0.1:99999",
        TransportError::ProxyAddress
    )]
    #[case(
        "ftp://me:s3cret@proxy.corp",
        "ftp://proxy.corp",
        TransportError::ProxyScheme
    )]
    #[case(
        "socks5h://127.0.0.1:1080",
        "socks5h://127.0.0.1:1080",
        TransportError::ProxyScheme
    )]
    fn unusable_proxy_is_named_without_login(
        #[case] written: &str,
        #[case] shown: &str,
        #[case] reason: TransportError,
    ) {
        let name = format!("the proxy {shown} (all_proxy)");
        assert_eq!(found(&[("all_proxy", written)]), Err((name, reason)));
    }

    #[test]
    fn first_variable_with_a_value_counts() {
        let proxy = found(&[
            ("HTTPS_PROXY", " "),
            ("all_proxy", "b:1"),
            ("ALL_PROXY", "a:1"),
        ]);
        let name = "the proxy http://a:1 (ALL_PROXY)".to_owned();
        assert_eq!(proxy, Ok(Some((name, "http://a:1/".to_owned()))));
        assert_eq!(found(&[("HTTP_PROXY", "a:1")]), Ok(None));
    }

    #[test]
    fn no_proxy_excludes_hosts_even_of_an_unusable_proxy() {
        for proxy in ["http://a:1", "ftp://a"] {
            let variables = [("HTTPS_PROXY", proxy), ("no_proxy", "*.openai.com")];
            assert_eq!(found(&variables), Ok(None));
        }
    }
}
