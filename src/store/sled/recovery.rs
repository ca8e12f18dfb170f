//! Brings the index up to date with the journal, or rebuilds it.

use std::sync::Arc;

use super::apply::Applier;
use super::index::ConnectionIndex;
use super::index_folder::{IndexFolder, open_index};
use super::index_handle::IndexHandle;
use super::index_header::{IndexHeader, StorePosition};
use super::index_repair::rebuild_index;
use super::maintenance::{Maintenance, Verification};
use super::newer_index::{self, NewestChanges};
use super::notices::Notices;
use super::open::{IndexSource, OpeningStore, StoreFiles, nothing_readable};
use super::pending_writes::PendingWrites;
use super::replay::JournalReplay;
use super::verified_marker::VerifiedMarker;
use super::verify::{VerifyResult, verify};
use super::{create, data_loss_marker, rebuild};
use crate::connection::StoreError;
use crate::store::io_error::{self, io_error};
use crate::store::journal;
use crate::store::journal::header::{FileHeader, StoreIdentity};
use crate::store::journal::segment::{ActiveSegment, TailPosition};
use crate::store::journal::tail_scan::{self, JournalEnd};

/// Maximum number of connections of a small store, whose index is prepared before `open` returns; that of a larger store in the background.
pub const SMALL: u64 = 5_000;

/// Store with a ready index.
pub struct ReadyStore {
    /// Checks and numbers changes.
    pub pending_writes: PendingWrites,
    /// Maintains the files.
    pub maintenance: Maintenance,
}

impl OpeningStore {
    /// Returns true when the store is small enough to finish immediately.
    pub const fn is_small(&self) -> bool {
        self.position.digest.count <= SMALL
    }

    /// Prepares the index.
    pub fn finish(self) -> Result<ReadyStore, StoreError> {
        let Self {
            applier,
            lock,
            source: way,
            ..
        } = self;
        let ready = match way {
            IndexSource::Create => begin(&applier)?,
            IndexSource::Adopt(index, applied) => adopt_index(&applier, index, &applied)?,
            IndexSource::Recover(found) => recover(&applier, &found)?,
        };
        let IndexState {
            position,
            tail,
            verification,
            damaged,
        } = ready;
        applier.index.set_count(position.digest.count);
        applier.feed.set_revision(position.revision);
        data_loss_marker::add_notice(&applier.data, &applier.notices);
        let mut pending_writes = PendingWrites::new(Arc::clone(&applier.index), position);
        let mut maintenance = Maintenance::new(tail, applier, (lock, verification), position);
        if damaged {
            maintenance.request_snapshot();
        }
        if position.digest.count <= SMALL {
            maintenance.verify_if_due(&mut pending_writes, || true);
        }
        Ok(ReadyStore {
            pending_writes,
            maintenance,
        })
    }
}

/// State of a store with an index in use.
struct IndexState {
    position: StorePosition,
    tail: ActiveSegment,
    verification: Verification,
    /// True when part of the journal is unusable, so that a snapshot is needed.
    damaged: bool,
}

/// Starts a new store. Flushes the index once, so that an index that lost everything can be distinguished from a new one.
fn begin(applier: &Applier) -> Result<IndexState, StoreError> {
    let position = StorePosition::default();
    io_error::sync_parents(&applier.data).map_err(|error| io_error(&applier.data, &error))?;
    let tail = begin_segment(applier, position)?;
    applier.index.replace(create_index(applier)?);
    Ok(IndexState {
        position,
        tail,
        verification: Verification::JournalDue,
        damaged: false,
    })
}

fn create_index(applier: &Applier) -> Result<ConnectionIndex, StoreError> {
    let folder = applier.data.join(rebuild::FOLDER);
    io_error::create_folder(&folder).map_err(|error| io_error(&folder, &error))?;
    let index = ConnectionIndex::open(&folder, applier.access.auth())?;
    let identity = applier.access.identity.clone();
    let header = IndexHeader::new(StorePosition::default(), identity);
    index.apply(vec![header.row()])?;
    index.flush()?;
    Ok(index)
}

/// Removes the index, if there is any, and creates an empty one.
fn replace_index(applier: &Applier) -> Result<ConnectionIndex, StoreError> {
    match std::fs::remove_dir_all(applier.data.join(rebuild::FOLDER)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(io_error(&applier.data, &error))
        }
        _ => create_index(applier),
    }
}

/// Continues from the index when the journal is missing, if the index is intact.
fn adopt_index(
    applier: &Applier,
    index: ConnectionIndex,
    header: &IndexHeader,
) -> Result<IndexState, StoreError> {
    if verify(&index, header.digest, || true) != VerifyResult::Valid {
        return Err(nothing_readable(&applier.data));
    }
    let position = header.position();
    applier.notices.add(format!(
        "The journal was not found. A new one starts from the index, which has {} connections and all changes up to {}",
        position.digest.count, position.revision
    ));
    let tail = begin_segment(applier, position)?;
    applier.index.replace(index);
    Ok(IndexState {
        position,
        tail,
        verification: Verification::JournalDue,
        damaged: true,
    })
}

/// Applies the rest of the journal to the index; rebuilds the index when that fails or the result is wrong.
fn recover(applier: &Applier, found: &StoreFiles) -> Result<IndexState, StoreError> {
    let Applier {
        data,
        access,
        index,
        notices,
        ..
    } = applier;
    let identity = &access.identity;
    let opened = open_index(data, access.auth());
    let is_newer = matches!(opened, Ok(IndexFolder::Newer(_)));
    let (reader, indexed, problem) = match opened {
        // The first start was interrupted before anything was stored.
        Ok(IndexFolder::Absent | IndexFolder::Empty) if found.is_untouched() => {
            (replace_index(applier)?, StorePosition::default(), None)
        }
        opened => usable(opened, identity),
    };
    index.replace(reader);
    let mut replay = JournalReplay::new(index, indexed, identity, problem);
    let end = if let Some(end) = found.end_at(indexed.revision) {
        end
    } else {
        let (segments, auth) = (&found.segments, access.auth());
        tail_scan::read(segments, indexed.revision, auth, |entry| replay.add(entry))
            .map_err(|error| io_error(data, &error))?
    };
    let problem = replay.finish().or(end.problem.clone());
    let mut recovery = RecoveryState::new(&end, problem);
    recovery.compare_snapshot(found.snapshot.as_ref(), indexed);
    if is_newer {
        let newest = NewestChanges {
            index: indexed.revision,
            journal: recovery.position.revision,
        };
        newer_index::reject_loss(data, newest, access.auth())?;
    }
    recovery.compare_index(index, indexed, &end, notices);
    if let Some(why) = &recovery.problem {
        let rebuilt = rebuild_index(data, access, notices, &index.current(), why)?;
        // The new index may have what is missing at the end of the journal.
        recovery.damaged |= rebuilt.has_losses() || rebuilt.position.revision > end.revision;
        recovery.verified = true;
        recovery.position = StorePosition {
            revision: rebuilt.position.revision.max(recovery.position.revision),
            digest: rebuilt.position.digest,
        };
        rebuild::abandon(index.replace(rebuilt.index));
    }
    let verification = recovery.verification(found.verified.as_ref(), indexed, identity);
    let RecoveryState {
        position, damaged, ..
    } = recovery;
    Ok(IndexState {
        tail: open_tail(applier, position, end.position.filter(|_| !damaged))?,
        position,
        verification,
        damaged,
    })
}

fn open_tail(
    applier: &Applier,
    position: StorePosition,
    place: Option<TailPosition>,
) -> Result<ActiveSegment, StoreError> {
    match place {
        Some(place) => {
            ActiveSegment::resume(&place).map_err(|error| io_error(&applier.data, &error))
        }
        None => begin_segment(applier, position),
    }
}

/// Returns the index, its position, and the reason why it must be rebuilt, if it must. An index that could not be converted may have what the
/// journal lost.
fn usable(
    index: Result<IndexFolder, String>,
    identity: &StoreIdentity,
) -> (ConnectionIndex, StorePosition, Option<String>) {
    let why = match index {
        Ok(IndexFolder::Index(index, applied)) if applied.identity == *identity => {
            return (index, applied.position(), None);
        }
        Ok(IndexFolder::Earlier(index, applied, why)) if applied.identity == *identity => {
            let why = format!(
                "it was written by an earlier version of umai and cannot be converted: {why}"
            );
            return (index, applied.position(), Some(why));
        }
        Ok(IndexFolder::Index(index, _) | IndexFolder::Earlier(index, ..)) => {
            rebuild::abandon(Arc::new(index));
            "it belongs to another store".into()
        }
        Ok(IndexFolder::Newer(applied)) => {
            let why = "it was written by a newer version of umai".into();
            return (ConnectionIndex::Closed, applied.position(), Some(why));
        }
        Ok(IndexFolder::Absent) => "it was not found".into(),
        Ok(IndexFolder::Empty) => "it was empty".into(),
        Err(why) => why,
    };
    (ConnectionIndex::Closed, StorePosition::default(), Some(why))
}

/// Position and findings so far, while the index is brought up to date.
struct RecoveryState {
    position: StorePosition,
    /// Reason to rebuild the index.
    problem: Option<String>,
    /// True when the index was verified.
    verified: bool,
    /// True when part of the journal is unusable, so that a snapshot and a new segment are needed.
    damaged: bool,
}

impl RecoveryState {
    /// Starts at the end of the journal.
    const fn new(end: &JournalEnd, problem: Option<String>) -> Self {
        Self {
            position: StorePosition {
                revision: end.revision,
                digest: end.digest,
            },
            problem,
            verified: false,
            damaged: false,
        }
    }

    /// Returns the verification that is necessary before the first change; [`Verification::Recorded`] if index and journal end
    /// where the marker says.
    fn verification(
        &self,
        marker: Option<&VerifiedMarker>,
        indexed: StorePosition,
        identity: &StoreIdentity,
    ) -> Verification {
        let is_as_recorded = |marker: &&VerifiedMarker| {
            self.problem.is_none()
                && !self.damaged
                && marker.header.identity == *identity
                && marker.header.position() == indexed
                && indexed == self.position
        };
        match marker.filter(is_as_recorded) {
            Some(marker) => Verification::Recorded(marker.verified),
            None if self.verified => Verification::JournalDue,
            None => Verification::Due,
        }
    }

    /// Compares the newest snapshot with the journal. A snapshot after the end of the journal means that the end was lost. A
    /// snapshot at its end with another digest was created from an index that had lost connections, so the index is not trusted
    /// either.
    fn compare_snapshot(&mut self, snapshot: Option<&FileHeader>, applied: StorePosition) {
        let Some(snapshot) = snapshot.filter(|head| head.revision >= self.position.revision) else {
            return;
        };
        if snapshot.revision == self.position.revision {
            if snapshot.digest != self.position.digest {
                self.problem
                    .get_or_insert_with(|| "the newest snapshot does not match the journal".into());
            }
            return;
        }
        self.damaged = true;
        if applied.revision < snapshot.revision {
            self.problem
                .get_or_insert_with(|| "it was older than the newest snapshot".into());
        }
        self.position = StorePosition {
            revision: snapshot.revision,
            digest: snapshot.digest,
        };
    }

    /// Uses an index that is newer than the journal, if it is intact: it has the changes lost from the end of the journal.
    fn compare_index(
        &mut self,
        index: &IndexHandle,
        applied: StorePosition,
        end: &JournalEnd,
        notices: &Notices,
    ) {
        if self.problem.is_some() || end.revision >= applied.revision {
            return;
        }
        match verify(&index.current(), applied.digest, || true) {
            VerifyResult::Valid | VerifyResult::Stopped => {
                notices.add(format!(
                    "The end of the journal is damaged: change {} is the last readable one. \
                     Nothing is lost: the index has all changes up to {}",
                    end.revision, applied.revision
                ));
                self.position = applied;
                self.verified = true;
                self.damaged = true;
            }
            VerifyResult::Invalid(why) => self.problem = Some(why),
        }
    }
}

fn begin_segment(applier: &Applier, position: StorePosition) -> Result<ActiveSegment, StoreError> {
    let Applier { data, access, .. } = applier;
    create::begin_segment(data, access, position)
        .map_err(|error| io_error(&data.join(journal::FOLDER), &error))
}
