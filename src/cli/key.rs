//! `umai key`: what is known of the key that seals secrets, and everything that can be done with it.

mod shown;

use std::path::PathBuf;

use chrono::Utc;
use clap::Subcommand;
use serde_json::json;

use super::dry::{self, DryRun};
use super::exit::Failure;
use super::keyring;
use super::output::{Format, Output};
use super::passphrase;
use super::progress::Waiting;
use super::session::Ground;
use crate::connection::StoreError;
use crate::store::backup;
use crate::store::check_key;
use crate::store::key::passphrase::{Passphrase, Wrapped};
use crate::store::key::place::{Content, Spot};
use crate::store::key::protection::{protect, protected_by_random, unprotect};
use crate::store::rotation::{Renewed, Rotated, ensure_store_exists, renew, rotate};
pub use shown::names;

/// What can be done with the key.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Say where the key is and which one it is, and never what it is
    Show,
    /// Make a new key and seal everything with it
    #[command(
        long_about = "Make a new key and seal everything with it: the connections, those in the trash among them.\n\n\
            Nobody else may have the store open meanwhile. Backups that were made before stay as they are; the keys \
            before are kept, sealed with the new one, so that those backups can be brought back."
    )]
    Rotate(DryRun),
    /// Put the key behind a passphrase
    #[command(
        long_about = "Put the key behind a passphrase: then every start of umai asks for it, or reads it from the file of \
            --passphrase-file or UMAI_PASSPHRASE_FILE.\n\nThe new passphrase is typed twice, or read from that file. It is \
            tried with Argon2id (64 MiB, 3 passes, 4 lanes). Copies of the key file from before are not protected by it: \
            umai key rotate makes a key that never lay open."
    )]
    AddPassphrase,
    /// Put the key behind another passphrase
    ChangePassphrase {
        /// The file that holds the new one [default: typed twice]
        #[arg(long, value_name = "FILE")]
        new_passphrase_file: Option<PathBuf>,
    },
    /// Put the key behind a passphrase that the keyring of this system keeps
    #[command(
        long_about = "Put the key behind a passphrase of random bits that the keyring of this system keeps (Secret Service, \
            Keychain): then the key file opens for nobody who is not signed in as you, and nothing is asked.\n\nThe key file \
            is worth nothing without that keyring: keep a copy of the file from before at a safe place, or backups are lost \
            with this machine. umai key remove-passphrase takes it back.\n\numai has this where it was built with \
            cargo install --features keyring."
    )]
    AddKeyring,
    /// Keep the key without a passphrase
    RemovePassphrase,
    /// Make a new key where the one of the store is lost
    #[command(
        long_about = "Make a new key where the one of the store is lost: names and everything else stay, and secrets are typed \
            again.\n\nNothing is thrown away: the store as it was and a key file that is not the right one are moved aside, \
            and it is said where."
    )]
    New {
        /// Say that the secrets of the lost key may go
        #[arg(long)]
        forget_secrets: bool,
    },
}

impl Verb {
    /// Whether it changes something.
    pub const fn is_write(&self) -> bool {
        match self {
            Self::Show => false,
            Self::Rotate(_)
            | Self::AddPassphrase
            | Self::ChangePassphrase { .. }
            | Self::AddKeyring
            | Self::RemovePassphrase
            | Self::New { .. } => true,
        }
    }
}

/// Carries it out.
pub fn run(verb: &Verb, ground: &Ground, output: &mut Output) -> Result<(), Failure> {
    ground.tell(output);
    match verb {
        Verb::Show => shown::show(ground, output),
        Verb::Rotate(DryRun { dry_run: true }) => would_rotate(ground, output),
        Verb::Rotate(_) => rotated(ground, output),
        Verb::AddPassphrase => add_passphrase(ground, output),
        Verb::ChangePassphrase {
            new_passphrase_file,
        } => change_passphrase(new_passphrase_file.as_ref(), ground, output),
        Verb::AddKeyring => add_keyring(ground, output),
        Verb::RemovePassphrase => remove_passphrase(ground, output),
        Verb::New { forget_secrets } => renewed(*forget_secrets, ground, output),
    }
}

/// Says what a rotation would do, where it could be begun.
fn would_rotate(ground: &Ground, output: &mut Output) -> Result<(), Failure> {
    unlock(ground, output)?;
    let spot = passphrase::spot(ground);
    spot.refuse_credentials("umai key rotate")?;
    ensure_store_exists(&ground.config.data)?;
    check_key(&ground.store_options())?;
    let sentence = format!(
        "Would put a new key into {} and seal everything with it; no other umai may have the store open meanwhile",
        spot.path.display()
    );
    dry::say("rotateKey", &sentence, output)
}

fn rotated(ground: &Ground, output: &mut Output) -> Result<(), Failure> {
    unlock(ground, output)?;
    let Rotated {
        fingerprint,
        path,
        secrets,
        unreadable,
        notices,
    } = {
        let _waiting = Waiting::on("Sealing everything with the new key", output);
        rotate(&ground.store_options())
    }?;
    for notice in &notices {
        output.note(notice);
    }
    back_up(ground, output);
    match output.format() {
        Format::Json => output.json(&json!({
            "path": path,
            "fingerprint": fingerprint.to_string(),
            "secrets": secrets,
            "unreadable": unreadable,
        })),
        Format::Text => {
            output.line(&format!(
                "A new key is in {}: {fingerprint}; it sealed {secrets} {}",
                path.display(),
                if secrets == 1 { "secret" } else { "secrets" }
            ))?;
            if unreadable > 0 {
                output.note(&format!(
                    "{unreadable} secrets could not be opened before; type them again"
                ));
            }
            output.note("If the key before is known to others, delete the backups from before, and change the secrets at their providers: it opens them");
            Ok(())
        }
    }
}

/// The newest backup shall be one that the new key opens.
fn back_up(ground: &Ground, output: &Output) {
    let made = backup::create(&ground.store_options(), &backup::Target::Store, Utc::now());
    let copied = made.and_then(|made| match &ground.config.backup_folder {
        Some(folder) => backup::copy(&made, folder, Utc::now()).map(drop),
        None => Ok(()),
    });
    if let Err(error) = copied {
        output.note(&format!("No backup was made with the new key: {error}"));
    }
}

fn add_passphrase(ground: &Ground, output: &mut Output) -> Result<(), Failure> {
    let spot = passphrase::spot(ground);
    spot.refuse_credentials("umai key add-passphrase")?;
    if wrapped(&spot)?.is_some() {
        return Err(Failure::Usage(
            "The key is behind a passphrase already: umai key change-passphrase puts it behind another one".into(),
        ));
    }
    let file = ground.config.passphrase_file.as_deref();
    protect(&spot, &passphrase::new(file, "--passphrase-file")?)?;
    output.note("Copies of the key file from before open without it; umai key rotate makes a key that never lay open");
    said(&spot, "is behind a passphrase now", output)
}

fn add_keyring(ground: &Ground, output: &mut Output) -> Result<(), Failure> {
    let spot = passphrase::spot(ground);
    spot.refuse_credentials("umai key add-keyring")?;
    let before = wrapped(&spot)?;
    unlock(ground, output)?;
    let passphrase = Passphrase::random()?;
    let content = protected_by_random(&spot, &passphrase)?;
    if let Content::Wrapped(wrapped) = &content {
        // First the keyring: a key file that nothing opens must not be.
        keyring::keep(wrapped, &passphrase).map_err(StoreError::Key)?;
    }
    content.replace(&spot)?;
    forget(before.as_ref(), output);
    output.note(
        "Copies of the key file from before open without the keyring: keep one at a safe place",
    );
    said(&spot, "opens with the keyring of this system now", output)
}

/// What a keyring kept for a key file that is no more goes, as good as it can.
fn forget(before: Option<&Wrapped>, output: &Output) {
    if let Some(before) = before.filter(|before| before.is_in_keyring())
        && let Err(why) = keyring::forget(before)
    {
        output.note(&format!(
            "The keyring keeps what it had for this key: {why}"
        ));
    }
}

fn change_passphrase(
    file: Option<&PathBuf>,
    ground: &Ground,
    output: &mut Output,
) -> Result<(), Failure> {
    let spot = passphrase::spot(ground);
    spot.refuse_credentials("umai key change-passphrase")?;
    refuse_without_passphrase(&spot)?;
    unlock(ground, output)?;
    let new = passphrase::new(file.map(PathBuf::as_path), "--new-passphrase-file")?;
    let before = wrapped(&spot)?;
    protect(&spot, &new)?;
    forget(before.as_ref(), output);
    said(&spot, "is behind the new passphrase now", output)
}

fn remove_passphrase(ground: &Ground, output: &mut Output) -> Result<(), Failure> {
    let spot = passphrase::spot(ground);
    spot.refuse_credentials("umai key remove-passphrase")?;
    refuse_without_passphrase(&spot)?;
    unlock(ground, output)?;
    let before = wrapped(&spot)?;
    unprotect(&spot)?;
    forget(before.as_ref(), output);
    said(&spot, "opens without a passphrase now", output)
}

fn refuse_without_passphrase(spot: &Spot) -> Result<(), Failure> {
    if wrapped(spot)?.is_some() {
        return Ok(());
    }
    Err(Failure::Usage(
        "The key is behind no passphrase: umai key add-passphrase puts it behind one".into(),
    ))
}

/// The key behind its passphrase, when it has one.
fn wrapped(spot: &Spot) -> Result<Option<Wrapped>, StoreError> {
    Ok(match spot.read()? {
        Content::Wrapped(wrapped) => Some(wrapped),
        Content::Plain(_) => None,
    })
}

fn said(spot: &Spot, what: &str, output: &mut Output) -> Result<(), Failure> {
    match output.format() {
        Format::Json => output.json(&shown::key(spot)),
        Format::Text => output.line(&format!("The key in {} {what}", spot.path.display())),
    }
}

fn renewed(forget: bool, ground: &Ground, output: &mut Output) -> Result<(), Failure> {
    if !forget {
        return Err(Failure::Usage(
            "A new key opens nothing that the lost one sealed: names and everything else stay, and secrets are typed again. \
             Nothing was changed; say --forget-secrets if it shall be"
                .into(),
        ));
    }
    if let Some(file) = &ground.config.passphrase_file {
        // Whoever gives a passphrase has not lost the key.
        output.note(&format!(
            "The passphrase in {} is not needed",
            file.display()
        ));
    }
    let Renewed {
        fingerprint,
        path,
        key_aside,
        store_aside,
        forgotten,
    } = renew(&ground.store_options(), Utc::now())?;
    back_up(ground, output);
    if output.format() == Format::Json {
        let forgotten: Vec<_> = forgotten
            .iter()
            .map(|named| json!({ "id": named.id, "alias": named.alias, "name": named.name }))
            .collect();
        return output.json(&json!({
            "path": path,
            "fingerprint": fingerprint.to_string(),
            "keyMovedTo": key_aside,
            "storeMovedTo": store_aside,
            "toTypeAgain": forgotten,
        }));
    }
    output.line(&format!(
        "A new key is in {}: {fingerprint}",
        path.display()
    ))?;
    if let Some(aside) = key_aside {
        output.line(&format!(
            "The key file that was there is in {}",
            aside.display()
        ))?;
    }
    output.line(&format!(
        "The store as it was is in {}",
        store_aside.display()
    ))?;
    if !forgotten.is_empty() {
        output.note(&format!(
            "The secrets of {} connections must be typed again, in the app or with umai connections update ALIAS --secret-stdin KEY: {}",
            forgotten.len(),
            names(&forgotten)
        ));
    }
    Ok(())
}

fn unlock(ground: &Ground, output: &Output) -> Result<(), Failure> {
    if let Some(notice) = passphrase::unlock(ground)? {
        output.note(&notice);
    }
    Ok(())
}
