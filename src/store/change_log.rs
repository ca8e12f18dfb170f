//! Change feed: all changes after a revision in order, followed by new changes.
//!
//! Readers are only notified of a newer revision and fetch the changes themselves, from memory or from the history of the store. A
//! slow reader therefore delays no other reader and misses nothing.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::watch;

use crate::connection::StoreError;
use crate::connection::store::{ChangeEvent, ChangeFeed, Revision};

/// Number of changes kept in memory; older ones are read from the history.
const MAX_RECENT: usize = 1024;
/// Maximum number of changes per fetch.
pub const MAX_FETCH: usize = 256;

/// Changes of a store that are no longer in memory.
#[async_trait]
pub trait ChangeHistory: Send + Sync {
    /// Returns the first changes after `seen`, in order, up to `newest`; empty if there are none.
    async fn read_after(&self, seen: u64, newest: u64)
    -> Result<VecDeque<ChangeEvent>, StoreError>;
}

/// Newest revision and recent changes.
pub struct ChangeLog {
    history: Box<dyn ChangeHistory>,
    recent: Mutex<RecentChanges>,
    newest: watch::Sender<NewestRevision>,
}

/// Changes in memory.
struct RecentChanges {
    /// Revision after which all changes are in memory.
    complete_after: u64,
    changes: VecDeque<ChangeEvent>,
}

#[derive(Debug, Clone)]
struct NewestRevision {
    revision: u64,
    /// Number of interruptions; readers from before the last one end.
    interruptions: u64,
    /// Error that readers from before the last interruption get.
    error: Option<StoreError>,
    closed: bool,
}

impl ChangeLog {
    /// Creates a log that starts at `revision`.
    pub fn new(history: impl ChangeHistory + 'static, revision: u64) -> Self {
        Self {
            history: Box::new(history),
            recent: Mutex::new(RecentChanges {
                complete_after: revision,
                changes: VecDeque::new(),
            }),
            newest: watch::Sender::new(NewestRevision {
                revision,
                interruptions: 0,
                error: None,
                closed: false,
            }),
        }
    }

    /// Newest revision that is durable and readable.
    pub fn newest(&self) -> u64 {
        self.newest.borrow().revision
    }

    /// Adds changes that are durable and readable, in order.
    pub fn announce(&self, changes: impl IntoIterator<Item = ChangeEvent>) {
        let mut recent = self.lock_recent();
        recent.changes.extend(changes);
        let surplus = recent.changes.len().saturating_sub(MAX_RECENT);
        let last = recent.changes.drain(..surplus).next_back();
        if let Some(last) = last {
            recent.complete_after = last.revision.0;
        }
        let Some(newest) = recent.changes.back().map(|changed| changed.revision.0) else {
            return;
        };
        // Updated before the lock is released: a reader that finds a change may request the changes after it immediately.
        self.newest.send_modify(|known| known.revision = newest);
    }

    /// Sets the revision once it is known for certain, before there are readers.
    pub fn set_revision(&self, revision: u64) {
        let mut recent = self.lock_recent();
        recent.changes.clear();
        recent.complete_after = revision;
        self.newest.send_modify(|newest| newest.revision = revision);
    }

    /// Sets a newer revision that changed no connection.
    #[cfg(feature = "etcd")]
    pub fn advance(&self, revision: u64) {
        self.newest
            .send_modify(|newest| newest.revision = newest.revision.max(revision));
    }

    /// Starts again at a revision, because the changes up to it are not known. Readers get an error and must start again too.
    #[cfg(feature = "etcd")]
    pub fn restart(&self, revision: u64) {
        self.set_revision(revision);
        self.newest.send_modify(|newest| {
            newest.interruptions += 1;
            newest.error = None;
        });
    }

    /// Ends the current readers with an error.
    #[cfg(feature = "etcd")]
    pub fn interrupt(&self, error: StoreError) {
        self.newest.send_modify(|newest| {
            newest.interruptions += 1;
            newest.error = Some(error);
        });
    }

    /// Ends all readers.
    pub fn close(&self) {
        self.newest.send_modify(|newest| newest.closed = true);
    }

    /// Returns the changes after `since`.
    pub async fn since(self: Arc<Self>, since: Revision) -> Result<ChangeFeed, StoreError> {
        let updates = self.newest.subscribe();
        let newest = updates.borrow().clone();
        if since.0 > newest.revision {
            return Err(StoreError::FeedTooOld(since.0));
        }
        let mut reader = FeedReader {
            seen: since.0,
            interruptions: newest.interruptions,
            fetched: VecDeque::new(),
            updates,
            feed: self,
        };
        if since.0 < newest.revision {
            reader.fetch(newest.revision).await?;
        }
        Ok(Box::pin(futures_util::stream::unfold(
            Some(reader),
            |reader| async move { reader?.next().await },
        )))
    }

    /// Returns the changes after `seen` from memory, or `None` when older ones are needed first.
    fn recent(&self, seen: u64) -> Option<VecDeque<ChangeEvent>> {
        let recent = self.lock_recent();
        if seen < recent.complete_after {
            return None;
        }
        let changes = &recent.changes;
        let first = changes.partition_point(|changed| changed.revision.0 <= seen);
        Some(changes.range(first..).take(MAX_FETCH).cloned().collect())
    }

    fn lock_recent(&self) -> MutexGuard<'_, RecentChanges> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct FeedReader {
    seen: u64,
    interruptions: u64,
    fetched: VecDeque<ChangeEvent>,
    updates: watch::Receiver<NewestRevision>,
    feed: Arc<ChangeLog>,
}

impl FeedReader {
    /// Returns the next change and the reader; no reader after an error, `None` at the end.
    async fn next(mut self) -> Option<(Result<ChangeEvent, StoreError>, Option<Self>)> {
        loop {
            if let Some(changed) = self.fetched.pop_front() {
                self.seen = changed.revision.0;
                return Some((Ok(changed), Some(self)));
            }
            let newest = self.updates.borrow_and_update().clone();
            if newest.interruptions != self.interruptions {
                let error = newest.error.unwrap_or(StoreError::FeedTooOld(self.seen));
                return Some((Err(error), None));
            }
            if self.seen < newest.revision {
                if let Err(error) = self.fetch(newest.revision).await {
                    return Some((Err(error), None));
                }
            } else if newest.closed || self.updates.changed().await.is_err() {
                return None;
            }
        }
    }

    async fn fetch(&mut self, newest: u64) -> Result<(), StoreError> {
        self.fetched = match self.feed.recent(self.seen) {
            Some(recent) => recent,
            None => self.feed.history.read_after(self.seen, newest).await?,
        };
        if self.fetched.is_empty() {
            // A revision need not change a connection.
            self.seen = newest;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::store::ChangeKind;
    use uuid::Uuid;

    struct NoHistory;

    #[async_trait]
    impl ChangeHistory for NoHistory {
        async fn read_after(&self, seen: u64, _: u64) -> Result<VecDeque<ChangeEvent>, StoreError> {
            Err(StoreError::FeedTooOld(seen))
        }
    }

    #[test]
    fn found_change_is_not_newer_than_newest_revision() {
        const CHANGES: u64 = 20_000;
        let feed = Arc::new(ChangeLog::new(NoHistory, 0));
        let writer = Arc::clone(&feed);
        let thread = std::thread::spawn(move || {
            for revision in (1..CHANGES).step_by(4) {
                writer.announce((revision..revision + 4).map(|revision| ChangeEvent {
                    revision: Revision(revision),
                    kind: ChangeKind::Deleted(Uuid::nil()),
                    request: None,
                }));
            }
        });
        let mut found = 0;
        while found < CHANGES {
            let recent = feed.recent(feed.newest());
            if let Some(last) = recent.and_then(|recent| recent.back().cloned()) {
                assert!(last.revision.0 <= feed.newest());
            }
            found = feed.newest();
        }
        thread.join().unwrap();
    }
}
