//! Change feed: all changes after a revision in order, followed by new changes.
//!
//! Readers are only notified of a newer revision and fetch the changes themselves, from memory or from the journal. A slow reader
//! therefore delays no other reader and misses nothing.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::change;
use crate::connection::StoreError;
use crate::connection::store::{ChangeEvent, ChangeFeed, Revision};
use crate::store::journal::entry::{EntryWalk, WalkItem};
use crate::store::journal::segment::Segment;
use crate::store::key::StoreAuthenticator;

/// Number of changes kept in memory; older ones are read from the journal.
const MAX_RECENT: usize = 1024;
/// Maximum number of changes per fetch.
const MAX_FETCH: usize = 256;

/// Newest revision and recent changes.
pub struct ChangeLog {
    journal: PathBuf,
    auth: Option<StoreAuthenticator>,
    recent: Mutex<VecDeque<ChangeEvent>>,
    newest: watch::Sender<NewestRevision>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct NewestRevision {
    revision: u64,
    closed: bool,
}

impl ChangeLog {
    /// Returns the feed of the journal in a folder, starting at `revision`.
    pub fn new(journal: PathBuf, auth: Option<StoreAuthenticator>, revision: u64) -> Self {
        let newest = NewestRevision {
            revision,
            closed: false,
        };
        Self {
            journal,
            auth,
            recent: Mutex::default(),
            newest: watch::Sender::new(newest),
        }
    }

    /// Newest revision that is durable and readable.
    pub fn newest(&self) -> u64 {
        self.newest.borrow().revision
    }

    /// Adds changes that are durable and readable, in order.
    pub fn announce(&self, changes: impl IntoIterator<Item = ChangeEvent>) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.extend(changes);
        let surplus = recent.len().saturating_sub(MAX_RECENT);
        recent.drain(..surplus);
        let Some(newest) = recent.back().map(|changed| changed.revision.0) else {
            return;
        };
        // Updated before the lock is released: a reader that finds a change may request the changes after it immediately.
        self.newest.send_modify(|known| known.revision = newest);
    }

    /// Sets the revision once it is known for certain, before there are readers.
    pub fn set_revision(&self, revision: u64) {
        self.newest.send_modify(|newest| newest.revision = revision);
    }

    /// Ends all readers.
    pub fn close(&self) {
        self.newest.send_modify(|newest| newest.closed = true);
    }

    /// Returns the changes after `since`.
    pub async fn since(self: Arc<Self>, since: Revision) -> Result<ChangeFeed, StoreError> {
        let newest = self.newest();
        if since.0 > newest {
            return Err(StoreError::FeedTooOld(since.0));
        }
        let mut reader = FeedReader {
            seen: since.0,
            fetched: VecDeque::new(),
            updates: self.newest.subscribe(),
            feed: self,
        };
        if since.0 < newest {
            reader.fetched = reader.fetch().await?;
        }
        Ok(Box::pin(futures_util::stream::unfold(
            Some(reader),
            |reader| async move { reader?.next().await },
        )))
    }

    /// Returns the changes after `seen` from memory, or `None` when older ones are needed first.
    fn recent(&self, seen: u64) -> Option<VecDeque<ChangeEvent>> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let first = recent.front()?.revision.0;
        let skip = usize::try_from((seen + 1).checked_sub(first)?).ok()?;
        Some(recent.iter().skip(skip).take(MAX_FETCH).cloned().collect())
    }
}

struct FeedReader {
    seen: u64,
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
            let newest = *self.updates.borrow_and_update();
            if self.seen < newest.revision {
                match self.fetch().await {
                    Ok(fetched) => self.fetched = fetched,
                    Err(error) => return Some((Err(error), None)),
                }
            } else if newest.closed || self.updates.changed().await.is_err() {
                return None;
            }
        }
    }

    async fn fetch(&self) -> Result<VecDeque<ChangeEvent>, StoreError> {
        if let Some(recent) = self.feed.recent(self.seen) {
            return Ok(recent);
        }
        let (feed, seen) = (Arc::clone(&self.feed), self.seen);
        let newest = feed.newest();
        let read = tokio::task::spawn_blocking(move || read_after(&feed, seen, newest)).await;
        read.unwrap_or(Err(StoreError::FeedTooOld(seen)))
    }
}

/// Reads changes after `seen` up to `newest` from the journal, at most [`MAX_FETCH`].
fn read_after(
    feed: &ChangeLog,
    seen: u64,
    newest: u64,
) -> Result<VecDeque<ChangeEvent>, StoreError> {
    let too_old = || StoreError::FeedTooOld(seen);
    let segments = Segment::all(&feed.journal).map_err(|_| too_old())?;
    let from = segments
        .iter()
        .rposition(|segment| segment.first <= seen + 1)
        .ok_or_else(too_old)?;
    let auth = feed.auth.as_ref();
    let mut found = VecDeque::new();
    for segment in &segments[from..] {
        let (bytes, _) = segment.read(auth).map_err(|_| too_old())?;
        for step in EntryWalk::of_segment(&bytes, auth) {
            let WalkItem::Entry(entry) = step else {
                continue;
            };
            let next = seen + 1 + found.len() as u64;
            if entry.revision < next || entry.revision > newest {
                continue;
            }
            if entry.revision > next {
                // The change before is damaged or its segment was removed.
                return if found.is_empty() {
                    Err(too_old())
                } else {
                    Ok(found)
                };
            }
            if let Some(changed) = change::to_event(&entry) {
                found.push_back(changed?);
            }
            if found.len() >= MAX_FETCH {
                return Ok(found);
            }
        }
    }
    if found.is_empty() {
        return Err(too_old());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::store::ChangeKind;
    use uuid::Uuid;

    #[test]
    fn found_change_is_not_newer_than_newest_revision() {
        const CHANGES: u64 = 20_000;
        let feed = Arc::new(ChangeLog::new(PathBuf::new(), None, 0));
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
