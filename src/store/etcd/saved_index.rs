//! Index that is kept in a file for the next process. It can be deleted at any time.
//!
//! Any number of processes can use it; one of them at a time replaces it, when it ends.

use std::fs::{File, FileTimes};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::index_file::IndexFile;
use super::wire::KeyValue;
use crate::atomic_file;
use crate::store::key::StoreAuthenticator;
use crate::store::sled::index_header::LAYOUT;
use crate::store::sled::memory_rows::MemoryRows;
use crate::store::sled::unusable_index::UnusableIndex;

/// Folder in the cache folder of umai.
const FOLDER: &str = "etcd";
/// Extension of the files.
const EXTENSION: &str = "index";
/// Age after which the index of a store that is no longer used is removed.
const UNUSED: Duration = Duration::from_hours(30 * 24);
/// Number of changed rows after which the index is saved, and the share of its connections.
const MANY_CHANGES: usize = 1_000;
const SHARE: u64 = 50;
/// Age after which an index with fewer changes is saved: etcd may soon not have the changes since any more.
const OLD: Duration = Duration::from_hours(1);

/// State of the store that an index has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexPosition {
    /// Revision up to which all changes are in the index.
    pub applied: i64,
    /// Newest write in the index.
    pub head: StoreHead,
}

/// Newest write of a store, as its key in etcd shows it. Empty if the key does not exist.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreHead {
    /// Revision of the write.
    pub revision: i64,
    /// Number of writes up to it.
    pub writes: i64,
    /// Request of the write.
    pub request: Vec<u8>,
}

impl From<KeyValue> for StoreHead {
    fn from(found: KeyValue) -> Self {
        Self {
            revision: found.mod_revision,
            writes: found.version,
            request: found.value,
        }
    }
}

/// Header of the file.
#[derive(Serialize, Deserialize)]
struct IndexHeader {
    /// Layout of the rows.
    layout: u8,
    position: IndexPosition,
    /// Number of connections.
    count: u64,
}

/// Saved index, for a report.
pub struct SavedIndexState {
    /// File.
    pub path: PathBuf,
    /// Its length in bytes.
    pub size: u64,
    /// True if this version of umai can read it with the key of the store.
    pub is_usable: bool,
}

/// Place of the saved index of a store.
pub struct SavedIndex {
    path: PathBuf,
    auth: StoreAuthenticator,
}

impl SavedIndex {
    /// Returns the place for a store in the cache folder of umai. Only who has the key can write an index that is read.
    pub fn new(cache: &Path, store: Uuid, auth: StoreAuthenticator) -> Self {
        Self {
            path: cache.join(FOLDER).join(format!("{store}.{EXTENSION}")),
            auth,
        }
    }

    /// Returns the state of the file; none if there is none.
    pub fn state(&self) -> Option<SavedIndexState> {
        let size = self.path.metadata().ok()?.len();
        Some(SavedIndexState {
            path: self.path.clone(),
            size,
            is_usable: self.open().is_some(),
        })
    }

    /// Opens the index, and records that it is used; returns its rows, the number of connections, and its position.
    pub fn open_for_use(&self) -> Option<(IndexFile, u64, IndexPosition)> {
        let opened = self.open();
        if opened.is_some() {
            self.record_use();
        }
        opened
    }

    fn open(&self) -> Option<(IndexFile, u64, IndexPosition)> {
        let (file, header) = IndexFile::open::<IndexHeader>(&self.path, &self.auth)?;
        (header.layout == LAYOUT).then_some((file, header.count, header.position))
    }

    /// Records that the index is used, also where the file system does not record reads.
    fn record_use(&self) {
        let now = FileTimes::new().set_accessed(SystemTime::now());
        // Where it fails, an unchanged index is built again once a month.
        let _ = File::open(&self.path).and_then(|file| file.set_times(now));
    }

    /// Removes the index.
    pub fn remove(&self) {
        // One that cannot be removed is replaced at the end of the process.
        let _ = std::fs::remove_file(&self.path);
    }

    /// Saves an index if it has enough changes. A file that cannot be written is reported in the log: the next start only takes longer.
    pub fn save(&self, rows: &MemoryRows, count: u64, position: &IndexPosition) {
        // Rows that were loaded from etcd are always saved: there was no file that could be used.
        if rows.has_stored() && !self.is_due(rows.change_count(), count) {
            return;
        }
        if let Err(error) = self.write(rows, count, position) {
            tracing::debug!(path = %self.path.display(), %error, "the index was not saved");
        }
    }

    fn is_due(&self, changes: usize, count: u64) -> bool {
        let age = self.path.metadata().and_then(|found| found.modified());
        let age = age.ok().and_then(|modified| modified.elapsed().ok());
        let many = usize::try_from(count / SHARE).unwrap_or(usize::MAX);
        changes >= many.max(MANY_CHANGES) || changes > 0 && age.is_none_or(|age| age >= OLD)
    }

    fn write(
        &self,
        rows: &MemoryRows,
        count: u64,
        position: &IndexPosition,
    ) -> std::io::Result<()> {
        let folder = self.path.parent().unwrap_or(&self.path);
        atomic_file::create_folder(folder)?;
        let Some(_lock) = atomic_file::try_lock(&self.path)? else {
            return Ok(());
        };
        if self
            .open()
            .is_some_and(|(_, _, saved)| saved.applied >= position.applied)
        {
            return Ok(());
        }
        let header = IndexHeader {
            layout: LAYOUT,
            position: position.clone(),
            count,
        };
        IndexFile::write(&self.path, &self.auth, &header, |file| {
            let mut written = Ok(());
            let walked = rows.walk_all(|key, value| {
                written = file.add(key, value);
                written.is_ok()
            });
            written?;
            walked.map_err(|UnusableIndex(why)| {
                // The next process would use the damaged file again.
                self.remove();
                std::io::Error::other(why)
            })
        })?;
        remove_unused(folder);
        Ok(())
    }
}

/// Removes the indexes in a folder that were not used for a long time.
fn remove_unused(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_index = path
            .extension()
            .is_some_and(|extension| extension == EXTENSION);
        if !is_index || !is_unused(&path) {
            continue;
        }
        if let Ok(Some(_lock)) = atomic_file::try_lock(&path) {
            // A file that cannot be removed stays until the next time.
            let _ = std::fs::remove_file(&path);
            let _ = std::fs::remove_file(atomic_file::lock_path(&path));
        }
    }
}

/// Returns true if a file was neither used nor written for a long time.
fn is_unused(path: &Path) -> bool {
    let times = path
        .metadata()
        .map(|found| [found.accessed(), found.modified()]);
    let last = times
        .ok()
        .and_then(|times| times.into_iter().flatten().max());
    let age = last.and_then(|last| last.elapsed().ok());
    age.is_some_and(|age| age >= UNUSED)
}
