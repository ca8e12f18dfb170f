//! Opens a data folder: finds the store, checks its key, and finds the end of the journal. The index is opened later.
//!
//! Opening sled takes a time that grows with the store; with two steps, the screen can be drawn before its list is available.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::applier::{Applier, Notices};
use super::feed::Feed;
use super::ledger::Point;
use super::rebuild;
use super::rows::Applied;
use super::view::View;
use super::views::Views;
use crate::connection::StoreError;
use crate::store::backup::BackupPlan;
use crate::store::backup::shelf::Shelf;
use crate::store::exchange;
use crate::store::files::{self, io_error};
use crate::store::journal::end;
use crate::store::journal::head::{self, Head, Identity, Unreadable};
use crate::store::journal::segment::Segment;
use crate::store::journal::{self, snapshot};
use crate::store::lock::Lock;

/// Store that was found, with the lock held.
pub struct Start {
    /// Shared parts of the store; the index is still closed.
    pub applier: Arc<Applier>,
    /// End of the journal according to its newest segment.
    pub point: Point,
    pub(super) lock: Lock,
    pub(super) way: Way,
}

/// Source of the index.
pub(super) enum Way {
    /// The store is new.
    Begin,
    /// There is an index but no journal.
    Adopt(View, Applied),
    /// There is a journal.
    BringUp(Files),
}

/// Files of a store.
pub(super) struct Files {
    pub(super) segments: Vec<Segment>,
    snapshots: Vec<(u64, PathBuf)>,
    /// Identity in the newest readable header.
    identity: Option<Identity>,
    /// Header of the newest snapshot.
    pub(super) snapshot: Option<Head>,
}

/// Opens the store in `data`. `unlock` gets its identity, `None` for a new one, and returns the identity to use when the key
/// matches.
pub fn open(
    data: &Path,
    unlock: impl FnOnce(Option<&Identity>) -> Result<Identity, StoreError>,
    backups: BackupPlan,
) -> Result<Start, StoreError> {
    files::create_folder(data).map_err(|error| io_error(data, &error))?;
    files::reject_writable_by_others(data)?;
    let lock = Lock::take(data)?;
    files::refuse_forbidden(data, &data.join(rebuild::FOLDER))?;
    exchange::complete(data).map_err(|error| io_error(data, &error))?;
    let found = Files::find(data)?;
    let start = |identity, point, way| Start::new(data, lock, (identity, backups), point, way);
    if !found.is_empty() {
        let identity = match &found.identity {
            Some(identity) => unlock(Some(identity))?,
            None => unlock(Some(&identity_of_view(data)?))?,
        };
        let point = found.point().map_err(|error| io_error(data, &error))?;
        return Ok(start(identity, point, Way::BringUp(found)));
    }
    match open_view(data) {
        Ok(Found::Nothing) => {
            refuse_beside_backups(data)?;
            let identity = unlock(None)?;
            Ok(start(identity, Point::default(), Way::Begin))
        }
        Ok(Found::View(view, applied)) => {
            let identity = unlock(Some(&applied.identity))?;
            let point = applied.point();
            Ok(start(identity, point, Way::Adopt(view, applied)))
        }
        Ok(Found::Empty) | Err(_) => Err(nothing_readable(data)),
    }
}

/// Reads the identity of the store from its journal; `None` when there is no store.
pub fn identity_in(data: &Path) -> Result<Option<Identity>, StoreError> {
    let found = Files::find(&exchange::current(data))?;
    match found.identity {
        Some(identity) => Ok(Some(identity)),
        None if found.is_empty() && !data.join(rebuild::FOLDER).exists() => Ok(None),
        None => Err(nothing_readable(data)),
    }
}

impl Start {
    fn new(
        data: &Path,
        lock: Lock,
        (identity, backups): (Identity, BackupPlan),
        point: Point,
        way: Way,
    ) -> Self {
        // Leftovers of a replacement that cannot be removed now are removed by the next start.
        let _ = exchange::remove_leftovers(data);
        let applier = Applier {
            identity,
            backups,
            data: data.to_owned(),
            feed: Arc::new(Feed::new(data.join(journal::FOLDER), point.revision)),
            index: Arc::new(Views::new(View::Closed, point.digest.count)),
            notices: Arc::<Notices>::default(),
        };
        Self {
            applier: Arc::new(applier),
            point,
            lock,
            way,
        }
    }
}

impl Files {
    fn find(data: &Path) -> Result<Self, StoreError> {
        let refuse = |error: io::Error| io_error(data, &error);
        let segments = Segment::all(&data.join(journal::FOLDER)).map_err(refuse)?;
        let snapshots = snapshot::all(data).map_err(refuse)?;
        let mut found = Self {
            identity: None,
            snapshot: None,
            segments,
            snapshots,
        };
        let snapshots = found.snapshots.iter().map(|(_, path)| path);
        let segments = found.segments.iter().map(|segment| &segment.path);
        for path in snapshots.clone().chain(segments) {
            if let Some(head) = read_head(path)? {
                found.identity = Some(head.identity);
            }
        }
        if let Some((_, path)) = found.snapshots.last() {
            found.snapshot = read_head(path)?;
        }
        Ok(found)
    }

    /// End of the journal according to its newest segment.
    fn point(&self) -> io::Result<Point> {
        let end = end::read(&self.segments, u64::MAX - 1, |_| {})?;
        let mut point = Point {
            revision: end.revision,
            digest: end.digest,
        };
        if let Some(head) = &self.snapshot
            && head.revision > point.revision
        {
            point = Point {
                revision: head.revision,
                digest: head.digest,
            };
        }
        Ok(point)
    }

    /// Returns true when the first segment was created but never written, not even preallocated: the first start was interrupted.
    pub(super) fn is_untouched(&self) -> bool {
        let [only] = &*self.segments else {
            return false;
        };
        let length = std::fs::metadata(&only.path).map(|found| found.len());
        self.snapshots.is_empty()
            && only.first == 1
            && length.is_ok_and(|length| length == head::LENGTH as u64)
    }

    fn is_empty(&self) -> bool {
        self.segments.is_empty() && self.snapshots.is_empty()
    }
}

/// Refuses to create a store in a folder with backups: the store existed and was lost.
fn refuse_beside_backups(data: &Path) -> Result<(), StoreError> {
    let backups = Shelf::for_store(data).all();
    let count = backups.map_err(|error| io_error(data, &error))?.len();
    if count == 0 {
        return Ok(());
    }
    Err(StoreError::Unusable(format!(
        "There is no store in {data}, but there are {count} backups; nothing was changed. \
         Restore the newest: umai backup restore --newest; or use another folder with --data",
        data = data.display()
    )))
}

/// Reads the header of a file; `None` when it is damaged.
pub fn read_head(path: &Path) -> Result<Option<Head>, StoreError> {
    match Head::of(path).map_err(|error| io_error(path, &error))? {
        Ok(head) => Ok(Some(head)),
        Err(Unreadable::Damaged) => Ok(None),
        Err(Unreadable::Newer(format)) => Err(StoreError::Unusable(format!(
            "{} was written by a newer umai (format {format}); nothing was changed. Use that version, or another folder with --data",
            path.display()
        ))),
    }
}

/// State of the sled folder.
pub(super) enum Found {
    /// The folder does not exist.
    Nothing,
    /// An index without a journal position.
    Empty,
    /// An index and its position.
    View(View, Applied),
}

pub(super) fn open_view(data: &Path) -> Result<Found, String> {
    let folder = data.join(rebuild::FOLDER);
    if !folder.try_exists().map_err(|error| error.to_string())? {
        return Ok(Found::Nothing);
    }
    if !rebuild::has_space(data) {
        return Err(format!("the disk of {} is full", data.display()));
    }
    let view = View::open(&folder).map_err(|broken| broken.0)?;
    match view.applied() {
        Ok(Some(applied)) => Ok(Found::View(view, applied)),
        Ok(None) => {
            rebuild::abandon(Arc::new(view));
            Ok(Found::Empty)
        }
        Err(broken) => {
            rebuild::abandon(Arc::new(view));
            Err(broken.0)
        }
    }
}

/// Reads the identity from the index when no journal file has it.
fn identity_of_view(data: &Path) -> Result<Identity, StoreError> {
    match open_view(data) {
        Ok(Found::View(_, applied)) => Ok(applied.identity),
        Ok(Found::Nothing | Found::Empty) | Err(_) => Err(nothing_readable(data)),
    }
}

pub(super) fn nothing_readable(data: &Path) -> StoreError {
    StoreError::Unusable(format!(
        "The store in {} has no readable journal; nothing was changed. \
         Restore a backup: umai backup restore --newest; or use another folder with --data",
        data.display()
    ))
}
