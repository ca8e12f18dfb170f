//! Lock of a data directory: one process at a time opens the store.

use std::fs::{File, OpenOptions};
use std::io::{Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use super::io_error::io_error;
use crate::connection::StoreError;

/// Name of the lock file, which contains the ID of the process that holds the lock.
pub const FILE: &str = "lock";

/// Exclusive right to use a data directory. The system releases the lock when the process ends.
pub struct StoreLock {
    file: File,
}

impl Drop for StoreLock {
    fn drop(&mut self) {
        // Closing is not enough while a child process that is being started still has a copy of the descriptor.
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}

impl StoreLock {
    /// Takes the lock, or returns [`StoreError::Held`] with the current holder.
    pub fn take(folder: &Path) -> Result<Self, StoreError> {
        let file = open(folder)?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(held_error(folder));
        }
        Ok(Self::with_pid(file))
    }

    /// Takes the lock, waiting up to `timeout` for a process that is closing.
    pub fn take_within(folder: &Path, timeout: Duration) -> Result<Self, StoreError> {
        match Self::take(folder) {
            Err(StoreError::Held { .. }) => {}
            other => return other,
        }
        let file = open(folder)?;
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::Builder::new()
            .name("umai-store-wait".into())
            .spawn(move || {
                if flock(&file, FlockOperation::LockExclusive).is_ok() {
                    // After a timeout there is no receiver, and the lock is released when `file` is dropped.
                    let _ = sender.send(file);
                }
            })
            .map_err(|error| io_error(folder, &error))?;
        receiver
            .recv_timeout(timeout)
            .map(Self::with_pid)
            .map_err(|_| held_error(folder))
    }

    fn with_pid(mut file: File) -> Self {
        // The process ID is informational: a full disk must not prevent opening the store.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        Self { file }
    }
}

fn open(folder: &Path) -> Result<File, StoreError> {
    let path = folder.join(FILE);
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(|error| io_error(&path, &error))
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
    let written = std::fs::read_to_string(folder.join(FILE)).ok()?;
    let pid: u32 = written.trim().parse().ok()?;
    Some(pid.to_string())
}
