//! Adds and removes passphrase protection of the key file.

use super::passphrase::{MIN_LENGTH, Passphrase, Wrapped};
use super::place::{Content, Spot};
use super::{Key, locked};
use crate::connection::StoreError;

/// Protects the key with a passphrase. A current passphrase must have been given before.
pub fn protect(spot: &Spot, passphrase: &Passphrase) -> Result<(), StoreError> {
    if !passphrase.is_long_enough() {
        return Err(StoreError::Key(format!(
            "A passphrase needs at least {MIN_LENGTH} characters; nothing was changed"
        )));
    }
    Content::protected(&open(spot)?, passphrase)?.replace(spot)
}

/// Protects the key with a passphrase of random bits without writing the file: the keyring has to store the passphrase first.
pub fn protected_by_random(spot: &Spot, passphrase: &Passphrase) -> Result<Content, StoreError> {
    Wrapped::with_random(&open(spot)?, passphrase).map(Content::Wrapped)
}

/// Removes the passphrase protection.
pub fn unprotect(spot: &Spot) -> Result<(), StoreError> {
    Content::Plain(open(spot)?).replace(spot)
}

fn open(spot: &Spot) -> Result<Key, StoreError> {
    spot.refuse_credentials("this")?;
    spot.read()?.open().ok_or_else(|| locked(&spot.path))
}
