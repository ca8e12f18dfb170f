//! Says in sentences what is wrong with the store's files and folders.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::connection::StoreError;
pub use crate::disk::{aside, create_file, create_folder, place, sync_folder, sync_way_to};

/// The sentence for a file or folder that others may write, when it is one.
pub fn refuse_writable_by_others(path: &Path) -> Result<(), StoreError> {
    let mode = std::fs::metadata(path)
        .map_err(|error| unusable(path, &error))?
        .permissions()
        .mode();
    if mode & 0o022 == 0 {
        return Ok(());
    }
    let path = path.display();
    Err(StoreError::Key(format!(
        "{path} can be written by others, so what is in it cannot be trusted; run: chmod go-w {path}"
    )))
}

/// The sentence for something that the system refused about a path.
pub fn unusable(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Unusable(format!("{}: {error}", path.display()))
}
