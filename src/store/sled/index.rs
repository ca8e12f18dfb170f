//! Index that can be queried, derived from the journal or from etcd. It is stored in sled, or in memory: when sled cannot be used, and for etcd.
//!
//! sled 0.34 panics on some kinds of damage instead of returning an error. The index can always be rebuilt, so a panic is treated
//! like an error: the index is no longer used.

use std::ops::Bound;
use std::path::Path;

use ::sled::IVec;

use super::buffered_index::BufferedIndex;
use super::encoding::{self, RowChange};
use super::index_header::IndexHeader;
use super::memory_rows::MemoryRows;
use super::unusable_index::{UnusableIndex, closed_error};
use crate::store::key::{CODE, StoreAuthenticator};

/// Index of the connections: sorted rows, which a store reads and writes.
pub enum ConnectionIndex {
    /// In a sled folder, with the newest changes in memory.
    Sled(BufferedIndex),
    /// In memory until the process ends, or changes in memory of rows in a file.
    Memory(MemoryRows),
    /// Closed.
    Closed,
}

impl ConnectionIndex {
    /// Returns an empty index in memory.
    pub fn in_memory() -> Self {
        Self::Memory(MemoryRows::default())
    }

    /// Opens the index in a sled folder, or creates it.
    ///
    /// Threads of sled may hold the folder for a moment after the previous store was closed, so this waits for its lock; other
    /// processes are excluded by the lock of the data directory. With an authenticator, rows that are not authentic are errors.
    pub fn open(folder: &Path, auth: Option<&StoreAuthenticator>) -> Result<Self, UnusableIndex> {
        BufferedIndex::open(folder, auth).map(Self::Sled)
    }

    /// Returns the value of a key, including its checksum.
    pub fn get(&self, key: &[u8]) -> Result<Option<IVec>, UnusableIndex> {
        match self {
            Self::Sled(index) => index.get(key),
            Self::Memory(rows) => rows.get(key),
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
        let mut failure = Ok(());
        self.walk_rows(start, prefix, |key, value| match value {
            Ok(value) => take(key, value),
            Err(unusable) => {
                failure = Err(unusable);
                false
            }
        })?;
        failure
    }

    /// Visits the authentic rows with a key prefix in order. A walk that ends at a damaged page has visited the rows before it.
    pub fn walk_readable(&self, prefix: &[u8], mut take: impl FnMut(&[u8], &[u8])) {
        // The caller expects damage.
        let _ = self.walk_rows(Bound::Included(prefix), prefix, |key, value| {
            if let Ok(value) = value {
                take(key, value);
            }
            true
        });
    }

    fn walk_rows(
        &self,
        start: Bound<&[u8]>,
        prefix: &[u8],
        mut take: impl FnMut(&[u8], Result<&[u8], UnusableIndex>) -> bool,
    ) -> Result<(), UnusableIndex> {
        match self {
            Self::Sled(index) => index.walk(start, prefix, &mut take),
            Self::Memory(rows) => rows.walk(start, prefix, |key, value| take(key, Ok(value))),
            Self::Closed => Err(closed_error()),
        }
    }

    /// Inserts and removes rows. After a crash, a part of the changes is present (see `Blocks::apply`).
    pub fn apply(&self, changes: Vec<RowChange>) -> Result<(), UnusableIndex> {
        match self {
            Self::Sled(index) => index.apply(changes),
            Self::Memory(rows) => {
                rows.apply(changes);
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
        let row = encoding::without_checksum(encoding::APPLIED, &value);
        // Without the key the value still has its code.
        let row = row.or_else(|| {
            let value = value.get(..value.len().checked_sub(CODE)?)?;
            encoding::without_checksum(encoding::APPLIED, value)
        });
        Ok(row.and_then(IndexHeader::read))
    }

    /// Returns true when an index that was just opened has no rows, not even unreadable ones.
    pub fn is_empty(&self) -> Result<bool, UnusableIndex> {
        if let Self::Sled(index) = self {
            return index.is_empty();
        }
        let mut is_empty = true;
        self.walk(b"", |_, _| {
            is_empty = false;
            false
        })?;
        Ok(is_empty)
    }

    /// Returns true when the index is in memory.
    pub const fn is_in_memory(&self) -> bool {
        matches!(self, Self::Memory(_))
    }

    /// Starts to write the changes in memory, and returns true until they are written.
    pub fn write_if_changed(&self) -> Result<bool, UnusableIndex> {
        match self {
            Self::Sled(index) => index.write_if_changed(),
            Self::Memory(_) | Self::Closed => Ok(false),
        }
    }

    /// Waits until no thread writes the index, which is about to be moved or removed.
    pub fn await_write(&self) {
        if let Self::Sled(index) = self {
            // The index is not used any more.
            let _ = index.await_write();
        }
    }

    /// Writes the changes in memory and closes sled, whose last writes may fail. Returns after they are done.
    pub fn close(self) -> Result<(), UnusableIndex> {
        match self {
            Self::Sled(index) => index.close(),
            Self::Memory(_) | Self::Closed => Ok(()),
        }
    }

    /// Writes the changes in memory and flushes sled, so that the next start has less to replay. The journal is complete in any case.
    pub fn flush(&self) -> Result<(), UnusableIndex> {
        match self {
            Self::Sled(index) => index.flush(),
            Self::Memory(_) | Self::Closed => Ok(()),
        }
    }
}
