//! Lock of a data directory: one process at a time opens the store.

use std::fs::File;
use std::io::{ErrorKind, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::io_error::{self, io_error};
use crate::connection::StoreError;

/// Name of the lock file, which contains the ID of the process that holds the lock.
pub const FILE: &str = "lock";

/// Exclusive right to use a data directory. The system releases the lock when the process ends.
///
/// Both the lock file and the directory itself are locked: the file can be removed while it is locked, and another process would
/// then lock a new one.
///
/// On a read-only disk the directory is locked for shared use: several processes may read the store.
pub struct StoreLock {
    /// `None` on a read-only disk.
    file: Option<File>,
    directory: File,
}

impl Drop for StoreLock {
    fn drop(&mut self) {
        // Closing is not enough while a child process that is being started still has a copy of the descriptor.
        for locked in self.file.iter().chain([&self.directory]) {
            let _ = flock(locked, FlockOperation::Unlock);
        }
    }
}

impl StoreLock {
    /// Takes the lock, or returns [`StoreError::Held`] with the current holder.
    pub fn take(folder: &Path) -> Result<Self, StoreError> {
        let lock = Self::open(folder)?;
        let locked = lock.acquire(
            FlockOperation::NonBlockingLockExclusive,
            FlockOperation::NonBlockingLockShared,
        );
        if locked.is_err() {
            return Err(held_error(folder));
        }
        Ok(lock.with_pid())
    }

    /// Takes the lock, waiting up to `timeout` for a process that is closing.
    pub fn take_within(folder: &Path, timeout: Duration) -> Result<Self, StoreError> {
        match Self::take(folder) {
            Err(StoreError::Held { .. }) => {}
            other => return other,
        }
        let lock = Self::open(folder)?;
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::Builder::new()
            .name("umai-store-wait".into())
            .spawn(move || {
                let locked =
                    lock.acquire(FlockOperation::LockExclusive, FlockOperation::LockShared);
                if locked.is_ok() {
                    // After a timeout there is no receiver, and the lock is released when it is dropped.
                    let _ = sender.send(lock);
                }
            })
            .map_err(|error| io_error(folder, &error))?;
        receiver
            .recv_timeout(timeout)
            .map(Self::with_pid)
            .map_err(|_| held_error(folder))
    }

    /// Returns true when the store was opened on a read-only disk. Another process may have the same lock, so nothing may be written
    /// even if the disk becomes writable.
    pub const fn is_shared(&self) -> bool {
        self.file.is_none()
    }

    /// Opens the lock file and the directory, not locked yet.
    fn open(folder: &Path) -> Result<Self, StoreError> {
        let directory = File::open(folder).map_err(|error| io_error(folder, &error))?;
        let path = folder.join(FILE);
        let file = match open_file(&path) {
            Err(error) if error.kind() == ErrorKind::ReadOnlyFilesystem => None,
            file => Some(file.map_err(|error| io_error(&path, &error))?),
        };
        Ok(Self { file, directory })
    }

    fn acquire(&self, exclusive: FlockOperation, shared: FlockOperation) -> Result<(), Errno> {
        match &self.file {
            Some(file) => {
                flock(file, exclusive).and_then(|()| lock_directory(&self.directory, exclusive))
            }
            None => lock_directory(&self.directory, shared),
        }
    }

    fn with_pid(mut self) -> Self {
        if let Some(file) = &mut self.file {
            // The process ID is informational: a full disk must not prevent opening the store.
            let _ = file
                .set_len(0)
                .and_then(|()| file.rewind())
                .and_then(|()| writeln!(file, "{}", std::process::id()));
        }
        self
    }
}

/// Locks a directory. Without effect on file systems that cannot lock directories, such as NFS.
fn lock_directory(directory: &File, operation: FlockOperation) -> Result<(), Errno> {
    match flock(directory, operation) {
        Err(Errno::BADF | Errno::NOTSUP | Errno::NOLCK | Errno::INVAL) => Ok(()),
        locked => locked,
    }
}

fn open_file(path: &Path) -> std::io::Result<File> {
    io_error::no_follow()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

/// Returns the error that names the process holding the lock.
pub fn held_error(folder: &Path) -> StoreError {
    StoreError::Held {
        folder: folder.display().to_string(),
        pid: owner_pid(folder).unwrap_or_else(|| "unknown".into()),
    }
}

/// Returns true when the process that holds the lock is suspended, as far as the system reports it.
pub fn is_owner_suspended(folder: &Path) -> bool {
    let Some(pid) = owner_pid(folder) else {
        return false;
    };
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid).join("stat"));
    // The state follows the process name, which is in parentheses and may contain any character.
    stat.is_ok_and(|stat| {
        stat.rsplit_once(") ")
            .is_some_and(|(_, rest)| rest.starts_with(['T', 't']))
    })
}

/// ID of the process that took the lock last.
pub fn owner_pid(folder: &Path) -> Option<String> {
    let written = std::fs::read_to_string(folder.join(FILE)).unwrap_or_default();
    match written.trim().parse::<u32>() {
        Ok(pid) => Some(pid.to_string()),
        // The lock file was removed and created again.
        Err(_) => locking_pid(folder),
    }
}

/// ID of the process that locks a directory, as far as the system reports it.
fn locking_pid(folder: &Path) -> Option<String> {
    let inode = std::fs::metadata(folder).ok()?.ino().to_string();
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    // 1: FLOCK  ADVISORY  WRITE 4711 08:01:131073 0 EOF
    locks.lines().find_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let [_, "FLOCK", _, "WRITE", pid, file, ..] = fields[..] else {
            return None;
        };
        (file.rsplit(':').next() == Some(inode.as_str())).then(|| pid.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_lock_excludes_writers() {
        let folder = tempfile::tempdir().unwrap();
        let shared = || {
            let mut lock = StoreLock::open(folder.path()).unwrap();
            lock.file = None;
            let operation = FlockOperation::NonBlockingLockShared;
            lock.acquire(operation, operation).unwrap();
            lock
        };
        let (first, second) = (shared(), shared());
        assert!(first.is_shared());
        drop(second);
        assert!(StoreLock::take(folder.path()).is_err());
        drop(first);
        assert!(!StoreLock::take(folder.path()).unwrap().is_shared());
    }

    #[test]
    fn removed_lock_file_does_not_give_the_lock_away() {
        let folder = tempfile::tempdir().unwrap();
        let lock = StoreLock::take(folder.path()).unwrap();
        std::fs::remove_file(folder.path().join(FILE)).unwrap();
        let Err(StoreError::Held { pid, .. }) = StoreLock::take(folder.path()) else {
            panic!("a second process got the lock");
        };
        if cfg!(target_os = "linux") {
            assert_eq!(pid, std::process::id().to_string());
        }
        drop(lock);
        assert!(StoreLock::take(folder.path()).is_ok());
    }
}
