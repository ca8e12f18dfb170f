//! Passphrase of the key in the system keyring, if umai was built with the feature `keyring`.

use crate::store::key::passphrase::{Passphrase, WrappedKey};

/// Service name of the keyring entries.
#[cfg(feature = "keyring")]
const SERVICE: &str = "umai key";

#[cfg(feature = "keyring")]
fn entry(wrapped: &WrappedKey) -> Result<keyring::v1::Entry, String> {
    use keyring::v1::Entry;
    if let Err(error) = Entry::store_status() {
        return Err(describe(error));
    }
    Entry::new(SERVICE, &wrapped.keyring_name()).map_err(|error| describe(&error))
}

#[cfg(feature = "keyring")]
fn describe(error: &keyring::v1::Error) -> String {
    use keyring::v1::Error;
    match error {
        Error::NoEntry => {
            "it has no passphrase for this key; restore an earlier key file, or the keyring".into()
        }
        error => {
            format!("it does not respond ({error}); sign in to the desktop, or unlock the keyring")
        }
    }
}

/// Reads the passphrase of this key.
#[cfg(feature = "keyring")]
pub fn find(wrapped: &WrappedKey) -> Result<Passphrase, String> {
    let text = entry(wrapped)?
        .get_password()
        .map_err(|error| describe(&error))?;
    Ok(Passphrase::new(&zeroize::Zeroizing::new(text)))
}

/// Stores the passphrase and verifies that it can be read.
#[cfg(feature = "keyring")]
pub fn keep(wrapped: &WrappedKey, passphrase: &Passphrase) -> Result<(), String> {
    let failed = |reason: String| {
        format!("Cannot store the passphrase in the keyring: {reason}. Nothing changed")
    };
    let entry = entry(wrapped).map_err(failed)?;
    let stored = entry.set_password(passphrase.expose());
    stored.map_err(|error| failed(describe(&error)))?;
    if find(wrapped).map_err(failed)?.matches(passphrase) {
        Ok(())
    } else {
        Err(failed("it returned a different passphrase".into()))
    }
}

/// Removes the passphrase of this key.
#[cfg(feature = "keyring")]
pub fn delete(wrapped: &WrappedKey) -> Result<(), String> {
    let removed = entry(wrapped)?.delete_credential();
    removed.map_err(|error| describe(&error))
}

/// Message of a build without the feature.
#[cfg(not(feature = "keyring"))]
const WITHOUT: &str =
    "this umai was built without keyring support; install it with cargo install --features keyring";

/// Reads the passphrase of this key.
#[cfg(not(feature = "keyring"))]
pub fn find(_: &WrappedKey) -> Result<Passphrase, String> {
    Err(WITHOUT.into())
}

/// Stores the passphrase.
#[cfg(not(feature = "keyring"))]
pub fn keep(_: &WrappedKey, _: &Passphrase) -> Result<(), String> {
    Err(format!(
        "Cannot store the passphrase in the keyring: {WITHOUT}. Nothing changed"
    ))
}

/// Removes the passphrase of this key.
#[cfg(not(feature = "keyring"))]
pub fn delete(_: &WrappedKey) -> Result<(), String> {
    Err(WITHOUT.into())
}
