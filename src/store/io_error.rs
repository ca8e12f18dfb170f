//! Converts file system problems of the store to error messages.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::journal::segment::Segment;
use super::journal::{self, snapshot};
use super::lock;
use crate::atomic_file::{AccessPurpose, describe, is_forbidden, permission_denied};
pub use crate::atomic_file::{
    create_file, create_folder, sync_folder, sync_parents, temporary_path, write_atomically,
};
use crate::connection::StoreError;

/// Returns an error when other users can write the file or folder.
pub fn reject_writable_by_others(path: &Path) -> Result<(), StoreError> {
    let mode = std::fs::metadata(path)
        .map_err(|error| io_error(path, &error))?
        .permissions()
        .mode();
    if mode & 0o022 == 0 {
        return Ok(());
    }
    let path = path.display();
    Err(StoreError::Key(format!(
        "{path} is writable by other users, so its content cannot be trusted; run: chmod go-w {path}"
    )))
}

/// Returns the error for a failed operation on a path.
pub fn io_error(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Unusable(describe(path, error))
}

/// Refuses a store with a file or folder that this user may not use, as `sudo umai` leaves them behind.
///
/// Checked before anything is read, because a database that cannot be opened would be treated as damaged.
pub fn reject_forbidden(data: &Path, database: &Path) -> Result<(), StoreError> {
    let forbidden = forbidden_in(data, database).map_err(|error| io_error(data, &error))?;
    forbidden.map_or(Ok(()), |path| {
        Err(StoreError::Unusable(permission_denied(&path, &path, data)))
    })
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
pub fn forbidden_below(path: &Path) -> io::Result<Option<PathBuf>> {
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
