//! Passphrase of the key: from a file, the keyring or a prompt, and for a new key.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::exit::Failure;
use super::open_service::CliContext;
use super::{keyring, prompt, secret_args};
use crate::connection::{PlainSecret, StoreError};
use crate::store::key::key_file::KeyFileLocation;
use crate::store::key::locked;
use crate::store::key::passphrase::{MIN_LENGTH, Passphrase};

/// Number of attempts to enter the passphrase.
const TRIES: usize = 3;

const READABLE_BY_OTHERS: u32 = 0o044;

/// Returns the location of the key of the local store.
pub fn key_file_location(context: &CliContext) -> KeyFileLocation {
    let config = &context.config;
    KeyFileLocation::find(config.key_file.as_deref(), &config.config)
}

/// Unlocks the key with the passphrase from a file, the keyring or a prompt. Returns a warning about the file, if there is one.
pub fn unlock(context: &CliContext) -> Result<Option<String>, Failure> {
    if context.server.is_some() {
        return Ok(None);
    }
    let location = key_file_location(context);
    let Some(wrapped) = location.locked() else {
        return Ok(None);
    };
    if let Some(file) = &context.config.passphrase_file {
        let given = from_file(file, "--passphrase-file")?;
        if wrapped.try_passphrase(&given)? {
            return Ok(exposed(file));
        }
        return Err(StoreError::Key(format!(
            "The file of --passphrase-file does not contain the passphrase of the key in {}",
            location.path.display()
        ))
        .into());
    }
    if wrapped.is_in_keyring() {
        let kept = keyring::find(&wrapped)
            .map_err(|reason| StoreError::Key(keyring_error(&location, &reason)))?;
        if wrapped.try_passphrase(&kept)? {
            return Ok(None);
        }
        let reason = "it has a different passphrase for this key";
        return Err(StoreError::Key(keyring_error(&location, reason)).into());
    }
    if !prompt::is_possible() {
        return Err(locked(&location.path).into());
    }
    for left in (0..TRIES).rev() {
        let label = format!("Passphrase of the key in {}", location.path.display());
        let Some(typed) = prompt::secret(&label)? else {
            return Err(locked(&location.path).into());
        };
        if wrapped.try_passphrase(&from_text(&typed))? {
            return Ok(None);
        }
        if left > 0 {
            prompt::print("Wrong passphrase; try again\n")?;
        }
    }
    Err(StoreError::Key(format!(
        "Wrong passphrase of the key in {}",
        location.path.display()
    ))
    .into())
}

fn keyring_error(location: &KeyFileLocation, reason: &str) -> String {
    format!(
        "The key in {} needs the keyring of this system: {reason}",
        location.path.display()
    )
}

/// Returns a new passphrase, from a file or entered twice.
pub fn new(file: Option<&Path>, option: &str) -> Result<Passphrase, Failure> {
    let passphrase = match file {
        Some(file) => from_file(file, option)?,
        None => typed_twice(option)?,
    };
    if passphrase.is_long_enough() {
        return Ok(passphrase);
    }
    Err(Failure::Usage(format!(
        "A passphrase needs at least {MIN_LENGTH} characters; nothing changed"
    )))
}

fn typed_twice(option: &str) -> Result<Passphrase, Failure> {
    if !prompt::is_possible() {
        return Err(Failure::Usage(format!(
            "Cannot prompt for the new passphrase without a terminal. Use {option} FILE"
        )));
    }
    let nothing = || Failure::Usage("No passphrase entered; nothing changed".into());
    let first = prompt::secret("New passphrase")?.ok_or_else(nothing)?;
    let second = prompt::secret("Repeat the passphrase")?.ok_or_else(nothing)?;
    let (first, second) = (from_text(&first), from_text(&second));
    if first.matches(&second) {
        return Ok(first);
    }
    Err(Failure::Usage(
        "The passphrases differ; nothing changed".into(),
    ))
}

/// The error does not repeat the path: it could be a passphrase entered by mistake.
fn from_file(path: &Path, option: &str) -> Result<Passphrase, Failure> {
    let name = format!("the file of {option}");
    let file = File::open(path).map_err(|error| {
        Failure::Usage(format!("Cannot read the passphrase from {name}: {error}"))
    })?;
    let taken = secret_args::take(file, &name)?;
    if taken.secret.expose().is_none_or(str::is_empty) {
        return Err(Failure::Usage(format!("The file of {option} is empty")));
    }
    Ok(from_text(&taken.secret))
}

fn from_text(text: &PlainSecret) -> Passphrase {
    Passphrase::new(text.expose().unwrap_or_default())
}

/// Returns a warning if others can read the file.
pub fn exposed(path: &Path) -> Option<String> {
    let mode = fs::metadata(path).ok()?.permissions().mode();
    (mode & READABLE_BY_OTHERS != 0)
        .then(|| "The file with the passphrase is readable by others; run chmod go-r on it".into())
}
