//! Gets the passphrase of the key: before anything needs the key, and for a new one.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::ask;
use super::exit::Failure;
use super::keyring;
use super::secret;
use super::session::Ground;
use crate::connection::{Plain, StoreError};
use crate::store::key::locked;
use crate::store::key::passphrase::{MIN_LENGTH, Passphrase};
use crate::store::key::place::Spot;

/// So often a wrong passphrase may be typed.
const TRIES: usize = 3;

const READABLE_BY_OTHERS: u32 = 0o044;

/// Where the key of this machine's store is looked for.
pub fn spot(ground: &Ground) -> Spot {
    let config = &ground.config;
    Spot::find(config.key_file.as_deref(), &config.config)
}

/// Makes the key open, when it is behind a passphrase: with the one in a file, or the one that somebody types. What should be
/// known of the file is answered.
pub fn unlock(ground: &Ground) -> Result<Option<String>, Failure> {
    if ground.server.is_some() {
        return Ok(None);
    }
    let spot = spot(ground);
    let Some(wrapped) = spot.locked() else {
        return Ok(None);
    };
    if let Some(file) = &ground.config.passphrase_file {
        let given = from_file(file, "--passphrase-file")?;
        if wrapped.try_passphrase(&given)? {
            return Ok(exposed(file));
        }
        return Err(StoreError::Key(format!(
            "What the file of --passphrase-file holds is not the passphrase of the key in {}",
            spot.path.display()
        ))
        .into());
    }
    if wrapped.is_in_keyring() {
        let kept =
            keyring::find(&wrapped).map_err(|why| StoreError::Key(of_keyring(&spot, &why)))?;
        if wrapped.try_passphrase(&kept)? {
            return Ok(None);
        }
        let why = "what it keeps is not the passphrase of this key";
        return Err(StoreError::Key(of_keyring(&spot, why)).into());
    }
    if !ask::is_possible() {
        return Err(locked(&spot.path).into());
    }
    for left in (0..TRIES).rev() {
        let label = format!("Passphrase of the key in {}", spot.path.display());
        let Some(typed) = ask::hidden(&label)? else {
            return Err(locked(&spot.path).into());
        };
        if wrapped.try_passphrase(&of(&typed))? {
            return Ok(None);
        }
        if left > 0 {
            ask::say("That is not it; try again\n")?;
        }
    }
    Err(StoreError::Key(format!(
        "None of these is the passphrase of the key in {}",
        spot.path.display()
    ))
    .into())
}

fn of_keyring(spot: &Spot, why: &str) -> String {
    format!(
        "The key in {} opens with the keyring of this system: {why}",
        spot.path.display()
    )
}

/// A new passphrase: from a file, or typed twice.
pub fn new(file: Option<&Path>, option: &str) -> Result<Passphrase, Failure> {
    let passphrase = match file {
        Some(file) => from_file(file, option)?,
        None => typed_twice(option)?,
    };
    if passphrase.is_long_enough() {
        return Ok(passphrase);
    }
    Err(Failure::Usage(format!(
        "A passphrase has {MIN_LENGTH} characters at least; nothing was changed"
    )))
}

fn typed_twice(option: &str) -> Result<Passphrase, Failure> {
    if !ask::is_possible() {
        return Err(Failure::Usage(format!(
            "There is no terminal to type the new passphrase on: name a file that holds it with {option}"
        )));
    }
    let nothing = || Failure::Usage("Nothing was typed; nothing was changed".into());
    let first = ask::hidden("New passphrase")?.ok_or_else(nothing)?;
    let second = ask::hidden("The same again")?.ok_or_else(nothing)?;
    let (first, second) = (of(&first), of(&second));
    if first.matches(&second) {
        return Ok(first);
    }
    Err(Failure::Usage(
        "These are two different passphrases; nothing was changed".into(),
    ))
}

/// The path is never repeated: where people type the passphrase in its place, it would be said.
fn from_file(path: &Path, option: &str) -> Result<Passphrase, Failure> {
    let name = format!("the file of {option}");
    let file = File::open(path).map_err(|error| {
        Failure::Usage(format!(
            "The passphrase cannot be read from {name}: {error}"
        ))
    })?;
    let taken = secret::take(file, &name)?;
    if taken.secret.expose().is_none_or(str::is_empty) {
        return Err(Failure::Usage(format!("The file of {option} is empty")));
    }
    Ok(of(&taken.secret))
}

fn of(text: &Plain) -> Passphrase {
    Passphrase::new(text.expose().unwrap_or_default())
}

/// What to do about a passphrase that others can read.
fn exposed(path: &Path) -> Option<String> {
    let mode = fs::metadata(path).ok()?.permissions().mode();
    (mode & READABLE_BY_OTHERS != 0).then(|| {
        "The file of --passphrase-file can be read by others; take that right from them with chmod go-r".into()
    })
}
