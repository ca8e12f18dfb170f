//! The passphrase of the key in the keyring of the system, where umai was built with it.

use crate::store::key::passphrase::{Passphrase, Wrapped};

/// What the keyring lists the passphrases under.
#[cfg(feature = "keyring")]
const SERVICE: &str = "umai key";

#[cfg(feature = "keyring")]
fn entry(wrapped: &Wrapped) -> Result<keyring::v1::Entry, String> {
    use keyring::v1::Entry;
    if let Err(error) = Entry::store_status() {
        return Err(said(error));
    }
    Entry::new(SERVICE, &wrapped.keyring_name()).map_err(|error| said(&error))
}

#[cfg(feature = "keyring")]
fn said(error: &keyring::v1::Error) -> String {
    use keyring::v1::Error;
    match error {
        Error::NoEntry => {
            "it has no passphrase for it; put back the key file from before, or the keyring".into()
        }
        error => format!("it does not answer ({error}); sign in to the desktop, or unlock it"),
    }
}

/// What is kept for this key.
#[cfg(feature = "keyring")]
pub fn find(wrapped: &Wrapped) -> Result<Passphrase, String> {
    let text = entry(wrapped)?
        .get_password()
        .map_err(|error| said(&error))?;
    Ok(Passphrase::new(&zeroize::Zeroizing::new(text)))
}

/// Keeps it, and looks whether it is kept.
#[cfg(feature = "keyring")]
pub fn keep(wrapped: &Wrapped, passphrase: &Passphrase) -> Result<(), String> {
    let told = |why: String| format!("The keyring keeps nothing: {why}. Nothing was changed");
    let entry = entry(wrapped).map_err(told)?;
    let kept = entry.set_password(passphrase.expose());
    kept.map_err(|error| told(said(&error)))?;
    if find(wrapped).map_err(told)?.is(passphrase) {
        Ok(())
    } else {
        Err(told("it gives back something else".into()))
    }
}

/// Keeps it no more.
#[cfg(feature = "keyring")]
pub fn forget(wrapped: &Wrapped) -> Result<(), String> {
    let gone = entry(wrapped)?.delete_credential();
    gone.map_err(|error| said(&error))
}

/// Why a umai that was built without it cannot.
#[cfg(not(feature = "keyring"))]
const WITHOUT: &str =
    "this umai was built without it; cargo install --features keyring builds one that has it";

/// What is kept for this key.
#[cfg(not(feature = "keyring"))]
pub fn find(_: &Wrapped) -> Result<Passphrase, String> {
    Err(WITHOUT.into())
}

/// Keeps it.
#[cfg(not(feature = "keyring"))]
pub fn keep(_: &Wrapped, _: &Passphrase) -> Result<(), String> {
    Err(format!(
        "The keyring keeps nothing: {WITHOUT}. Nothing was changed"
    ))
}

/// Keeps it no more.
#[cfg(not(feature = "keyring"))]
pub fn forget(_: &Wrapped) -> Result<(), String> {
    Err(WITHOUT.into())
}
