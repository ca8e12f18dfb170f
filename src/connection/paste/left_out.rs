//! Names of what a paste has and a connection does not take; never a value.

use super::value::has_key;
use crate::text::secret_detector;

/// Parts of names that say that their value is a credential.
const CREDENTIAL_PARTS: [&str; 9] = [
    "auth",
    "token",
    "key",
    "secret",
    "cookie",
    "passw",
    "signature",
    "credential",
    "session",
];

/// Names of values that were not taken.
#[derive(Default)]
pub(super) struct LeftOut {
    credentials: Vec<String>,
    others: Vec<String>,
}

impl LeftOut {
    /// Adds the name of a credential.
    pub(super) fn credential(&mut self, name: impl Into<String>) {
        push(&mut self.credentials, name.into());
    }

    /// Adds another name.
    pub(super) fn other(&mut self, name: impl Into<String>) {
        push(&mut self.others, name.into());
    }

    /// Adds a name that comes from the paste, as a credential if it reads like one.
    pub(super) fn named(&mut self, name: &str) {
        if is_credential_name(name) {
            self.credential(name);
        } else {
            self.other(name);
        }
    }

    /// The names, credentials first, each once.
    pub(super) fn into_names(self) -> Vec<String> {
        let mut names = self.credentials;
        for name in self.others {
            push(&mut names, name);
        }
        names
    }
}

/// Returns whether a name says that its value is a credential.
pub(super) fn is_credential_name(name: &str) -> bool {
    let lower = name.to_lowercase();
    CREDENTIAL_PARTS.iter().any(|part| lower.contains(part))
}

fn push(names: &mut Vec<String>, name: String) {
    // A key can stand where a name is expected.
    let mut words = name.split([' ', ':', '=', '/', ',']);
    let is_key = words.any(secret_detector::looks_like_secret) || has_key(&name);
    let name = if is_key {
        "a text that looks like a key".to_owned()
    } else {
        name
    };
    if !names.contains(&name) {
        names.push(name);
    }
}
