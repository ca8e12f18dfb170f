//! `umai backup`: make, list, check and bring back backups of the store on this machine.

mod restore;
mod shown;

use std::path::{Path, PathBuf};

use chrono::Utc;
use clap::{Args, Subcommand};
use serde_json::json;

use super::dry::{self, DryRun};
use super::exit::{Exit, Failure};
use super::output::{Format, Output};
use super::passphrase;
use super::progress::Waiting;
use super::session::Ground;
use super::table::table;
use crate::connection::StoreError;
use crate::store::backup::file::Label;
use crate::store::backup::keys::Keys;
use crate::store::backup::shelf::{EXTENSION, Found, Shelf};
use crate::store::backup::{self, SealVerdict, Target, Verified};
use crate::store::store_in;

/// What can be done with backups.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make a backup now, and read it again to see that it is whole
    #[command(
        after_help = "Examples:\n  umai backup create\n  umai backup create --to /media/stick/\n  umai backup create --to umai.backup --json"
    )]
    Create {
        /// A folder, or a file that is not there yet [default: beside the store, and in the folder for copies]
        #[arg(long, value_name = "FOLDER|FILE")]
        to: Option<PathBuf>,
        /// Only examine.
        #[command(flatten)]
        dry: DryRun,
    },
    /// List the backups, the newest first
    List,
    /// Read backups to their end and say whether they are whole
    #[command(
        after_help = "Examples:\n  umai backup verify\n  umai backup verify /media/stick/umai.backup"
    )]
    Verify {
        /// A name from the list, or a file; every one in the list when none is named
        #[arg(value_name = "BACKUP")]
        backup: Option<PathBuf>,
    },
    /// Bring a backup back; the store that is there is moved aside, never thrown away
    #[command(
        after_help = "Examples:\n  umai backup restore --newest --dry-run\n  umai backup restore umai-1a2b3c4d-20260601T101500Z-4711\n  umai backup restore /media/stick/umai.backup --yes"
    )]
    Restore(Restore),
}

/// Which backup is brought back, and how.
#[derive(Debug, Args)]
pub struct Restore {
    /// A name from the list, a file, or the folder of a store that was moved aside
    #[arg(
        value_name = "BACKUP",
        conflicts_with = "newest",
        required_unless_present = "newest"
    )]
    backup: Option<PathBuf>,
    /// The newest one that is whole
    #[arg(long)]
    newest: bool,
    /// Say what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Verb {
    /// Whether it changes something.
    pub const fn is_write(&self) -> bool {
        match self {
            Self::Create { .. } => true,
            Self::Restore(restore) => !restore.dry_run,
            Self::List | Self::Verify { .. } => false,
        }
    }
}

/// Carries it out.
pub fn run(verb: Verb, ground: &Ground, output: &mut Output) -> Result<(), Failure> {
    ground.tell(output);
    let is_key_needed = match &verb {
        Verb::Create { .. } | Verb::Verify { .. } | Verb::Restore(_) => true,
        Verb::List => false,
    };
    if is_key_needed && let Some(notice) = passphrase::unlock(ground)? {
        output.note(&notice);
    }
    match verb {
        Verb::Create { to, dry } => create((to, dry), ground, output),
        Verb::List => list(ground, output),
        Verb::Verify { backup } => verify(backup, ground, output),
        Verb::Restore(restore) => restore.run(ground, output),
    }
}

/// Says where a backup would be put.
fn would_create(target: &Target, ground: &Ground, output: &mut Output) -> Result<(), Failure> {
    let data = &ground.config.data;
    if store_in(data).is_none() {
        let why = format!("There is no readable store in {}", data.display());
        return Err(StoreError::Unusable(why).into());
    }
    let place = match target {
        Target::Store => Shelf::for_store(data).folder().to_owned(),
        Target::Folder(folder) => folder.clone(),
        Target::File(file) => {
            backup::ensure_absent(file)?;
            file.clone()
        }
    };
    let sentence = format!("Would put a backup into {}", place.display());
    dry::say("createBackup", &sentence, output)
}

fn create(
    (to, dry): (Option<PathBuf>, DryRun),
    ground: &Ground,
    output: &mut Output,
) -> Result<(), Failure> {
    let target = match to {
        None => Target::Store,
        Some(path) if path.is_dir() || path.to_string_lossy().ends_with('/') => {
            Target::Folder(path)
        }
        Some(path) => Target::File(path),
    };
    let options = ground.store_options();
    if dry.dry_run {
        return would_create(&target, ground, output);
    }
    let waiting = Waiting::on("Making a backup", output);
    let made = backup::create(&options, &target, Utc::now())?;
    let copies = &ground.config.backup_folder;
    let attempt = match (&target, copies) {
        (Target::Store, Some(folder)) => Some(backup::copy(&made, folder, Utc::now())),
        (Target::Store, None) | (Target::Folder(_) | Target::File(_), _) => None,
    };
    drop(waiting);
    let copy = match attempt {
        None => None,
        Some(Ok(copy)) => Some(copy),
        Some(Err(error)) => {
            output.note(&format!("The backup was not copied: {error}"));
            None
        }
    };
    match output.format() {
        Format::Json => {
            let mut shown = shown::backup(&made.path, &made.label);
            shown["copy"] = json!(copy);
            output.json(&shown)
        }
        Format::Text => {
            output.line(&made.path.display().to_string())?;
            if let Some(copy) = &copy {
                output.line(&copy.display().to_string())?;
            }
            output.note(&format!(
                "{}, up to change {}; read again and whole{}",
                shown::connections(made.label.head.digest.count),
                made.label.head.revision,
                if made.label.is_sealed() {
                    ""
                } else {
                    ", but not sealed: its key is not here"
                }
            ));
            Ok(())
        }
    }
}

fn list(ground: &Ground, output: &mut Output) -> Result<(), Failure> {
    let found = all(ground)?;
    if output.format() == Format::Json {
        let items: Vec<_> = found.iter().map(shown::found).collect();
        return output.json(&json!({ "total": items.len(), "items": items }));
    }
    if found.is_empty() {
        output.note(
            "There is no backup yet. umai makes one when a store that was changed is closed; umai backup create makes one now",
        );
        return Ok(());
    }
    let rows: Vec<[String; 5]> = found
        .iter()
        .map(|found| {
            let name = shown::name(&found.path);
            let folder = shown::folder(&found.path);
            match &found.label {
                Ok(label) => [
                    name,
                    shown::date(label),
                    label.head.digest.count.to_string(),
                    shown::origin(label.about.origin).to_owned(),
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
    output.text(&table(
        ["NAME", "MADE", "CONNECTIONS", "WANTED BY", "FOLDER"],
        &rows,
    ))
}

fn verify(backup: Option<PathBuf>, ground: &Ground, output: &mut Output) -> Result<(), Failure> {
    let paths: Vec<PathBuf> = match backup {
        Some(backup) => vec![find(&backup, ground)?],
        None => all(ground)?.into_iter().map(|found| found.path).collect(),
    };
    if paths.is_empty() {
        output.note("There is no backup yet");
    }
    let keys = Keys::find(&ground.store_options());
    let mut faulty = 0;
    let mut items = Vec::new();
    for path in &paths {
        let waiting = Waiting::on("Reading a backup", output);
        let verified = backup::verify(path, &keys);
        drop(waiting);
        let is_right = verified
            .as_ref()
            .is_ok_and(|verified| verified.seal != SealVerdict::Broken);
        faulty += usize::from(!is_right);
        match (output.format(), verified) {
            (Format::Json, verified) => items.push(shown::verified(path, &verified)),
            (Format::Text, Ok(verified)) => output.line(&sentence(path, &verified))?,
            (Format::Text, Err(error)) => output.line(&format!("✗ {error}"))?,
        }
    }
    if output.format() == Format::Json {
        output.json(&json!({ "total": items.len(), "items": items }))?;
    }
    if faulty == 0 {
        return Ok(());
    }
    Err(Failure::Some(
        format!("{faulty} of {} backups cannot be used", paths.len()),
        Exit::Store,
    ))
}

/// What was found out about a backup that is whole.
fn sentence(path: &Path, verified: &Verified) -> String {
    let seal = match verified.seal {
        SealVerdict::Right => "",
        SealVerdict::Broken => {
            return format!(
                "✗ {}: it was changed after umai made it, by somebody without the key",
                path.display()
            );
        }
        SealVerdict::NoKey => ", its seal cannot be checked without its key",
        SealVerdict::Unsealed => ", made without a key at hand and so not sealed",
    };
    let secrets = match verified.secrets {
        None => ", its secrets cannot be opened without its key".to_owned(),
        Some((count, opened)) if count == opened => String::new(),
        Some((count, opened)) => format!(", {} of {count} secrets do not open", count - opened),
    };
    let (connections, trashed) = verified.connections;
    format!(
        "✓ {}: whole, {}{}, made {}{seal}{secrets}",
        path.display(),
        shown::connections(connections as u64),
        if trashed > 0 {
            format!(" and {trashed} in the trash")
        } else {
            String::new()
        },
        shown::date(&verified.label),
    )
}

/// The backups beside the store and in the folder for copies.
fn all(ground: &Ground) -> Result<Vec<Found>, Failure> {
    let copies = ground.config.backup_folder.as_deref();
    Ok(backup::all(&ground.config.data, copies)?)
}

/// The file of a backup that was named by its name or its path.
fn find(backup: &Path, ground: &Ground) -> Result<PathBuf, Failure> {
    if backup.is_file() {
        return Ok(backup.to_owned());
    }
    let is_meant = |found: &Found| {
        found.path.file_name() == Some(backup.as_os_str())
            || found.path.with_extension("").file_name() == Some(backup.as_os_str())
    };
    let found = all(ground)?.into_iter().find(is_meant);
    found.map(|found| found.path).ok_or_else(|| {
        Failure::NoBackup(format!(
            "There is no backup {}; umai backup list shows those there are, and a file ends with .{EXTENSION}",
            backup.display()
        ))
    })
}

/// The label of a backup, when it has one.
fn label_of(found: &Found) -> Option<&Label> {
    found.label.as_ref().ok()
}
