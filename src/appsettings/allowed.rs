//! Which keys may be referenced.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

use super::{Layer, Layers, Variables};

/// The array of prefixes that narrows what may be referenced, in the settings themselves.
const PREFIXES: &str = "umbraco:ai:allowedconfigurationkeyprefixes";

/// The section that no connection may read, whatever the list says.
const NEVER: &str = "connectionstrings";

/// The keys that may be referenced: all but some, unless prefixes narrow them.
pub(super) struct Allowed {
    prefixes: Vec<String>,
}

impl Allowed {
    /// What the settings and the environment say.
    pub(super) fn of(layers: &Layers, variables: &Variables) -> Self {
        Self {
            prefixes: prefixes(layers, variables),
        }
    }

    /// Whether a key may be referenced; otherwise the prefixes that may be.
    pub(super) fn check(&self, key: &str) -> Result<(), Vec<String>> {
        let key = key.to_ascii_lowercase();
        if is_under(&key, NEVER) {
            return Err(Vec::new());
        }
        if self.prefixes.is_empty() || self.is_named(&key) {
            return Ok(());
        }
        Err(self.prefixes.clone())
    }

    /// Whether a prefix names a key.
    pub(super) fn is_named(&self, key: &str) -> bool {
        let key = key.to_ascii_lowercase();
        let mut prefixes = self.prefixes.iter();
        prefixes.any(|prefix| is_under(&key, &prefix.to_ascii_lowercase()))
    }

    /// Whether a key is the list itself, which nobody has a use for in a connection.
    pub(super) fn is_list(key: &str) -> bool {
        is_under(&key.to_ascii_lowercase(), PREFIXES)
    }
}

/// The list, each index from the highest place that has it.
pub(super) fn prefixes(layers: &Layers, variables: &Variables) -> Vec<String> {
    let mut merged: BTreeMap<String, Option<SecretString>> = BTreeMap::new();
    let below = format!("{PREFIXES}:");
    let listed_in = |layer: &Layer| {
        let values = layer.values.as_ref().into_iter().flatten();
        let listed = values.filter(|(key, _)| key.starts_with(&below));
        let listed = listed.map(|(key, kept)| (key.clone(), kept.value.clone()));
        listed.collect::<Vec<_>>()
    };
    merged.extend(layers.files.iter().flat_map(listed_in));
    merged.extend(
        variables
            .below(PREFIXES)
            .into_iter()
            .map(|(key, value)| (key, Some(value))),
    );
    merged.extend(layers.keys.iter().flat_map(listed_in));
    merged
        .into_values()
        .flatten()
        .map(|value| value.expose_secret().trim().to_owned())
        .filter(|prefix| !prefix.is_empty())
        .collect()
}

/// Whether a key is a prefix itself or lies below it: `OpenAI` covers `OpenAI:ApiKey` but not `OpenAIOther`, `AI_` covers `AI_Key`.
fn is_under(key: &str, prefix: &str) -> bool {
    key.strip_prefix(prefix).is_some_and(|rest| {
        rest.is_empty()
            || rest.starts_with(':')
            || !prefix.ends_with(|sign: char| sign.is_ascii_alphanumeric())
    })
}
