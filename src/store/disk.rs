//! Disk with the data directory: its free space, and reasons why the index cannot be written to it.

use std::io;
use std::path::Path;

use rustix::fs::{StatVfs, StatVfsMountFlags};

use crate::connection::StoreError;

/// Free space in bytes that sled needs.
const REQUIRED_SPACE: u64 = 4 * 1024 * 1024;
/// Free inodes that sled needs: one for a snapshot of its own, and for what it replaces.
const REQUIRED_INODES: u64 = 4;

/// Reason why sled cannot write to a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskObstacle {
    /// The disk is read-only.
    ReadOnly,
    /// Files can be changed, but not created.
    NoInodes,
    /// No space is left.
    Full,
}

impl DiskObstacle {
    /// Returns the obstacle of the disk with a data directory, if it has one.
    pub fn find(data: &Path) -> Option<Self> {
        let disk = rustix::fs::statvfs(data).ok()?;
        if disk.f_flag.contains(StatVfsMountFlags::RDONLY) {
            return Some(Self::ReadOnly);
        }
        // Some file systems have no fixed number of inodes and report none.
        if disk.f_files > 0 && disk.f_favail < REQUIRED_INODES {
            return Some(Self::NoInodes);
        }
        let is_full = free_space_of(&disk) < REQUIRED_SPACE;
        is_full.then_some(Self::Full)
    }

    /// Returns the error of every change of a store on a read-only disk.
    pub fn read_only_error(data: &Path) -> Option<StoreError> {
        let obstacle = Self::find(data).filter(|obstacle| *obstacle == Self::ReadOnly)?;
        Some(StoreError::Other(format!(
            "{}. Start umai again when it can be written",
            obstacle.notice(data)
        )))
    }

    /// Describes the obstacle: a clause such as `the disk of /data is full`.
    pub fn describe(self, data: &Path) -> String {
        let what = match self {
            Self::ReadOnly => "is read-only",
            Self::NoInodes => "has no free inodes",
            Self::Full => "is full",
        };
        format!("the disk of {} {what}", data.display())
    }

    /// Returns the notice of a store that opens in spite of the obstacle.
    pub fn notice(self, data: &Path) -> String {
        let what = self.describe(data);
        match self {
            Self::ReadOnly => format!("Connections can be read but not changed: {what}"),
            Self::NoInodes | Self::Full => in_memory_notice(&what),
        }
    }
}

/// Returns the free space in bytes on the disk with a data directory.
pub fn free_space(data: &Path) -> io::Result<u64> {
    Ok(free_space_of(&rustix::fs::statvfs(data)?))
}

const fn free_space_of(disk: &StatVfs) -> u64 {
    disk.f_bavail.saturating_mul(disk.f_frsize)
}

/// Returns the notice for an index that is kept in memory only.
pub fn in_memory_notice(why: &str) -> String {
    format!(
        "The index of the connections cannot be written ({why}); it is kept in memory until the next start. \
         Nothing is lost: the journal is complete"
    )
}
