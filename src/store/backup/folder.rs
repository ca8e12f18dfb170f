//! Folder of backups: listing, adding and retention.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
use rustix::fs::{Advice, fadvise};
use uuid::Uuid;

use super::file::{self, BackupFault, BackupLabel, BackupOrigin};
use crate::store::io_error;

/// File extension of backups.
pub const EXTENSION: &str = "backup";
/// Folder of the backups in the data directory.
const FOLDER: &str = "backups";
/// Prefix of the extension of an unfinished backup, before a unique number.
const UNFINISHED: &str = "part-";
/// Age at which an unfinished backup is considered abandoned.
const ABANDONED_AFTER: Duration = Duration::from_hours(24);

/// Number of automatic backups kept regardless of age.
const MAX_NEWEST: usize = 10;
/// Number of days for which the newest backup of each day is kept in addition.
const DAYS: i64 = 7;

/// Backup file in a folder.
#[derive(Debug, Clone, PartialEq)]
pub struct BackupFile {
    /// Path of the file.
    pub path: PathBuf,
    /// Label, or the reason why the backup is unusable.
    pub label: Result<BackupLabel, BackupFault>,
}

impl BackupFile {
    /// Reads the label of a file.
    pub fn read(path: PathBuf) -> Self {
        Self {
            label: file::label(&path),
            path,
        }
    }

    /// Sort key, newest last: by revision, then by time.
    fn rank(&self) -> Option<(u64, DateTime<Utc>)> {
        let label = self.label.as_ref().ok()?;
        Some((label.header.revision, label.info.created))
    }
}

/// Folder of backups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupFolder {
    folder: PathBuf,
}

impl BackupFolder {
    /// Returns the backup folder of a store.
    pub fn for_store(data: &Path) -> Self {
        Self::new(data.join(FOLDER))
    }

    /// Returns another backup folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Path of the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Lists the backups, newest first. Empty when the folder does not exist.
    pub fn all(&self) -> io::Result<Vec<BackupFile>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == EXTENSION) {
                found.push(BackupFile::read(path));
            }
        }
        found.sort_by(|one, other| {
            let by_rank = other.rank().cmp(&one.rank());
            by_rank.then_with(|| other.path.cmp(&one.path))
        });
        Ok(found)
    }

    /// Adds a backup: written to a temporary file, synced, verified from the disk, then linked, so that no other is replaced.
    pub fn add(
        &self,
        name: &str,
        write: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> Result<PathBuf, BackupFault> {
        io_error::create_folder(&self.folder).map_err(|error| BackupFault::unwritable(&error))?;
        let path = self.free_path(name);
        write_verified(&path, write)?;
        Ok(path)
    }

    /// Returns true when the folder has a copy of a backup.
    pub fn has(&self, backup: &Path) -> bool {
        let copy = backup.file_name().map(|name| self.folder.join(name));
        copy.is_some_and(|copy| file::label(&copy) == file::label(backup))
    }

    fn free_path(&self, name: &str) -> PathBuf {
        let first = std::iter::once(format!("{name}.{EXTENSION}"));
        let more = (2_u32..).map(|number| format!("{name}-{number}.{EXTENSION}"));
        let mut paths = first.chain(more).map(|name| self.folder.join(name));
        paths.find(|path| !path.exists()).unwrap_or_default()
    }

    /// Removes automatic backups of a store that are no longer retained, and abandoned unfinished ones.
    pub fn prune(&self, store: Uuid, now: DateTime<Utc>) -> io::Result<()> {
        let automatic: Vec<(PathBuf, DateTime<Utc>)> = self
            .all()?
            .into_iter()
            .filter_map(|found| {
                let label = found.label.ok()?;
                let is_automatic =
                    label.identity().store == store && label.info.origin == BackupOrigin::Automatic;
                is_automatic.then_some((found.path, label.info.created))
            })
            .collect();
        for path in expired(automatic, now) {
            fs::remove_file(path)?;
        }
        self.remove_abandoned()
    }

    fn remove_abandoned(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let is_unfinished = name.to_str().is_some_and(|name| {
                name.rsplit_once('.').is_some_and(|(name, part)| {
                    name.ends_with(EXTENSION) && part.starts_with(UNFINISHED)
                })
            });
            let written = entry.metadata().and_then(|found| found.modified());
            let age = written.map(|at| SystemTime::now().duration_since(at).unwrap_or_default());
            if is_unfinished && age.is_ok_and(|age| age > ABANDONED_AFTER) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

/// Mark in the name of a backup of a content that was replaced.
pub const REPLACED: &str = "-replaced";

/// Returns true for the backup of a content that was replaced. It is restored when it is named, and never as the newest one.
pub fn is_replaced(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.contains(REPLACED))
}

/// File stem of a backup.
pub fn file_stem(store: Uuid, revision: u64, made: DateTime<Utc>) -> String {
    let store = store.simple().to_string();
    format!(
        "umai-{}-{}-{revision}",
        &store[..8],
        made.format("%Y%m%dT%H%M%SZ")
    )
}

/// Writes a backup to an unused path: to a temporary file, synced, verified from the disk, then linked.
pub fn write_verified(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(), BackupFault> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(format!(".{UNFINISHED}{}", Uuid::new_v4().simple()));
    let aside = PathBuf::from(aside);
    let written = write_and_read(&aside, write).and_then(|()| {
        // Unlike a rename, a link does not replace a file that another process created in between.
        let linked = fs::hard_link(&aside, path).or_else(|_| rename_if_absent(&aside, path));
        linked.map_err(|error| BackupFault::unwritable(&error))
    });
    // Either linked under its final name or unusable. A file that cannot be removed now is removed later as abandoned.
    let _ = fs::remove_file(&aside);
    written?;
    let synced = path.parent().map_or(Ok(()), io_error::sync_folder);
    synced.map_err(|error| BackupFault::unwritable(&error))
}

/// Fallback for file systems without hard links.
fn rename_if_absent(from: &Path, to: &Path) -> io::Result<()> {
    if to.exists() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fs::rename(from, to)
}

fn write_and_read(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(), BackupFault> {
    let written = io_error::create_file(path).and_then(|mut file| {
        write(&mut file)?;
        file.sync_all()?;
        Ok(file)
    });
    let file = written.map_err(|error| BackupFault::unwritable(&error))?;
    // Drop the page cache, so that the verification reads from the disk. Where that is unsupported it reads from memory.
    let _ = fadvise(&file, 0, None, Advice::DontNeed);
    file::check(path)
}

/// Returns the automatic backups that are no longer retained.
fn expired(
    newest_first: Vec<(PathBuf, DateTime<Utc>)>,
    now: DateTime<Utc>,
) -> impl Iterator<Item = PathBuf> {
    let mut days = HashSet::new();
    newest_first
        .into_iter()
        .enumerate()
        .filter_map(move |(newer, (path, made))| {
            let is_first_of_day = days.insert(made.date_naive());
            let is_of_this_week = now - made < TimeDelta::days(DAYS);
            let is_kept = newer < MAX_NEWEST || (is_first_of_day && is_of_this_week);
            (!is_kept).then_some(path)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retention_keeps_ten_backups_and_one_per_day() {
        let now = DateTime::from_timestamp_millis(1_800_000_000_000).unwrap();
        // Two backups a day, newest first; number 0 is from now.
        let made = (0..40).map(|number| {
            let at = now - TimeDelta::hours(12 * number);
            (PathBuf::from(number.to_string()), at)
        });
        let gone: HashSet<String> = expired(made.collect(), now)
            .map(|path| path.display().to_string())
            .collect();
        let kept: Vec<i64> = (0..40)
            .filter(|number| !gone.contains(&number.to_string()))
            .collect();
        // The ten newest span four and a half days; of the days before, the newest backup of each is kept.
        assert_eq!(kept, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13]);
    }

    #[test]
    fn unfinished_backup_is_not_listed() {
        let parent = tempfile::tempdir().unwrap();
        let folder = BackupFolder::new(parent.path().join("backups"));
        let result = folder.add("name", |_| Err(io::Error::other("the disk is full")));
        assert!(matches!(result, Err(BackupFault::Unwritable(_))));
        let result = folder.add("name", |file| {
            io::Write::write_all(file, b"starting the backup thread failed")
        });
        assert_eq!(result, Err(BackupFault::Foreign), "the file is verified");
        assert_eq!(folder.all().unwrap(), []);
        assert_eq!(fs::read_dir(folder.folder()).unwrap().count(), 0);
    }
}
