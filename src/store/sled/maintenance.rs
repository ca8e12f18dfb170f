//! Maintenance of the store's files: verification, rebuilding the index, new segments, snapshots.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::SystemTime;

use super::apply::Applier;
use super::auto_backup::BackupScheduler;
use super::index::ConnectionIndex;
use super::index_header::StorePosition;
use super::index_repair::rebuild_index;
use super::journal_damage;
use super::pending_writes::PendingWrites;
use super::rebuild;
use super::verified_marker::VerifiedMarker;
use super::verify::{VerifyResult, verify};
use super::{checkpoint, create};
use crate::store::disk::DiskObstacle;
use crate::store::journal::segment::{ActiveSegment, Segment};
use crate::store::journal::{self, snapshot};
use crate::store::lock::StoreLock;

/// Minimum length in bytes of the journal after a snapshot before the next snapshot; it must also exceed two snapshots.
const MIN_LENGTH: u64 = 4 * 1024 * 1024;

/// Reason for a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SnapshotReason {
    /// The journal after the last snapshot is long.
    JournalTooLong,
    /// Part of the journal is damaged and must be replaced by the snapshot.
    Damaged,
}

/// Maintenance of the files of a store.
pub struct Maintenance {
    tail: ActiveSegment,
    applier: Arc<Applier>,
    verification: Verification,
    /// Reason for the next snapshot, if one is needed.
    pending_snapshot: Option<SnapshotReason>,
    snapshot: Option<JoinHandle<()>>,
    /// Cancels the running snapshot, which is not needed when the store is closed.
    stop: Arc<AtomicBool>,
    backups: BackupScheduler,
    /// Held until the files are closed.
    lock: StoreLock,
}

/// State of the verification of index and journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// Both must be verified before the first change.
    Due,
    /// The journal must be verified before the first change; the index was just verified or built.
    JournalDue,
    /// An earlier process verified both at this time, and the files are as it or a later process left them.
    Recorded(SystemTime),
    /// This process verified both at this time, and found no damage.
    Clean(SystemTime),
    /// Cancelled, or damage was found: the next start verifies both.
    Inconclusive,
}

impl Maintenance {
    /// Maintains the files of a store, appending to `tail`, from this position.
    pub fn new(
        tail: ActiveSegment,
        applier: Arc<Applier>,
        (lock, verification): (StoreLock, Verification),
        position: StorePosition,
    ) -> Self {
        Self {
            tail,
            backups: BackupScheduler::new(Arc::clone(&applier), position),
            applier,
            verification,
            pending_snapshot: None,
            snapshot: None,
            stop: Arc::default(),
            lock,
        }
    }

    /// Returns true when an earlier verification was relied on, so that another one should follow when there is time.
    pub const fn is_verification_recorded(&self) -> bool {
        matches!(self.verification, Verification::Recorded(_))
    }

    /// Discards the verification, so that the next start verifies index and journal.
    pub const fn discard_verification(&mut self) {
        self.verification = Verification::Inconclusive;
    }

    /// Requests a snapshot that replaces a damaged part of the journal.
    pub const fn request_snapshot(&mut self) {
        self.pending_snapshot = Some(SnapshotReason::Damaged);
    }

    /// Segment being written.
    pub const fn tail(&mut self) -> &mut ActiveSegment {
        &mut self.tail
    }

    /// Verifies what is due before the first change: an index that lost a row could accept an alias twice.
    pub fn verify_if_due(
        &mut self,
        pending_writes: &mut PendingWrites,
        keep_going: impl Fn() -> bool,
    ) {
        match self.verification {
            Verification::Due => self.verify_all(pending_writes, keep_going),
            Verification::JournalDue => {
                let time = SystemTime::now();
                self.verification = self.verify_journal(time, keep_going);
            }
            Verification::Recorded(_) | Verification::Clean(_) | Verification::Inconclusive => {}
        }
        self.run_due_work(pending_writes);
    }

    /// Verifies index and journal, and repairs damage.
    pub fn verify_all(
        &mut self,
        pending_writes: &mut PendingWrites,
        keep_going: impl Fn() -> bool,
    ) {
        if self.applier.read_only_reason().is_some() {
            // A rejected change may still be at the end of the journal, and must not get into the index.
            return;
        }
        self.verification = Verification::Inconclusive;
        let time = SystemTime::now();
        let index = self.applier.index.current();
        let result = verify(&index, pending_writes.position().digest, &keep_going);
        drop(index);
        match result {
            VerifyResult::Valid => self.verification = self.verify_journal(time, keep_going),
            VerifyResult::Invalid(why) => {
                self.rebuild_index(pending_writes, &why);
                self.verify_journal(time, keep_going);
            }
            VerifyResult::Stopped => {}
        }
    }

    /// Verifies the index and rebuilds it when it is damaged.
    pub fn repair(&mut self, pending_writes: &mut PendingWrites) {
        if self.applier.read_only_reason().is_some() {
            // A rejected change may still be in the journal.
            return;
        }
        let verdict = verify(
            &self.applier.index.current(),
            pending_writes.position().digest,
            || true,
        );
        if let VerifyResult::Invalid(why) = verdict {
            self.discard_verification();
            self.rebuild_index(pending_writes, &why);
        }
    }

    fn rebuild_index(&mut self, pending_writes: &mut PendingWrites, why: &str) {
        let Applier {
            data,
            access,
            notices,
            ..
        } = &*self.applier;
        let old = self.applier.index.current();
        match rebuild_index(data, access, notices, &old, why) {
            Ok(rebuilt) => {
                let has_losses = rebuilt.has_losses();
                let position = StorePosition {
                    revision: rebuilt
                        .position
                        .revision
                        .max(pending_writes.position().revision),
                    digest: rebuilt.position.digest,
                };
                rebuild::abandon(old);
                rebuild::abandon(self.applier.index.replace(rebuilt.index));
                pending_writes.revert_to(position);
                if has_losses {
                    self.continue_after_losses(position);
                }
            }
            Err(error) => self.applier.notices.add(error.to_string()),
        }
    }

    /// Starts a new segment with the position after the losses.
    fn continue_after_losses(&mut self, position: StorePosition) {
        self.pending_snapshot = Some(SnapshotReason::Damaged);
        if let Err(error) = self.start_segment(position) {
            self.applier
                .notices
                .add(format!("Starting a new journal segment failed: {error}"));
        }
    }

    /// Reports damage in the current part of the journal and in the snapshots, and requests a snapshot where one is missing. Clean
    /// at `time` when there is no damage.
    fn verify_journal(&mut self, time: SystemTime, keep_going: impl Fn() -> bool) -> Verification {
        let data = &self.applier.data;
        let damage =
            journal_damage::keep_copies(&self.applier, &keep_going).and_then(|mut found| {
                found.extend(journal_damage::damaged_snapshots(&self.applier)?);
                Ok((found, checkpoint::lacks_base(data)?))
            });
        match damage {
            Ok((sentences, false)) if sentences.is_empty() && keep_going() => {
                if let Err(error) = checkpoint::keep_two_bases(data) {
                    tracing::warn!(%error, "copying the only snapshot failed");
                }
                return Verification::Clean(time);
            }
            Ok((sentences, lacks_base)) => {
                if lacks_base || !sentences.is_empty() {
                    self.pending_snapshot = Some(SnapshotReason::Damaged);
                }
                for sentence in sentences {
                    self.applier.notices.add(sentence);
                }
            }
            Err(error) => self
                .applier
                .notices
                .add(format!("The journal could not be checked: {error}")),
        }
        Verification::Inconclusive
    }

    /// Returns true when the store was opened on a read-only disk, so that this process must not write it.
    pub const fn is_read_only_disk(&self) -> bool {
        self.lock.is_shared()
    }

    /// Returns the journal to its last durable position after a failed write, and continues in a new segment.
    pub fn reopen_journal(&mut self, position: StorePosition) -> io::Result<()> {
        self.tail.recover(position.revision, position.digest)?;
        self.start_segment(position)
    }

    /// Starts a new segment, a snapshot and a backup when they are due.
    pub fn run_due_work(&mut self, pending_writes: &PendingWrites) {
        if self.applier.read_only_reason().is_some() {
            // The end of the journal is unknown, so nothing may follow it.
            return;
        }
        if self.tail.is_full() {
            if let Err(error) = self.start_segment(pending_writes.position()) {
                tracing::warn!(%error, "starting a new journal segment failed");
                return;
            }
            match is_long(&self.applier.data) {
                Ok(true) => {
                    self.pending_snapshot = self
                        .pending_snapshot
                        .or(Some(SnapshotReason::JournalTooLong));
                }
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "the journal length cannot be determined"),
            }
        }
        if self.snapshot.as_ref().is_none_or(JoinHandle::is_finished)
            && let Some(reason) = self.pending_snapshot.take()
        {
            self.take_snapshot(reason);
        }
        self.backups.run_if_due(pending_writes.position());
    }

    fn start_segment(&mut self, position: StorePosition) -> io::Result<()> {
        let Applier { data, access, .. } = &*self.applier;
        let next = create::begin_segment(data, access, position)?;
        std::mem::replace(&mut self.tail, next).finish()
    }

    fn take_snapshot(&mut self, reason: SnapshotReason) {
        let applier = Arc::clone(&self.applier);
        let stop = match reason {
            SnapshotReason::JournalTooLong => Arc::clone(&self.stop),
            SnapshotReason::Damaged => Arc::default(),
        };
        let started = std::thread::Builder::new()
            .name("umai-store-snapshot".into())
            .spawn(move || {
                let index = applier.index.current();
                let taken = checkpoint::write(&applier.data, &applier.access, &index, &stop);
                if let Err(error) = taken
                    && !stop.load(Ordering::Acquire)
                {
                    applier.notices.add(format!(
                        "No snapshot of the store was taken: {error}. Nothing is lost; the journal grows until a snapshot succeeds"
                    ));
                }
            });
        match started {
            Ok(thread) => self.snapshot = Some(thread),
            Err(error) => tracing::warn!(%error, "starting the snapshot thread failed"),
        }
    }

    /// Finishes background work and closes the files at this position.
    pub fn close(&mut self, position: StorePosition) {
        self.stop.store(true, Ordering::Release);
        if let Some(snapshot) = self.snapshot.take() {
            // A snapshot that panicked leaves no file; a later one replaces it.
            let _ = snapshot.join();
        }
        let index = self.applier.index.replace(ConnectionIndex::Closed);
        if DiskObstacle::find(&self.applier.data).is_some() {
            // sled also writes on drop, and would wait forever for a write that the disk rejects.
            rebuild::abandon(index);
        } else if let Err(broken) = index.flush() {
            tracing::warn!(why = broken.0, "flushing the index failed");
        } else if let Some(index) = Arc::into_inner(index) {
            self.record_verification(index, position);
        }
        self.backups.close(position);
    }

    /// Closes the index and records its verification for the next start.
    fn record_verification(&self, index: ConnectionIndex, position: StorePosition) {
        let applied = index.applied();
        let is_in_memory = index.is_in_memory();
        if let Err(broken) = index.close() {
            tracing::warn!(why = broken.0, "closing the index failed");
            return;
        }
        let (Verification::Recorded(verified) | Verification::Clean(verified)) = self.verification
        else {
            return;
        };
        let Ok(Some(header)) = applied else {
            return;
        };
        if is_in_memory
            || header.position() != position
            || self.pending_snapshot == Some(SnapshotReason::Damaged)
        {
            return;
        }
        let marker = VerifiedMarker {
            header,
            verified,
            tail: self.tail.end(),
            chain: self.tail.chain(),
        };
        let Applier { data, access, .. } = &*self.applier;
        if let Err(error) = marker.write(data, access.auth()) {
            tracing::warn!(%error, "the verification cannot be recorded");
        }
    }
}

/// Returns true when the journal after the newest snapshot is long enough for another one.
fn is_long(data: &Path) -> io::Result<bool> {
    let newest = snapshot::all(data)?.pop();
    let (base, size) = match newest {
        Some((revision, path)) => (revision, std::fs::metadata(path)?.len()),
        None => (0, 0),
    };
    let mut length = 0;
    for segment in Segment::all(&data.join(journal::FOLDER))? {
        if segment.first > base {
            length += std::fs::metadata(&segment.path)?.len();
        }
    }
    Ok(length > MIN_LENGTH.max(2 * size))
}
