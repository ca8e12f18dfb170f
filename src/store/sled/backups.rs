//! Decides when the process that has a store open makes a backup, and has it made behind its back.
//!
//! Why not after every change: a backup is the whole store. A small one is backed up when it is closed, and while it is in use
//! some time after the first change that no backup has; so a script with a thousand commands makes few. A large one is backed up
//! once a day.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, Utc};

use super::applier::Applier;
use super::bring_up::SMALL;
use super::ledger::Point;
use crate::connection::StoreError;
use crate::store::backup::shelf::Shelf;
use crate::store::backup::{self, Backup};

/// A store that is closed is backed up again when its newest backup is older than this.
const CLOSED: Duration = Duration::from_mins(1);
/// A store in use is backed up so long after the first change that no backup has.
const IN_USE: Duration = Duration::from_mins(10);
/// A large store is backed up when its newest backup is older than this.
const LARGE: Duration = Duration::from_hours(24);
/// A store that is closed waits so long for its backup, and so long for a copy that goes to another folder.
const PATIENCE: Duration = Duration::from_mins(1);
const PATIENCE_WITH_COPY: Duration = Duration::from_secs(5);
/// Backups leave so much room on a disk, in bytes.
const ROOM: u64 = 32 * 1024 * 1024;

/// How far the making of a backup has come.
enum Stage {
    Made,
    Copied,
}

/// Makes backups of one store.
pub struct Backups {
    applier: Arc<Applier>,
    /// The newest change that a backup has for certain, or that was there when this store was opened.
    covered: u64,
    /// When the first change came that is not.
    uncovered_since: Option<Instant>,
    /// Whether this process changed anything.
    is_changed: bool,
    under_way: Option<Receiver<Stage>>,
}

impl Backups {
    /// For a store that was opened at this point.
    pub const fn new(applier: Arc<Applier>, point: Point) -> Self {
        Self {
            applier,
            covered: point.revision,
            uncovered_since: None,
            is_changed: false,
            under_way: None,
        }
    }

    /// Has a backup made when it is time for one.
    pub fn follow(&mut self, point: Point) {
        if point.revision == self.covered {
            return;
        }
        self.is_changed = true;
        let since = *self.uncovered_since.get_or_insert_with(Instant::now);
        if since.elapsed() < IN_USE || self.is_under_way() {
            return;
        }
        self.covered = point.revision;
        self.uncovered_since = None;
        if is_large(point) && !self.is_older_than(LARGE, point) {
            return;
        }
        self.start();
    }

    /// Has a last backup made, and waits for it.
    pub fn close(&mut self, point: Point) {
        let spacing = if is_large(point) { LARGE } else { CLOSED };
        let is_worth_a_wait = self.is_changed || !is_large(point);
        if is_worth_a_wait && !self.is_under_way() && self.is_older_than(spacing, point) {
            self.start();
        }
        let Some(stages) = self.under_way.take() else {
            return;
        };
        // One that ends without a word has told why.
        if let Ok(Stage::Made) = stages.recv_timeout(PATIENCE) {
            let copied = stages.recv_timeout(PATIENCE_WITH_COPY);
            if matches!(copied, Err(RecvTimeoutError::Timeout)) {
                self.applier.notices.tell(
                    "Copying the newest backup is taking too long; it is retried next time".into(),
                );
            }
        }
    }

    fn is_under_way(&mut self) -> bool {
        let Some(stages) = &self.under_way else {
            return false;
        };
        loop {
            match stages.try_recv() {
                Ok(Stage::Made) => {}
                Err(std::sync::mpsc::TryRecvError::Empty) => return true,
                Ok(Stage::Copied) | Err(std::sync::mpsc::TryRecvError::Disconnected) => break,
            }
        }
        self.under_way = None;
        false
    }

    /// Whether there is something that the newest backup does not have, and that one is so old.
    fn is_older_than(&self, spacing: Duration, point: Point) -> bool {
        if point.revision == 0 {
            return false;
        }
        let Ok(found) = Shelf::of_store(&self.applier.data).all() else {
            return true;
        };
        let store = self.applier.identity.store;
        let labels = found.into_iter().filter_map(|found| found.label.ok());
        let newest = labels
            .filter(|label| label.identity().store == store)
            .max_by_key(|label| label.about.made);
        let Some(newest) = newest else {
            return true;
        };
        // A backup from the future was made by a clock that was wrong.
        let age = SystemTime::now().duration_since(newest.about.made.into());
        newest.head.revision < point.revision && age.map_or(true, |age| age >= spacing)
    }

    fn start(&mut self) {
        let applier = Arc::clone(&self.applier);
        let (tell, stages) = channel();
        let started = std::thread::Builder::new()
            .name("umai-store-backup".into())
            .spawn(move || {
                let Some(made) = make(&applier) else {
                    return;
                };
                // Nobody waits when the store is in use.
                let _ = tell.send(Stage::Made);
                copy(&applier, &made);
                let _ = tell.send(Stage::Copied);
            });
        match started {
            Ok(_) => self.under_way = Some(stages),
            Err(error) => tracing::warn!(%error, "starting the backup thread failed"),
        }
    }
}

const fn is_large(point: Point) -> bool {
    point.digest.count > SMALL
}

fn make(applier: &Applier) -> Option<Backup> {
    let data = &applier.data;
    let stamp = applier.backups.stamp.get().cloned();
    let made = has_room(data).and_then(|()| backup::create_automatic(data, stamp, now()));
    match made {
        Ok(made) => Some(made),
        Err(error) => {
            applier.notices.tell(format!(
                "No backup of the store was created: {error}. Nothing is lost; umai tries again later"
            ));
            None
        }
    }
}

/// Refuses when the disk would be full after it: what is saved needs the room more.
fn has_room(data: &Path) -> Result<(), StoreError> {
    let needed = backup_size(data) * 2 + ROOM;
    let has = rustix::fs::statvfs(data)
        .is_ok_and(|found| found.f_bavail.saturating_mul(found.f_frsize) >= needed);
    if has {
        return Ok(());
    }
    Err(StoreError::Unusable(format!(
        "the disk of {} is almost full",
        data.display()
    )))
}

/// How large a backup becomes at most, as far as the files tell.
fn backup_size(data: &Path) -> u64 {
    let files = crate::store::content::files_of(data).unwrap_or_default();
    let sizes = files.iter().filter_map(|path| std::fs::metadata(path).ok());
    sizes.map(|found| found.len()).sum()
}

fn copy(applier: &Applier, made: &Backup) {
    let Some(folder) = &applier.backups.copies else {
        return;
    };
    if let Err(error) = backup::copy(made, folder, now()) {
        applier.notices.tell(format!(
            "The backup {} was not copied: {error}. It is kept next to the store; the next backup is copied again",
            made.path.display()
        ));
    }
}

fn now() -> DateTime<Utc> {
    Utc::now()
}
