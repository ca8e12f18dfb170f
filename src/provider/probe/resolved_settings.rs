//! Resolved settings for one request.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

/// Values by setting key, with resolved references and defaults; wiped on drop.
#[derive(Debug, Default)]
pub struct ResolvedSettings(BTreeMap<String, SecretString>);

impl ResolvedSettings {
    /// Sets a value; an empty one counts as absent.
    pub fn set(&mut self, key: &str, value: SecretString) {
        if !value.expose_secret().trim().is_empty() {
            self.0.insert(key.to_owned(), value);
        }
    }

    /// Returns the value of a setting.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|value| value.expose_secret().trim())
    }
}
