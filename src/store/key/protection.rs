//! Adds and removes passphrase protection of the key file.

use super::key_file::{KeyFileContent, KeyFileLocation};
use super::passphrase::{MIN_LENGTH, Passphrase, WrappedKey};
use super::{StoreKey, locked};
use crate::connection::StoreError;

/// Protects the key with a passphrase. A current passphrase must have been given before.
pub fn protect(location: &KeyFileLocation, passphrase: &Passphrase) -> Result<(), StoreError> {
    if !passphrase.is_long_enough() {
        return Err(StoreError::Key(format!(
            "A passphrase needs at least {MIN_LENGTH} characters; nothing was changed"
        )));
    }
    KeyFileContent::protected(&open(location)?, passphrase)?.replace(location)
}

/// Protects the key with a passphrase of random bits without writing the file: the keyring has to store the passphrase first.
pub fn protected_by_random(
    location: &KeyFileLocation,
    passphrase: &Passphrase,
) -> Result<KeyFileContent, StoreError> {
    WrappedKey::with_random(&open(location)?, passphrase).map(KeyFileContent::Wrapped)
}

/// Removes the passphrase protection.
pub fn unprotect(location: &KeyFileLocation) -> Result<(), StoreError> {
    KeyFileContent::Plain(open(location)?).replace(location)
}

fn open(location: &KeyFileLocation) -> Result<StoreKey, StoreError> {
    location.reject_credentials("this")?;
    location
        .read()?
        .open()
        .ok_or_else(|| locked(&location.path))
}
