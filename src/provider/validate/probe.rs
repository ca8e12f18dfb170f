//! Validation of probes.

use super::super::probe::{Probe, Scheme, Template, is_header_name};
use super::super::{FieldKind, Provider};

const MAX_PROBES: usize = 8;

/// Returns the first invalid probe with its member and message.
pub(super) fn first_error(provider: &Provider) -> Option<(usize, &'static str, String)> {
    if provider.probe.len() > MAX_PROBES {
        let sentence = format!("a provider has at most {MAX_PROBES} probes");
        return Some((MAX_PROBES, "scheme", sentence));
    }
    let last = provider.probe.len().saturating_sub(1);
    provider
        .probe
        .iter()
        .enumerate()
        .find_map(|(index, probe)| {
            let unreachable = (index < last && probe.when.is_none()).then(|| {
                let sentence =
                    "only the last probe can omit when; later probes would never be used";
                ("scheme", sentence.to_owned())
            });
            let (member, sentence) = unreachable
                .or_else(|| scheme_error(probe))
                .or_else(|| address_error(probe, provider))
                .or_else(|| settings_error(probe, provider))
                .or_else(|| hint_error(probe))?;
            Some((index, member, sentence))
        })
}

type CheckResult = Option<(&'static str, String)>;

/// Returns the missing member of an authentication scheme.
fn scheme_error(probe: &Probe) -> CheckResult {
    let wanted = match probe.scheme {
        Scheme::Header if probe.header.is_none() => Some("header: the header of the key"),
        Scheme::SigV4 if probe.service.is_none() => Some("service: the AWS service name"),
        Scheme::Entra if probe.token.is_none() => Some("token: the URL of the token request"),
        Scheme::Entra if probe.scope.is_none() => Some("scope: the scope of the token"),
        Scheme::Bearer | Scheme::Header | Scheme::SigV4 | Scheme::Entra => None,
    };
    if let Some(wanted) = wanted {
        return Some(("scheme", format!("this scheme needs {wanted}")));
    }
    let names = probe.headers.keys().map(|name| ("headers", name));
    names
        .chain(probe.header.iter().map(|name| ("header", name)))
        .find(|(_, name)| !is_header_name(name))
        .map(|(member, name)| (member, format!("'{name}' is not a valid header name")))
}

/// Returns the first URL with an invalid beginning.
fn address_error(probe: &Probe, provider: &Provider) -> CheckResult {
    if probe.address.is_empty() {
        return Some(("address", "address needs at least one URL".into()));
    }
    let is_url = |key: &str| {
        let field = provider.field(key);
        field.is_none_or(|field| field.kind == FieldKind::Url)
    };
    addresses(probe).find_map(|(member, address)| {
        if !address.is_address() {
            let sentence = "a URL must begin with https://, http:// or a setting";
            return Some((member, sentence.to_owned()));
        }
        let base = address.base().filter(|key| !is_url(key))?;
        Some((
            member,
            format!("'{base}' begins a URL but is not a setting of kind url"),
        ))
    })
}

/// Returns the first unknown setting.
fn settings_error(probe: &Probe, provider: &Provider) -> CheckResult {
    let in_addresses = addresses(probe)
        .flat_map(|(member, address)| address.settings().map(move |key| (member, key)));
    let in_headers = probe.headers.values().flat_map(Template::settings);
    let named = probe.when.iter().map(|key| ("when", key.as_str()));
    let more = probe
        .more_headers
        .iter()
        .map(|key| ("moreHeaders", key.as_str()));
    named
        .chain(probe.credentials().into_iter().map(|key| ("scheme", key)))
        .chain(in_addresses)
        .chain(in_headers.map(|key| ("headers", key)))
        .chain(more)
        .find(|(_, key)| !provider.settings.iter().any(|field| field.key == *key))
        .map(|(member, key)| (member, format!("unknown setting '{key}'")))
}

fn addresses(probe: &Probe) -> impl Iterator<Item = (&'static str, &Template)> {
    let own = probe.address.iter().map(|address| ("address", address));
    let token = probe.token.iter().map(|address| ("token", address));
    let listed = probe.models.iter().flat_map(|models| &models.address);
    own.chain(token)
        .chain(listed.map(|address| ("models", address)))
}

/// Returns the error of an invalid hint.
fn hint_error(probe: &Probe) -> CheckResult {
    let hint = probe.hint.as_ref()?;
    let is_line = super::is_label(hint);
    (!is_line).then(|| ("hint", "hint must be one line of visible text".into()))
}
