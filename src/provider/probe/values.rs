//! What the settings of a connection come to for one call.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

/// Values by the provider's own keys, references resolved, defaults filled in; wiped when the call is over.
#[derive(Debug, Default)]
pub struct Values(BTreeMap<String, SecretString>);

impl Values {
    /// Keeps a value; one without anything in it counts as none.
    pub fn set(&mut self, key: &str, value: SecretString) {
        if !value.expose_secret().trim().is_empty() {
            self.0.insert(key.to_owned(), value);
        }
    }

    /// The value of a setting.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|value| value.expose_secret().trim())
    }
}
