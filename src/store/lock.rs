//! Decides which process opens the store in a data folder: one at a time.

use std::fs::{File, OpenOptions};
use std::io::{Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use super::files::unusable;
use crate::connection::StoreError;

/// The name of the file that is locked; what is in it is the id of the process that did.
pub const FILE: &str = "lock";

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
        let file = open(folder)?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(held(folder));
        }
        Ok(Self::signed(file))
    }

    /// Takes the lock, and waits so long for a process that is just closing; else says who has it.
    pub fn take_within(folder: &Path, patience: Duration) -> Result<Self, StoreError> {
        match Self::take(folder) {
            Err(StoreError::Held { .. }) => {}
            other => return other,
        }
        let file = open(folder)?;
        let (taken, told) = std::sync::mpsc::channel();
        std::thread::Builder::new()
            .name("umai-store-wait".into())
            .spawn(move || {
                if flock(&file, FlockOperation::LockExclusive).is_ok() {
                    // When it took too long, nobody waits any more, and the file is let go of again.
                    let _ = taken.send(file);
                }
            })
            .map_err(|error| unusable(folder, &error))?;
        told.recv_timeout(patience)
            .map(Self::signed)
            .map_err(|_| held(folder))
    }

    fn signed(mut file: File) -> Self {
        // The process id is a courtesy to whoever is refused: a disk too full for it must not keep the store shut.
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
        .map_err(|error| unusable(&path, &error))
}

/// The sentence about whoever has the lock.
pub fn held(folder: &Path) -> StoreError {
    StoreError::Held {
        folder: folder.display().to_string(),
        pid: holder(folder).unwrap_or_else(|| "unknown".into()),
    }
}

/// Whether the process that has the lock was stopped, as far as the system tells.
pub fn is_holder_stopped(folder: &Path) -> bool {
    let Some(pid) = holder(folder) else {
        return false;
    };
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid).join("stat"));
    // The state stands behind the name, which is in brackets and may have any letter in it.
    stat.is_ok_and(|stat| {
        stat.rsplit_once(") ")
            .is_some_and(|(_, rest)| rest.starts_with(['T', 't']))
    })
}

/// The id of the process that took the lock last.
pub fn holder(folder: &Path) -> Option<String> {
    let written = std::fs::read_to_string(folder.join(FILE)).ok()?;
    let pid: u32 = written.trim().parse().ok()?;
    Some(pid.to_string())
}
