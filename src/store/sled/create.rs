//! Creates a complete store in a folder: a snapshot, an empty journal, and an index.

use std::borrow::Cow;
use std::io;
use std::path::Path;

use uuid::Uuid;

use super::checkpoint;
use super::index::ConnectionIndex;
use super::index_header::StorePosition;
use super::rebuild;
use super::salvage::FullState;
use super::stored_json;
use crate::connection::StoreError;
use crate::store::io_error::{self, io_error};
use crate::store::journal::digest::StateDigest;
use crate::store::journal::entry::{EntryKind, JournalEntry};
use crate::store::journal::header::{FileHeader, NewFile};
use crate::store::journal::replay::BuiltVersion;
use crate::store::journal::segment::ActiveSegment;
use crate::store::journal::{self, snapshot};
use crate::store::key::StoreAccess;

/// Creates a store with a position and verifies it by reading it back.
pub fn create(
    folder: &Path,
    access: &StoreAccess,
    position: StorePosition,
    entries: impl FnOnce(&mut snapshot::SnapshotWriter<'_>) -> io::Result<()>,
) -> Result<(), StoreError> {
    let refuse = |error: io::Error| io_error(folder, &error);
    let StorePosition { revision, digest } = position;
    let head = FileHeader {
        identity: access.identity.clone(),
        revision,
        digest,
    };
    let file = NewFile {
        head: &head,
        auth: access.auth(),
    };
    snapshot::write(folder, file, entries, |_| Ok(())).map_err(refuse)?;
    begin_segment(folder, access, position)
        .and_then(|_| checkpoint::keep_two_bases(folder))
        .map_err(refuse)?;
    let (rebuilt, broken) = rebuild::into_sled(folder, access, &ConnectionIndex::Closed)?;
    if rebuilt.has_losses() || rebuilt.position != position {
        return Err(StoreError::Other(format!(
            "Verifying the store written to {} failed; nothing was changed",
            folder.display()
        )));
    }
    if broken.is_some() {
        // The next start builds an index.
        let index = folder.join(rebuild::FOLDER);
        std::fs::remove_dir_all(&index).map_err(|error| io_error(&index, &error))?;
    }
    Ok(())
}

/// Starts the segment after a position.
pub fn begin_segment(
    data: &Path,
    access: &StoreAccess,
    position: StorePosition,
) -> io::Result<ActiveSegment> {
    let folder = data.join(journal::FOLDER);
    let next = position.revision.checked_add(1);
    let head = FileHeader {
        identity: access.identity.clone(),
        revision: next.ok_or_else(|| io::Error::other("no revision is left for a change"))?,
        digest: position.digest,
    };
    let file = NewFile {
        head: &head,
        auth: access.auth(),
    };
    io_error::create_folder(&folder)?;
    ActiveSegment::create(&folder, file)
}

/// Writes a store state as snapshot entries.
pub fn write_entries(
    state: &FullState,
    writer: &mut snapshot::SnapshotWriter<'_>,
) -> io::Result<()> {
    for (id, built) in &state.connections {
        let Some(newest) = &built.newest else {
            continue;
        };
        let payload = &newest.payload.1;
        writer.add(&entry(*id, EntryKind::Record, newest, payload))?;
        for version in built.older.values() {
            let (kind, payload) = &version.payload;
            let payload = version_payload(*id, *kind, payload)?;
            writer.add(&entry(*id, EntryKind::Version, version, &payload))?;
        }
    }
    Ok(())
}

/// Returns the payload of an older version, with masked secrets.
pub fn version_payload(id: Uuid, kind: EntryKind, payload: &[u8]) -> io::Result<Cow<'_, [u8]>> {
    match kind {
        EntryKind::Version => Ok(Cow::Borrowed(payload)),
        EntryKind::Saved | EntryKind::Record | EntryKind::Purged | EntryKind::End => {
            let masked = stored_json::version_json(id, payload).map_err(io::Error::other)?;
            Ok(Cow::Owned(masked))
        }
    }
}

/// Returns the snapshot entry of a version.
pub fn entry<'a, T>(
    id: Uuid,
    kind: EntryKind,
    version: &BuiltVersion<T>,
    payload: &'a [u8],
) -> JournalEntry<'a> {
    JournalEntry {
        kind,
        revision: version.revision,
        id,
        number: version.number,
        digest: StateDigest::default(),
        payload,
        codes: None,
    }
}
