//! List of the configuration keys that may be referenced and have a value, without the values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::allow_list::AllowList;
use super::{AppSettings, Reference, SettingsSource, SettingsSources, has_text};

/// Maximum number of listed keys.
pub const MAX_KEYS: usize = 1_000;

/// A configuration key that may be referenced and has a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfigurationKey {
    /// The key without its `$`, as its source spells it.
    pub key: String,
    /// Source of the value, for example `environment variable OpenAI__ApiKey` or `appsettings.json`.
    pub source: String,
}

impl AppSettings {
    /// Lists the resolvable keys by name, at most [`MAX_KEYS`], and their total number.
    ///
    /// Most environment variables are unrelated to connections. Only those are listed that have a section (`OpenAI__ApiKey`),
    /// that `is_known` accepts, or that the allow-list names.
    pub fn keys(&self, is_known: impl Fn(&str) -> bool) -> (Vec<ConfigurationKey>, usize) {
        let sources = self.sources();
        let allowed = AllowList::new(&sources, &self.variables);
        let mut found: BTreeMap<String, Option<ConfigurationKey>> = BTreeMap::new();
        // The source with the highest precedence decides, even when its value is empty.
        let SettingsSources {
            files, key_folder, ..
        } = sources;
        for SettingsSource { name, values, .. } in files {
            for (key, entry) in values.into_iter().flatten() {
                let is_there = entry.value.is_some_and(|value| has_text(&value));
                let listed = is_there.then(|| ConfigurationKey {
                    key: entry.key,
                    source: name.clone(),
                });
                found.insert(key, listed);
            }
        }
        self.variables.each(|name, value| {
            let key = name.replace("__", ":");
            let lower = key.to_ascii_lowercase();
            let is_of_use = key.contains(':') || is_known(name) || allowed.is_named(&key);
            if is_of_use || found.contains_key(&lower) {
                let listed = (!value.trim().is_empty()).then(|| ConfigurationKey {
                    key,
                    source: format!("environment variable {name}"),
                });
                found.insert(lower, listed);
            }
        });
        if let Some(SettingsSource { name, values, .. }) = key_folder {
            for (key, entry) in values.into_iter().flatten() {
                let is_there = entry.value.is_some_and(|value| has_text(&value));
                let source = format!("{name}/{}", entry.key.replace(':', "__"));
                let listed = is_there.then_some(ConfigurationKey {
                    key: entry.key,
                    source,
                });
                found.insert(key, listed);
            }
        }
        let mut keys: Vec<_> = found
            .into_values()
            .flatten()
            .filter(|listed| is_referable(&listed.key, &allowed))
            .collect();
        let total = keys.len();
        keys.truncate(MAX_KEYS);
        (keys, total)
    }
}

fn is_referable(key: &str, allowed: &AllowList) -> bool {
    Reference::read(&format!("${key}")).is_some()
        && allowed.check(key).is_ok()
        && !AllowList::is_list(key)
}
