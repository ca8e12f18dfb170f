//! Reads a store from its files only: without the lock, while another process may have it open, and without changing anything.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::exchange;
use super::files::unusable;
use super::journal::head::Identity;
use super::journal::segment::Segment;
use super::journal::{self, snapshot};
use super::sled::gather::{Gathered, Lost, Payloads, gather_files};
use super::sled::open::read_head;
use crate::connection::StoreError;

/// Maximum number of attempts to read a store that is being written.
const TRIES: usize = 16;

/// Content of a store.
pub struct Content {
    /// Store and key check value.
    pub identity: Identity,
    /// Connections and their versions.
    pub fold: Payloads,
    /// Reason why the content is incomplete; `None` when it matches the journal.
    pub trouble: Option<String>,
}

/// Reads a complete store. Returns an error when part of it cannot be read.
pub fn read_whole(data: &Path) -> Result<Content, StoreError> {
    match read(data)? {
        Some(Content {
            trouble: Some(why), ..
        }) => Err(StoreError::Unusable(format!(
            "The store in {} cannot be read completely: {why}",
            data.display()
        ))),
        Some(content) => Ok(content),
        None => Err(StoreError::Unusable(format!(
            "There is no readable store in {}",
            data.display()
        ))),
    }
}

/// Reads whatever is readable of a store. Returns `None` when no file identifies the store.
pub fn read(data: &Path) -> Result<Option<Content>, StoreError> {
    if exchange::is_under_way(data) {
        return Err(StoreError::Unusable(exchange::unfinished(data)));
    }
    refuse_newer(data)?;
    let refuse = |error: io::Error| unusable(data, &error);
    let mut before = signature(data).map_err(refuse)?;
    let mut tries = 0;
    loop {
        tries += 1;
        let gathered = gather_files(data, 0);
        let after = signature(data).map_err(refuse)?;
        let is_still = after == before || tries == TRIES;
        before = after;
        match gathered {
            Ok(gathered) if gathered.lost == Lost::Nothing || is_still => {
                return Ok(content_of(data, gathered));
            }
            Err(error) if is_still => return Err(refuse(error)),
            // Another process changed or removed files; try again.
            Ok(_) | Err(_) => {}
        }
    }
}

fn content_of(data: &Path, gathered: Gathered) -> Option<Content> {
    let Gathered { fold, lost, .. } = gathered;
    let trouble = (lost != Lost::Nothing).then(|| trouble_of(data, &fold));
    Some(Content {
        identity: fold.identity.clone()?,
        fold,
        trouble,
    })
}

fn trouble_of(data: &Path, fold: &Payloads) -> String {
    if let Some((segment, damage)) = fold.damage.first() {
        return format!(
            "{} is damaged at byte {}",
            segment.path.display(),
            damage.from
        );
    }
    if let Some((from, to)) = fold.missing.first() {
        return format!("none of its files has changes {from} to {to}");
    }
    format!(
        "the journal in {} records {} connections, but {} were found",
        data.join(journal::FOLDER).display(),
        fold.expected.count,
        fold.connections.len()
    )
}

/// Lists the files of the journal and the snapshots.
pub fn files_of(data: &Path) -> io::Result<Vec<PathBuf>> {
    let snapshots = snapshot::all(data)?.into_iter().map(|(_, path)| path);
    let segments = Segment::all(&data.join(journal::FOLDER))?.into_iter();
    Ok(snapshots
        .chain(segments.map(|segment| segment.path))
        .collect())
}

fn refuse_newer(data: &Path) -> Result<(), StoreError> {
    for path in files_of(data).map_err(|error| unusable(data, &error))? {
        match read_head(&path) {
            Err(error) if path.exists() => return Err(error),
            // A file that is gone was removed by the retention of another process.
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

/// State of the files, to detect changes while reading.
fn signature(data: &Path) -> io::Result<Vec<(PathBuf, u64, Option<SystemTime>)>> {
    let files = files_of(data)?.into_iter().filter_map(|path| {
        let found = std::fs::metadata(&path).ok()?;
        Some((path, found.len(), found.modified().ok()))
    });
    Ok(files.collect())
}
