//! Reads what a store has from its files alone: without its lock, whoever has it open, and without changing anything.

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

/// A store that is written meanwhile is read so many times at most.
const TRIES: usize = 16;

/// What a store has.
pub struct Content {
    /// Whose it is.
    pub identity: Identity,
    /// Its connections and their versions.
    pub fold: Payloads,
    /// Why that is not all; nothing when it amounts to what the journal says.
    pub trouble: Option<String>,
}

/// All that a store has; a store of which not all can be read is refused.
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

/// What can be read of a store; nothing when no file tells whose it is.
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
            // It was written, or tidied up, just then.
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

/// The files of the journal and the snapshots.
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
            // One that is gone was tidied up just now.
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

/// What tells whether the files were changed.
fn signature(data: &Path) -> io::Result<Vec<(PathBuf, u64, Option<SystemTime>)>> {
    let files = files_of(data)?.into_iter().filter_map(|path| {
        let found = std::fs::metadata(&path).ok()?;
        Some((path, found.len(), found.modified().ok()))
    });
    Ok(files.collect())
}
