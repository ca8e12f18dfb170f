//! Looks at a store from outside: what its files amount to, who has it open, whether the key fits. Nothing is opened, nothing changed.
//!
//! Why by the journal: it is the truth that everything else is made from, it can be read while another process appends to it, and
//! reading it disturbs nobody.

mod damage;

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::StoreOptions;
use super::backup::shelf::{Found as Backup, Shelf};
use super::exchange;
use super::files;
use super::journal::entry::Entry;
use super::journal::fold::{Fold, Source};
use super::journal::head::Identity;
use super::journal::{self, snapshot};
use super::key::place::Spot;
use super::key::{Found, Key};
use super::lock;
use super::sled;

/// So often files are read again that change while they are read.
const TRIES: usize = 3;

/// What a store looks like from outside.
#[derive(Debug)]
pub struct Survey {
    /// What to do about files that this user may not use; none where all may be used.
    pub forbidden: Option<String>,
    /// Whether there is a store at all, and what it amounts to; or why that cannot be told.
    pub contents: Result<Option<Contents>, String>,
    /// Who has it open.
    pub holder: Holder,
    /// Where its key is.
    pub key: KeyState,
    /// How many bytes its files take.
    pub sizes: Sizes,
    /// How many bytes are free where it is.
    pub free: Option<u64>,
    /// What an earlier start found missing and wrote down.
    pub missing: Option<String>,
    /// Which files of its journal and snapshots are damaged and where, one sentence each, or why that cannot be told.
    pub damage: Result<Vec<String>, String>,
    /// Its backups, the newest first, or why they cannot be looked at.
    pub backups: Result<Vec<Backup>, String>,
    /// The stores that were replaced and are kept.
    pub replaced: Vec<PathBuf>,
}

/// What a store amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Contents {
    /// Connections in use.
    pub connections: usize,
    /// Connections in the trash.
    pub in_trash: usize,
    /// Versions of all of them.
    pub versions: usize,
    /// The newest change.
    pub revision: u64,
    /// Whether all of it is there, every checksum right.
    pub is_sound: bool,
}

/// Who has a store open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// Nobody.
    Nobody,
    /// This process.
    Process(String),
    /// This process, which is stopped and answers nobody.
    Stopped(String),
    /// The system does not tell.
    Unknown,
}

/// Where the key of a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyState {
    /// In this file, and it fits.
    Fits(PathBuf),
    /// In this file, and it is not the store's.
    Foreign(PathBuf),
    /// In this file; there is no store to try it on.
    Untried(PathBuf),
    /// It would be in this file.
    Missing(PathBuf),
    /// In this file, behind a passphrase that was not given.
    Locked(PathBuf),
    /// It cannot be read, for this reason.
    Unread(String),
}

/// How many bytes the parts of a store take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sizes {
    /// The journal.
    pub journal: u64,
    /// Its snapshots.
    pub snapshots: u64,
    /// The database made from both.
    pub view: u64,
    /// What was set aside as damaged.
    pub damaged: u64,
}

/// Looks at the store in a data folder.
pub fn survey(options: &StoreOptions) -> Survey {
    let data = &options.data;
    let identity = sled::identity_in(data);
    let key = key_state(options, identity.as_ref().ok().and_then(Option::as_ref));
    let holder = holder(data);
    let shelf = Shelf::of_store(data);
    let forbidden = files::refuse_forbidden(data, &data.join(sled::FOLDER));
    let forbidden = forbidden.err().map(|error| error.to_string());
    let contents = match identity {
        _ if exchange::is_under_way(data) => Err(exchange::unfinished(data)),
        Err(why) => Err(why.to_string()),
        Ok(identity) => contents(data).map(|found| found.filter(|_| identity.is_some())),
    };
    Survey {
        forbidden,
        contents,
        holder,
        key,
        sizes: Sizes {
            journal: size(&data.join(journal::FOLDER)),
            snapshots: size(&data.join(snapshot::FOLDER)),
            view: size(&data.join(sled::FOLDER)),
            damaged: size(&data.join(sled::DAMAGED)),
        },
        free: free(data),
        missing: sled::what_is_missing(data),
        damage: damage::all(&exchange::current(data))
            .map_err(|error| format!("{}: {error}", data.display())),
        backups: shelf
            .all()
            .map_err(|error| format!("{}: {error}", shelf.folder().display())),
        replaced: replaced(data),
    }
}

/// Looks only at the key.
pub fn survey_key(options: &StoreOptions) -> KeyState {
    let identity = sled::identity_in(&options.data).ok().flatten();
    key_state(options, identity.as_ref())
}

fn replaced(data: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(data.join(exchange::REPLACED));
    let mut found: Vec<PathBuf> = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    found.sort();
    found
}

fn key_state(options: &StoreOptions, identity: Option<&Identity>) -> KeyState {
    let spot = Spot::find(options.key_file.as_deref(), &options.config);
    if spot.locked().is_some() {
        return KeyState::Locked(spot.path);
    }
    if let Some(identity) = identity
        && super::fitting(options, identity).is_ok()
    {
        return KeyState::Fits(spot.path);
    }
    match Key::find(options.key_file.as_deref(), &options.config) {
        Err(why) => KeyState::Unread(why.to_string()),
        Ok(Found::Missing(path)) => KeyState::Missing(path),
        Ok(Found::Key(_, path)) if identity.is_none() => KeyState::Untried(path),
        Ok(Found::Key(_, path)) => KeyState::Foreign(path),
    }
}

/// What the newest source that is right amounts to, else the one that was read last; none when there is no journal.
fn contents(data: &Path) -> Result<Option<Contents>, String> {
    let mut last = None;
    for _ in 0..TRIES {
        match read(data) {
            Ok(Some(found)) if found.is_sound => return Ok(Some(found)),
            // Whoever has it open may have taken a file away, or be in the middle of a change.
            read => last = Some(read),
        }
    }
    match last {
        Some(Ok(found)) => Ok(found),
        Some(Err(error)) => Err(format!("{}: {error}", data.display())),
        None => Ok(None),
    }
}

fn read(data: &Path) -> io::Result<Option<Contents>> {
    let mut found = None;
    for source in Source::all(data)? {
        let Some(fold) = Fold::read(data, &source, is_deleted)? else {
            continue;
        };
        if fold.identity.is_none() {
            continue;
        }
        let contents = amounts_to(&fold);
        if contents.is_sound {
            return Ok(Some(contents));
        }
        found.get_or_insert(contents);
    }
    Ok(found)
}

fn amounts_to(fold: &Fold<bool>) -> Contents {
    let mut contents = Contents {
        revision: fold.revision,
        is_sound: fold.agrees() && fold.damage.is_empty(),
        ..Contents::default()
    };
    for folded in fold.connections.values() {
        contents.versions += folded.older.len() + 1;
        match &folded.newest {
            Some(newest) if newest.kept => contents.in_trash += 1,
            Some(_) | None => contents.connections += 1,
        }
    }
    contents
}

/// Whether an entry says that its connection is in the trash.
fn is_deleted(entry: &Entry<'_>) -> bool {
    #[derive(Deserialize)]
    struct Saved {
        connection: Item,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Item {
        #[serde(default)]
        date_deleted: Option<IgnoredAny>,
    }
    serde_json::from_slice::<Saved>(entry.payload)
        .is_ok_and(|saved| saved.connection.date_deleted.is_some())
}

/// Who has the lock, as the system tells it: asking the lock itself could be in somebody's way.
fn holder(data: &Path) -> Holder {
    let Ok(lock) = std::fs::metadata(data.join(lock::FILE)) else {
        return Holder::Nobody;
    };
    let Ok(locks) = std::fs::read_to_string("/proc/locks") else {
        return Holder::Unknown;
    };
    let inode = format!(":{}", lock.ino());
    let held = locks.lines().find(|line| {
        let mut words = line.split_whitespace();
        words.clone().any(|word| word == "FLOCK") && words.any(|word| word.ends_with(&inode))
    });
    if held.is_none() {
        return Holder::Nobody;
    }
    let process = lock::holder(data).unwrap_or_else(|| "unknown".into());
    if lock::is_holder_stopped(data) {
        Holder::Stopped(process)
    } else {
        Holder::Process(process)
    }
}

/// The bytes of a file, or of all files in a folder; none for what is not there.
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

fn free(data: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(data).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}
