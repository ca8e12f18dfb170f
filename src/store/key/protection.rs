//! Puts the key behind a passphrase, and takes it from there again.

use super::passphrase::{Passphrase, SHORTEST, Wrapped};
use super::place::{Content, Spot};
use super::{Key, locked};
use crate::connection::StoreError;

/// Puts the key behind a passphrase; one that was there before must have been given.
pub fn protect(spot: &Spot, passphrase: &Passphrase) -> Result<(), StoreError> {
    if !passphrase.is_long_enough() {
        return Err(StoreError::Key(format!(
            "A passphrase needs at least {SHORTEST} characters; nothing was changed"
        )));
    }
    Content::behind(&open(spot)?, passphrase)?.replace(spot)
}

/// The key behind a passphrase of random bits, not written yet: the keyring has to keep that first.
pub fn behind_random(spot: &Spot, passphrase: &Passphrase) -> Result<Content, StoreError> {
    Wrapped::behind_random(&open(spot)?, passphrase).map(Content::Wrapped)
}

/// Keeps the key as it is, without a passphrase.
pub fn unprotect(spot: &Spot) -> Result<(), StoreError> {
    Content::Plain(open(spot)?).replace(spot)
}

fn open(spot: &Spot) -> Result<Key, StoreError> {
    spot.refuse_credentials("this")?;
    spot.read()?.open().ok_or_else(|| locked(&spot.path))
}
