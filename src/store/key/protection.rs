//! Adds and removes passphrase protection of the key file.

use super::key_file::{KeyFileContent, KeyFileLocation};
use super::passphrase::{MIN_LENGTH, Passphrase, WrappedKey};
use super::{StoreKey, locked};
use crate::connection::StoreError;

/// Protects the key with a passphrase. A current passphrase must have been given before.
pub fn protect(spot: &KeyFileLocation, passphrase: &Passphrase) -> Result<(), StoreError> {
    if !passphrase.is_long_enough() {
        return Err(StoreError::Key(format!(
            "A passphrase needs at least {MIN_LENGTH} characters; nothing was changed"
        )));
    }
    KeyFileContent::protected(&open(spot)?, passphrase)?.replace(spot)
}

/// Protects the key with a passphrase of random bits without writing the file: the keyring has to store the passphrase first.
pub fn protected_by_random(
    spot: &KeyFileLocation,
    passphrase: &Passphrase,
) -> Result<KeyFileContent, StoreError> {
    WrappedKey::with_random(&open(spot)?, passphrase).map(KeyFileContent::Wrapped)
}

/// Removes the passphrase protection.
pub fn unprotect(spot: &KeyFileLocation) -> Result<(), StoreError> {
    KeyFileContent::Plain(open(spot)?).replace(spot)
}

fn open(spot: &KeyFileLocation) -> Result<StoreKey, StoreError> {
    spot.reject_credentials("this")?;
    spot.read()?.open().ok_or_else(|| locked(&spot.path))
}
