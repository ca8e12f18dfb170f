//! Checks `Host` and `Origin` (DNS rebinding protection).
//!
//! A malicious web page can resolve its own name to this machine and then send requests to this server. The server therefore
//! accepts only configured host names and the IP address of the connection. Ports are not checked: they differ behind a proxy or
//! a tunnel.

use std::net::IpAddr;

use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, Request};

use super::strict_reader::malformed;
use crate::api::Problem;

/// Host names of this server, in lower case.
#[derive(Debug, Clone, Default)]
pub struct AllowedHosts(Vec<String>);

impl AllowedHosts {
    /// Accepts these names in addition to `localhost`.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().map(|name| normalize(&name)).collect())
    }

    /// Rejects a request for another host or from a page of another origin. `local` is the local address of the connection.
    pub fn check<B>(&self, request: &Request<B>, local: IpAddr) -> Result<(), Box<Problem>> {
        let host = host(request.headers())?;
        self.check_host(&host, local)?;
        if let Some(addressed) = request.uri().authority() {
            self.check_host(addressed, local)?;
            if !is_same(&host, addressed) {
                return Err(malformed(
                    "Host differs from the host in the request target",
                ));
            }
        }
        check_origin(request.headers(), &host)
    }

    fn check_host(&self, authority: &Authority, local: IpAddr) -> Result<(), Box<Problem>> {
        let name = normalize(authority.host());
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        let is_ours = match bare.parse::<IpAddr>() {
            Ok(address) => {
                let address = address.to_canonical();
                address.is_loopback() || address == local.to_canonical() || self.0.contains(&name)
            }
            Err(_) => name == "localhost" || self.0.contains(&name),
        };
        if is_ours {
            return Ok(());
        }
        let sentence = "Unknown host name; add it with umai serve --host NAME";
        Err(Box::new(Problem::new(421, sentence, "foreignHost")))
    }
}

fn host(headers: &HeaderMap) -> Result<Authority, Box<Problem>> {
    let mut given = headers.get_all(HOST).iter();
    let (Some(host), None) = (given.next(), given.next()) else {
        return Err(malformed(if headers.contains_key(HOST) {
            "Host is given twice"
        } else {
            "Host is missing"
        }));
    };
    Authority::try_from(host.as_bytes())
        .ok()
        .filter(|host| !host.as_str().contains('@') && is_port(host))
        .ok_or_else(|| malformed("Host must be a name with an optional port"))
}

/// Returns whether the rest is empty or a port.
fn is_port(host: &Authority) -> bool {
    let after = &host.as_str()[host.host().len()..];
    after.is_empty() || host.port_u16().is_some()
}

fn check_origin(headers: &HeaderMap, host: &Authority) -> Result<(), Box<Problem>> {
    let foreign_origin = || {
        let sentence = "Requests from web pages of other origins are not allowed";
        Box::new(Problem::new(403, sentence, "foreignOrigin"))
    };
    let is_own = |origin: &str| {
        let authority = ["https://", "http://"]
            .iter()
            .find_map(|scheme| origin.strip_prefix(scheme))
            .and_then(|authority| Authority::try_from(authority).ok());
        authority.is_some_and(|authority| is_same(&authority, host))
    };
    for origin in headers.get_all(ORIGIN) {
        if !origin.to_str().is_ok_and(is_own) {
            return Err(foreign_origin());
        }
    }
    for site in headers.get_all("sec-fetch-site") {
        if !["same-origin", "none"].contains(&site.to_str().unwrap_or_default()) {
            return Err(foreign_origin());
        }
    }
    Ok(())
}

/// Returns whether two authorities have the same host and port; default ports are equal.
fn is_same(one: &Authority, other: &Authority) -> bool {
    let port = |authority: &Authority| {
        authority
            .port_u16()
            .filter(|port| ![80, 443].contains(port))
    };
    normalize(one.host()) == normalize(other.host()) && port(one) == port(other)
}

/// Normalizes a host name: lower case, without a trailing dot.
fn normalize(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    name.strip_suffix('.').unwrap_or(&name).to_owned()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn status(target: &str, headers: &[(&str, &str)]) -> u16 {
        let mut request = Request::builder().uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let hosts = AllowedHosts::new(["Umai.Example".to_owned()]);
        let local = "10.0.0.5".parse().unwrap();
        match hosts.check(&request.body(()).unwrap(), local) {
            Ok(()) => 200,
            Err(problem) => problem.status,
        }
    }

    #[rstest]
    #[case("localhost", 200)]
    #[case("LOCALHOST:44331", 200)]
    #[case("localhost.", 200)]
    #[case("127.0.0.1:1", 200)]
    #[case("127.8.8.8", 200)]
    #[case("[::1]:44331", 200)]
    #[case("[::ffff:127.0.0.1]", 200)]
    #[case("10.0.0.5:44331", 200)]
    #[case("umai.example", 200)]
    #[case("10.0.0.6:44331", 421)]
    #[case("evil.example", 421)]
    #[case("localhost.evil.example", 421)]
    #[case("127.0.0.1.evil.example", 421)]
    #[case("xlocalhost", 421)]
    #[case("127.1", 421)]
    #[case("0.0.0.0", 421)]
    #[case("[::]", 421)]
    #[case("", 400)]
    #[case("a b", 400)]
    #[case("user@localhost", 400)]
    #[case("localhost:port", 400)]
    #[case("localhost:99999", 400)]
    #[case("localhost/a", 400)]
    fn only_known_hosts_are_accepted(#[case] host: &str, #[case] answer: u16) {
        assert_eq!(status("/", &[("host", host)]), answer);
    }

    #[test]
    fn host_and_target_must_agree() {
        assert_eq!(status("/", &[]), 400);
        assert_eq!(
            status("/", &[("host", "localhost"), ("host", "localhost")]),
            400
        );
        let host = ("host", "localhost:44331");
        assert_eq!(status("https://localhost:44331/", &[host]), 200);
        assert_eq!(status("https://127.0.0.1:44331/", &[host]), 400);
        assert_eq!(status("https://evil.example/", &[host]), 421);
    }

    #[rstest]
    #[case("https://localhost:44331", 200)]
    #[case("http://localhost:44331", 200)]
    #[case("https://localhost", 403)]
    #[case("https://localhost:3000", 403)]
    #[case("https://evil.example", 403)]
    #[case("https://evil.example:44331", 403)]
    #[case("null", 403)]
    #[case("", 403)]
    #[case("file://", 403)]
    fn foreign_origins_are_rejected(#[case] origin: &str, #[case] answer: u16) {
        let host = ("host", "localhost:44331");
        assert_eq!(status("/", &[host, ("origin", origin)]), answer);
    }

    #[rstest]
    #[case("same-origin", 200)]
    #[case("none", 200)]
    #[case("same-site", 403)]
    #[case("cross-site", 403)]
    fn sec_fetch_site_is_checked(#[case] site: &str, #[case] answer: u16) {
        let host = ("host", "localhost");
        assert_eq!(status("/", &[host, ("sec-fetch-site", site)]), answer);
    }
}
