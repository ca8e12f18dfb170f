//! Creates a complete store in a folder: a snapshot, an empty journal, and an index.

use std::io;
use std::path::Path;

use uuid::Uuid;

use super::gather::Payloads;
use super::ledger::Point;
use super::rebuild;
use super::rows;
use super::view::View;
use crate::connection::StoreError;
use crate::store::files::{self, io_error};
use crate::store::journal::digest::Digest;
use crate::store::journal::entry::{Entry, Kind};
use crate::store::journal::fold::FoldedVersion;
use crate::store::journal::head::Head;
use crate::store::journal::segment::Tail;
use crate::store::journal::{self, snapshot};

/// Creates the store described by `head` and verifies it by reading it back.
pub fn create(
    folder: &Path,
    head: &Head,
    rows: impl FnOnce(&mut snapshot::Writer<'_>) -> io::Result<()>,
) -> Result<(), StoreError> {
    let refuse = |error: io::Error| io_error(folder, &error);
    snapshot::write(folder, head, rows, |_| Ok(())).map_err(refuse)?;
    let segments = folder.join(journal::FOLDER);
    let begin = Head {
        revision: head.revision + 1,
        ..head.clone()
    };
    files::create_folder(&segments)
        .and_then(|()| Tail::create(&segments, &begin))
        .map_err(refuse)?;
    let (rebuilt, broken) = rebuild::into_sled(folder, &head.identity, &View::Closed)?;
    let point = Point {
        revision: head.revision,
        digest: head.digest,
    };
    if rebuilt.has_losses() || rebuilt.point != point {
        return Err(StoreError::Unusable(format!(
            "Verifying the store written to {} failed; nothing was changed",
            folder.display()
        )));
    }
    if broken.is_some() {
        // The next start builds an index.
        let view = folder.join(rebuild::FOLDER);
        std::fs::remove_dir_all(&view).map_err(|error| io_error(&view, &error))?;
    }
    Ok(())
}

/// Writes a store state as snapshot rows.
pub fn write_rows(fold: &Payloads, writer: &mut snapshot::Writer<'_>) -> io::Result<()> {
    for (id, folded) in &fold.connections {
        let Some(newest) = &folded.newest else {
            continue;
        };
        let payload = &newest.payload.1;
        writer.add(&row(*id, Kind::Record, newest, payload))?;
        for version in folded.older.values() {
            let (kind, payload) = &version.payload;
            let masked = match kind {
                Kind::Version => None,
                Kind::Saved | Kind::Record | Kind::Deleted | Kind::End => {
                    Some(rows::version_json(*id, payload).map_err(io::Error::other)?)
                }
            };
            let payload = masked.as_ref().unwrap_or(payload);
            writer.add(&row(*id, Kind::Version, version, payload))?;
        }
    }
    Ok(())
}

fn row<'a, T>(id: Uuid, kind: Kind, version: &FoldedVersion<T>, payload: &'a [u8]) -> Entry<'a> {
    Entry {
        kind,
        revision: version.revision,
        id,
        number: version.number,
        digest: Digest::default(),
        payload,
    }
}
