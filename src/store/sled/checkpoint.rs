//! Writes and verifies snapshots of the index, and removes files that they replace.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::data_loss_marker::{self, DAMAGED};
use super::encoding;
use super::index::ConnectionIndex;
use crate::store::io_error;
use crate::store::journal::header::{FileHeader, NewFile};
use crate::store::journal::replay::{RebuildBase, StateBuilder};
use crate::store::journal::segment::Segment;
use crate::store::journal::{self, damage_scan, retention, snapshot};
use crate::store::key::{StoreAccess, StoreAuthenticator};

/// Writes a snapshot of `index`; `stop` cancels it.
///
/// The snapshot is read back and combined with the journal after it. It is kept, and older files are removed, only when the
/// result matches the digest in the journal.
pub fn write(
    data: &Path,
    access: &StoreAccess,
    index: &ConnectionIndex,
    stop: &AtomicBool,
) -> io::Result<()> {
    if data_loss_marker::is_recorded(data) {
        return Ok(());
    }
    let applied = index
        .applied()
        .map_err(|broken| io::Error::other(broken.0))?
        .ok_or_else(damaged_entry)?;
    let head = FileHeader {
        identity: access.identity.clone(),
        revision: applied.revision,
        digest: applied.digest,
    };
    let entries = |writer: &mut snapshot::SnapshotWriter<'_>| write_entries(index, writer, stop);
    let path = snapshot::path(data, head.revision);
    let auth = access.auth();
    let damaged = DamagedSnapshots::find(data, auth)?;
    damaged.link(&path)?;
    let file = NewFile { head: &head, auth };
    snapshot::write(data, file, entries, |written| verify(data, written, auth))?;
    if data_loss_marker::is_recorded(data) {
        return Ok(());
    }
    damaged.set_aside(&path)?;
    retention::prune(data, head.revision)?;
    keep_two_bases(data)
}

/// Returns true when a store whose journal does not reach back to its beginning has no snapshot that replaces it.
pub fn lacks_base(data: &Path) -> io::Result<bool> {
    let segments = Segment::all(&data.join(journal::FOLDER))?;
    Ok(snapshot::all(data)?.is_empty() && segments.first().is_some_and(|first| first.first > 1))
}

/// Copies the only snapshot of a store whose journal does not reach back to its beginning, unless data was lost.
pub fn keep_two_bases(data: &Path) -> io::Result<()> {
    if data_loss_marker::is_recorded(data) {
        return Ok(());
    }
    let [(_, only)] = &snapshot::all(data)?[..] else {
        return Ok(());
    };
    let segments = Segment::all(&data.join(journal::FOLDER))?;
    if segments.first().is_some_and(|first| first.first > 1) {
        snapshot::duplicate(only)?;
    }
    Ok(())
}

fn verify(data: &Path, written: &Path, auth: Option<&StoreAuthenticator>) -> io::Result<()> {
    let source = RebuildBase::Snapshot(written.to_owned());
    let state = StateBuilder::read(data, &source, auth, |_| ())?;
    if state.is_some_and(|state| state.is_consistent()) {
        Ok(())
    } else {
        Err(io::Error::other("the snapshot does not match the journal"))
    }
}

fn write_entries(
    index: &ConnectionIndex,
    writer: &mut snapshot::SnapshotWriter<'_>,
    stop: &AtomicBool,
) -> io::Result<()> {
    let mut written = Ok(());
    for prefix in [encoding::RECORDS, encoding::VERSIONS] {
        index
            .walk(prefix, |key, value| {
                written = if stop.load(Ordering::Acquire) {
                    Err(io::Error::other("the store was closed"))
                } else {
                    encoding::entry_of(key, value)
                        .ok_or_else(damaged_entry)
                        .and_then(|entry| writer.add(&entry))
                };
                written.is_ok()
            })
            .map_err(|broken| io::Error::other(broken.0))?;
    }
    written
}

/// Damaged snapshots of a store, kept aside when an intact one replaces them.
struct DamagedSnapshots {
    folder: PathBuf,
    paths: Vec<PathBuf>,
}

impl DamagedSnapshots {
    /// Finds the damaged snapshots.
    fn find(data: &Path, auth: Option<&StoreAuthenticator>) -> io::Result<Self> {
        let found = damage_scan::damaged_snapshots(data, auth)?.into_iter();
        Ok(Self {
            folder: data.join(DAMAGED),
            paths: found.map(|(path, _)| path).collect(),
        })
    }

    /// Keeps a damaged file that a new snapshot of the same revision is about to replace. Linked, because a disk may not be able
    /// to read it; without a link it is lost, but it could not be used.
    fn link(&self, replaced: &Path) -> io::Result<()> {
        if self.paths.iter().any(|path| path == replaced) {
            io_error::create_folder(&self.folder)?;
            if let Err(error) = std::fs::hard_link(replaced, self.target(replaced)) {
                tracing::warn!(%error, "a damaged snapshot cannot be kept");
            }
        }
        Ok(())
    }

    /// Moves the damaged files aside, except the one that `written` has replaced.
    fn set_aside(&self, written: &Path) -> io::Result<()> {
        for path in self.paths.iter().filter(|path| *path != written) {
            io_error::create_folder(&self.folder)?;
            std::fs::rename(path, self.target(path))?;
            io_error::sync_folder(&self.folder)?;
            path.parent().map_or(Ok(()), io_error::sync_folder)?;
        }
        Ok(())
    }

    fn target(&self, path: &Path) -> PathBuf {
        self.folder.join(path.file_name().unwrap_or_default())
    }
}

fn damaged_entry() -> io::Error {
    io::Error::other("a row of the index is damaged")
}
