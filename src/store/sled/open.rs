//! Opens a data directory: finds the store, checks its key, and finds the end of the journal. The index is opened later.
//!
//! Opening sled takes a time that grows with the store; with two steps, the screen can be drawn before its list is available.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::apply::Applier;
use super::index::ConnectionIndex;
use super::index_folder::{IndexFolder, open_index};
use super::index_handle::IndexHandle;
use super::index_header::{IndexHeader, StorePosition};
use super::index_upgrade::{self, UpgradeError};
use super::journal_history::JournalHistory;
use super::notices::Notices;
use super::verified_marker::VerifiedMarker;
use super::{migration, rebuild};
use crate::connection::StoreError;
use crate::store::backup::BackupConfig;
use crate::store::backup::folder::BackupFolder;
use crate::store::change_log::ChangeLog;
use crate::store::disk::DiskObstacle;
use crate::store::file_access;
use crate::store::io_error::{self, io_error};
use crate::store::journal::header::{self, FileHeader, HeaderError, StoreIdentity};
use crate::store::journal::segment::{Segment, TailPosition};
use crate::store::journal::tail_scan::{self, JournalEnd};
use crate::store::journal::{self, snapshot};
use crate::store::key::{StoreAccess, StoreAuthenticator, UnlockedStore};
use crate::store::lock::StoreLock;
use crate::store::replacement;

/// Store that was found, with the lock held.
pub struct OpeningStore {
    /// Shared parts of the store; the index is still closed.
    pub applier: Arc<Applier>,
    /// End of the journal according to its newest segment.
    pub position: StorePosition,
    pub(super) lock: StoreLock,
    pub(super) source: IndexSource,
}

/// Source of the index.
pub(super) enum IndexSource {
    /// The store is new.
    Create,
    /// There is an index but no journal.
    Adopt(ConnectionIndex, IndexHeader),
    /// There is a journal.
    Recover(Box<StoreFiles>),
}

/// Files of a store.
pub(super) struct StoreFiles {
    pub(super) segments: Vec<Segment>,
    snapshots: Vec<(u64, PathBuf)>,
    /// Identity in the newest readable header.
    identity: Option<StoreIdentity>,
    /// Header of the newest snapshot.
    pub(super) snapshot: Option<FileHeader>,
    /// Marker of the last verification, if the files are unchanged since then.
    pub(super) verified: Option<VerifiedMarker>,
    /// End of the journal, read from its newest segment.
    pub(super) end: Option<JournalEnd>,
}

/// Opens the store in `data`. `unlock` gets its identity, `None` for a new one, and returns the store to use when the key matches.
pub fn open(
    data: &Path,
    unlock: impl Fn(Option<&StoreIdentity>) -> Result<UnlockedStore, StoreError>,
    backups: BackupConfig,
) -> Result<OpeningStore, StoreError> {
    let lock = lock_folder(data)?;
    let notices = Notices::default();
    let mut found = StoreFiles::find(data)?;
    if let Some(earlier) = found.earlier_identity(data) {
        migration::migrate(data, &earlier, &unlock(Some(&earlier))?, &notices)?;
        found = StoreFiles::find(data)?;
    }
    let (unlocked, position, source) = if found.is_empty() {
        open_without_journal(data, unlock)?
    } else {
        open_journal(data, found, unlock)?
    };
    Ok(OpeningStore::new(
        data,
        lock,
        (unlocked, backups, notices),
        position,
        source,
    ))
}

fn open_journal(
    data: &Path,
    mut found: StoreFiles,
    unlock: impl Fn(Option<&StoreIdentity>) -> Result<UnlockedStore, StoreError>,
) -> Result<(UnlockedStore, StorePosition, IndexSource), StoreError> {
    let unlocked = match &found.identity {
        Some(identity) => unlock(Some(identity))?,
        None => unlock(Some(&index_identity(data)?))?,
    };
    let access = unlocked.access();
    found
        .authenticate(data, &access)
        .map_err(|error| io_error(data, &error))?;
    found.verified = VerifiedMarker::read(data, access.auth())
        .filter(|marker| marker.header.identity == unlocked.identity);
    let position = found
        .read_end(access.auth())
        .map_err(|error| io_error(data, &error))?;
    Ok((unlocked, position, IndexSource::Recover(Box::new(found))))
}

/// Opens a store that has only an index; without an index, it is a new one.
fn open_without_journal(
    data: &Path,
    unlock: impl Fn(Option<&StoreIdentity>) -> Result<UnlockedStore, StoreError>,
) -> Result<(UnlockedStore, StorePosition, IndexSource), StoreError> {
    match open_index(data, None) {
        Ok(IndexFolder::Absent) => {
            reject_new_store_beside_backups(data)?;
            let unlocked = unlock(None)?;
            Ok((unlocked, StorePosition::default(), IndexSource::Create))
        }
        Ok(IndexFolder::Index(index, applied) | IndexFolder::Earlier(index, applied, _)) => {
            let unlocked = unlock(Some(&applied.identity))?;
            drop(index);
            let (index, applied) = match open_index(data, unlocked.access().auth()) {
                Ok(IndexFolder::Index(index, applied)) => (index, applied),
                Ok(IndexFolder::Earlier(_, _, why)) => return Err(not_convertible(data, &why)),
                Ok(IndexFolder::Absent | IndexFolder::Empty | IndexFolder::Newer(_)) | Err(_) => {
                    return Err(nothing_readable(data));
                }
            };
            let position = applied.position();
            Ok((unlocked, position, IndexSource::Adopt(index, applied)))
        }
        Ok(IndexFolder::Newer(_)) => Err(StoreError::Other(format!(
            "The store in {} has no readable journal, and its index was written by a newer version of umai; nothing was changed. \
             Use that version, or restore a backup: umai backup restore --newest",
            data.display()
        ))),
        Ok(IndexFolder::Empty) => Err(nothing_readable(data)),
        Err(why) => Err(unreadable_index(data, &why)),
    }
}

/// Locks the folder of a store, which is created if necessary, and completes what was interrupted there.
fn lock_folder(data: &Path) -> Result<StoreLock, StoreError> {
    io_error::create_folder(data).map_err(|error| io_error(data, &error))?;
    io_error::reject_untrusted_folder(data)?;
    let lock = StoreLock::take(data)?;
    file_access::reject_forbidden(data, &data.join(rebuild::FOLDER))?;
    replacement::complete(data).map_err(|error| io_error(data, &error))?;
    index_upgrade::clean_up(data).map_err(|error| io_error(data, &error))?;
    Ok(lock)
}

/// Reads the identity of the store in a data directory from its journal; `None` when there is no store. Opens nothing.
pub fn identity_in(data: &Path) -> Result<Option<StoreIdentity>, StoreError> {
    let found = StoreFiles::find(&replacement::current(data))?;
    match found.identity {
        Some(identity) => Ok(Some(identity)),
        None if found.is_empty() && !data.join(rebuild::FOLDER).exists() => Ok(None),
        None => Err(nothing_readable(data)),
    }
}

impl OpeningStore {
    fn new(
        data: &Path,
        lock: StoreLock,
        (unlocked, backups, notices): (UnlockedStore, BackupConfig, Notices),
        position: StorePosition,
        source: IndexSource,
    ) -> Self {
        let access = unlocked.access();
        // Leftovers of a replacement that cannot be removed now are removed by the next start.
        let _ = replacement::remove_leftovers(data);
        let applier = Applier {
            access: access.clone(),
            key: unlocked.key,
            backups,
            data: data.to_owned(),
            feed: Arc::new(ChangeLog::new(
                JournalHistory {
                    journal: data.join(journal::FOLDER),
                    auth: access.auth.clone(),
                },
                position.revision,
            )),
            index: Arc::new(IndexHandle::new(
                ConnectionIndex::Closed,
                position.digest.count,
            )),
            notices: Arc::new(notices),
            read_only: std::sync::Mutex::new(DiskObstacle::read_only_error(data)),
        };
        Self {
            applier: Arc::new(applier),
            position,
            lock,
            source,
        }
    }
}

impl StoreFiles {
    fn find(data: &Path) -> Result<Self, StoreError> {
        let refuse = |error: io::Error| io_error(data, &error);
        let segments = Segment::all(&data.join(journal::FOLDER)).map_err(refuse)?;
        let snapshots = snapshot::all(data).map_err(refuse)?;
        let mut found = Self {
            identity: None,
            snapshot: None,
            verified: None,
            end: None,
            segments,
            snapshots,
        };
        let snapshots = found.snapshots.iter().map(|(_, path)| path);
        let segments = found.segments.iter().map(|segment| &segment.path);
        for path in snapshots.clone().chain(segments) {
            let Some(FileHeader { identity, .. }) = read_head(path)? else {
                continue;
            };
            // A file of an earlier format beside newer ones is not the store: it has no code.
            let is_newest = |known: &StoreIdentity| identity.format >= known.format;
            if found.identity.as_ref().is_none_or(is_newest) {
                found.identity = Some(identity);
            }
        }
        if let Some((_, path)) = found.snapshots.last() {
            found.snapshot = read_head(path)?;
        }
        Ok(found)
    }

    /// Returns the identity of a store of an earlier format, which must be converted before it is used.
    fn earlier_identity(&self, data: &Path) -> Option<StoreIdentity> {
        let identity = match &self.identity {
            Some(identity) => Some(identity.clone()),
            // Only the index may know it. Errors are reported when it is opened.
            None => index_identity(data).ok(),
        };
        identity.filter(StoreIdentity::is_of_earlier_format)
    }

    /// Replaces the header of the newest snapshot by that of the newest authentic one.
    fn authenticate(&mut self, data: &Path, access: &StoreAccess) -> io::Result<()> {
        if access.auth().is_some() {
            self.snapshot = snapshot::newest_header(data, access.auth())?;
        }
        Ok(())
    }

    /// Reads the end of the journal from its newest segment. Returns the position of the store.
    fn read_end(&mut self, auth: Option<&StoreAuthenticator>) -> io::Result<StorePosition> {
        let end = match self.recorded_end()? {
            Some(end) => end,
            None => tail_scan::read(&self.segments, u64::MAX - 1, auth, |_| {})?,
        };
        let mut position = StorePosition {
            revision: end.revision,
            digest: end.digest,
        };
        if let Some(head) = &self.snapshot
            && head.revision > position.revision
        {
            position = StorePosition {
                revision: head.revision,
                digest: head.digest,
            };
        }
        self.end = Some(end);
        Ok(position)
    }

    /// Returns the end of the journal from the marker, if the newest segment has no entries after it.
    fn recorded_end(&self) -> io::Result<Option<JournalEnd>> {
        let (Some(marker), Some(newest)) = (&self.verified, self.segments.last()) else {
            return Ok(None);
        };
        let offset = marker.tail;
        let StorePosition { revision, digest } = marker.header.position();
        let is_end = offset >= header::LENGTH as u64 && newest.first <= revision.saturating_add(1);
        if !is_end || !newest.is_unused_from(offset)? {
            return Ok(None);
        }
        Ok(Some(JournalEnd {
            revision,
            digest,
            position: Some(TailPosition {
                segment: newest.clone(),
                offset,
                cut: false,
                chain: marker.chain,
            }),
            problem: None,
        }))
    }

    /// Returns the end of the journal when it is intact and the index is there, so that no entry must be applied.
    pub(super) fn end_at(&self, indexed: u64) -> Option<JournalEnd> {
        let end = self.end.as_ref()?;
        let is_there = end.revision == indexed && end.position.is_some() && end.problem.is_none();
        is_there.then(|| end.clone())
    }

    /// Returns true when the first segment was created but never written, not even preallocated: the first start was interrupted.
    pub(super) fn is_untouched(&self) -> bool {
        let [only] = &*self.segments else {
            return false;
        };
        let length = std::fs::metadata(&only.path).map(|found| found.len());
        self.snapshots.is_empty()
            && only.first == 1
            && length.is_ok_and(|length| length == header::LENGTH as u64)
    }

    fn is_empty(&self) -> bool {
        self.segments.is_empty() && self.snapshots.is_empty()
    }
}

/// Refuses to create a store in a folder with backups: the store existed and was lost.
fn reject_new_store_beside_backups(data: &Path) -> Result<(), StoreError> {
    let backups = BackupFolder::for_store(data).all();
    let count = backups.map_err(|error| io_error(data, &error))?.len();
    if count == 0 {
        return Ok(());
    }
    Err(StoreError::Other(format!(
        "There is no store in {data}, but there are {count} backups; nothing was changed. \
         Restore the newest: umai backup restore --newest; or use another folder with --data",
        data = data.display()
    )))
}

/// Reads the header of a file; `None` when it is damaged.
pub fn read_head(path: &Path) -> Result<Option<FileHeader>, StoreError> {
    match FileHeader::for_path(path).map_err(|error| io_error(path, &error))? {
        Ok(head) => Ok(Some(head)),
        Err(HeaderError::Damaged) => Ok(None),
        Err(HeaderError::Newer(format)) => Err(StoreError::Other(format!(
            "{} was written by a newer umai (format {format}); nothing was changed. Use that version, or another folder with --data",
            path.display()
        ))),
    }
}

/// Reads the identity from the index when no journal file has it.
fn index_identity(data: &Path) -> Result<StoreIdentity, StoreError> {
    match open_index(data, None) {
        Ok(
            IndexFolder::Index(_, applied)
            | IndexFolder::Earlier(_, applied, _)
            | IndexFolder::Newer(applied),
        ) => Ok(applied.identity),
        Ok(IndexFolder::Absent | IndexFolder::Empty) | Err(_) => Err(nothing_readable(data)),
    }
}

fn not_convertible(data: &Path, why: &UpgradeError) -> StoreError {
    StoreError::Other(format!(
        "The store in {} has no readable journal, and its index of an earlier version of umai cannot be converted ({why}); nothing was changed. {}",
        data.display(),
        why.advice()
    ))
}

fn unreadable_index(data: &Path, why: &str) -> StoreError {
    let advice = match DiskObstacle::find(data) {
        Some(DiskObstacle::ReadOnly) => "Start umai again when it can be written",
        Some(DiskObstacle::Full | DiskObstacle::NoInodes) => {
            "Free some space and start umai again, or restore a backup: umai backup restore --newest"
        }
        None => "Restore a backup: umai backup restore --newest; or use another folder with --data",
    };
    StoreError::Other(format!(
        "The store in {} has no readable journal, and its index cannot be read: {why}; nothing was changed. {advice}",
        data.display()
    ))
}

pub(super) fn nothing_readable(data: &Path) -> StoreError {
    StoreError::Other(format!(
        "The store in {} has no readable journal; nothing was changed. \
         Restore a backup: umai backup restore --newest; or use another folder with --data",
        data.display()
    ))
}
