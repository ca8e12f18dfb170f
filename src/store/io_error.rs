//! Converts file system problems of the store to error messages.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::atomic_file::describe;
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

pub(super) fn link_error(link: &Path) -> StoreError {
    StoreError::Other(format!(
        "{} is a link; umai only uses regular files in its data folder. Replace the link by the file, or remove it",
        link.display()
    ))
}
