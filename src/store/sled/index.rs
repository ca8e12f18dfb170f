//! Index derived from the journal that can be queried. It is stored in sled, or in memory when sled cannot be used.
//!
//! sled 0.34 panics on some kinds of damage instead of returning an error. The index can always be rebuilt, so a panic is treated
//! like an error: the index is no longer used.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Bound;
use std::path::Path;
use std::time::Duration;

use ::sled::{Db, IVec};
use rustix::fs::{FlockOperation, flock};

use super::catch_panic::catch_panic;
use super::encoding::{self, RowChange, SledPair};
use super::index_header::IndexHeader;

/// Reason why an index cannot be used, as a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusableIndex(pub String);

/// Memory cache of sled in bytes.
const CACHE: u64 = 8 * 1024 * 1024;

/// sled evicts pages only after 64 accesses were collected in one of 256 shards, and a walk counts as one access for a whole
/// page: 16,000 pages would stay in memory regardless of the cache size. A walk longer than this therefore accesses a page again
/// every few rows.
const SHORT_WALK: usize = 4096;
const TOUCH: usize = 4;

/// Maximum time to wait for the lock of a sled folder.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// Sorted rows.
pub enum IndexReader {
    /// In a sled folder.
    Sled(OpenIndex),
    /// In memory until the process ends.
    Memory(std::sync::RwLock<BTreeMap<IVec, IVec>>),
    /// Closed.
    Closed,
}

/// Open sled database whose panics are converted to errors.
pub struct OpenIndex(Option<Db>);

impl OpenIndex {
    fn call<T>(
        &self,
        call: impl FnOnce(&Db) -> Result<T, UnusableIndex>,
    ) -> Result<T, UnusableIndex> {
        let db = self.0.as_ref().ok_or_else(closed_error)?;
        catch_panic(|| call(db))
    }
}

impl Drop for OpenIndex {
    fn drop(&mut self) {
        let db = self.0.take();
        // sled writes on drop and panics when that fails. The journal is complete in any case.
        let _ = catch_panic(|| {
            drop(db);
            Ok(())
        });
    }
}

impl IndexReader {
    /// Returns an empty index in memory.
    pub fn in_memory() -> Self {
        Self::Memory(std::sync::RwLock::default())
    }

    /// Opens the index in a sled folder, or creates it.
    ///
    /// Threads of sled may hold the folder for a moment after the previous store was closed, so this waits for its lock; other
    /// processes are excluded by the lock of the data directory.
    pub fn open(folder: &Path) -> Result<Self, UnusableIndex> {
        let broken = |error: &dyn std::fmt::Display| UnusableIndex(error.to_string());
        if let Ok(file) = File::open(folder.join("db")) {
            wait_for(file).map_err(|error| broken(&error))?;
        }
        set_unfinished_aside(folder).map_err(|error| broken(&error))?;
        let config = ::sled::Config::new()
            .path(folder)
            .cache_capacity(CACHE)
            .mode(::sled::Mode::LowSpace)
            .flush_every_ms(None);
        let db = catch_panic(|| config.open().map_err(UnusableIndex::from))?;
        restrict_permissions(folder).map_err(|error| broken(&error))?;
        Ok(Self::Sled(OpenIndex(Some(db))))
    }

    /// Returns the value of a key, including its checksum.
    pub fn get(&self, key: &[u8]) -> Result<Option<IVec>, UnusableIndex> {
        match self {
            Self::Sled(opened) => opened.call(|db| db.get(key).map_err(UnusableIndex::from)),
            Self::Memory(rows) => Ok(locked(rows.read()).get(key).cloned()),
            Self::Closed => Err(closed_error()),
        }
    }

    /// Visits the rows with a key prefix in order, until `take` returns false.
    pub fn walk(
        &self,
        prefix: &[u8],
        take: impl FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), UnusableIndex> {
        self.walk_from(Bound::Included(prefix), prefix, take)
    }

    /// Visits the rows with a key prefix in order, from `start`, until `take` returns false.
    pub fn walk_from(
        &self,
        start: Bound<&[u8]>,
        prefix: &[u8],
        mut take: impl FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), UnusableIndex> {
        let range = (start.map(IVec::from), Bound::Unbounded);
        match self {
            Self::Sled(opened) => opened.call(|db| {
                for (count, pair) in db.range(range).enumerate() {
                    let (key, value) = pair?;
                    if !key.starts_with(prefix) || !take(&key, &value) {
                        break;
                    }
                    if count >= SHORT_WALK && count.is_multiple_of(TOUCH) {
                        db.get(&key)?;
                    }
                }
                Ok(())
            }),
            Self::Memory(rows) => {
                for (key, value) in locked(rows.read()).range(range) {
                    if !key.starts_with(prefix) || !take(key, value) {
                        break;
                    }
                }
                Ok(())
            }
            Self::Closed => Err(closed_error()),
        }
    }

    /// Returns the rows with a key prefix in reverse order, after skipping `skip`, at most `take`.
    pub fn last(
        &self,
        prefix: &[u8],
        skip: usize,
        take: usize,
    ) -> Result<Vec<SledPair>, UnusableIndex> {
        match self {
            Self::Sled(opened) => opened.call(|db| {
                db.scan_prefix(prefix)
                    .rev()
                    .skip(skip)
                    .take(take)
                    .map(|pair| pair.map_err(UnusableIndex::from))
                    .collect()
            }),
            Self::Memory(rows) => {
                let rows = locked(rows.read());
                let mut pairs: Vec<SledPair> = rows
                    .range(IVec::from(prefix)..)
                    .take_while(|(key, _)| key.starts_with(prefix))
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect();
                pairs.reverse();
                Ok(pairs.into_iter().skip(skip).take(take).collect())
            }
            Self::Closed => Err(closed_error()),
        }
    }

    /// Inserts and removes rows in order; after a crash, a prefix of the changes is present.
    ///
    /// Not a sled batch: sled ends each batch with a write to its file, which costs as much as the write to the journal.
    pub fn apply(&self, changes: Vec<RowChange>) -> Result<(), UnusableIndex> {
        match self {
            Self::Sled(opened) => opened.call(|db| {
                for (key, value) in changes {
                    match value {
                        Some(value) => db.insert(key, value)?,
                        None => db.remove(key)?,
                    };
                }
                Ok(())
            }),
            Self::Memory(rows) => {
                let mut rows = locked(rows.write());
                for (key, value) in changes {
                    match value {
                        Some(value) => rows.insert(key.into(), value.into()),
                        None => rows.remove(key.as_slice()),
                    };
                }
                Ok(())
            }
            Self::Closed => Err(closed_error()),
        }
    }

    /// Returns the position; `None` when the index is new or the row is damaged.
    pub fn applied(&self) -> Result<Option<IndexHeader>, UnusableIndex> {
        let Some(value) = self.get(encoding::APPLIED)? else {
            return Ok(None);
        };
        Ok(encoding::without_checksum(encoding::APPLIED, &value).and_then(IndexHeader::read))
    }

    /// Returns true when the index is in memory.
    pub const fn is_in_memory(&self) -> bool {
        matches!(self, Self::Memory(_))
    }

    /// Closes sled, whose last writes may fail. Returns after they are done.
    pub fn close(self) -> Result<(), UnusableIndex> {
        match self {
            Self::Sled(mut opened) => {
                let db = opened.0.take();
                catch_panic(|| {
                    drop(db);
                    Ok(())
                })
            }
            Self::Memory(_) | Self::Closed => Ok(()),
        }
    }

    /// Flushes sled, so that the next start has less to replay. The journal is complete in any case.
    #[expect(
        clippy::disallowed_methods,
        reason = "flush is not durable on Linux, and the index does not need it to be"
    )]
    pub fn flush(&self) -> Result<(), UnusableIndex> {
        match self {
            Self::Sled(opened) => {
                opened.call(|db| db.flush().map(drop).map_err(UnusableIndex::from))
            }
            Self::Memory(_) | Self::Closed => Ok(()),
        }
    }
}

fn closed_error() -> UnusableIndex {
    UnusableIndex("the store is closed".into())
}

impl From<::sled::Error> for UnusableIndex {
    fn from(error: ::sled::Error) -> Self {
        Self(match error {
            // The message of the system is embedded in a debug representation.
            ::sled::Error::Io(error) => {
                let text = error.to_string();
                let message = text.split("message: \"").nth(1);
                let message = message.and_then(|message| message.split('"').next());
                message.map_or_else(|| text.clone(), str::to_owned)
            }
            ::sled::Error::Corruption { .. } => "part of the index is damaged".into(),
            other => other.to_string(),
        })
    }
}

/// Waits for the lock of a file to be released. An index that was abandoned because of a full disk keeps its lock until the
/// process ends, so the wait is limited.
fn wait_for(file: File) -> std::io::Result<()> {
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
        return Ok(());
    }
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::Builder::new()
        .name("umai-store-wait".into())
        .spawn(move || {
            if flock(&file, FlockOperation::LockExclusive).is_ok() {
                // The receiver opens the index at once, and must not meet this lock.
                drop(file);
                // The receiver is gone after the timeout.
                let _ = sender.send(());
            }
        })?;
    receiver
        .recv_timeout(LOCK_TIMEOUT)
        .map_err(|_| std::io::Error::other("this process still has the index open"))
}

/// Restricts the permissions of sled's files, which sled creates readable by other users.
fn restrict_permissions(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let found = std::fs::metadata(&path)?;
        let mode = if found.is_dir() { 0o700 } else { 0o600 };
        // Only the owner may set it, even to what it already is.
        if found.permissions().mode() & 0o777 != mode {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
        }
    }
    Ok(())
}

/// Moves a sled snapshot aside that was being written when the process was killed; it would prevent opening. A finished one must
/// stay.
fn set_unfinished_aside(folder: &Path) -> std::io::Result<()> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_some_and(|name| name.starts_with("snap.") && name.ends_with(".generating")) {
            std::fs::rename(&path, path.with_extension("unfinished"))?;
        }
    }
    Ok(())
}

/// A poisoned lock is safe to use: only complete rows are inserted.
fn locked<T>(lock: Result<T, std::sync::PoisonError<T>>) -> T {
    lock.unwrap_or_else(std::sync::PoisonError::into_inner)
}
