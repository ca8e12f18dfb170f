//! Lock of a draft: one running app at a time holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// File extension of locks.
pub const ENDING: &str = "lock";

/// Lock of a draft. The system releases it when the process ends.
pub struct DraftLock {
    file: File,
    path: PathBuf,
}

impl DraftLock {
    /// Takes the lock of a draft. Returns `None` when another running app holds it.
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
            // The previous holder may have removed the file; the lock is then on a file that no longer has a name.
            if is_linked_at(&file, &path)? {
                return Ok(Some(Self { file, path }));
            }
        }
    }

    /// Releases the lock and removes its file, because the draft no longer exists.
    pub fn remove(self) {
        // Remove while the lock is held. A file that cannot be removed is removed by the next search for drafts.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Drop for DraftLock {
    fn drop(&mut self) {
        // Closing is not enough while a child process that is being started still has a copy of the descriptor.
        let _ = self.file.unlock();
    }
}

fn is_linked_at(file: &File, path: &Path) -> io::Result<bool> {
    let linked = match std::fs::metadata(path) {
        Ok(linked) => linked,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let opened = file.metadata()?;
    Ok((opened.dev(), opened.ino()) == (linked.dev(), linked.ino()))
}
