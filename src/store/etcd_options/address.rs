//! Address of a store on etcd: `etcd://HOST:PORT,HOST:PORT/PREFIX?tls=off`.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// Start of every address.
pub const SCHEME: &str = "etcd://";

/// Port of etcd for clients.
const PORT: u16 = 2379;

/// Prefix of the keys without one in the address.
const PREFIX: &str = "/umai";

/// Parts of the keys below a prefix.
const RESERVED: [&str; 6] = ["a", "c", "g", "t", "v", "w"];

/// Address of a store on etcd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EtcdAddress {
    /// Nodes of the cluster, as `host:port`.
    nodes: Vec<String>,
    /// Prefix of the keys, with a slash at its start only.
    prefix: String,
    encryption: Encryption,
}

/// Encryption of the connections to etcd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encryption {
    /// TLS, except on loopback.
    Default,
    /// `tls=on`.
    On,
    /// `tls=off`.
    Off,
}

impl EtcdAddress {
    /// Nodes of the cluster, as `host:port`.
    pub fn nodes(&self) -> &[String] {
        &self.nodes
    }

    /// Prefix of the keys, with a slash at its start only.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Returns true if the connections are encrypted. `has_certificates` is true with a CA file or a client certificate.
    pub fn is_encrypted(&self, has_certificates: bool) -> bool {
        match self.encryption {
            Encryption::On => true,
            Encryption::Off => false,
            Encryption::Default => {
                has_certificates || !self.nodes.iter().all(|node| is_loopback(node))
            }
        }
    }
}

impl FromStr for EtcdAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains('@') {
            // The error does not repeat it: it may contain a password.
            return Err("The store contains a user name or a password; use --store-user and --store-password-file".into());
        }
        let rest = text.strip_prefix(SCHEME).ok_or_else(|| {
            format!("'{text}' is not the address of a store; write etcd://HOST:PORT,HOST:PORT/NAME")
        })?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let encryption = match query {
            "" => Encryption::Default,
            "tls=on" => Encryption::On,
            "tls=off" => Encryption::Off,
            // The error does not repeat it: it may contain a password.
            _ => return Err("The only option of a store is tls=on or tls=off".into()),
        };
        let (hosts, path) = rest.split_once('/').unwrap_or((rest, ""));
        let nodes: Result<Vec<String>, String> = hosts.split(',').map(node).collect();
        let path = path.trim_end_matches('/');
        if path.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err("The name of the store contains white space".into());
        }
        if let Some((store, part)) = inside_of_store(path) {
            return Err(format!(
                "'{path}' cannot be the name of a store: /{store}/{part}/ has keys of the store '{store}', which it would mix with. \
                 Choose a name without the part {part}"
            ));
        }
        Ok(Self {
            nodes: nodes?,
            prefix: if path.is_empty() {
                PREFIX.into()
            } else {
                format!("/{path}")
            },
            encryption,
        })
    }
}

impl fmt::Display for EtcdAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}{}", self.nodes.join(","), self.prefix)
    }
}

/// Returns the store whose keys a store of this name would mix with, and the part of the name that they have in common.
fn inside_of_store(path: &str) -> Option<(&str, &str)> {
    path.match_indices('/').find_map(|(at, _)| {
        let part = path[at + 1..].split('/').next()?;
        RESERVED.contains(&part).then_some((&path[..at], part))
    })
}

/// Checks a node, and adds the port.
fn node(text: &str) -> Result<String, String> {
    let invalid =
        || format!("'{text}' is not a node of etcd; write HOST:PORT, or [ADDRESS]:PORT for IPv6");
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| invalid())?),
        _ => (text, PORT),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let is_valid = match host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
    {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.chars().all(is_name),
    };
    if is_valid && port != 0 {
        Ok(format!("{host}:{port}"))
    } else {
        Err(invalid())
    }
}

fn is_loopback(node: &str) -> bool {
    let host = node.rsplit_once(':').map_or(node, |(host, _)| host);
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<EtcdAddress, String> {
        text.parse()
    }

    #[test]
    fn address_names_nodes_and_prefix() {
        let address = parse("etcd://h1:2379,h2,[::1]:1234/team").unwrap();
        assert_eq!(address.nodes(), ["h1:2379", "h2:2379", "[::1]:1234"]);
        assert_eq!(address.prefix(), "/team");
        assert_eq!(
            address.to_string(),
            "etcd://h1:2379,h2:2379,[::1]:1234/team"
        );
        assert_eq!(parse("etcd://h1").unwrap().prefix(), "/umai");
        assert_eq!(parse("etcd://h1/a/b/").unwrap().prefix(), "/a/b");
    }

    #[test]
    fn only_loopback_is_plain_by_default() {
        for (text, encrypted) in [
            ("etcd://127.0.0.1:1/x", false),
            ("etcd://localhost,[::1]/x", false),
            ("etcd://localhost,h2/x", true),
            ("etcd://10.0.0.1/x", true),
            ("etcd://10.0.0.1/x?tls=off", false),
            ("etcd://localhost/x?tls=on", true),
        ] {
            let address = parse(text).unwrap();
            assert_eq!(address.is_encrypted(false), encrypted, "{text}");
        }
        assert!(parse("etcd://localhost").unwrap().is_encrypted(true));
    }

    #[test]
    fn invalid_address_is_refused_without_repeating_a_password() {
        for text in [
            "http://h1",
            "etcd://",
            "etcd://h1:x",
            "etcd://h1:0",
            "etcd://h1,,h2",
            "etcd://h1/a b",
            "etcd://h1?tls=maybe",
            "etcd://::1",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        for text in ["etcd://root:planted@h1", "etcd://h1?password=planted"] {
            let refused = parse(text).unwrap_err();
            assert!(!refused.contains("planted"), "{refused}");
        }
    }

    #[test]
    fn name_among_the_keys_of_another_store_is_refused_with_the_reason() {
        for (text, store, part) in [
            ("etcd://h1/team/g", "'team'", "/team/g/"),
            ("etcd://h1/team/v/x", "'team'", "/team/v/"),
            ("etcd://h1/a/b/c/a", "'a/b'", "/a/b/c/"),
        ] {
            let refused = parse(text).unwrap_err();
            assert!(refused.contains(store), "{refused}");
            assert!(refused.contains(part), "{refused}");
        }
        assert_eq!(parse("etcd://h1/g").unwrap().prefix(), "/g");
        assert_eq!(parse("etcd://h1/team/go").unwrap().prefix(), "/team/go");
    }
}
