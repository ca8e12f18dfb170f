//! Reads an address: which provider it belongs to, and what of it is the endpoint.

use url::{Host, Url};
use zeroize::Zeroizing;

use super::placeholder::is_placeholder_address;
use super::value::has_key;
use crate::provider::{DefaultValue, FieldKind, Provider, ProviderCatalog, SettingsField};
use crate::text::secret_detector;

/// The provider whose endpoint is an origin alone.
pub(super) const FOUNDRY: &str = "microsoft-foundry";
/// The provider whose addresses name the region.
pub(super) const AMAZON: &str = "amazon";
/// The provider that takes any address.
pub(super) const GENERIC: &str = "openai-compatible";
const OLLAMA: &str = "ollama";

/// The port Ollama listens on.
const OLLAMA_PORT: u16 = 11434;

/// Last parts of Ollama's own paths, after `/api/`.
const OLLAMA_CALLS: [&str; 13] = [
    "generate",
    "chat",
    "tags",
    "embed",
    "embeddings",
    "show",
    "ps",
    "pull",
    "push",
    "create",
    "copy",
    "delete",
    "version",
];

/// Paths of calls, which an endpoint does not have. A resource name may follow them.
const CALLS: [&[&str]; 25] = [
    &["chat", "completions"],
    &["audio", "transcriptions"],
    &["audio", "translations"],
    &["audio", "speech"],
    &["images", "generations"],
    &["images", "edits"],
    &["completions"],
    &["responses"],
    &["embeddings"],
    &["messages"],
    &["complete"],
    &["rerank"],
    &["moderations"],
    &["files"],
    &["uploads"],
    &["batches"],
    &["assistants"],
    &["threads"],
    &["vector_stores"],
    &["fine_tuning"],
    &["realtime"],
    &["videos"],
    &["key"],
    &["whoami-v2"],
    &["models"],
];

/// An address as it was pasted.
pub(super) struct PastedUrl {
    /// The parsed address; absent when its host is still to be filled in.
    pub(super) url: Option<Url>,
    /// `true` if the host contains a placeholder.
    pub(super) is_placeholder: bool,
    /// `true` if the host has a key prefix; a parsed host is lowercase.
    pub(super) holds_key: bool,
}

impl PastedUrl {
    /// Reads an address, with or without a scheme; `None` for a text that is not one.
    pub(super) fn read(raw: &str) -> Option<Self> {
        let text = raw.trim();
        let text = text
            .strip_prefix('<')
            .and_then(|rest| rest.strip_suffix('>'))
            .filter(|inner| inner.contains("://"))
            .unwrap_or(text);
        if text.is_empty() || text.contains(char::is_whitespace) {
            return None;
        }
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, text),
        };
        if scheme.is_some_and(|scheme| {
            !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https")
        }) {
            return None;
        }
        // URL parsers skip slashes, and read the path as the host.
        if rest.starts_with(['/', '\\']) {
            return None;
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, path) = rest.split_at(end);
        if is_placeholder_address(host) || is_percent_variable(host) {
            let is_whole = host.starts_with(['$', '{', '%', '<']) && !host.contains('.');
            if is_whole
                && scheme.is_none()
                && path.is_empty()
                && host.len() == text.len()
                && !host.to_lowercase().contains("url")
            {
                return None;
            }
            let filled = Zeroizing::new(format!("https://{}{path}", without_placeholders(host)));
            return Some(Self {
                url: Url::parse(&filled).ok(),
                is_placeholder: true,
                holds_key: false,
            });
        }
        let whole = match scheme {
            Some(_) => Zeroizing::new(text.to_owned()),
            None if is_host(host) => Zeroizing::new(format!("{}://{text}", default_scheme(host))),
            None => return None,
        };
        let url = Url::parse(&whole).ok().filter(Url::has_host)?;
        Some(Self {
            url: Some(url),
            is_placeholder: false,
            holds_key: has_key(without_user(host)),
        })
    }

    pub(super) fn has_user(&self) -> bool {
        let url = self.url.as_ref();
        url.is_some_and(|url| !url.username().is_empty() || url.password().is_some())
    }
}

/// A host and port without the user before them.
pub(super) fn without_user(host: &str) -> &str {
    host.rsplit_once('@').map_or(host, |(_, host)| host)
}

fn is_percent_variable(host: &str) -> bool {
    host.len() > 2 && host.starts_with('%') && host.ends_with('%')
}

/// A host with every placeholder replaced by a plain word, so that the rest of it tells the provider.
fn without_placeholders(host: &str) -> String {
    let mut filled = String::new();
    let mut rest = host;
    while let Some(start) = rest.find(['{', '<', '$', '%']) {
        let (before, placeholder) = rest.split_at(start);
        filled.push_str(before);
        filled.push_str("placeholder");
        let name = placeholder.trim_start_matches(['{', '<', '$', '%']);
        rest = name.trim_start_matches(|character: char| {
            character.is_alphanumeric() || matches!(character, '_' | ' ' | '-')
        });
        rest = rest.trim_start_matches(['}', '>', '%']);
        if rest.len() == placeholder.len() {
            break;
        }
    }
    filled.push_str(rest);
    filled.replace(['}', '>'], "")
}

/// Returns whether a text without a scheme can be a host: a name with a dot, `localhost`, or an IP address.
pub(super) fn is_host(text: &str) -> bool {
    let Some((name, port)) = split_port(without_user(text)) else {
        return false;
    };
    let is_name = name.rsplit_once('.').is_some_and(|(before, last)| {
        !before.is_empty() && last.len() > 1 && last.bytes().all(|byte| byte.is_ascii_alphabetic())
    });
    let is_address = name.parse::<std::net::Ipv4Addr>().is_ok()
        || (name.starts_with('[') && name.ends_with(']'));
    (is_name
        || is_address
        || name.eq_ignore_ascii_case("localhost")
        || (port.is_some() && is_label(name)))
        && !secret_detector::has_key_prefix(name)
}

/// Splits a host and its port, if it has one; `None` if the port is not a number.
pub(super) fn split_port(text: &str) -> Option<(&str, Option<&str>)> {
    match text.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => {
            let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then_some((name, Some(port)))
        }
        _ => Some((text, None)),
    }
}

fn is_label(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// `http` for this machine, where a certificate is rare; else `https`.
fn default_scheme(host: &str) -> &'static str {
    let probe = format!("http://{host}");
    let is_local = Url::parse(&probe).is_ok_and(|url| is_loopback(&url));
    if is_local { "http" } else { "https" }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Evidence for a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FoundBy {
    /// The host or the path belongs to it.
    Address,
    /// It is the provider of the form, or takes any address.
    Fallback,
}

/// The provider of an address, or the one of the form, or the one that takes any address.
pub(super) fn provider<'a>(
    address: &PastedUrl,
    catalog: &'a ProviderCatalog,
    wanted: Option<&'a Provider>,
) -> Option<(&'a Provider, FoundBy)> {
    let url = address.url.as_ref();
    let by_host = url.and_then(|url| catalog.at(url));
    let by_path = || {
        url.filter(|url| is_ollama_path(url))
            .and_then(|_| catalog.get(OLLAMA))
    };
    let by_port = || {
        let url = url.filter(|url| url.port() == Some(OLLAMA_PORT));
        url.and_then(|_| catalog.get(OLLAMA))
    };
    let by_address = by_host
        .or_else(by_path)
        .map(|found| (found, FoundBy::Address));
    by_address
        .or_else(|| {
            let wanted = wanted.filter(|wanted| endpoint_field(wanted).is_some());
            wanted.map(|wanted| (wanted, FoundBy::Fallback))
        })
        .or_else(|| by_port().map(|found| (found, FoundBy::Address)))
        .or_else(|| catalog.get(GENERIC).map(|found| (found, FoundBy::Fallback)))
}

fn is_ollama_path(url: &Url) -> bool {
    let path = url.path().trim_end_matches('/');
    path.rsplit_once("/api/")
        .is_some_and(|(_, call)| OLLAMA_CALLS.contains(&call))
}

/// The field an address goes into.
pub(super) fn endpoint_field(provider: &Provider) -> Option<&SettingsField> {
    provider
        .settings
        .iter()
        .find(|field| field.kind == FieldKind::Url)
}

/// The endpoint of an address: the default where the address begins like it, else without the call.
pub(super) fn endpoint(address: &Url, provider: &Provider, field: &SettingsField) -> String {
    let mut bare = address.clone();
    bare.set_query(None);
    bare.set_fragment(None);
    if bare.set_username("").is_err() || bare.set_password(None).is_err() {
        return origin(address).unwrap_or_default();
    }
    let text = bare.as_str().trim_end_matches('/');
    if let Some(DefaultValue::Text(default)) = &field.default
        && let Some(rest) = text.strip_prefix(default.trim_end_matches('/'))
        && (rest.is_empty() || rest.starts_with('/'))
    {
        return default.clone();
    }
    if provider.id == FOUNDRY && provider.is_at(address) {
        return origin(address).unwrap_or_default();
    }
    let path = without_call(bare.path());
    let ends_before_v1 = provider.id == OLLAMA || calls_v1(provider);
    let path = if ends_before_v1 {
        path.strip_suffix("/v1").unwrap_or(path)
    } else {
        path
    };
    format!("{}{path}", origin(address).unwrap_or_default())
}

/// Returns whether the provider's calls begin with `/v1`, so that its endpoint does not end with it.
fn calls_v1(provider: &Provider) -> bool {
    let mut addresses = provider.probe.iter().flat_map(|probe| &probe.address);
    addresses.any(|address| {
        let shown = address.displayed(|key| format!("{{{key}}}"));
        shown.starts_with("{endpoint}/v1/")
    })
}

/// Scheme, host and port.
pub(super) fn origin(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    Some(format!("{}://{host}{port}", url.scheme()))
}

/// A path without the call at its end, and without what follows the call.
fn without_call(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    if let Some((before, call)) = path.rsplit_once("/api/")
        && OLLAMA_CALLS.contains(&call)
    {
        return before;
    }
    let starts: Vec<usize> = path.match_indices('/').map(|(at, _)| at).collect();
    for call in CALLS {
        for (index, start) in starts.iter().enumerate() {
            let mut parts = path.get(start + 1..).unwrap_or_default().split('/');
            if call.iter().all(|part| parts.next() == Some(*part)) && is_end(call, index, &starts) {
                return path.get(..*start).unwrap_or_default();
            }
        }
    }
    path
}

/// `/models/x` names a model; longer paths after a call belong to another service.
fn is_end(call: &[&str], index: usize, starts: &[usize]) -> bool {
    let following = starts.len() - (index + call.len()).min(starts.len());
    following <= 2
}

/// The AWS region in a host such as `bedrock-runtime.eu-central-1.amazonaws.com`.
pub(super) fn region(url: &Url) -> Option<&str> {
    let host = url.host_str()?;
    host.split('.').find(|part| {
        let mut pieces = part.split('-');
        let first = pieces.next().unwrap_or_default();
        first.len() == 2
            && first.bytes().all(|byte| byte.is_ascii_lowercase())
            && part
                .bytes()
                .last()
                .is_some_and(|byte| byte.is_ascii_digit())
            && pieces.count() >= 2
    })
}

/// Returns whether the host is AWS's own for the region, so that it needs no endpoint.
pub(super) fn is_regional(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let parts: Vec<&str> = host.split('.').collect();
    matches!(parts.as_slice(), [service, _, "amazonaws", "com"] if service.starts_with("bedrock"))
}
