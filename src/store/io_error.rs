//! Converts file system problems of the store to error messages.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::journal::segment::Segment;
use super::journal::{self, snapshot};
use super::lock;
use crate::atomic_file::{AccessPurpose, describe, is_forbidden, permission_denied};
pub use crate::atomic_file::{
    create_file, create_folder, sync_folder, sync_parents, temporary_path, write_atomically,
};
use crate::connection::StoreError;
use crate::text::file::trust::{self, FileTrust};

/// Returns an error when the data folder belongs to another user or can be changed by one.
pub fn reject_untrusted_folder(data: &Path) -> Result<(), StoreError> {
    trust::check_folder(data, FileTrust::OwnerOnly)
        .map_err(|why| StoreError::Other(format!("The data folder {} {why}", data.display())))
}

/// Opens a file of the store for reading. A link is an error.
pub fn open_file(path: &Path) -> io::Result<File> {
    no_follow().read(true).open(path)
}

/// Reads a file of the store. A link is an error.
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_file(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Options for opening a file of the store. A link is an error: it could make umai write any file of its user.
pub fn no_follow() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    options
}

/// Returns the error for a failed operation on a path.
pub fn io_error(path: &Path, error: &io::Error) -> StoreError {
    if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) {
        return link_error(path);
    }
    StoreError::Other(describe(path, error))
}

fn link_error(link: &Path) -> StoreError {
    StoreError::Other(format!(
        "{} is a link; umai only uses regular files in its data folder. Replace the link by the file, or remove it",
        link.display()
    ))
}

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
