//! Strict parser of HTTP URLs.

use url::Url;

/// Parses an `http` or `https` URL with an explicit host.
///
/// URL parsers repair missing parts (WHATWG URL Standard, "special authority slashes state"): they read `https:///v1`, `https:v1`
/// and `https:\\v1` as the host `v1`, which would send requests and keys there.
pub fn parse(text: &str) -> Option<Url> {
    let authority = authority(text)?;
    if authority.is_empty() || authority.starts_with(':') || text.contains(['\\', '\t', '\n', '\r'])
    {
        return None;
    }
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// Returns the URL for a log: without user name, password, query and fragment, where secrets could be.
pub fn for_log(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}"));
    let port = port.unwrap_or_default();
    format!("{}://{host}{port}{}", url.scheme(), url.path())
}

/// Returns whether the URL has a user name or password, even an empty one.
pub fn has_credentials(text: &str) -> bool {
    authority(text).is_some_and(|authority| authority.contains('@'))
}

/// Returns the part between `://` and the path, query or fragment.
fn authority(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    let is_web = ["http", "https"]
        .iter()
        .any(|web| scheme.eq_ignore_ascii_case(web));
    is_web.then(|| rest.split(['/', '?', '#']).next()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn log_shows_no_credentials_and_no_query() {
        let url = parse("https://me:planted@host:8443/v1/models?key=planted#planted").unwrap();
        assert_eq!(for_log(&url), "https://host:8443/v1/models");
    }

    #[rstest]
    #[case("https://api.openai.com/v1")]
    #[case("HTTPS://host")]
    #[case("http://[::1]:8080/v1")]
    #[case("https://host:443?x#y")]
    fn address_with_host_is_parsed(#[case] text: &str) {
        assert!(parse(text).is_some(), "{text}");
    }

    #[rstest]
    #[case("https:///v1")]
    #[case("https:////v1")]
    #[case("https:/host")]
    #[case("https:host")]
    #[case("http:/host/v1")]
    #[case("https://")]
    #[case("https://:443")]
    #[case("https://:443/v1")]
    #[case("https://?x")]
    #[case("https://#x")]
    #[case(r"https:\\host")]
    #[case(r"https://\v1")]
    #[case(r"https:/\host")]
    #[case("https:/\t/host")]
    #[case("https://\n/v1")]
    #[case("ftp://host")]
    #[case("host")]
    fn address_without_host_is_refused(#[case] text: &str) {
        assert_eq!(parse(text), None, "{text}");
    }

    #[test]
    fn credentials_are_found_in_the_authority_only() {
        assert!(has_credentials("https://a:b@host/"));
        assert!(has_credentials("https://@host"));
        assert!(!has_credentials("https://host/a@b"));
    }
}
