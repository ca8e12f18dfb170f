//! The right to touch a draft: one living app at a time has it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// How the files are called that are locked.
pub const ENDING: &str = "lock";

/// The right to touch a draft; the system takes it back when the process ends, however it ends.
pub struct Hold {
    file: File,
    path: PathBuf,
}

impl Hold {
    /// Takes the right to a draft; nothing when a living app has it.
    pub fn take(draft: &Path) -> io::Result<Option<Self>> {
        let path = draft.with_extension(ENDING);
        loop {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // Whoever had it may have taken the file away: then this lock is on a file that nobody finds any more.
            if is_at(&file, &path)? {
                return Ok(Some(Self { file, path }));
            }
        }
    }

    /// Gives it up together with its file: the draft is no more.
    pub fn end(self) {
        // While it is still held. What cannot be taken away is swept up when drafts are looked for.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // Closing alone would not do while a child that is just being started still has a copy of the file.
        let _ = self.file.unlock();
    }
}

fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let there = match std::fs::metadata(path) {
        Ok(there) => there,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let here = file.metadata()?;
    Ok((here.dev(), here.ino()) == (there.dev(), there.ino()))
}
