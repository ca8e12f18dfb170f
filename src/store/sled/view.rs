//! The view: what the journal amounts to, in a shape that can be asked. It lies in sled, or in memory when sled cannot be used.
//!
//! Why panics are caught: sled 0.34 panics on some kinds of damage instead of reporting them. A view can always be made
//! again, so a panic in it means the same as an error from it: it is not used any more.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use ::sled::{Db, IVec};
use rustix::fs::{FlockOperation, flock};

use super::contained::contained;
use super::rows::{self, Applied, Pair, Row};

/// Why a view cannot be used: a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken(pub String);

/// sled keeps so much of its file in memory, in bytes.
const CACHE: u64 = 8 * 1024 * 1024;

/// sled lets go of pages only when 64 accesses have come together in one of 256 places, and a walk counts as one access for a
/// whole page: 16,000 pages would stay, whatever the cache may hold. So a walk that is longer than this touches a page again
/// for every so many rows.
const SHORT_WALK: usize = 4096;
const TOUCH: usize = 4;

/// So long the lock of a sled folder is waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Sorted rows.
pub enum View {
    /// In a sled folder.
    Sled(Opened),
    /// In memory, until the process ends.
    Memory(std::sync::RwLock<BTreeMap<IVec, IVec>>),
    /// Nowhere: the store was closed.
    Closed,
}

/// An open sled, whose panics are kept inside.
pub struct Opened(Option<Db>);

impl Opened {
    fn ask<T>(&self, ask: impl FnOnce(&Db) -> Result<T, Broken>) -> Result<T, Broken> {
        let db = self.0.as_ref().ok_or_else(closed)?;
        contained(|| ask(db))
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        let db = self.0.take();
        // sled writes when it is let go, and panics when that is refused. The journal has it all.
        let _ = contained(|| {
            drop(db);
            Ok(())
        });
    }
}

impl View {
    /// An empty view in memory.
    pub fn in_memory() -> Self {
        Self::Memory(std::sync::RwLock::default())
    }

    /// The view in a sled folder, which is made when it is not there.
    ///
    /// sled's own threads may hold the folder for a moment after the last store in it was closed, so its lock is waited
    /// for; other processes are kept out before.
    pub fn open(folder: &Path) -> Result<Self, Broken> {
        let broken = |error: &dyn std::fmt::Display| Broken(error.to_string());
        if let Ok(file) = File::open(folder.join("db")) {
            wait_for(file).map_err(|error| broken(&error))?;
        }
        set_unfinished_aside(folder).map_err(|error| broken(&error))?;
        let config = ::sled::Config::new()
            .path(folder)
            .cache_capacity(CACHE)
            .mode(::sled::Mode::LowSpace)
            .flush_every_ms(None);
        let db = contained(|| config.open().map_err(Broken::from))?;
        keep_private(folder).map_err(|error| broken(&error))?;
        Ok(Self::Sled(Opened(Some(db))))
    }

    /// The value of a key, with its checksum.
    pub fn get(&self, key: &[u8]) -> Result<Option<IVec>, Broken> {
        match self {
            Self::Sled(opened) => opened.ask(|db| db.get(key).map_err(Broken::from)),
            Self::Memory(rows) => Ok(locked(rows.read()).get(key).cloned()),
            Self::Closed => Err(closed()),
        }
    }

    /// The rows whose keys begin with `prefix`, in order, until `take` says stop by answering false.
    pub fn walk(
        &self,
        prefix: &[u8],
        mut take: impl FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), Broken> {
        match self {
            Self::Sled(opened) => opened.ask(|db| {
                for (count, pair) in db.scan_prefix(prefix).enumerate() {
                    let (key, value) = pair?;
                    if !take(&key, &value) {
                        break;
                    }
                    if count >= SHORT_WALK && count.is_multiple_of(TOUCH) {
                        db.get(&key)?;
                    }
                }
                Ok(())
            }),
            Self::Memory(rows) => {
                for (key, value) in locked(rows.read()).range(IVec::from(prefix)..) {
                    if !key.starts_with(prefix) || !take(key, value) {
                        break;
                    }
                }
                Ok(())
            }
            Self::Closed => Err(closed()),
        }
    }

    /// The rows whose keys begin with `prefix`, last first, leaving out `skip` and having at most `take`.
    pub fn last(&self, prefix: &[u8], skip: usize, take: usize) -> Result<Vec<Pair>, Broken> {
        match self {
            Self::Sled(opened) => opened.ask(|db| {
                db.scan_prefix(prefix)
                    .rev()
                    .skip(skip)
                    .take(take)
                    .map(|pair| pair.map_err(Broken::from))
                    .collect()
            }),
            Self::Memory(rows) => {
                let rows = locked(rows.read());
                let mut pairs: Vec<Pair> = rows
                    .range(IVec::from(prefix)..)
                    .take_while(|(key, _)| key.starts_with(prefix))
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect();
                pairs.reverse();
                Ok(pairs.into_iter().skip(skip).take(take).collect())
            }
            Self::Closed => Err(closed()),
        }
    }

    /// Makes rows be there or not, in this order: a crash leaves the first so many of them.
    ///
    /// Why no batch: sled ends each with a write to its file, which costs as much as the journal's own.
    pub fn apply(&self, changes: Vec<Row>) -> Result<(), Broken> {
        match self {
            Self::Sled(opened) => opened.ask(|db| {
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
            Self::Closed => Err(closed()),
        }
    }

    /// Up to where it was made; none when it is new, or when that row is damaged.
    pub fn applied(&self) -> Result<Option<Applied>, Broken> {
        let Some(value) = self.get(rows::APPLIED)? else {
            return Ok(None);
        };
        Ok(rows::unseal(rows::APPLIED, &value).and_then(Applied::read))
    }

    /// Whether it lasts only as long as the process.
    pub const fn is_in_memory(&self) -> bool {
        matches!(self, Self::Memory(_))
    }

    /// Writes out what sled holds back, so that the next start has less to do. The journal has it all in any case.
    #[expect(
        clippy::disallowed_methods,
        reason = "flush is not durable on Linux, and the index does not need it to be"
    )]
    pub fn write_out(&self) -> Result<(), Broken> {
        match self {
            Self::Sled(opened) => opened.ask(|db| db.flush().map(drop).map_err(Broken::from)),
            Self::Memory(_) | Self::Closed => Ok(()),
        }
    }
}

fn closed() -> Broken {
    Broken("the store is closed".into())
}

impl From<::sled::Error> for Broken {
    fn from(error: ::sled::Error) -> Self {
        Self(match error {
            // What the system said is inside of what a programmer would read.
            ::sled::Error::Io(said) => {
                let said = said.to_string();
                let words = said.split("message: \"").nth(1);
                let words = words.and_then(|words| words.split('"').next());
                words.map_or_else(|| said.clone(), str::to_owned)
            }
            ::sled::Error::Corruption { .. } => "part of the index is damaged".into(),
            other => other.to_string(),
        })
    }
}

/// Waits until nobody has the lock of a file. A view that was left because of a full disk has its lock for as long as the
/// process lives, so there is an end to the waiting.
fn wait_for(file: File) -> std::io::Result<()> {
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
        return Ok(());
    }
    let (free, told) = std::sync::mpsc::channel();
    std::thread::Builder::new()
        .name("umai-store-wait".into())
        .spawn(move || {
            if flock(&file, FlockOperation::LockExclusive).is_ok() {
                // Nobody waits any more when it took too long.
                let _ = free.send(());
            }
        })?;
    told.recv_timeout(LONGEST_WAIT)
        .map_err(|_| std::io::Error::other("this process still has the index open"))
}

/// sled makes its files readable by others.
fn keep_private(folder: &Path) -> std::io::Result<()> {
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

/// A snapshot of its own that sled was writing when it was killed stops its next open; a finished one must stay.
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

/// Whoever panicked while holding this lock left whole rows.
fn locked<T>(lock: Result<T, std::sync::PoisonError<T>>) -> T {
    lock.unwrap_or_else(std::sync::PoisonError::into_inner)
}
