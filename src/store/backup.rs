//! Backups: whole stores in one file each, made from the files of a store whoever has it open.
//!
//! ```text
//! data/backups/umai-STORE-TIME-REVISION.backup     made by umai now and then, and by who asks
//! FOLDER/umai-STORE-TIME-REVISION.backup           copies, where another folder is named
//! ```
//! Secrets are in a backup as they are in the store, sealed; the rest is as readable as it is there, so that names come back even
//! when the key does not. The whole file is sealed, too: with the key at hand it is seen whether anybody changed it.

pub mod file;
pub mod keys;
pub mod restore;
pub mod shelf;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use serde::de::IgnoredAny;

use self::file::{About, Fault, Label, Origin};
use self::keys::Keys;
use self::shelf::{Found, Shelf, name_of};
use super::StoreOptions;
use super::content::{self, Content};
use super::journal::head::Head;
use super::key::{Key, KeyCheck, Place};
use super::sled::rows::{self, SavedJson};
use crate::connection::{Connection, Sealed, Setting, Settings, StoreError};

/// Seals what is told it, for whoever has the same key.
pub type Stamp = dyn Fn(&[u8]) -> Result<KeyCheck, StoreError> + Send + Sync;

/// How the process that has a store open makes backups of it.
#[derive(Clone, Default)]
pub struct BackupPlan {
    /// Another folder, where copies go.
    pub copies: Option<PathBuf>,
    /// Seals them, as soon as the key is known.
    pub stamp: Arc<OnceLock<Arc<Stamp>>>,
}

/// Where a backup that was asked for goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Beside the store.
    Store,
    /// Into a folder.
    Folder(PathBuf),
    /// This file, which must not be there.
    File(PathBuf),
}

/// A backup that was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Backup {
    /// Where.
    pub path: PathBuf,
    /// What it says of itself.
    pub label: Label,
}

/// Makes a backup of another store, one that was replaced for example, beside the one there is now.
pub fn create_of(
    folder: &Path,
    options: &StoreOptions,
    now: DateTime<Utc>,
) -> Result<Backup, StoreError> {
    let beside = Shelf::of_store(&options.data).folder().to_owned();
    let of = StoreOptions {
        data: folder.to_owned(),
        ..options.clone()
    };
    create(&of, &Target::Folder(beside), now)
}

/// Makes a backup of the store as it is now.
pub fn create(
    options: &StoreOptions,
    to: &Target,
    now: DateTime<Utc>,
) -> Result<Backup, StoreError> {
    let content = content::read_whole(&options.data)?;
    let key = Keys::find(options).fitting(&content.identity).cloned();
    let whole = Whole {
        content,
        about: About {
            made: now,
            origin: Origin::Asked,
            place: file::Place::of(&options.data),
        },
        stamp: key.map(stamp_of),
    };
    match to {
        Target::Store => whole.put(&Shelf::of_store(&options.data)),
        Target::Folder(folder) => whole.put(&Shelf::at(folder)),
        Target::File(path) => whole.place(path),
    }
}

/// Makes a backup of a store in its folder, for as long as newer ones do not make it needless.
pub fn create_automatic(
    data: &Path,
    stamp: Option<Arc<Stamp>>,
    now: DateTime<Utc>,
) -> Result<Backup, StoreError> {
    let whole = Whole {
        content: content::read_whole(data)?,
        about: About {
            made: now,
            origin: Origin::Automatic,
            place: file::Place::of(data),
        },
        stamp,
    };
    let shelf = Shelf::of_store(data);
    let made = whole.put(&shelf)?;
    shelf
        .tidy(made.label.identity().store, now)
        .map_err(|error| super::files::unusable(shelf.folder(), &error))?;
    Ok(made)
}

/// Copies a backup to another folder, and lets go of automatic ones there that it makes needless.
pub fn copy(backup: &Backup, folder: &Path, now: DateTime<Utc>) -> Result<PathBuf, StoreError> {
    let shelf = Shelf::at(folder);
    let name = backup.path.file_stem().unwrap_or_default();
    let copied = shelf.put(&name.to_string_lossy(), |file| {
        std::io::copy(&mut std::fs::File::open(&backup.path)?, file).map(drop)
    });
    let path = copied.map_err(|fault| faulty(folder, &fault))?;
    shelf
        .tidy(backup.label.identity().store, now)
        .map_err(|error| super::files::unusable(folder, &error))?;
    Ok(path)
}

/// A whole store that is about to be written as a backup.
struct Whole {
    content: Content,
    about: About,
    stamp: Option<Arc<Stamp>>,
}

impl Whole {
    fn put(&self, on: &Shelf) -> Result<Backup, StoreError> {
        let head = self.head();
        let name = name_of(head.identity.store, head.revision, self.about.made);
        let path = on
            .put(&name, |file| self.write(file))
            .map_err(|fault| faulty(on.folder(), &fault))?;
        made(path)
    }

    fn place(&self, path: &Path) -> Result<Backup, StoreError> {
        refuse_taken(path)?;
        shelf::place(path, |file| self.write(file)).map_err(|fault| faulty(path, &fault))?;
        made(path.to_owned())
    }

    fn write(&self, file: &mut std::fs::File) -> std::io::Result<()> {
        let stamp = self.stamp.as_deref();
        file::write(file, &self.head(), &self.content.fold, &self.about, stamp)
    }

    fn head(&self) -> Head {
        let fold = &self.content.fold;
        Head {
            identity: self.content.identity.clone(),
            revision: fold.revision,
            digest: fold.digest(),
        }
    }
}

/// Refuses a file that is there: no backup takes the place of anything.
pub fn refuse_taken(path: &Path) -> Result<(), StoreError> {
    if path.exists() {
        return Err(StoreError::Unusable(format!(
            "{} already exists; nothing was changed. Name another file or a folder",
            path.display()
        )));
    }
    Ok(())
}

fn made(path: PathBuf) -> Result<Backup, StoreError> {
    let label = file::label(&path).map_err(|fault| faulty(&path, &fault))?;
    Ok(Backup { path, label })
}

/// Seals with a key.
pub fn stamp_of(key: Arc<Key>) -> Arc<Stamp> {
    Arc::new(move |binding: &[u8]| key.stamp(binding))
}

/// The backups of the store in a data folder, and those in another folder, the newest first.
pub fn all(data: &Path, copies: Option<&Path>) -> Result<Vec<Found>, StoreError> {
    let mut found = Vec::new();
    let others = copies.map(Shelf::at);
    for shelf in std::iter::once(Shelf::of_store(data)).chain(others) {
        let here = shelf.all();
        found.extend(here.map_err(|error| super::files::unusable(shelf.folder(), &error))?);
    }
    Ok(found)
}

/// Where another folder has backups from this data folder that the key at hand sealed, there was a store: one that is gone is not
/// taken for one that never was.
pub fn refuse_beside_copies(options: &StoreOptions, folder: &Path) -> Result<(), StoreError> {
    let keys = Keys::find(options);
    // A folder that cannot be read is told of when something is copied there.
    let found = Shelf::at(folder).all().unwrap_or_default();
    let labels = found.into_iter().filter_map(|found| found.label.ok());
    let here = file::Place::of(&options.data);
    let ours = labels
        .filter(|label| label.about.place == here && keys.fitting(label.identity()).is_some());
    match ours.count() {
        0 => Ok(()),
        count => Err(StoreError::Unusable(format!(
            "There is no store in {}, but {} has {count} backups of a store from there; nothing was changed. \
             Restore the newest: umai backup restore --newest. To start with an empty store instead, run umai once with --backup-folder ''",
            options.data.display(),
            folder.display()
        ))),
    }
}

/// What is known of a backup that was read to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// What it says of itself.
    pub label: Label,
    /// How many connections it has, those in the trash left out, and how many are in the trash.
    pub connections: (usize, usize),
    /// Whether it is as umai made it.
    pub seal: SealVerdict,
    /// How many secrets there are in it, and how many of them open with the keys at hand; nothing when no key fits.
    pub secrets: Option<(usize, usize)>,
}

/// What the seal of a backup says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealVerdict {
    /// Nobody without the key has changed it.
    Right,
    /// Somebody has changed it.
    Broken,
    /// The key that tells is not at hand.
    NoKey,
    /// It was made without a key at hand.
    Unsealed,
}

/// Reads a backup to its end.
pub fn verify(path: &Path, keys: &Keys) -> Result<Verified, StoreError> {
    let (label, fold) = file::read(path).map_err(|fault| faulty(path, &fault))?;
    let seal = verdict(&label, keys);
    let mut trashed = 0;
    let key = keys.fitting(label.identity());
    let mut secrets = key.map(|_| (0, 0));
    for (id, folded) in &fold.connections {
        let Some(newest) = &folded.newest else {
            continue;
        };
        let saved: SavedJson<Connection<Sealed>, IgnoredAny> =
            rows::read_json(*id, &newest.kept.1)?;
        trashed += usize::from(saved.connection.item.is_deleted());
        let Some((count, opened)) = &mut secrets else {
            continue;
        };
        let settings = saved.connection.settings.iter().flat_map(Settings::iter);
        for (field, value) in settings {
            let Setting::Secret(sealed) = value else {
                continue;
            };
            let place = Place {
                store: label.identity().store,
                connection: *id,
                field,
            };
            let is_open = key.is_some_and(|key| key.open(&place, sealed).expose().is_some());
            *count += 1;
            *opened += usize::from(is_open);
        }
    }
    Ok(Verified {
        connections: (fold.connections.len() - trashed, trashed),
        label,
        seal,
        secrets,
    })
}

fn verdict(label: &Label, keys: &Keys) -> SealVerdict {
    match keys.fitting(label.identity()) {
        _ if !label.is_sealed() => SealVerdict::Unsealed,
        None => SealVerdict::NoKey,
        Some(key) if label.is_sealed_with(key) => SealVerdict::Right,
        Some(_) => SealVerdict::Broken,
    }
}

/// The sentence for a backup that is of no use.
pub fn faulty(path: &Path, fault: &Fault) -> StoreError {
    StoreError::Unusable(format!("{}: {fault}", path.display()))
}
