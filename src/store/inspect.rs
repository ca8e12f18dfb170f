//! Inspects a store from outside: its content, the process that has it open, and its key. Opens and changes nothing.
//!
//! The content is read from the journal, which is authoritative and can be read while another process appends to it.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::backup::folder::{BackupFile, BackupFolder};
use super::disk::{self, DiskObstacle};
use super::journal::entry::JournalEntry;
use super::journal::header::StoreIdentity;
use super::journal::replay::{RebuildBase, StateBuilder};
use super::journal::{self, damage_scan, snapshot};
use super::key::key_file::KeyFileLocation;
use super::key::{KeyLookup, StoreAccess, StoreAuthenticator, StoreKey};
use super::known_stores::KnownStores;
use super::matching_key::{KeyLocation, matching_key};
use super::{StoreOptions, file_access, lock, replacement, sled};

/// Number of attempts to read files that change while they are read.
const MAX_ATTEMPTS: usize = 3;

/// State of a store as seen from outside.
#[derive(Debug)]
pub struct StoreReport {
    /// Command that solves a permission problem; `None` where every file can be used.
    pub forbidden: Option<String>,
    /// Content of the store, `None` without a store; or the reason why it cannot be read.
    pub contents: Result<Option<StoreCounts>, String>,
    /// Result of checking whether the store was changed without its key.
    pub authenticity: Authenticity,
    /// Process that has the store open.
    pub holder: StoreHolder,
    /// State of the key.
    pub key: KeyState,
    /// Sizes of the files in bytes.
    pub sizes: StoreSizes,
    /// Reason why the disk cannot take an index.
    pub obstacle: Option<DiskObstacle>,
    /// Free space on the disk in bytes.
    pub free: Option<u64>,
    /// Data loss recorded by an earlier start.
    pub missing: Option<String>,
    /// Damaged journal and snapshot files, one sentence each; or the reason why they cannot be checked.
    pub damage: Result<Vec<String>, String>,
    /// Backups, newest first; or the reason why they cannot be listed.
    pub backups: Result<Vec<BackupFile>, String>,
    /// Replaced stores that were kept.
    pub replaced: Vec<PathBuf>,
}

/// Content of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoreCounts {
    /// Connections outside the trash.
    pub connections: usize,
    /// Connections in the trash.
    pub in_trash: usize,
    /// Versions of all connections.
    pub versions: usize,
    /// Newest revision.
    pub revision: u64,
    /// True when everything is present with correct checksums.
    pub is_sound: bool,
}

/// Result of checking a store with its key.
pub enum Authenticity {
    /// Checked with the key; what is not authentic is damaged.
    Checked(StoreAuthenticator),
    /// The key is missing or does not match, so changes made on purpose cannot be detected.
    NoKey,
    /// The store has an earlier format, whose files have no codes.
    EarlierFormat,
}

impl Authenticity {
    fn find(options: &StoreOptions, identity: Option<&StoreIdentity>) -> Self {
        let found = identity.and_then(|identity| {
            let (key, _) = matching_key(options, identity).ok()?;
            Some(StoreAccess::new(identity.clone(), Some(&key)))
        });
        match found {
            None => Self::NoKey,
            Some(StoreAccess { auth: None, .. }) => Self::EarlierFormat,
            Some(StoreAccess {
                auth: Some(auth), ..
            }) => Self::Checked(auth),
        }
    }

    const fn auth(&self) -> Option<&StoreAuthenticator> {
        match self {
            Self::Checked(auth) => Some(auth),
            Self::NoKey | Self::EarlierFormat => None,
        }
    }
}

impl std::fmt::Debug for Authenticity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Checked(_) => "Checked",
            Self::NoKey => "NoKey",
            Self::EarlierFormat => "EarlierFormat",
        })
    }
}

/// Process that has a store open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreHolder {
    /// No process.
    Free,
    /// The process with this ID.
    Process(String),
    /// The process with this ID, which is suspended and does not respond.
    Stopped(String),
    /// The system does not report it.
    Unknown,
}

/// State of the key of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyState {
    /// In this file, and it matches the store.
    Matches(PathBuf),
    /// In this file after an interrupted rotation; it matches the store and is not installed yet.
    Pending(PathBuf),
    /// In this file, but it does not match the store.
    Mismatched(PathBuf),
    /// In this file; there is no store to check it against.
    NotTried(PathBuf),
    /// Missing; expected in this file.
    Missing(PathBuf),
    /// In this file, protected by a passphrase that was not given.
    Locked(PathBuf),
    /// It cannot be read, for this reason.
    Unreadable(String),
}

/// Sizes of the parts of a store in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoreSizes {
    /// Journal.
    pub journal: u64,
    /// Snapshots.
    pub snapshots: u64,
    /// Index.
    pub index: u64,
    /// Damaged files that were set aside.
    pub damaged: u64,
}

/// Inspects the store in a data directory.
pub fn survey(options: &StoreOptions) -> StoreReport {
    let data = &options.data;
    let identity = sled::identity_in(data);
    let known = identity.as_ref().ok().and_then(Option::as_ref);
    let key = key_state(options, known);
    let authenticity = Authenticity::find(options, known);
    let auth = authenticity.auth();
    let has_store = known.is_some();
    let holder = lock_owner(data);
    let folder = BackupFolder::for_store(data);
    let forbidden = file_access::reject_forbidden(data, &data.join(sled::FOLDER));
    let forbidden = forbidden.err().map(|error| error.to_string());
    let outdated = known.and_then(|known| KnownStores::new(options).reject_outdated(known).err());
    let contents = match identity {
        _ if let Some(why) = outdated => Err(why.to_string()),
        _ if replacement::is_pending(data) => Err(replacement::pending_message(data)),
        Err(why) => Err(why.to_string()),
        Ok(_) => contents(data, auth).map(|found| found.filter(|_| has_store)),
    };
    StoreReport {
        forbidden,
        contents,
        holder,
        key,
        sizes: StoreSizes {
            journal: size(&data.join(journal::FOLDER)),
            snapshots: size(&data.join(snapshot::FOLDER)),
            index: size(&data.join(sled::FOLDER)),
            damaged: size(&data.join(sled::DAMAGED)),
        },
        obstacle: DiskObstacle::find(data),
        free: disk::free_space(data).ok(),
        missing: sled::recorded_loss(data),
        damage: damage_scan::all(&replacement::current(data), auth)
            .map_err(|error| format!("{}: {error}", data.display())),
        backups: folder
            .all()
            .map_err(|error| format!("{}: {error}", folder.folder().display())),
        replaced: replaced_stores(data),
        authenticity,
    }
}

/// Inspects only the key.
pub fn survey_key(options: &StoreOptions) -> KeyState {
    let identity = sled::identity_in(&options.data).ok().flatten();
    key_state(options, identity.as_ref())
}

fn replaced_stores(data: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(data.join(replacement::REPLACED));
    let mut found: Vec<PathBuf> = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    found.sort();
    found
}

fn key_state(options: &StoreOptions, identity: Option<&StoreIdentity>) -> KeyState {
    let location = KeyFileLocation::find(options.key_file.as_deref(), &options.config);
    if location.locked().is_some() {
        return KeyState::Locked(location.path);
    }
    match identity.map(|identity| matching_key(options, identity)) {
        Some(Ok((_, KeyLocation::Installed))) => return KeyState::Matches(location.path),
        Some(Ok((_, KeyLocation::Pending))) => return KeyState::Pending(location.pending()),
        Some(Err(_)) | None => {}
    }
    match StoreKey::find(options.key_file.as_deref(), &options.config) {
        Err(why) => KeyState::Unreadable(why.to_string()),
        Ok(KeyLookup::Missing(path)) => KeyState::Missing(path),
        Ok(KeyLookup::Key(_, path)) if identity.is_none() => KeyState::NotTried(path),
        Ok(KeyLookup::Key(_, path)) => KeyState::Mismatched(path),
    }
}

/// Reads the content from the newest correct base, or the last one read; `None` when there is no journal.
fn contents(data: &Path, auth: Option<&StoreAuthenticator>) -> Result<Option<StoreCounts>, String> {
    let mut last = None;
    for _ in 0..MAX_ATTEMPTS {
        match read(data, auth) {
            Ok(Some(found)) if found.is_sound => return Ok(Some(found)),
            // The process that has the store open may have removed a file or be writing a change.
            read => last = Some(read),
        }
    }
    match last {
        Some(Ok(found)) => Ok(found),
        Some(Err(error)) => Err(format!("{}: {error}", data.display())),
        None => Ok(None),
    }
}

fn read(data: &Path, auth: Option<&StoreAuthenticator>) -> io::Result<Option<StoreCounts>> {
    let mut found = None;
    for source in RebuildBase::all(data)? {
        let Some(state) = StateBuilder::read(data, &source, auth, is_deleted)? else {
            continue;
        };
        if state.identity.is_none() {
            continue;
        }
        let contents = stats_of(&state);
        if contents.is_sound {
            return Ok(Some(contents));
        }
        found.get_or_insert(contents);
    }
    Ok(found)
}

fn stats_of(state: &StateBuilder<bool>) -> StoreCounts {
    let mut contents = StoreCounts {
        revision: state.revision,
        is_sound: state.is_consistent() && state.damage.is_empty(),
        ..StoreCounts::default()
    };
    for built in state.connections.values() {
        contents.versions += built.older.len() + 1;
        match &built.newest {
            Some(newest) if newest.payload => contents.in_trash += 1,
            Some(_) | None => contents.connections += 1,
        }
    }
    contents
}

/// Returns true when the connection of an entry is in the trash.
fn is_deleted(entry: &JournalEntry<'_>) -> bool {
    #[derive(Deserialize)]
    struct SavedItem {
        connection: ReportItem,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct ReportItem {
        #[serde(default)]
        date_deleted: Option<IgnoredAny>,
    }
    serde_json::from_slice::<SavedItem>(entry.payload)
        .is_ok_and(|saved| saved.connection.date_deleted.is_some())
}

/// Finds the process that holds the lock without taking the lock, which could disturb another process.
fn lock_owner(data: &Path) -> StoreHolder {
    // The lock file may have been removed while it was locked.
    let locked = [data.join(lock::FILE), data.to_owned()];
    let locked = locked
        .iter()
        .filter_map(|path| std::fs::metadata(path).ok());
    let inodes: Vec<String> = locked.map(|found| format!(":{}", found.ino())).collect();
    if inodes.is_empty() {
        return StoreHolder::Free;
    }
    let Ok(locks) = std::fs::read_to_string("/proc/locks") else {
        return StoreHolder::Unknown;
    };
    let flock = locks.lines().find(|line| {
        let mut words = line.split_whitespace();
        words.clone().any(|word| word == "FLOCK")
            && words.any(|word| inodes.iter().any(|inode| word.ends_with(inode)))
    });
    if flock.is_none() {
        return StoreHolder::Free;
    }
    let process = lock::owner_pid(data).unwrap_or_else(|| "unknown".into());
    if lock::is_owner_suspended(data) {
        StoreHolder::Stopped(process)
    } else {
        StoreHolder::Process(process)
    }
}

/// Size in bytes of a file or of all files in a folder; zero when it does not exist.
fn size(path: &Path) -> u64 {
    let Ok(found) = std::fs::symlink_metadata(path) else {
        return 0;
    };
    if !found.is_dir() {
        return found.len();
    }
    let entries = std::fs::read_dir(path).into_iter().flatten();
    entries.flatten().map(|entry| size(&entry.path())).sum()
}
