//! Which addresses are called, and which never.
//!
//! A connection is made by whoever may make one; what its test can reach must not be what only this computer can: the
//! metadata services of clouds hand out credentials to whoever asks from inside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Services of a cloud's own network that stand outside the link-local range.
const METADATA_V4: &[Ipv4Addr] = &[
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(192, 0, 0, 192),
];
const METADATA_V6: &[Ipv6Addr] = &[
    Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x254),
];

/// Names that mean such a service wherever they resolve, for a proxy that resolves them out of sight.
const METADATA_NAMES: &[&str] = &[
    "metadata",
    "metadata.google.internal",
    "metadata.goog",
    "instance-data",
    "instance-data.ec2.internal",
];

/// Whether a host is refused by its name alone.
pub(super) fn is_name_refused(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    METADATA_NAMES
        .iter()
        .any(|refused| name.eq_ignore_ascii_case(refused))
}

/// Whether an address is never called: link-local, metadata, unspecified, multicast, broadcast, reserved.
pub(super) fn is_refused(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_refused_v4(v4),
        IpAddr::V6(v6) => {
            v6.is_unspecified()
                || v6.is_multicast()
                || v6.is_unicast_link_local()
                || METADATA_V6.contains(&v6)
                || embedded(v6).is_some_and(is_refused_v4)
        }
    }
}

fn is_refused_v4(v4: Ipv4Addr) -> bool {
    let [first, ..] = v4.octets();
    first == 0
        || first >= 240
        || v4.is_multicast()
        || v4.is_link_local()
        || METADATA_V4.contains(&v4)
}

/// The IPv4 address that a translator would take an IPv6 address for: NAT64, 6to4, and the old compatible form.
fn embedded(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let (high, low) = match v6.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => (high, low),
        [0, 0, 0, 0, 0, 0, high, low] if !v6.is_loopback() => (high, low),
        _ => return None,
    };
    Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
}

/// What is known of an address before it is called: names are resolved only then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// Nothing is against it.
    Fine,
    /// Not https: what is sent can be read on the way, in a private network.
    Open,
    /// Not https, to a name: it is called only where that is this computer or in a private network.
    OpenIfNear,
    /// Not https, and neither this computer nor in a private network: it is not called.
    Unencrypted,
    /// It is never called: link-local, metadata, unspecified, multicast, reserved.
    Forbidden,
}

impl Outlook {
    /// What can be told of an address by the look of it.
    pub fn of(url: &Url) -> Self {
        let is_open = url.scheme() != "https";
        let Some(host) = url.host() else {
            return Self::Fine;
        };
        match (literal(&host), url.domain()) {
            (Some(address), _) if is_refused(address) => Self::Forbidden,
            (None, Some(name)) if is_name_refused(name) => Self::Forbidden,
            _ if !is_open => Self::Fine,
            (Some(address), _) if address.to_canonical().is_loopback() => Self::Fine,
            (Some(address), _) if is_near(address) => Self::Open,
            (Some(_), _) => Self::Unencrypted,
            (None, Some(name)) if is_this_computer(name) => Self::Fine,
            (None, _) => Self::OpenIfNear,
        }
    }
}

/// The name that RFC 6761 keeps for this computer.
fn is_this_computer(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// Whether an address is this computer's or of a private network, where http is allowed and no proxy is asked.
pub(super) fn is_near(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            // The last is the shared space of RFC 6598, which private overlays use.
            v4.is_loopback() || v4.is_private() || (first == 100 && (64..128).contains(&second))
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local(),
    }
}

/// The address that a host is already.
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
    #[case("2002:a9fe:a9fe::1")]
    fn these_are_never_called(#[case] address: &str) {
        assert!(is_refused(address.parse().unwrap()));
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
    fn near_is_told_from_far(#[case] address: &str, #[case] near: bool) {
        let address = address.parse().unwrap();
        assert!(!is_refused(address));
        assert_eq!(is_near(address), near);
    }

    #[rstest]
    #[case("https://api.openai.com/v1", Outlook::Fine)]
    #[case("http://localhost:11434", Outlook::Fine)]
    #[case("http://ollama.localhost.", Outlook::Fine)]
    #[case("http://127.0.0.1:1", Outlook::Fine)]
    #[case("http://[::1]/", Outlook::Fine)]
    #[case("http://192.168.1.2/", Outlook::Open)]
    #[case("https://192.168.1.2/", Outlook::Fine)]
    #[case("http://gateway.example", Outlook::OpenIfNear)]
    #[case("http://8.8.8.8", Outlook::Unencrypted)]
    #[case("http://169.254.169.254/latest", Outlook::Forbidden)]
    #[case("https://169.254.169.254/latest", Outlook::Forbidden)]
    #[case("https://0xa9fea9fe/", Outlook::Forbidden)]
    #[case("https://metadata.google.internal", Outlook::Forbidden)]
    #[case("http://[fe80::1]/", Outlook::Forbidden)]
    fn the_look_of_an_address_tells_how_it_will_go(#[case] url: &str, #[case] outlook: Outlook) {
        assert_eq!(Outlook::of(&url.parse().unwrap()), outlook);
    }

    #[test]
    fn metadata_is_refused_by_name() {
        assert!(is_name_refused("Metadata.Google.Internal."));
        assert!(!is_name_refused("api.openai.com"));
    }
}
