//! Allow-list of configuration keys.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

use super::{EnvironmentVariables, SettingsSource, SettingsSources};

/// Array of allowed prefixes, in the settings themselves.
const PREFIXES: &str = "umbraco:ai:allowedconfigurationkeyprefixes";

/// Section that connections may never read, regardless of the allow-list.
const NEVER: &str = "connectionstrings";

/// Allow-list; without prefixes, every key except connection strings is allowed.
pub(super) struct AllowList {
    prefixes: Vec<String>,
}

impl AllowList {
    /// Reads the allow-list from the settings and the environment.
    pub(super) fn new(sources: &SettingsSources, variables: &EnvironmentVariables) -> Self {
        Self {
            prefixes: prefixes(sources, variables),
        }
    }

    /// Checks whether a key is allowed; the error contains the allowed prefixes.
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

    /// Returns whether a prefix on the list matches a key.
    pub(super) fn is_named(&self, key: &str) -> bool {
        let key = key.to_ascii_lowercase();
        let mut prefixes = self.prefixes.iter();
        prefixes.any(|prefix| is_under(&key, &prefix.to_ascii_lowercase()))
    }

    /// Returns whether a key belongs to the allow-list itself, which is useless in a connection.
    pub(super) fn is_list(key: &str) -> bool {
        is_under(&key.to_ascii_lowercase(), PREFIXES)
    }
}

/// Returns the prefixes, each index from the source with the highest precedence.
pub(super) fn prefixes(sources: &SettingsSources, variables: &EnvironmentVariables) -> Vec<String> {
    let mut merged: BTreeMap<String, Option<SecretString>> = BTreeMap::new();
    let below = format!("{PREFIXES}:");
    let listed_in = |settings_source: &SettingsSource| {
        let values = settings_source.values.as_ref().into_iter().flatten();
        let listed = values.filter(|(key, _)| key.starts_with(&below));
        let listed = listed.map(|(key, entry)| (key.clone(), entry.value.clone()));
        listed.collect::<Vec<_>>()
    };
    merged.extend(sources.files.iter().flat_map(listed_in));
    merged.extend(
        variables
            .with_prefix(PREFIXES)
            .into_iter()
            .map(|(key, value)| (key, Some(value))),
    );
    merged.extend(sources.key_folder.iter().flat_map(listed_in));
    merged
        .into_values()
        .flatten()
        .map(|value| value.expose_secret().trim().to_owned())
        .filter(|prefix| !prefix.is_empty())
        .collect()
}

/// Returns whether a key equals a prefix or lies below it: `OpenAI` covers `OpenAI:ApiKey` but not `OpenAIOther`; `AI_` covers
/// `AI_Key`.
fn is_under(key: &str, prefix: &str) -> bool {
    key.strip_prefix(prefix).is_some_and(|rest| {
        rest.is_empty()
            || rest.starts_with(':')
            || !prefix.ends_with(|sign: char| sign.is_ascii_alphanumeric())
    })
}
