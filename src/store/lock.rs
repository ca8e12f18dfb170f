//! Decides which process opens the store in a data folder: one at a time.

use std::fs::{File, OpenOptions};
use std::io::{Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use super::files::unusable;
use crate::connection::StoreError;

/// The name of the file that is locked; what is in it is the id of the process that did.
const FILE: &str = "lock";

/// The right to use a data folder. The system takes it back when the process ends, however it ends.
pub struct Lock {
    file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing alone would not do while a child that is just being started still has a copy of the file.
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}

impl Lock {
    /// Takes the lock, or says who has it: that is the one to ask.
    pub fn take(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(FILE);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|error| unusable(&path, &error))?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(held(folder));
        }
        // The process id is a courtesy to whoever is refused: a disk too full for it must not keep the store shut.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self { file })
    }
}

/// The sentence about whoever has the lock.
pub fn held(folder: &Path) -> StoreError {
    let pid = std::fs::read_to_string(folder.join(FILE)).unwrap_or_default();
    let pid = pid.trim();
    StoreError::Held {
        folder: folder.display().to_string(),
        pid: if pid.is_empty() { "unknown" } else { pid }.to_owned(),
    }
}
