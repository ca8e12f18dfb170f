//! Applies durable changes to the index, then acknowledges and announces them.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use super::change::AcceptedChange;
use super::index_handle::IndexHandle;
use super::index_header::{IndexHeader, StorePosition};
use super::notices::Notices;
use super::rebuild;
use crate::connection::StoreError;
use crate::connection::store::Revision;
use crate::store::backup::BackupConfig;
use crate::store::change_log::ChangeLog;
use crate::store::disk::{DiskObstacle, in_memory_notice};
use crate::store::key::{StoreAccess, StoreKey};

/// Sender for the reply to a change.
pub type ReplySender = oneshot::Sender<Result<Revision, StoreError>>;

/// Accepted changes that are appended and made durable together, with their reply senders.
pub type ChangeGroup = Vec<(AcceptedChange, ReplySender)>;

/// Applies groups of changes in order.
pub struct Applier {
    /// Access to the files of the store.
    pub access: StoreAccess,
    /// Key of the store.
    pub key: Arc<StoreKey>,
    /// Backup configuration.
    pub backups: BackupConfig,
    /// Data directory.
    pub data: std::path::PathBuf,
    /// Index in use.
    pub index: Arc<IndexHandle>,
    /// Change feed.
    pub feed: Arc<ChangeLog>,
    /// Notices for the user.
    pub notices: Arc<Notices>,
    /// Reason why nothing can be written at the moment.
    pub read_only: Mutex<Option<StoreError>>,
}

impl Applier {
    /// Applies a durable group, then replies to all its callers.
    ///
    /// An index that rejects the group is abandoned and rebuilt in memory from the journal, which has the group.
    pub fn apply(&self, group: ChangeGroup) {
        let last = group.last().map(|(step, _)| StorePosition {
            revision: step.revision,
            digest: step.digest,
        });
        let Some(last) = last else {
            return;
        };
        let applied = IndexHeader::new(last, self.access.identity.clone());
        let is_in_memory = self.index.current().is_in_memory();
        let obstacle = DiskObstacle::find(&self.data).filter(|_| !is_in_memory);
        if let Some(obstacle) = obstacle {
            // sled would wait forever for a write that the disk rejects.
            self.abandon_index(&obstacle.describe(&self.data));
        } else if let Err(error) = self.write(&group, &applied) {
            self.abandon_index(&error.to_string());
        }
        self.feed
            .announce(group.iter().map(|(step, _)| step.to_event()));
        for (step, answer) in group {
            // The caller may have been cancelled.
            let _ = answer.send(Ok(Revision(step.revision)));
        }
    }

    /// Starts to write the rows of the index that are in memory. Returns true until they are written.
    pub fn write_index(&self) -> bool {
        let index = self.index.current();
        if index.is_in_memory() {
            return false;
        }
        if self.read_only_reason().is_some() || DiskObstacle::find(&self.data).is_some() {
            // sled would wait forever for a write that the disk rejects, and an index that is rebuilt now could get a rejected change.
            return true;
        }
        index.write_if_changed().unwrap_or_else(|error| {
            self.abandon_index(&error.0);
            false
        })
    }

    /// Reason why nothing can be written at the moment.
    pub fn read_only_reason(&self) -> Option<StoreError> {
        self.lock_read_only().clone()
    }

    /// Sets or clears the reason why nothing can be written.
    pub fn set_read_only(&self, reason: Option<StoreError>) {
        *self.lock_read_only() = reason;
    }

    fn lock_read_only(&self) -> std::sync::MutexGuard<'_, Option<StoreError>> {
        self.read_only
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, group: &ChangeGroup, applied: &IndexHeader) -> Result<(), StoreError> {
        let mut rows = Vec::with_capacity(group.len() * 5 + 1);
        let index = self.index.current();
        for (change, _) in group {
            change.write_rows(&index, &mut rows)?;
        }
        rows.push(applied.row());
        self.index.apply(rows, applied.digest.count)?;
        Ok(())
    }

    fn abandon_index(&self, why: &str) {
        tracing::warn!(why, "applying changes to the index failed");
        let old = self.index.current();
        let rebuilt = rebuild::into_memory(&self.data, &self.access, &old).and_then(|rebuilt| {
            let reported = rebuilt.report(&self.data, &self.notices);
            rebuild::abandon(self.index.replace(rebuilt.index));
            reported
        });
        rebuild::abandon(old);
        self.notices.add(match rebuilt {
            Ok(()) => in_memory_notice(why),
            Err(error) => error.to_string(),
        });
    }
}
