//! Makes files and folders that only their owner can use, and makes their names durable.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::connection::StoreError;

/// Makes a folder and those above it; one that is there stays as it is.
pub fn create_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// Makes a file that must not be there yet.
pub fn create_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Makes the names in a folder durable.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    File::open(path)?.sync_all()
}

/// Where a file is written before it appears under its name.
pub fn aside(path: &Path) -> PathBuf {
    path.with_extension("new")
}

/// Makes a whole file appear under its name at once: written aside, synced, renamed, and the name synced.
pub fn place(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<File> {
    let aside = aside(path);
    match std::fs::remove_file(&aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let written = create_file(&aside).and_then(|mut file| {
        write(&mut file)?;
        file.sync_all()?;
        std::fs::rename(&aside, path)?;
        Ok(file)
    });
    let file = match written {
        Ok(file) => file,
        Err(error) => {
            // The reason is told; the unfinished file goes if it can, and is replaced next time if it cannot.
            let _ = std::fs::remove_file(&aside);
            return Err(error);
        }
    };
    path.parent().map_or(Ok(()), sync_folder)?;
    Ok(file)
}

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
