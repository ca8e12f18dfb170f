//! `umai backup`: creates, lists, verifies and restores backups of a local store or one on etcd.

mod restore;
pub(super) mod format;

use std::path::{Path, PathBuf};

use chrono::Utc;
use clap::{ArgGroup, Args, Subcommand};
use serde_json::json;

use super::dry_run::{self, DryRunArg};
use super::exit::{Exit, Failure};
use super::open_service::CliContext;
use super::output::{Audience, Output};
use super::passphrase;
use super::progress::Spinner;
use crate::store::backup::file::BackupLabel;
use crate::store::backup::folder::{BackupFile, BackupFolder, EXTENSION};
use crate::store::backup::keys::AvailableKeys;
use crate::store::backup::{self, BackupDestination, SignatureCheck, VerifiedBackup};
use crate::store::place::StorePlace;

/// Subcommands of `umai backup`.
#[derive(Debug, Subcommand)]
pub enum BackupCommand {
    /// Create a backup now and verify it
    #[command(
        after_help = "Examples:\n  umai backup create\n  umai backup create --to /media/stick/\n  umai backup create --to umai.backup --json"
    )]
    Create {
        /// Directory, or a new file [default: the backup directory of the store, and the one for copies]
        #[arg(long, value_name = "DIR|FILE")]
        to: Option<PathBuf>,
        /// Dry-run option.
        #[command(flatten)]
        dry: DryRunArg,
    },
    /// List the backups, newest first
    #[command(alias = "ls")]
    List,
    /// Verify that backups are complete and undamaged
    #[command(
        after_help = "Examples:\n  umai backup verify\n  umai backup verify /media/stick/umai.backup"
    )]
    Verify {
        /// Name from the list, or a file [default: all listed backups]
        #[arg(value_name = "BACKUP")]
        backup: Option<PathBuf>,
    },
    /// Restore a backup; the current store is moved aside or backed up, never lost
    #[command(
        after_help = "Examples:\n  umai backup restore --newest --dry-run\n  umai backup restore umai-1a2b3c4d-20260601T101500Z-4711\n  umai backup restore /media/stick/umai.backup --yes"
    )]
    Restore(RestoreBackup),
}

/// Arguments of `umai backup restore`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("which").args(["backup", "newest"]).required(true)))]
#[expect(clippy::struct_excessive_bools, reason = "independent options")]
pub struct RestoreBackup {
    /// Name from the list, a file, or the directory of a store that was moved aside
    #[arg(value_name = "BACKUP")]
    backup: Option<PathBuf>,
    /// The newest valid backup
    #[arg(long)]
    newest: bool,
    /// Show what would change, without changes
    #[arg(long)]
    dry_run: bool,
    /// Skip the confirmation prompt
    #[arg(long)]
    yes: bool,
    /// Restore a backup without a signature although its key is available; someone without the key may have changed it
    #[arg(long)]
    allow_unsigned: bool,
}

impl BackupCommand {
    /// Returns true if the command changes something.
    pub const fn is_write(&self) -> bool {
        match self {
            Self::Create { .. } => true,
            Self::Restore(restore) => !restore.dry_run,
            Self::List | Self::Verify { .. } => false,
        }
    }
}

/// Runs a subcommand.
pub fn run(
    command: BackupCommand,
    context: &CliContext,
    output: &mut Output,
) -> Result<(), Failure> {
    context.print_problems(output);
    let place = context.store_place()?;
    let is_key_needed = match &command {
        BackupCommand::Create { .. } | BackupCommand::Verify { .. } | BackupCommand::Restore(_) => {
            true
        }
        BackupCommand::List => false,
    };
    if is_key_needed && let Some(notice) = passphrase::unlock(context)? {
        output.note(&notice);
    }
    match command {
        BackupCommand::Create { to, dry } => create((to, dry), (&place, context), output),
        BackupCommand::List => list((&place, context), output),
        BackupCommand::Verify { backup } => verify(backup, (&place, context), output),
        BackupCommand::Restore(restore) => restore.run((&place, context), output),
    }
}

/// Refuses a file whose directory does not exist.
pub fn reject_missing_folder_of(file: &Path) -> Result<(), Failure> {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => reject_missing_folder(folder),
        _ => Ok(()),
    }
}

/// Refuses a directory that does not exist: a copy for another disk would end up on this one when that is not mounted.
fn reject_missing_folder(folder: &Path) -> Result<(), Failure> {
    if folder.is_dir() {
        return Ok(());
    }
    Err(Failure::Other(anyhow::anyhow!(
        "{} is not a directory: create it, or mount its disk",
        folder.display()
    )))
}

/// Reports the location of the backup that would be created.
fn dry_run_create(
    target: &BackupDestination,
    place: &StorePlace,
    output: &mut Output,
) -> Result<(), Failure> {
    if place.store_id()?.is_none() {
        return Err(place.missing("No readable store").into());
    }
    let folder = match target {
        BackupDestination::Store | BackupDestination::Replaced => {
            place.backups().folder().to_owned()
        }
        BackupDestination::Folder(folder) => folder.clone(),
        BackupDestination::File(file) => {
            backup::ensure_absent(file)?;
            file.clone()
        }
    };
    let sentence = format!("Would create a backup in {}", folder.display());
    dry_run::write_action("createBackup", &sentence, output)
}

fn destination(to: Option<PathBuf>) -> Result<BackupDestination, Failure> {
    Ok(match to {
        None => BackupDestination::Store,
        Some(path) if path.is_dir() || path.to_string_lossy().ends_with('/') => {
            reject_missing_folder(&path)?;
            BackupDestination::Folder(path)
        }
        Some(path) => {
            reject_missing_folder_of(&path)?;
            BackupDestination::File(path)
        }
    })
}

fn create(
    (to, dry): (Option<PathBuf>, DryRunArg),
    (place, context): (&StorePlace, &CliContext),
    output: &mut Output,
) -> Result<(), Failure> {
    let target = destination(to)?;
    if dry.dry_run {
        return dry_run_create(&target, place, output);
    }
    let waiting = Spinner::start("Creating the backup", output);
    let made = place.back_up(&target, Utc::now())?;
    let copies = &context.config.backup_folder;
    let attempt = match (&target, copies) {
        (BackupDestination::Store, Some(folder)) => {
            Some(backup::copy(&made, &place.copies_in(folder), Utc::now()))
        }
        (BackupDestination::Store, None)
        | (
            BackupDestination::Replaced | BackupDestination::Folder(_) | BackupDestination::File(_),
            _,
        ) => None,
    };
    drop(waiting);
    let copy = match attempt {
        None => None,
        Some(Ok(copy)) => Some(copy),
        Some(Err(error)) => {
            output.note(&format!("Backup not copied: {error}"));
            None
        }
    };
    match output.audience() {
        Audience::Program => {
            let mut shown = format::backup(&made.path, &made.label);
            shown["copy"] = json!(copy);
            output.value(&shown)
        }
        Audience::Person => {
            output.line(&made.path.display().to_string())?;
            if let Some(copy) = &copy {
                output.line(&copy.display().to_string())?;
            }
            output.note(&format!(
                "{}, revision {}; verified{}",
                format::with_trash(made.label.header.digest.count),
                made.label.header.revision,
                if made.label.is_signed() {
                    ""
                } else {
                    ", but not signed: the key is missing"
                }
            ));
            Ok(())
        }
    }
}

fn list((place, context): (&StorePlace, &CliContext), output: &mut Output) -> Result<(), Failure> {
    let found = all(place, context)?;
    if output.audience() == Audience::Program {
        let items: Vec<_> = found.iter().map(format::found).collect();
        return output.value(&json!({ "total": items.len(), "items": items }));
    }
    if found.is_empty() {
        output.note(if place.is_local() {
            "No backups yet. umai creates one when a changed store is closed. Create one now: umai backup create"
        } else {
            "No backups yet. Create one now: umai backup create"
        });
        return Ok(());
    }
    let rows: Vec<[String; 5]> = found
        .iter()
        .map(|found| {
            let name = format::name(&found.path);
            let folder = format::folder(&found.path);
            match &found.label {
                Ok(label) => [
                    name,
                    format::date(label),
                    label.header.digest.count.to_string(),
                    format::origin(label.info.origin).to_owned(),
                    folder,
                ],
                Err(fault) => [
                    name,
                    fault.to_string(),
                    String::new(),
                    String::new(),
                    folder,
                ],
            }
        })
        .collect();
    output.table(
        [
            "NAME",
            "CREATED",
            "CONNECTIONS AND TRASH",
            "CREATED BY",
            "DIRECTORY",
        ],
        &rows,
    )
}

fn verify(
    backup: Option<PathBuf>,
    (place, context): (&StorePlace, &CliContext),
    output: &mut Output,
) -> Result<(), Failure> {
    let paths: Vec<PathBuf> = match backup {
        Some(backup) => vec![find(&backup, (place, context))?],
        None => all(place, context)?
            .into_iter()
            .map(|found| found.path)
            .collect(),
    };
    if paths.is_empty() {
        output.note("No backups yet");
    }
    let keys = AvailableKeys::find(&context.store_options());
    let mut faulty = 0;
    let mut items = Vec::new();
    for path in &paths {
        let waiting = Spinner::start("Verifying the backup", output);
        let verified = backup::verify(path, &keys);
        drop(waiting);
        let is_right = verified
            .as_ref()
            .is_ok_and(|verified| verified.signature != SignatureCheck::Invalid);
        faulty += usize::from(!is_right);
        match (output.audience(), verified) {
            (Audience::Program, verified) => items.push(format::verified(path, &verified)),
            (Audience::Person, Ok(verified)) => output.line(&sentence(path, &verified))?,
            (Audience::Person, Err(error)) => output.line(&format!("✗ {error}"))?,
        }
    }
    if output.audience() == Audience::Program {
        output.value(&json!({ "total": items.len(), "items": items }))?;
    }
    if faulty == 0 {
        return Ok(());
    }
    Err(Failure::Partial(
        format!("{faulty} of {} files are not valid backups", paths.len()),
        Exit::Store,
    ))
}

/// Returns the result of verifying a complete backup.
fn sentence(path: &Path, verified: &VerifiedBackup) -> String {
    let signature = match verified.signature {
        SignatureCheck::Valid => "",
        SignatureCheck::Invalid => {
            return format!(
                "✗ {}: modified after its creation, by someone without the key",
                path.display()
            );
        }
        SignatureCheck::NoKey => ", signature not checked: the key is missing",
        SignatureCheck::Unsigned => {
            ", not signed: created without the key, or the signature was removed"
        }
    };
    let secrets = match verified.secrets {
        None => ", secrets not checked: the key is missing".to_owned(),
        Some((count, opened)) if count == opened => String::new(),
        Some((count, opened)) => format!(
            ", {} of {count} secrets cannot be decrypted",
            count - opened
        ),
    };
    let (connections, trashed) = verified.connections;
    format!(
        "✓ {}: valid, {} including {trashed} in the trash, created {}{signature}{secrets}",
        path.display(),
        format::connections((connections + trashed) as u64),
        format::date(&verified.label),
    )
}

/// Returns the backups of the store's backup directory and of the directory for copies.
fn all(place: &StorePlace, context: &CliContext) -> Result<Vec<BackupFile>, Failure> {
    Ok(backup::all(&folders(place, context))?)
}

/// Returns the folder of the backups, and the one of their copies if there is one.
fn folders(place: &StorePlace, context: &CliContext) -> Vec<BackupFolder> {
    let copies = context.config.backup_folder.as_deref();
    let copies = copies.map(|folder| BackupFolder::new(place.copies_in(folder)));
    std::iter::once(place.backups()).chain(copies).collect()
}

/// Returns the file of a backup, given by name or path.
fn find(backup: &Path, (place, context): (&StorePlace, &CliContext)) -> Result<PathBuf, Failure> {
    if backup.is_file() {
        return Ok(backup.to_owned());
    }
    let is_meant = |found: &BackupFile| {
        found.path.file_name() == Some(backup.as_os_str())
            || found.path.with_extension("").file_name() == Some(backup.as_os_str())
    };
    let found = all(place, context)?.into_iter().find(is_meant);
    found.map(|found| found.path).ok_or_else(|| {
        Failure::NoBackup(format!(
            "No backup '{}'. See umai backup list; a backup file ends with .{EXTENSION}",
            backup.display()
        ))
    })
}

/// Returns the label of a backup, if it is readable.
fn label_of(found: &BackupFile) -> Option<&BackupLabel> {
    found.label.as_ref().ok()
}
