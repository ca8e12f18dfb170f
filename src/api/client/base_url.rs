//! Base URL of a server's management API.

use url::{Host, Url};

use crate::api::BASE_PATH;
use crate::text::address;

/// Base URL of a server's management API, as users write it and as requests need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    url: Url,
}

impl std::str::FromStr for BaseUrl {
    type Err = String;

    /// Parses `https://umai.example:44331`, optionally with a path prefix of a proxy. Errors do not repeat the input, because it
    /// may contain a password.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut base = secure_url(text, &SERVER)?;
        if base.query().is_some() || base.fragment().is_some() {
            return Err(format!(
                "A server URL must not contain ? or #; {}",
                SERVER.example
            ));
        }
        let path = base.path().trim_end_matches('/');
        let prefix = path.strip_suffix(BASE_PATH).unwrap_or(path);
        let path = format!("{prefix}{BASE_PATH}");
        base.set_path(&path);
        Ok(Self { url: base })
    }
}

/// Words of the messages about a URL.
struct UrlKind {
    subject: &'static str,
    example: &'static str,
    instead_of_password: &'static str,
}

const SERVER: UrlKind = UrlKind {
    subject: "A server URL",
    example: "use https://host:44331",
    instead_of_password: "set UMAI_TOKEN or --token-file",
};

const SITE: UrlKind = UrlKind {
    subject: "The URL of an Umbraco site",
    example: "use https://www.example.com",
    instead_of_password: "set --client-id and --client-secret-file",
};

/// Parses a URL that secrets may be sent to: HTTPS, or this machine.
fn secure_url(text: &str, kind: &UrlKind) -> Result<Url, String> {
    let UrlKind {
        subject, example, ..
    } = kind;
    let scheme = || format!("{subject} must start with https://; {example}");
    let base = address::parse(text.trim()).ok_or_else(scheme)?;
    match base.scheme() {
        "https" => {}
        "http" if is_loopback(&base) => {}
        "http" => {
            return Err(format!(
                "{subject} must use https://, unless it is on this machine; plain HTTP would expose tokens and keys"
            ));
        }
        _ => return Err(scheme()),
    }
    if address::has_credentials(text) {
        return Err(format!(
            "{subject} must not contain a user name or password; {}",
            kind.instead_of_password
        ));
    }
    Ok(base)
}

impl BaseUrl {
    /// Parses the URL of an Umbraco site. Its path, such as that of the backoffice, is cut off.
    pub fn of_site(text: &str) -> Result<Self, String> {
        let mut base = secure_url(text, &SITE)?;
        base.set_path(BASE_PATH);
        base.set_query(None);
        base.set_fragment(None);
        Ok(Self { url: base })
    }

    /// Returns the URL of this path on the same host.
    pub fn on_host(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(path);
        url
    }

    /// Returns whether the host is this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }

    /// Returns the name of the host.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Returns the URL of a resource below the base path. Every part is one path segment.
    pub fn endpoint(&self, parts: &[&str]) -> Url {
        let mut url = self.url.clone();
        // HTTP URLs always have a path.
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(parts);
        }
        url
    }

    /// Returns the URL of a resource next to the base path.
    pub fn sibling_url(&self, name: &str) -> Url {
        let mut url = self.url.clone();
        let prefix = url.path().strip_suffix(BASE_PATH).unwrap_or_default();
        let path = format!("{prefix}/{name}");
        url.set_path(&path);
        url
    }

    /// Returns whether the server uses TLS.
    pub fn is_tls(&self) -> bool {
        self.url.scheme() == "https"
    }
}

impl std::fmt::Display for BaseUrl {
    /// Formats the URL without the API's base path.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let whole = self.url.as_str();
        f.write_str(whole.strip_suffix(BASE_PATH).unwrap_or(whole))
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name.trim_end_matches('.') == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("https://umai.example", "https://umai.example")]
    #[case("https://umai.example:44331/", "https://umai.example:44331")]
    #[case(
        "  https://umai.example/team/umai// ",
        "https://umai.example/team/umai"
    )]
    #[case(
        "https://umai.example/umbraco/ai/management/api/v1/",
        "https://umai.example"
    )]
    #[case("https://h/a/umbraco/ai/management/api/v1", "https://h/a")]
    #[case("http://127.0.0.1:5000", "http://127.0.0.1:5000")]
    #[case("http://[::1]:5000", "http://[::1]:5000")]
    #[case("http://LOCALHOST:5000", "http://localhost:5000")]
    fn base_url_includes_api_path(#[case] text: &str, #[case] shown: &str) {
        let address: BaseUrl = text.parse().unwrap();
        assert_eq!(address.to_string(), shown);
        let connections = address.endpoint(&["connections"]);
        assert_eq!(
            connections.as_str(),
            format!("{shown}{BASE_PATH}/connections")
        );
    }

    #[rstest]
    #[case("umai.example", "must start with https://")]
    #[case("localhost:44331", "must start with https://")]
    #[case("", "must start with https://")]
    #[case("ftp://umai.example", "must start with https://")]
    #[case("http://umai.example", "must use https://")]
    #[case("http://192.168.1.2:5000", "must use https://")]
    #[case("http://localhost.example", "must use https://")]
    #[case("https://me:planted@umai.example", "user name or password")]
    #[case("https://planted@umai.example", "user name or password")]
    #[case("https://umai.example?token=planted", "must not contain ? or #")]
    #[case("https://umai.example#planted", "must not contain ? or #")]
    fn unsafe_url_is_rejected_and_not_repeated(#[case] text: &str, #[case] reason: &str) {
        let error = text.parse::<BaseUrl>().unwrap_err();
        assert!(error.contains(reason), "{error}");
        assert!(!error.contains("planted"), "{error}");
    }

    #[rstest]
    #[case("https://www.example.com", "https://www.example.com")]
    #[case("https://www.example.com/umbraco", "https://www.example.com")]
    #[case("https://h:8443/umbraco/section/ai?x=1#/workspace", "https://h:8443")]
    fn path_of_site_is_cut_off(#[case] text: &str, #[case] shown: &str) {
        assert_eq!(BaseUrl::of_site(text).unwrap().to_string(), shown);
        assert!(BaseUrl::of_site("http://h").unwrap_err().contains("https"));
        let error = BaseUrl::of_site("https://me:planted@h").unwrap_err();
        assert!(error.contains("--client-id") && !error.contains("planted"));
    }

    #[test]
    fn path_parts_are_encoded() {
        let address: BaseUrl = "https://h".parse().unwrap();
        let url = address.endpoint(&["connections", "a/b?c#d%2e é"]);
        assert_eq!(
            url.path(),
            format!("{BASE_PATH}/connections/a%2Fb%3Fc%23d%252e%20%C3%A9")
        );
    }
}
