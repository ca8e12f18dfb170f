//! Refuses a store with a file or folder that this user may not use, or that is a link.

use std::io;
use std::path::{Path, PathBuf};

use super::io_error::{io_error, link_error};
use super::journal::segment::Segment;
use super::journal::{self, snapshot};
use super::lock;
use crate::atomic_file::{AccessPurpose, is_forbidden, permission_denied};
use crate::connection::StoreError;

/// Refuses a store with a file or folder that this user may not use, as `sudo umai` leaves them behind, or that is a link.
///
/// Checked before anything is read, because a database that cannot be opened would be treated as damaged.
pub fn reject_forbidden(data: &Path, database: &Path) -> Result<(), StoreError> {
    let refuse = |error: io::Error| io_error(data, &error);
    if let Some(link) = link_in(data, database).map_err(refuse)? {
        return Err(link_error(&link));
    }
    let forbidden = forbidden_in(data, database).map_err(refuse)?;
    forbidden.map_or(Ok(()), |path| {
        Err(StoreError::Other(permission_denied(&path, &path, data)))
    })
}

/// The first file or folder of a store that is a link.
fn link_in(data: &Path, database: &Path) -> io::Result<Option<PathBuf>> {
    let (journal, snapshots) = (data.join(journal::FOLDER), data.join(snapshot::FOLDER));
    for path in [&data.join(lock::FILE), &journal, &snapshots, database] {
        if let Some(link) = link_at_or_below(path)? {
            return Ok(Some(link));
        }
    }
    Ok(None)
}

fn link_at_or_below(path: &Path) -> io::Result<Option<PathBuf>> {
    let Ok(found) = path.symlink_metadata() else {
        return Ok(None);
    };
    if found.is_symlink() {
        return Ok(Some(path.to_owned()));
    }
    // A folder that cannot be read is reported as forbidden.
    let Some(Ok(entries)) = found.is_dir().then(|| std::fs::read_dir(path)) else {
        return Ok(None);
    };
    for entry in entries {
        if let Some(link) = link_at_or_below(&entry?.path())? {
            return Ok(Some(link));
        }
    }
    Ok(None)
}

fn forbidden_in(data: &Path, database: &Path) -> io::Result<Option<PathBuf>> {
    let journal = data.join(journal::FOLDER);
    let snapshots = data.join(snapshot::FOLDER);
    for path in [data, &data.join(lock::FILE), &journal, &snapshots] {
        if is_forbidden(path, AccessPurpose::Change) {
            return Ok(Some(path.to_owned()));
        }
    }
    let segments = Segment::all(&journal)?;
    if let Some(last) = segments.last()
        && is_forbidden(&last.path, AccessPurpose::Change)
    {
        return Ok(Some(last.path.clone()));
    }
    let segments = segments.into_iter().map(|segment| segment.path);
    let snapshots = snapshot::all(data)?.into_iter().map(|(_, path)| path);
    let mut read = segments.chain(snapshots);
    if let Some(path) = read.find(|path| is_forbidden(path, AccessPurpose::Read)) {
        return Ok(Some(path));
    }
    forbidden_below(database)
}

/// The first file or folder at or below a path that this user may not change.
fn forbidden_below(path: &Path) -> io::Result<Option<PathBuf>> {
    if is_forbidden(path, AccessPurpose::Change) {
        return Ok(Some(path.to_owned()));
    }
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) => {
            return match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(None),
                _ => Err(error),
            };
        }
    };
    for entry in entries {
        if let Some(found) = forbidden_below(&entry?.path())? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}
