//! Finds the key that matches a store in a data directory.

use super::StoreOptions;
use super::journal::header::StoreIdentity;
use super::key::key_file::{self, KeyFileLocation};
use super::key::{KeyLookup, StoreKey};
use crate::connection::StoreError;

/// Hint that ends the messages about a missing or wrong key.
const LOST_KEY_HINT: &str = "If it is lost, create a new key: umai key new --forget-secrets keeps everything except the secrets, which must be entered again";

/// Location of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyLocation {
    /// Its regular path.
    Installed,
    /// The pending path, after an interrupted rotation.
    Pending,
}

/// Returns the key of a store and its location.
pub fn matching_key(
    options: &StoreOptions,
    identity: &StoreIdentity,
) -> Result<(StoreKey, KeyLocation), StoreError> {
    let location = KeyFileLocation::find(options.key_file.as_deref(), &options.config);
    let data = options.data.display();
    let matches = |key: &StoreKey| key.matches(identity.store, &identity.check);
    let found = StoreKey::find(options.key_file.as_deref(), &options.config);
    if let Ok(KeyLookup::Key(key, _)) = &found
        && matches(key)
    {
        return Ok((key.duplicate(), KeyLocation::Installed));
    }
    if let Some(key) = key_file::pending_key(&location, matches) {
        return Ok((key, KeyLocation::Pending));
    }
    Err(match found? {
        KeyLookup::Key(_, path) => StoreError::Key(format!(
            "The key in {} does not match the store in {data}; nothing was changed. \
             Restore the right key file, or name it with --key-file. {LOST_KEY_HINT}",
            path.display()
        )),
        KeyLookup::Missing(path) => StoreError::Key(format!(
            "The key of the store in {data} is missing: {} does not exist; nothing was changed. \
             Restore the key file, or name it with --key-file. {LOST_KEY_HINT}",
            path.display()
        )),
    })
}
