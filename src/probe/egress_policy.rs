//! Address filter of connection tests.
//!
//! A test must not reach the metadata services of clouds, which return credentials, nor link-local and reserved addresses. This
//! computer and private networks are allowed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Metadata services outside the link-local range.
const METADATA_V4: &[Ipv4Addr] = &[
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(192, 0, 0, 192),
];
/// First 32 bits of the unique local addresses in which clouds have their metadata services: Amazon (`fd00:ec2::254`, and
/// `fd00:ec2::23` for pods), Google (`fd20:ce::254`), Scaleway (`fd00:42::42`), Oracle (`fd00:c1::a9fe:a9fe`).
const METADATA_V6: &[[u16; 2]] = &[
    [0xfd00, 0x0ec2],
    [0xfd20, 0x00ce],
    [0xfd00, 0x0042],
    [0xfd00, 0x00c1],
];

/// Host names of metadata services, because a proxy may resolve them differently.
const METADATA_NAMES: &[&str] = &[
    "metadata",
    "metadata.google.internal",
    "metadata.goog",
    "instance-data",
    "instance-data.ec2.internal",
];

/// Returns whether a host name is blocked.
pub(super) fn is_name_blocked(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    METADATA_NAMES
        .iter()
        .any(|refused| name.eq_ignore_ascii_case(refused))
}

/// Returns whether an address is blocked: link-local, metadata, unspecified, multicast, broadcast, reserved.
pub(super) fn is_blocked(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_blocked_v4(v4),
        IpAddr::V6(v6) => {
            v6.is_unspecified()
                || v6.is_multicast()
                || v6.is_unicast_link_local()
                || METADATA_V6.contains(&[v6.segments()[0], v6.segments()[1]])
                || embedded(v6).into_iter().any(is_blocked_v4)
        }
    }
}

fn is_blocked_v4(v4: Ipv4Addr) -> bool {
    let [first, ..] = v4.octets();
    first == 0
        || first >= 240
        || v4.is_multicast()
        || v4.is_link_local()
        || METADATA_V4.contains(&v4)
}

/// IPv4 addresses that an IPv6 address may stand for: NAT64 (RFC 6052, RFC 8215), 6to4, Teredo, SIIT (RFC 2765), ISATAP, and
/// IPv4-compatible addresses.
fn embedded(v6: Ipv6Addr) -> Vec<Ipv4Addr> {
    let octets = v6.octets();
    let at = |bytes: [usize; 4]| Ipv4Addr::from(bytes.map(|at| octets[at]));
    let last = at([12, 13, 14, 15]);
    match v6.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, ..]
        | [0, 0, 0, 0, 0xffff, 0, ..]
        | [.., 0 | 0x200, 0x5efe, _, _] => vec![last],
        // A local prefix of 48, 56, 64 or 96 bits; the byte at 8 is always zero.
        [0x64, 0xff9b, 1, ..] => {
            let shorter = [[6, 7, 9, 10], [7, 9, 10, 11], [9, 10, 11, 12]].map(at);
            // Zeros belong to a longer prefix.
            let shorter = shorter.into_iter().filter(|v4| v4.octets()[0] != 0);
            shorter.chain([last]).collect()
        }
        [0x2002, ..] => vec![at([2, 3, 4, 5])],
        // Server, and client with inverted bits.
        [0x2001, 0, ..] => vec![at([4, 5, 6, 7]), Ipv4Addr::from_bits(!last.to_bits())],
        [0, 0, 0, 0, 0, 0, ..] if !v6.is_loopback() => vec![last],
        _ => Vec::new(),
    }
}

/// Class of an address by its URL alone, before DNS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressClass {
    /// Allowed.
    Allowed,
    /// Plain http in a private network: allowed, but the request can be read on the way.
    CleartextAllowed,
    /// Plain http to a host name: allowed if it resolves to this computer or a private network.
    CleartextIfLocal,
    /// Plain http to a public address: not allowed.
    Unencrypted,
    /// Blocked: link-local, metadata, unspecified, multicast, reserved.
    Forbidden,
}

impl AddressClass {
    /// Classifies a URL.
    pub fn classify(url: &Url) -> Self {
        let is_plain = url.scheme() != "https";
        let Some(host) = url.host() else {
            return Self::Allowed;
        };
        match (literal(&host), url.domain()) {
            (Some(address), _) if is_blocked(address) => Self::Forbidden,
            (None, Some(name)) if is_name_blocked(name) => Self::Forbidden,
            _ if !is_plain => Self::Allowed,
            (Some(address), _) if address.to_canonical().is_loopback() => Self::Allowed,
            (Some(address), _) if is_private(address) => Self::CleartextAllowed,
            (Some(_), _) => Self::Unencrypted,
            (None, Some(name)) if is_localhost(name) => Self::Allowed,
            (None, _) => Self::CleartextIfLocal,
        }
    }
}

/// Returns whether a name is reserved for this computer (RFC 6761).
fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// Returns whether an address is local or private: http is allowed and no proxy is used.
pub(super) fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            // 100.64.0.0/10 is the shared address space of RFC 6598, used by private overlay networks.
            v4.is_loopback() || v4.is_private() || (first == 100 && (64..128).contains(&second))
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local(),
    }
}

/// Returns the IP address if the host is one.
pub(super) fn literal(host: &Host<&str>) -> Option<IpAddr> {
    match host {
        Host::Domain(_) => None,
        Host::Ipv4(v4) => Some(IpAddr::V4(*v4)),
        Host::Ipv6(v6) => Some(IpAddr::V6(*v6)),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("169.254.169.254")]
    #[case("169.254.1.1")]
    #[case("0.0.0.0")]
    #[case("0.1.2.3")]
    #[case("224.0.0.1")]
    #[case("255.255.255.255")]
    #[case("240.0.0.1")]
    #[case("100.100.100.200")]
    #[case("168.63.129.16")]
    #[case("::")]
    #[case("fe80::1")]
    #[case("ff02::1")]
    #[case("fd00:ec2::254")]
    #[case("fd20:ce::254")]
    #[case("::ffff:169.254.169.254")]
    #[case("::ffff:0.0.0.0")]
    #[case("::169.254.169.254")]
    #[case("64:ff9b::a9fe:a9fe")]
    #[case("64:ff9b:1::a9fe:a9fe")]
    #[case("64:ff9b:1:a9fe:a9:fe00::")]
    #[case("64:ff9b:1:7:a9:fea9:fe00:0")]
    #[case("2002:a9fe:a9fe::1")]
    #[case("2001:0:4136:e378:8000:63bf:5601:5601")]
    #[case("2001:0:a9fe:a9fe::1")]
    #[case("::ffff:0:a9fe:a9fe")]
    #[case("2606:4700::5efe:a9fe:a9fe")]
    #[case("2606:4700::200:5efe:a9fe:a9fe")]
    #[case("fd00:42::42")]
    #[case("fd00:c1::a9fe:a9fe")]
    #[case("fd00:ec2::23")]
    fn metadata_and_reserved_addresses_are_blocked(#[case] address: &str) {
        assert!(is_blocked(address.parse().unwrap()));
    }

    #[rstest]
    #[case("127.0.0.1", true)]
    #[case("::1", true)]
    #[case("::ffff:127.0.0.1", true)]
    #[case("10.1.2.3", true)]
    #[case("172.16.0.1", true)]
    #[case("192.168.1.1", true)]
    #[case("100.64.0.1", true)]
    #[case("fd12::1", true)]
    #[case("172.32.0.1", false)]
    #[case("8.8.8.8", false)]
    #[case("2606:4700::1", false)]
    #[case("64:ff9b::8.8.8.8", false)]
    #[case("64:ff9b:1::8.8.8.8", false)]
    #[case("2001:4860:4860::8888", false)]
    fn private_addresses_are_recognized(#[case] address: &str, #[case] private: bool) {
        let address = address.parse().unwrap();
        assert!(!is_blocked(address));
        assert_eq!(is_private(address), private);
    }

    #[rstest]
    #[case("https://api.openai.com/v1", AddressClass::Allowed)]
    #[case("http://localhost:11434", AddressClass::Allowed)]
    #[case("http://ollama.localhost.", AddressClass::Allowed)]
    #[case("http://127.0.0.1:1", AddressClass::Allowed)]
    #[case("http://[::1]/", AddressClass::Allowed)]
    #[case("http://192.168.1.2/", AddressClass::CleartextAllowed)]
    #[case("https://192.168.1.2/", AddressClass::Allowed)]
    #[case("http://gateway.example", AddressClass::CleartextIfLocal)]
    #[case("http://8.8.8.8", AddressClass::Unencrypted)]
    #[case("http://169.254.169.254/latest", AddressClass::Forbidden)]
    #[case("https://169.254.169.254/latest", AddressClass::Forbidden)]
    #[case("https://0xa9fea9fe/", AddressClass::Forbidden)]
    #[case("https://metadata.google.internal", AddressClass::Forbidden)]
    #[case("http://[fe80::1]/", AddressClass::Forbidden)]
    fn url_is_classified_before_dns(#[case] url: &str, #[case] class: AddressClass) {
        assert_eq!(AddressClass::classify(&url.parse().unwrap()), class);
    }

    #[test]
    fn metadata_host_names_are_blocked() {
        assert!(is_name_blocked("Metadata.Google.Internal."));
        assert!(!is_name_blocked("api.openai.com"));
    }
}
