//! Backups: a whole store in one file, created from the files of a store without opening it.
//!
//! ```text
//! data/backups/umai-STORE-TIME-REVISION.backup     automatic backups, and manual ones by default
//! FOLDER/umai-STORE-TIME-REVISION.backup           copies, when a backup folder is configured
//! ```
//! Secrets stay sealed in a backup; everything else is as readable as in the store, so that names can be restored without the
//! key. The whole file has a signature too: with the key, a modification is detected.

mod config;
pub mod file;
pub mod keys;
pub mod comparison;
pub mod restore;
pub mod folder;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::de::IgnoredAny;

pub use self::config::{BackupConfig, BackupSigner};
use self::file::{BackupContent, BackupFault, BackupInfo, BackupLabel, BackupOrigin};
use self::folder::{BackupFile, BackupFolder, file_stem};
use self::keys::AvailableKeys;
use super::StoreOptions;
use super::journal::header::FileHeader;
use super::key::{StoreAccess, StoreAuthenticator, StoreKey};
use super::known_stores::KnownStores;
use super::offline_reader::{CheckedFiles, StoreContent};
use super::reencrypt::SecretOpener;
use super::sled::stored_json::{self, SavedJson};
use crate::connection::{Connection, SealedSecret, StoreError};

/// Destination of a manual backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupDestination {
    /// The backup folder of the store.
    Store,
    /// The same folder, for a content that is about to be replaced.
    Replaced,
    /// A folder.
    Folder(PathBuf),
    /// A file that must not exist.
    File(PathBuf),
}

/// Backup that was created.
#[derive(Debug, Clone, PartialEq)]
pub struct Backup {
    /// Path of the file.
    pub path: PathBuf,
    /// Label of the backup.
    pub label: BackupLabel,
}

/// Creates a backup of another store, for example one that was replaced, in the backup folder of the current store.
pub fn create_from(
    folder: &Path,
    options: &StoreOptions,
    now: DateTime<Utc>,
) -> Result<Backup, StoreError> {
    let backups = BackupFolder::for_store(&options.data).folder().to_owned();
    let of = StoreOptions {
        data: folder.to_owned(),
        ..options.clone()
    };
    create(&of, &BackupDestination::Folder(backups), now)
}

/// Creates a manual backup of the current state of the store.
pub fn create(
    options: &StoreOptions,
    to: &BackupDestination,
    now: DateTime<Utc>,
) -> Result<Backup, StoreError> {
    let keys = AvailableKeys::find(options);
    let access = keys.access(&options.data)?;
    let auth = access.as_ref().and_then(StoreAccess::auth);
    CheckedFiles::with(&options.data, auth, |content| {
        let identity = content.header().identity;
        if access
            .as_ref()
            .is_none_or(|access| access.identity != identity)
        {
            // The signature would confirm files that were read without their authenticator.
            return Err(StoreError::Other(format!(
                "The files in {} belong to different stores, or the store was replaced while it was read; no backup was created. \
                 Try again, or find the file that does not belong there: umai doctor",
                options.data.display()
            )));
        }
        // The signature would confirm files that may have been changed without the key.
        let is_outdated = KnownStores::new(options).is_outdated(&identity)?;
        let key = keys.matching(&identity).filter(|_| !is_outdated).cloned();
        let image = StoreImage {
            content,
            info: BackupInfo {
                created: now,
                origin: BackupOrigin::Manual,
                folder: file::FolderHash::for_folder(&options.data),
            },
            signer: key.map(signer_with),
        };
        image.create(&BackupFolder::for_store(&options.data), to)
    })
}

/// Creates a manual backup of a content that was read with its key. The folder is the one of the store.
pub fn create_of_content(
    content: &StoreContent,
    keys: &AvailableKeys,
    (folder, to): (&BackupFolder, &BackupDestination),
    now: DateTime<Utc>,
) -> Result<Backup, StoreError> {
    let signer = keys.matching(&content.identity).cloned();
    let header = FileHeader {
        identity: content.identity.clone(),
        revision: content.state.revision,
        digest: content.state.digest(),
    };
    let image = StoreImage {
        info: BackupInfo {
            created: now,
            origin: BackupOrigin::Manual,
            folder: file::FolderHash::for_folder(folder.folder()),
        },
        content: &mut (header, &content.state),
        signer: signer.map(signer_with),
    };
    image.create(folder, to)
}

/// Creates an automatic backup and removes automatic backups that are no longer retained.
pub fn create_automatic(
    data: &Path,
    auth: Option<&StoreAuthenticator>,
    signer: Option<&Arc<BackupSigner>>,
    now: DateTime<Utc>,
) -> Result<Backup, StoreError> {
    let folder = BackupFolder::for_store(data);
    let made = CheckedFiles::with(data, auth, |content| {
        let image = StoreImage {
            content,
            info: BackupInfo {
                created: now,
                origin: BackupOrigin::Automatic,
                folder: file::FolderHash::for_folder(data),
            },
            signer: signer.cloned(),
        };
        image.add_to(&folder, "")
    })?;
    folder
        .prune(made.label.identity().store, now)
        .map_err(|error| super::io_error::io_error(folder.folder(), &error))?;
    Ok(made)
}

/// Copies a backup to another folder and removes automatic backups there that are no longer retained.
pub fn copy(backup: &Backup, folder: &Path, now: DateTime<Utc>) -> Result<PathBuf, StoreError> {
    let target = BackupFolder::new(folder);
    let name = backup.path.file_stem().unwrap_or_default();
    let source = std::fs::File::open(&backup.path)
        .map_err(|error| super::io_error::io_error(&backup.path, &error))?;
    let copied = target.add(&name.to_string_lossy(), |file| {
        std::io::copy(&mut &source, file).map(drop)
    });
    let path = copied.map_err(|fault| fault_error(folder, &fault))?;
    target
        .prune(backup.label.identity().store, now)
        .map_err(|error| super::io_error::io_error(folder, &error))?;
    Ok(path)
}

/// Store content that is about to be written as a backup.
struct StoreImage<'a> {
    content: &'a mut dyn BackupContent,
    info: BackupInfo,
    signer: Option<Arc<BackupSigner>>,
}

impl StoreImage<'_> {
    fn create(self, store: &BackupFolder, to: &BackupDestination) -> Result<Backup, StoreError> {
        match to {
            BackupDestination::Store => self.add_to(store, ""),
            BackupDestination::Replaced => self.add_to(store, folder::REPLACED),
            BackupDestination::Folder(folder) => self.add_to(&BackupFolder::new(folder), ""),
            BackupDestination::File(path) => self.write_to(path),
        }
    }

    fn add_to(self, target: &BackupFolder, mark: &str) -> Result<Backup, StoreError> {
        let head = self.content.header();
        let stem = file_stem(head.identity.store, head.revision, self.info.created);
        let name = format!("{stem}{mark}");
        let path = target
            .add(&name, |file| self.write(file))
            .map_err(|fault| fault_error(target.folder(), &fault))?;
        created(path)
    }

    fn write_to(self, path: &Path) -> Result<Backup, StoreError> {
        ensure_absent(path)?;
        folder::write_verified(path, |file| self.write(file))
            .map_err(|fault| fault_error(path, &fault))?;
        created(path.to_owned())
    }

    fn write(self, file: &mut std::fs::File) -> std::io::Result<()> {
        file::write(file, self.content, &self.info, self.signer.as_deref())
    }
}

/// Returns an error when the file exists: a backup never overwrites anything.
pub fn ensure_absent(path: &Path) -> Result<(), StoreError> {
    if path.exists() {
        return Err(StoreError::Other(format!(
            "{} already exists; nothing was changed. Name another file or a directory",
            path.display()
        )));
    }
    Ok(())
}

fn created(path: PathBuf) -> Result<Backup, StoreError> {
    let label = file::label(&path).map_err(|fault| fault_error(&path, &fault))?;
    Ok(Backup { path, label })
}

/// Returns a function that creates signatures with a key.
pub fn signer_with(key: Arc<StoreKey>) -> Arc<BackupSigner> {
    Arc::new(move |binding: &[u8]| key.sign(binding))
}

/// Lists the backups of folders, newest first within each.
pub fn all(folders: &[BackupFolder]) -> Result<Vec<BackupFile>, StoreError> {
    let mut found = Vec::new();
    for folder in folders {
        let here = folder.all();
        found.extend(here.map_err(|error| super::io_error::io_error(folder.folder(), &error))?);
    }
    Ok(found)
}

/// Refuses to create a store when `folder` has backups of this data directory that were signed with an available key: the store
/// existed and was lost.
pub fn reject_new_store_with_copies(
    options: &StoreOptions,
    folder: &Path,
) -> Result<(), StoreError> {
    let keys = AvailableKeys::find(options);
    // A folder that cannot be read is reported when a backup is copied to it.
    let found = BackupFolder::new(folder).all().unwrap_or_default();
    let labels = found.into_iter().filter_map(|found| found.label.ok());
    let here = file::FolderHash::for_folder(&options.data);
    let matching = labels
        .filter(|label| label.info.folder == here && keys.matching(label.identity()).is_some());
    match matching.count() {
        0 => Ok(()),
        count => Err(StoreError::Other(format!(
            "There is no store in {}, but {} has {count} backups of a store from there; nothing was changed. \
             Restore the newest: umai backup restore --newest. To start with an empty store instead, run umai once with --backup-folder ''",
            options.data.display(),
            folder.display()
        ))),
    }
}

/// Result of a complete check of a backup.
#[derive(Debug, Clone, PartialEq)]
pub struct VerifiedBackup {
    /// Label of the backup.
    pub label: BackupLabel,
    /// Number of connections outside and in the trash.
    pub connections: (usize, usize),
    /// Result of the signature check.
    pub signature: SignatureCheck,
    /// Number of secrets, and how many of them the available keys open. `None` when no key matches.
    pub secrets: Option<(usize, usize)>,
}

/// Result of checking the signature of a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureCheck {
    /// The backup was not modified without the key.
    Valid,
    /// The backup was modified.
    Invalid,
    /// The key needed to check the signature is not available.
    NoKey,
    /// The backup was created without a key and has no signature.
    Unsigned,
}

/// Reads a backup completely and checks it.
pub fn verify(path: &Path, keys: &AvailableKeys) -> Result<VerifiedBackup, StoreError> {
    let (label, state) = file::read(path).map_err(|fault| fault_error(path, &fault))?;
    let signature = check_signature(&label, keys);
    let mut trashed = 0;
    let key = keys.matching(label.identity());
    let mut secrets = key.map(|_| (0, 0));
    for (id, built) in &state.connections {
        let Some(newest) = &built.newest else {
            continue;
        };
        let saved: SavedJson<Connection<SealedSecret>, IgnoredAny> =
            stored_json::read_json(*id, &newest.payload.1)?;
        trashed += usize::from(saved.connection.item.is_deleted());
        if let (Some((count, opened)), Some(key)) = (&mut secrets, key) {
            let found = SecretOpener::new(label.identity(), key).count(&saved.connection);
            *count += found.0;
            *opened += found.1;
        }
    }
    Ok(VerifiedBackup {
        connections: (state.connections.len() - trashed, trashed),
        label,
        signature,
        secrets,
    })
}

fn check_signature(label: &BackupLabel, keys: &AvailableKeys) -> SignatureCheck {
    match keys.matching(label.identity()) {
        _ if !label.is_signed() => SignatureCheck::Unsigned,
        None => SignatureCheck::NoKey,
        Some(key) if label.is_signed_with(key) => SignatureCheck::Valid,
        Some(_) => SignatureCheck::Invalid,
    }
}

/// Returns the error for an unusable backup.
pub fn fault_error(path: &Path, fault: &BackupFault) -> StoreError {
    StoreError::Other(format!("{}: {fault}", path.display()))
}
