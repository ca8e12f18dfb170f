//! Lets one process at a time into a data folder.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use super::files::unusable;
use crate::connection::StoreError;

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
    /// Takes the lock, or says who has it.
    pub fn take(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|error| unusable(&path, &error))?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            let mut pid = String::new();
            let read = file.read_to_string(&mut pid);
            let pid = pid.trim();
            return Err(StoreError::Held {
                folder: folder.display().to_string(),
                pid: if read.is_ok() && !pid.is_empty() {
                    pid.to_owned()
                } else {
                    "unknown".into()
                },
            });
        }
        // The process id is a courtesy to whoever is refused: a disk too full for it must not keep the store shut.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self { file })
    }
}
