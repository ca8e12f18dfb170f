//! Hosts of `NO_PROXY`: names including subdomains, `host:port`, IP addresses, networks, `*`.

use std::net::IpAddr;

use url::{Host, Url};

use super::super::egress_policy::literal;

/// Returns whether a list includes the host of a URL.
pub(super) fn include(list: &str, address: &Url) -> bool {
    let entries = list.split(|sign: char| sign == ',' || sign.is_whitespace());
    entries
        .filter(|entry| !entry.is_empty())
        .any(|entry| entry == "*" || includes(entry, address))
}

fn includes(entry: &str, address: &Url) -> bool {
    let Some(host) = address.host() else {
        return false;
    };
    let (entry, port) = split_port(entry);
    if port.is_some_and(|port| Some(port) != address.port_or_known_default()) {
        return false;
    }
    match (literal(&host), host) {
        (Some(address), _) => is_in(entry, address.to_canonical()),
        (None, Host::Domain(name)) => is_below(entry, name),
        (None, Host::Ipv4(_) | Host::Ipv6(_)) => false,
    }
}

/// Splits `host:port` and `[::1]:port`; an IPv6 address without brackets has no port.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    if let Some((host, rest)) = entry
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        let port = rest.strip_prefix(':').and_then(|port| port.parse().ok());
        return (host, port);
    }
    match entry.split_once(':') {
        Some((host, port)) if !port.contains(':') => match port.parse() {
            Ok(port) => (host, Some(port)),
            Err(_) => (entry, None),
        },
        Some(_) | None => (entry, None),
    }
}

/// Returns whether an entry is this address or a network that contains it: `10.0.0.0/8`.
fn is_in(entry: &str, address: IpAddr) -> bool {
    let Some((network, length)) = entry.split_once('/') else {
        let own: Option<IpAddr> = entry.parse().ok();
        return own.is_some_and(|own| own.to_canonical() == address);
    };
    let Ok(length) = length.parse::<u32>() else {
        return false;
    };
    match (network.parse(), address) {
        (Ok(IpAddr::V4(network)), IpAddr::V4(address)) if length <= 32 => {
            let differing = u64::from(network.to_bits() ^ address.to_bits());
            differing >> (32 - length) == 0
        }
        (Ok(IpAddr::V6(network)), IpAddr::V6(address)) if length <= 128 => {
            let differing = network.to_bits() ^ address.to_bits();
            differing.checked_shr(128 - length).unwrap_or_default() == 0
        }
        _ => false,
    }
}

/// Returns whether a name is an entry or a subdomain of it: `openai.com`, `.openai.com` and `*.openai.com` mean the same.
fn is_below(entry: &str, name: &str) -> bool {
    let entry = entry.strip_prefix('*').unwrap_or(entry);
    let entry = entry.trim_matches('.').to_ascii_lowercase();
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let before = name.strip_suffix(&entry);
    !entry.is_empty() && before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("openai.com", "https://api.openai.com", true)]
    #[case("openai.com", "https://openai.com", true)]
    #[case(".openai.com", "https://api.openai.com", true)]
    #[case("*.openai.com", "https://api.openai.com", true)]
    #[case("*.openai.com", "https://a.b.openai.com.", true)]
    #[case("OpenAI.com", "https://api.openai.com", true)]
    #[case("openai.com", "https://notopenai.com", false)]
    #[case("api.openai.com", "https://openai.com", false)]
    #[case("a.example , openai.com", "https://api.openai.com", true)]
    #[case("a.example openai.com", "https://api.openai.com", true)]
    #[case("api.openai.com:443", "https://api.openai.com", true)]
    #[case("api.openai.com:8443", "https://api.openai.com", false)]
    #[case("openai.com:8443", "https://api.openai.com:8443", true)]
    #[case("*", "https://api.openai.com", true)]
    #[case("", "https://api.openai.com", false)]
    #[case(".,*.,:,/,[", "https://api.openai.com", false)]
    #[case("[::1]", "https://[::1]", true)]
    #[case("::1", "https://[::1]", true)]
    #[case("[::1]:443", "https://[::1]", true)]
    #[case("[::1]:444", "https://[::1]", false)]
    #[case("2001:db8::/32", "https://[2001:db8::5]", true)]
    #[case("2001:db8::/32", "https://[2001:db9::5]", false)]
    #[case("::/0", "https://[2001:db9::5]", true)]
    #[case("203.0.113.7", "https://203.0.113.7", true)]
    #[case("203.0.113.7:443", "https://203.0.113.7", true)]
    #[case("203.0.113.0/24", "https://203.0.113.7", true)]
    #[case("203.0.113.0/24", "https://203.0.114.7", false)]
    #[case("0.0.0.0/0", "https://203.0.114.7", true)]
    #[case("203.0.113.0/33", "https://203.0.113.7", false)]
    #[case("113.7", "https://203.0.113.7", false)]
    fn no_proxy_is_read_as_other_tools_do(
        #[case] list: &str,
        #[case] address: &str,
        #[case] is_included: bool,
    ) {
        let address = Url::parse(address).unwrap();
        assert_eq!(include(list, &address), is_included);
    }
}
