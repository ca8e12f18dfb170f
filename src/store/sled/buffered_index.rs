//! Index in sled whose newest rows are in memory, until a thread writes many of them together.
//!
//! Each change of a store writes a few rows, which belong to different blocks, and blocks are written as a whole. Changes that were collected
//! for a while often have rows of the same block, and their caller does not wait for the blocks. After a crash the changes in memory are
//! applied again from the journal.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard};
use std::time::Duration;

use ::sled::{Db, IVec};

use super::block_index::Blocks;
use super::encoding::RowChange;
use super::open_index::OpenIndex;
use super::overlay::{self, Visitor};
use super::unusable_index::UnusableIndex;
use crate::store::key::StoreAuthenticator;

/// Bytes of changes in memory from which they are written. Up to as many are collected during a write, before changes wait for it.
const MAX_BYTES: usize = 512 * 1024;
/// Memory that a row takes in addition to its key and value.
const ROW_OVERHEAD: usize = 64;
/// Longest time that blocks are written. sled waits forever for a write that the disk rejects.
const WRITE_TIMEOUT: Duration = Duration::from_mins(1);

/// Changed rows; without a value for a removed one.
type Changes = BTreeMap<IVec, Option<IVec>>;

/// Index in sled with changes in memory. Only one thread at a time changes it.
pub struct BufferedIndex {
    opened: Arc<OpenIndex>,
    buffer: Arc<RwLock<Buffer>>,
    write_state: Mutex<WriteState>,
}

/// State of the thread that writes changes.
#[derive(Default)]
enum WriteState {
    #[default]
    Idle,
    /// Running: it sends its result.
    Running(Receiver<Result<(), UnusableIndex>>),
    /// A write failed, so that nothing may be written after it.
    Failed(UnusableIndex),
}

/// Changes that are not in sled, or not known to be. They are copied only when they change during a walk.
#[derive(Default)]
struct Buffer {
    newest: Arc<Changes>,
    bytes: usize,
    /// Changes before the newest ones, while they are written.
    in_write: Arc<Changes>,
}

impl BufferedIndex {
    /// Opens the index in a sled folder, or creates it.
    pub fn open(folder: &Path, auth: Option<&StoreAuthenticator>) -> Result<Self, UnusableIndex> {
        Ok(Self {
            opened: Arc::new(OpenIndex::open(folder, auth)?),
            buffer: Arc::default(),
            write_state: Mutex::default(),
        })
    }

    /// Returns the value of a row.
    pub fn get(&self, key: &[u8]) -> Result<Option<IVec>, UnusableIndex> {
        let (changed, is_in_write) = {
            let buffer = self.buffer.read().unwrap_or_else(PoisonError::into_inner);
            let changed = buffer.newest.get(key).or_else(|| buffer.in_write.get(key));
            (changed.cloned(), !buffer.in_write.is_empty())
        };
        if let Some(value) = changed {
            return Ok(value);
        }
        let opened = &self.opened;
        opened.call(|db| {
            if !opened.has_single_rows() {
                let blocks = Blocks::new(db, opened);
                return if is_in_write {
                    blocks.get_during_write(key)
                } else {
                    blocks.get(key)
                };
            }
            let stored = db.get(key)?;
            stored
                .map(|stored| opened.authentic(key, &stored).map(IVec::from))
                .transpose()
        })
    }

    /// Returns true when sled has no values, not even unreadable ones. Changes in memory do not count.
    pub fn is_empty(&self) -> Result<bool, UnusableIndex> {
        self.opened.call(|db| Ok(db.is_empty()))
    }

    /// Visits the rows with a key prefix in order, from `start`, until `take` returns false. An unreadable block is one row.
    pub fn walk(
        &self,
        start: Bound<&[u8]>,
        prefix: &[u8],
        take: &mut Visitor<'_>,
    ) -> Result<(), UnusableIndex> {
        // Before sled is read: a row that is written during the walk is in these changes, too.
        let (newest, in_write) = {
            let buffer = self.buffer.read().unwrap_or_else(PoisonError::into_inner);
            (Arc::clone(&buffer.newest), Arc::clone(&buffer.in_write))
        };
        let stored = |take: &mut Visitor<'_>| {
            let opened = &self.opened;
            opened.call(|db| {
                if opened.has_single_rows() {
                    walk_single_rows(db, opened, start, prefix, take)
                } else {
                    Blocks::new(db, opened).walk(start, prefix, take)
                }
            })
        };
        let before =
            |take: &mut Visitor<'_>| overlay::walk(part(&in_write, start, prefix), stored, take);
        overlay::walk(part(&newest, start, prefix), before, take)
    }

    /// Inserts and removes rows. After a crash, a part of the changes is present (see `Blocks::apply`).
    pub fn apply(&self, changes: Vec<RowChange>) -> Result<(), UnusableIndex> {
        debug_assert!(!self.opened.has_single_rows(), "it is only read");
        self.is_writing(Duration::ZERO)?;
        if self.lock_buffer().add(changes) < MAX_BYTES {
            return Ok(());
        }
        self.await_write()?;
        self.start_write()
    }

    /// Starts to write the changes in memory, unless a write is running. Returns true until all are written.
    pub fn write_if_changed(&self) -> Result<bool, UnusableIndex> {
        if self.is_writing(Duration::ZERO)? {
            return Ok(true);
        }
        let is_changed = !self.lock_buffer().newest.is_empty();
        if is_changed {
            self.start_write()?;
        }
        Ok(is_changed)
    }

    /// Writes all changes into sled and flushes it. The journal is complete in any case.
    pub fn flush(&self) -> Result<(), UnusableIndex> {
        self.await_write()?;
        self.write_if_changed()?;
        self.await_write()
    }

    /// Writes all changes and closes sled, whose last writes may fail. Returns after they are done.
    pub fn close(self) -> Result<(), UnusableIndex> {
        self.flush()?;
        Arc::into_inner(self.opened).map_or(Ok(()), OpenIndex::close)
    }

    /// Starts to write the newest changes. No other ones are in a write.
    fn start_write(&self) -> Result<(), UnusableIndex> {
        let changes = self.lock_buffer().move_to_write();
        let (sender, receiver) = channel();
        let (opened, buffer) = (Arc::clone(&self.opened), Arc::clone(&self.buffer));
        let for_thread = Arc::clone(&changes);
        let started = std::thread::Builder::new()
            .name("umai-store-index".into())
            .spawn(move || {
                let written = write(&opened, &for_thread);
                if written.is_ok() {
                    let mut buffer = buffer.write().unwrap_or_else(PoisonError::into_inner);
                    buffer.in_write = Arc::default();
                }
                // Before the result: its receiver may close the index.
                drop(opened);
                // The receiver is gone when the index was dropped.
                let _ = sender.send(written);
            });
        *self.lock_write_state() = match started {
            Ok(_) => WriteState::Running(receiver),
            // No thread can start at the moment.
            Err(_) => match write(&self.opened, &changes) {
                Ok(()) => {
                    self.lock_buffer().in_write = Arc::default();
                    WriteState::Idle
                }
                Err(why) => WriteState::Failed(why),
            },
        };
        self.is_writing(Duration::ZERO).map(drop)
    }

    /// Waits for a write to end and returns its error.
    pub fn await_write(&self) -> Result<(), UnusableIndex> {
        if self.is_writing(WRITE_TIMEOUT)? {
            return Err(UnusableIndex(format!(
                "writing it takes longer than {} s",
                WRITE_TIMEOUT.as_secs()
            )));
        }
        Ok(())
    }

    /// Waits for a write to end for at most this time. Returns true when it has not, and the error of a write that failed.
    fn is_writing(&self, wait: Duration) -> Result<bool, UnusableIndex> {
        let mut state = self.lock_write_state();
        if let WriteState::Running(receiver) = &*state {
            let ended = match receiver.recv_timeout(wait) {
                Ok(written) => written,
                Err(RecvTimeoutError::Timeout) => return Ok(true),
                Err(RecvTimeoutError::Disconnected) => {
                    Err(UnusableIndex("its thread ended unexpectedly".into()))
                }
            };
            *state = ended.map_or_else(WriteState::Failed, |()| WriteState::Idle);
        }
        match &*state {
            WriteState::Failed(why) => Err(why.clone()),
            WriteState::Idle | WriteState::Running(_) => Ok(false),
        }
    }

    fn lock_buffer(&self) -> RwLockWriteGuard<'_, Buffer> {
        self.buffer.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_write_state(&self) -> MutexGuard<'_, WriteState> {
        let state = self.write_state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Buffer {
    /// Adds changes and returns the bytes of all newest changes.
    fn add(&mut self, changes: Vec<RowChange>) -> usize {
        let newest = Arc::make_mut(&mut self.newest);
        for (key, value) in changes {
            self.bytes += ROW_OVERHEAD + key.len() + value.as_ref().map_or(0, Vec::len);
            newest.insert(key.into(), value.map(IVec::from));
        }
        self.bytes
    }

    /// Moves the newest changes to those that are written, and returns them.
    fn move_to_write(&mut self) -> Arc<Changes> {
        self.in_write = std::mem::take(&mut self.newest);
        self.bytes = 0;
        Arc::clone(&self.in_write)
    }
}

/// Changes with a key prefix, from `start`.
fn part<'a>(
    changes: &'a Changes,
    start: Bound<&[u8]>,
    prefix: &[u8],
) -> impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)> {
    changes
        .range::<[u8], _>((start, Bound::Unbounded))
        .map(|(key, value)| (&key[..], value.as_deref()))
        .take_while(move |(key, _)| key.starts_with(prefix))
}

/// Writes changes into blocks, and flushes sled, which otherwise keeps the last ones in memory.
#[expect(
    clippy::disallowed_methods,
    reason = "flush is not durable on Linux, and the index does not need it to be"
)]
fn write(opened: &OpenIndex, changes: &Changes) -> Result<(), UnusableIndex> {
    opened.call(|db| {
        Blocks::new(db, opened).apply(rows_of(changes))?;
        db.flush().map(drop).map_err(UnusableIndex::from)
    })
}

fn rows_of(changes: &Changes) -> Vec<RowChange> {
    let rows = changes.iter();
    let rows = rows.map(|(key, value)| (key.to_vec(), value.as_ref().map(|value| value.to_vec())));
    rows.collect()
}

/// Visits the rows of an index where each row is a value of sled.
fn walk_single_rows(
    db: &Db,
    opened: &OpenIndex,
    start: Bound<&[u8]>,
    prefix: &[u8],
    take: &mut Visitor<'_>,
) -> Result<(), UnusableIndex> {
    for pair in db.range((start.map(IVec::from), Bound::Unbounded)) {
        let (key, value) = pair?;
        let value = opened.authentic(&key, &value);
        if !key.starts_with(prefix) || !take(&key, value) {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
