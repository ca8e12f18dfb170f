//! Schedules automatic backups of the open store, created on a background thread.
//!
//! A backup contains the whole store, so it is not created after every change. A small store is backed up when it is closed, and
//! while it is in use some time after the first change without a backup; a script with a thousand commands therefore creates only
//! a few. A large store is backed up once a day.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, Utc};

use super::apply::Applier;
use super::index_header::StorePosition;
use super::recovery::SMALL;
use crate::connection::StoreError;
use crate::store::backup::folder::BackupFolder;
use crate::store::backup::{self, Backup};
use crate::store::disk::{self, DiskObstacle};

/// Minimum age of the newest backup for a backup when a store is closed.
const CLOSED: Duration = Duration::from_mins(1);
/// Time between the first change without a backup and a backup of a store in use.
const IN_USE: Duration = Duration::from_mins(10);
/// Minimum age of the newest backup for a backup of a large store.
const LARGE: Duration = Duration::from_hours(24);
/// Maximum time that closing waits for a backup, and for its copy to another folder.
const BACKUP_TIMEOUT: Duration = Duration::from_mins(1);
const COPY_TIMEOUT: Duration = Duration::from_secs(5);
/// Free space in bytes that a backup must leave on the disk.
const RESERVED: u64 = 32 * 1024 * 1024;

/// Progress of a backup.
enum BackupStage {
    Created,
    Copied,
}

/// Backup scheduler of one store.
pub struct BackupScheduler {
    applier: Arc<Applier>,
    /// Newest revision that is in a backup or existed when the store was opened.
    covered: u64,
    /// Time of the first change that is not covered.
    uncovered_since: Option<Instant>,
    /// True when this process changed the store.
    is_changed: bool,
    running: Option<Receiver<BackupStage>>,
}

impl BackupScheduler {
    /// Starts with the state at which the store was opened.
    pub const fn new(applier: Arc<Applier>, position: StorePosition) -> Self {
        Self {
            applier,
            covered: position.revision,
            uncovered_since: None,
            is_changed: false,
            running: None,
        }
    }

    /// Starts a backup when one is due.
    pub fn run_if_due(&mut self, position: StorePosition) {
        if position.revision == self.covered {
            return;
        }
        self.is_changed = true;
        let since = *self.uncovered_since.get_or_insert_with(Instant::now);
        if since.elapsed() < IN_USE || self.is_running() {
            return;
        }
        self.covered = position.revision;
        self.uncovered_since = None;
        if is_large(position) && !self.is_older_than(LARGE, position) {
            return;
        }
        self.start();
    }

    /// Starts a final backup if needed, and waits for it.
    pub fn close(&mut self, position: StorePosition) {
        let spacing = if is_large(position) { LARGE } else { CLOSED };
        let is_worth_waiting = self.is_changed || !is_large(position);
        if is_worth_waiting && !self.is_running() && self.is_older_than(spacing, position) {
            self.start();
        }
        let Some(stages) = self.running.take() else {
            return;
        };
        // A backup that failed has added a notice.
        if let Ok(BackupStage::Created) = stages.recv_timeout(BACKUP_TIMEOUT) {
            let copied = stages.recv_timeout(COPY_TIMEOUT);
            if matches!(copied, Err(RecvTimeoutError::Timeout)) {
                self.applier.notices.add(
                    "Copying the newest backup is taking too long; it is retried next time".into(),
                );
            }
        }
    }

    fn is_running(&mut self) -> bool {
        let Some(stages) = &self.running else {
            return false;
        };
        loop {
            match stages.try_recv() {
                Ok(BackupStage::Created) => {}
                Err(std::sync::mpsc::TryRecvError::Empty) => return true,
                Ok(BackupStage::Copied) | Err(std::sync::mpsc::TryRecvError::Disconnected) => break,
            }
        }
        self.running = None;
        false
    }

    /// Returns true when the store has changes that are not in its newest backup, and that backup has at least this age.
    fn is_older_than(&self, spacing: Duration, position: StorePosition) -> bool {
        if position.revision == 0 {
            return false;
        }
        let Ok(found) = BackupFolder::for_store(&self.applier.data).all() else {
            return true;
        };
        let store = self.applier.access.identity.store;
        let labels = found.into_iter().filter_map(|found| found.label.ok());
        let newest = labels
            .filter(|label| label.identity().store == store)
            .max_by_key(|label| label.info.created);
        let Some(newest) = newest else {
            return true;
        };
        // A backup from the future was created with a wrong clock.
        let age = SystemTime::now().duration_since(newest.info.created.into());
        newest.header.revision < position.revision && age.map_or(true, |age| age >= spacing)
    }

    fn start(&mut self) {
        let applier = Arc::clone(&self.applier);
        let (progress, stages) = channel();
        let started = std::thread::Builder::new()
            .name("umai-store-backup".into())
            .spawn(move || {
                let Some(made) = create_backup(&applier) else {
                    return;
                };
                // The receiver is gone when the store is in use.
                let _ = progress.send(BackupStage::Created);
                copy(&applier, &made);
                let _ = progress.send(BackupStage::Copied);
            });
        match started {
            Ok(_) => self.running = Some(stages),
            Err(error) => tracing::warn!(%error, "starting the backup thread failed"),
        }
    }
}

const fn is_large(position: StorePosition) -> bool {
    position.digest.count > SMALL
}

fn create_backup(applier: &Applier) -> Option<Backup> {
    let data = &applier.data;
    let obstacle = DiskObstacle::find(data);
    if obstacle == Some(DiskObstacle::ReadOnly) {
        // Nothing has changed either.
        return None;
    }
    let signer = applier.backups.signer.get();
    let made = check_space(data, obstacle)
        .and_then(|()| backup::create_automatic(data, applier.access.auth(), signer, now()));
    match made {
        Ok(made) => Some(made),
        Err(error) => {
            applier.notices.add(format!(
                "No backup of the store was created: {error}. Nothing is lost; umai tries again later"
            ));
            None
        }
    }
}

/// Returns an error when a backup would almost fill the disk, whose space is needed for changes.
fn check_space(data: &Path, obstacle: Option<DiskObstacle>) -> Result<(), StoreError> {
    if let Some(obstacle) = obstacle {
        return Err(StoreError::Other(obstacle.describe(data)));
    }
    let needed = backup_size(data) * 2 + RESERVED;
    if disk::free_space(data).is_ok_and(|free| free >= needed) {
        return Ok(());
    }
    Err(StoreError::Other(format!(
        "the disk of {} is almost full",
        data.display()
    )))
}

/// Upper bound of the size of a backup in bytes.
fn backup_size(data: &Path) -> u64 {
    let files = crate::store::offline_reader::list_files(data).unwrap_or_default();
    let sizes = files.iter().filter_map(|path| std::fs::metadata(path).ok());
    sizes.map(|found| found.len()).sum()
}

fn copy(applier: &Applier, made: &Backup) {
    let Some(folder) = &applier.backups.copies else {
        return;
    };
    if let Err(error) = backup::copy(made, folder, now()) {
        applier.notices.add(format!(
            "The backup {} was not copied: {error}. It is kept next to the store; the next backup is copied again",
            made.path.display()
        ));
    }
}

fn now() -> DateTime<Utc> {
    Utc::now()
}
