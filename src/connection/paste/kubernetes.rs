//! Reads a Kubernetes Secret in YAML or JSON: `data` in base64, `stringData` in clear.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::left_out::LeftOut;
use super::settings::CollectedSettings;
use super::variables::{self, PastedVariables, field_named, field_of, is_known};
use super::{PasteKind, PasteResult};
use crate::provider::{Provider, ProviderCatalog};

const KIND: PasteKind = PasteKind::KubernetesSecret;

/// Reads a Secret in YAML; `None` for a text that has none.
pub(super) fn read(
    text: &str,
    catalog: &ProviderCatalog,
    wanted: Option<&Provider>,
) -> Option<PasteResult> {
    let is_secret = |line: &str| {
        matches!(
            line.trim(),
            "kind: Secret" | "kind: \"Secret\"" | "kind: 'Secret'"
        )
    };
    if !text.lines().any(is_secret) {
        return None;
    }
    let mut is_document = false;
    for document in text.split("\n---") {
        if !document.lines().any(is_secret) {
            continue;
        }
        let document = document.trim_start_matches('-');
        if let Ok(Value::Object(members)) = serde_saphyr::from_str::<Value>(document) {
            is_document = true;
            if let Some(result) = from_object(&members, catalog, wanted) {
                return Some(result);
            }
        }
    }
    let reason = if is_document {
        NO_VALUES
    } else {
        "it is not valid YAML"
    };
    Some(PasteResult::unreadable(KIND, reason))
}

const NO_VALUES: &str = "its values are not named like settings or variables of a known provider";

/// Reads a Secret that is parsed already; `None` for another object.
pub(super) fn from_object(
    members: &Map<String, Value>,
    catalog: &ProviderCatalog,
    wanted: Option<&Provider>,
) -> Option<PasteResult> {
    if members.get("kind").and_then(Value::as_str) != Some("Secret") {
        return None;
    }
    let mut found = PastedVariables::default();
    let mut left_out = LeftOut::default();
    for (name, text) in entries(members, "data") {
        let mut packed = Zeroizing::new(String::with_capacity(text.len()));
        packed.extend(text.split_whitespace());
        let bytes = STANDARD.decode(packed.as_bytes()).map(Zeroizing::new).ok();
        let decoded = bytes.as_ref().map(|bytes| std::str::from_utf8(bytes));
        match decoded.and_then(Result::ok) {
            Some(text) => found.set(name, text.trim_end_matches(['\r', '\n'])),
            None => left_out.credential(format!("{name} (not base64)")),
        }
    }
    for (name, text) in entries(members, "stringData") {
        found.set(name, text);
    }
    let own = wanted.filter(|wanted| {
        let mut names = found.names();
        names.any(|name| field_named(wanted, name).is_some())
    });
    if let Some(provider) = own {
        return Some(PasteResult::Connection(from_settings(
            provider, found, left_out,
        )));
    }
    if !found.names().any(|name| is_known(catalog, name)) {
        return Some(PasteResult::unreadable(KIND, NO_VALUES));
    }
    Some(variables::connection(
        found, left_out, KIND, catalog, wanted,
    ))
}

fn from_settings(
    provider: &Provider,
    found: PastedVariables,
    left_out: LeftOut,
) -> super::PastedConnection {
    let mut collected = CollectedSettings::new(provider);
    collected.left_out = left_out;
    for (name, value, _) in found.into_entries() {
        match field_named(provider, &name).or_else(|| field_of(provider, &name)) {
            Some(field) => collected.take(field, &name, value.expose().unwrap_or_default()),
            None => collected.left_out.credential(name),
        }
    }
    collected.finish(KIND)
}

fn entries<'m>(
    members: &'m Map<String, Value>,
    member: &str,
) -> impl Iterator<Item = (&'m str, &'m str)> {
    let entries = members.get(member).and_then(Value::as_object);
    let entries = entries.into_iter().flat_map(Map::iter);
    entries.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
}
