//! `umai key`: shows and changes the key that encrypts secrets.

pub mod key_backup;
mod format;

use std::path::{Path, PathBuf};

use chrono::Utc;
use clap::Subcommand;
use serde_json::json;

use super::dry_run::{self, DryRunArg};
use super::exit::Failure;
use super::open_service::CliContext;
use super::output::{Audience, Output};
use super::progress::Spinner;
use super::{keyring, passphrase};
use crate::connection::StoreError;
use crate::store::backup;
use crate::store::key::key_file::{KeyFileContent, KeyFileLocation};
use crate::store::key::passphrase::{Passphrase, WrappedKey};
use crate::store::key::protection::{protect, protected_by_random, unprotect};
use crate::store::rotation::{
    NewKeyResult, RotationResult, check_rotation, install_key_in_use, pending_in_use, renew_in,
    rotate_in,
};
pub use format::names;

/// Note after a new key for a store on etcd.
const EVERYWHERE: &str =
    "Copy the key to the other machines (umai key export): umai there goes on as soon as it has it";

/// Subcommands of `umai key`.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Show the location and the fingerprint of the key
    Show,
    /// Copy the key to a file as a backup
    #[command(
        long_about = "Copy the key to a new file as a backup, and remember that this key has one.\n\nThe copy is as \
            protected as the key file: with its passphrase if it has one, otherwise it can decrypt every secret. Keep it away from \
            the backups of the store.",
        after_help = "Example:\n  umai key export /media/stick/umai.key"
    )]
    Export {
        /// New file for the copy
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Create a new key and encrypt all secrets with it
    #[command(
        long_about = "Create a new key and encrypt all secrets with it, also those in the trash.\n\n\
            No other process may have a local store open. Existing backups are not changed; the previous keys are kept, \
            encrypted with the new one, so that those backups can be restored. After the key of a store on etcd was changed, copy it \
            to the other machines.",
        after_help = "Example:\n  umai key rotate --dry-run"
    )]
    Rotate(DryRunArg),
    /// Protect the key with a passphrase
    #[command(
        long_about = "Protect the key with a passphrase: umai then prompts for it at every start, or reads it from the file of \
            --passphrase-file or UMAI_PASSPHRASE_FILE.\n\nThe new passphrase is entered twice, or read from that file. It is \
            hashed with Argon2id (64 MiB, 3 passes, 4 lanes). Earlier copies of the key file are not protected: \
            umai key rotate creates a key that was never stored without a passphrase."
    )]
    AddPassphrase,
    /// Change the passphrase of the key
    ChangePassphrase {
        /// File with the new passphrase [default: enter it twice]
        #[arg(long, value_name = "FILE")]
        new_passphrase_file: Option<PathBuf>,
    },
    /// Protect the key with a passphrase in the keyring of this system
    #[command(
        long_about = "Protect the key with a random passphrase in the keyring of this system (Secret Service, \
            Keychain). The key file then works only for your signed-in user, without a prompt.\n\nThe key file \
            is useless without that keyring: keep an earlier copy of it in a safe place, or backups are lost \
            with this machine. umai key remove-passphrase reverts this.\n\nNeeds a build with \
            cargo install --features keyring."
    )]
    AddKeyring,
    /// Remove the passphrase from the key
    RemovePassphrase,
    /// Create a new key if the key of the store is lost
    #[command(
        long_about = "Create a new key if the key of the store is lost. Everything but the secrets is kept; enter the secrets \
            again.\n\nNothing is deleted: the previous store and a key file that does not match are moved aside, \
            and their new locations are printed."
    )]
    New {
        /// Confirm that the secrets of the lost key are discarded
        #[arg(long)]
        forget_secrets: bool,
    },
}

impl KeyCommand {
    /// Returns true if the command changes something.
    pub const fn is_write(&self) -> bool {
        !matches!(self, Self::Show | Self::Export { .. })
    }
}

/// Runs a subcommand.
pub fn run(command: &KeyCommand, context: &CliContext, output: &mut Output) -> Result<(), Failure> {
    context.print_problems(output);
    match command {
        KeyCommand::Show => format::show(context, output),
        KeyCommand::Export { file } => key_backup::export(file, context, output),
        KeyCommand::Rotate(DryRunArg { dry_run: true }) => dry_run_rotate(context, output),
        KeyCommand::Rotate(_) => rotate_key(context, output),
        KeyCommand::AddPassphrase => add_passphrase(context, output),
        KeyCommand::ChangePassphrase {
            new_passphrase_file,
        } => change_passphrase(new_passphrase_file.as_ref(), context, output),
        KeyCommand::AddKeyring => add_keyring(context, output),
        KeyCommand::RemovePassphrase => remove_passphrase(context, output),
        KeyCommand::New { forget_secrets } => renew_key(*forget_secrets, context, output),
    }
}

/// Reports a rotation that would be possible.
fn dry_run_rotate(context: &CliContext, output: &mut Output) -> Result<(), Failure> {
    unlock(context, output)?;
    let location = passphrase::key_file_location(context);
    let place = context.store_place()?;
    check_rotation(&place, Utc::now())?;
    if !place.is_local() {
        let sentence =
            format!("Would encrypt all secrets of {place} with a new key and install it here");
        return dry_run::write_action("rotateKey", &sentence, output);
    }
    if let Some(pending) = pending_in_use(&context.store_options()) {
        output.note(&format!(
            "The key in use is {}, left by an interrupted rotation: the rotation fails unless it can be moved to {}",
            pending.display(),
            location.path.display()
        ));
    }
    let sentence = format!(
        "Would create a new key in {} and encrypt all secrets with it; no other process may have the store open",
        location.path.display()
    );
    dry_run::write_action("rotateKey", &sentence, output)
}

fn rotate_key(context: &CliContext, output: &mut Output) -> Result<(), Failure> {
    unlock(context, output)?;
    let RotationResult {
        fingerprint,
        path,
        secrets,
        unreadable,
        notices,
    } = {
        let _waiting = Spinner::start("Encrypting all secrets with the new key", output);
        rotate_in(&context.store_place()?, Utc::now())
    }?;
    for notice in &notices {
        output.note(notice);
    }
    back_up(context, output);
    match output.audience() {
        Audience::Program => output.value(&json!({
            "path": path,
            "fingerprint": fingerprint.to_string(),
            "secrets": secrets,
            "unreadable": unreadable,
        })),
        Audience::Person => {
            output.line(&format!(
                "New key in {}: {fingerprint}; encrypted {secrets} {}",
                path.display(),
                if secrets == 1 { "secret" } else { "secrets" }
            ))?;
            if unreadable > 0 {
                output.note(&format!(
                    "{unreadable} secrets could not be decrypted with the previous key; enter them again"
                ));
            }
            output.note("If others know the previous key, delete the older backups and change the secrets at their providers");
            if context.etcd.is_some() {
                output.note(EVERYWHERE);
            }
            Ok(())
        }
    }
}

/// Creates a backup that the new key can decrypt.
fn back_up(context: &CliContext, output: &Output) {
    let copied = context.store_place().and_then(|place| {
        let made = place.back_up(&backup::BackupDestination::Store, Utc::now())?;
        match &context.config.backup_folder {
            Some(folder) => backup::copy(&made, &place.copies_in(folder), Utc::now()).map(drop),
            None => Ok(()),
        }
    });
    if let Err(error) = copied {
        output.note(&format!("No backup created with the new key: {error}"));
    }
}

/// Returns the location of the key in use, whose file a command is about to change.
fn key_file_to_change(command: &str, context: &CliContext) -> Result<KeyFileLocation, Failure> {
    let location = passphrase::key_file_location(context);
    location.reject_credentials(command)?;
    install_key_in_use(&context.store_options(), command)?;
    Ok(location)
}

fn add_passphrase(context: &CliContext, output: &mut Output) -> Result<(), Failure> {
    let location = key_file_to_change("umai key add-passphrase", context)?;
    if wrapped(&location)?.is_some() {
        return Err(Failure::Usage(
            "The key already has a passphrase. To change it: umai key change-passphrase".into(),
        ));
    }
    let file = context.config.passphrase_file.as_deref();
    protect(&location, &passphrase::new(file, "--passphrase-file")?)?;
    note_exposed(file, output);
    output.note("Earlier copies of the key file are not protected; umai key rotate creates a key that was never stored without a passphrase");
    report(&location, "is now protected by a passphrase", output)
}

fn add_keyring(context: &CliContext, output: &mut Output) -> Result<(), Failure> {
    let location = key_file_to_change("umai key add-keyring", context)?;
    let before = wrapped(&location)?;
    unlock(context, output)?;
    let passphrase = Passphrase::random()?;
    let key_file = protected_by_random(&location, &passphrase)?;
    if let KeyFileContent::Wrapped(wrapped) = &key_file {
        // The keyring comes first: a key file without its passphrase would be lost.
        keyring::keep(wrapped, &passphrase).map_err(StoreError::Key)?;
    }
    key_file.replace(&location)?;
    delete_keyring_passphrase(before.as_ref(), output);
    output
        .note("Earlier copies of the key file work without the keyring: keep one in a safe place");
    report(
        &location,
        "is now protected by the keyring of this system",
        output,
    )
}

/// Removes the passphrase of a previous key file from the keyring; a failure is only noted.
fn delete_keyring_passphrase(before: Option<&WrappedKey>, output: &Output) {
    if let Some(before) = before.filter(|before| before.is_in_keyring())
        && let Err(reason) = keyring::delete(before)
    {
        output.note(&format!(
            "The old passphrase stays in the keyring: {reason}"
        ));
    }
}

fn change_passphrase(
    file: Option<&PathBuf>,
    context: &CliContext,
    output: &mut Output,
) -> Result<(), Failure> {
    let location = key_file_to_change("umai key change-passphrase", context)?;
    require_passphrase(&location)?;
    unlock(context, output)?;
    let file = file.map(PathBuf::as_path);
    let new = passphrase::new(file, "--new-passphrase-file")?;
    let before = wrapped(&location)?;
    protect(&location, &new)?;
    note_exposed(file, output);
    delete_keyring_passphrase(before.as_ref(), output);
    report(&location, "is now protected by the new passphrase", output)
}

fn remove_passphrase(context: &CliContext, output: &mut Output) -> Result<(), Failure> {
    let location = key_file_to_change("umai key remove-passphrase", context)?;
    require_passphrase(&location)?;
    unlock(context, output)?;
    let before = wrapped(&location)?;
    unprotect(&location)?;
    delete_keyring_passphrase(before.as_ref(), output);
    report(&location, "no longer has a passphrase", output)
}

/// Warns if others can read the file with the new passphrase.
fn note_exposed(file: Option<&Path>, output: &Output) {
    if let Some(warning) = file.and_then(passphrase::exposed) {
        output.note(&warning);
    }
}

fn require_passphrase(location: &KeyFileLocation) -> Result<(), Failure> {
    if wrapped(location)?.is_some() {
        return Ok(());
    }
    Err(Failure::Usage(
        "The key has no passphrase. To add one: umai key add-passphrase".into(),
    ))
}

/// Returns the encrypted key, if it has a passphrase.
fn wrapped(location: &KeyFileLocation) -> Result<Option<WrappedKey>, StoreError> {
    Ok(match location.read()? {
        KeyFileContent::Wrapped(wrapped) => Some(wrapped),
        KeyFileContent::Plain(_) => None,
    })
}

fn report(location: &KeyFileLocation, what: &str, output: &mut Output) -> Result<(), Failure> {
    match output.audience() {
        Audience::Program => output.value(&format::key(location)),
        Audience::Person => output.line(&format!("The key in {} {what}", location.path.display())),
    }
}

fn renew_key(forget: bool, context: &CliContext, output: &mut Output) -> Result<(), Failure> {
    if !forget {
        return Err(Failure::Usage(
            "A new key cannot decrypt the stored secrets: everything else is kept, and the secrets must be entered again. \
             Nothing changed. Add --forget-secrets to confirm."
                .into(),
        ));
    }
    if let Some(file) = &context.config.passphrase_file {
        // A key whose passphrase is known is not lost.
        output.note(&format!(
            "The passphrase in {} is not needed",
            file.display()
        ));
    }
    let NewKeyResult {
        fingerprint,
        path,
        key_aside,
        store_aside,
        forgotten,
    } = renew_in(&context.store_place()?, Utc::now())?;
    back_up(context, output);
    if output.audience() == Audience::Program {
        let forgotten: Vec<_> = forgotten
            .iter()
            .map(|named| json!({ "id": named.id, "alias": named.alias, "name": named.name }))
            .collect();
        return output.value(&json!({
            "path": path,
            "fingerprint": fingerprint.to_string(),
            "keyMovedTo": key_aside,
            "storeMovedTo": store_aside,
            "toTypeAgain": forgotten,
        }));
    }
    output.line(&format!("New key in {}: {fingerprint}", path.display()))?;
    if let Some(aside) = key_aside {
        output.line(&format!("Previous key file: {}", aside.display()))?;
    }
    output.line(&format!("Previous store: {}", store_aside.display()))?;
    output.note(
        "Without the previous key the store could not be authenticated: check the endpoints before you enter secrets",
    );
    if !forgotten.is_empty() {
        output.note(&format!(
            "Enter the secrets of {} connections again, in the app or with umai connections update ALIAS --secret-stdin KEY: {}",
            forgotten.len(),
            names(&forgotten)
        ));
    }
    Ok(())
}

fn unlock(context: &CliContext, output: &Output) -> Result<(), Failure> {
    if let Some(notice) = passphrase::unlock(context)? {
        output.note(&notice);
    }
    Ok(())
}
