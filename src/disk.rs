//! Makes files and folders that only their owner can use, and makes their names durable.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

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

/// Waits for the right to change a file: one process at a time has it, until what is given here is dropped.
///
/// The lock is on a file beside it, since the file itself is replaced. The system takes it back however a process ends.
pub fn turn(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path.with_extension("lock"))?;
    file.lock()?;
    Ok(file)
}
