//! Opens what is in a data folder: finds out where the journal ends, and brings the view there.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::applier::{Applier, Notices};
use super::feed::Feed;
use super::ledger::{Ledger, Point};
use super::rebuild;
use super::repair::{Keeper, make_again};
use super::replay::Replay;
use super::rows::Applied;
use super::verify::{Verdict, verify};
use super::view::View;
use super::views::Views;
use crate::connection::StoreError;
use crate::store::files::{self, unusable};
use crate::store::journal::digest::Digest;
use crate::store::journal::end::{self, End, Place};
use crate::store::journal::head::{Head, Identity, Unreadable};
use crate::store::journal::segment::{Segment, Tail};
use crate::store::journal::{self, snapshot};
use crate::store::lock::Lock;

/// A store with no more connections than this is looked at before it is used; a larger one while it is used.
const SMALL: u64 = 5_000;

/// What was opened.
pub struct Opened {
    /// Decides on changes.
    pub ledger: Ledger,
    /// Keeps the files.
    pub keeper: Keeper,
    /// Applies changes.
    pub applier: Arc<Applier>,
}

/// The files that were found.
struct Files {
    segments: Vec<Segment>,
    snapshots: Vec<(u64, PathBuf)>,
    /// What the newest readable head among them says.
    identity: Option<Identity>,
    /// What the newest snapshot's head says.
    snapshot: Option<Head>,
}

/// Opens the store in `data`; `unlock` gets the store's identity, none for a new one, and answers it when the key fits.
pub fn open(
    data: &Path,
    unlock: impl FnOnce(Option<&Identity>) -> Result<Identity, StoreError>,
) -> Result<Opened, StoreError> {
    files::create_folder(data).map_err(|error| unusable(data, &error))?;
    files::refuse_writable_by_others(data)?;
    let lock = Lock::take(data)?;
    let found = Files::find(data)?;
    let view = open_view(data);
    if found.is_empty() {
        return match view {
            Ok(Found::Nothing) => begin(data, lock, unlock(None)?),
            Ok(Found::View(view, applied)) => adopt(data, lock, view, &applied, unlock),
            Ok(Found::Empty) | Err(_) => Err(nothing_readable(data)),
        };
    }
    let in_view = match &view {
        Ok(Found::View(_, applied)) => Some(applied.identity.clone()),
        Ok(Found::Nothing | Found::Empty) | Err(_) => None,
    };
    let identity = found
        .identity
        .clone()
        .or(in_view)
        .ok_or_else(|| nothing_readable(data))?;
    let identity = unlock(Some(&identity))?;
    bring_up(data, lock, identity, view, &found)
}

impl Files {
    fn find(data: &Path) -> Result<Self, StoreError> {
        let refuse = |error: io::Error| unusable(data, &error);
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

    fn is_empty(&self) -> bool {
        self.segments.is_empty() && self.snapshots.is_empty()
    }
}

/// The head of a file; none when it is damaged.
fn read_head(path: &Path) -> Result<Option<Head>, StoreError> {
    match Head::of(path).map_err(|error| unusable(path, &error))? {
        Ok(head) => Ok(Some(head)),
        Err(Unreadable::Damaged) => Ok(None),
        Err(Unreadable::Newer(format)) => Err(StoreError::Unusable(format!(
            "{} was written by a newer umai (format {format}); nothing was changed. Use that one, or another folder with --data",
            path.display()
        ))),
    }
}

/// What lies in the sled folder.
enum Found {
    /// There is no such folder.
    Nothing,
    /// A view that knows nothing of a journal.
    Empty,
    /// A view, and up to where it was made.
    View(View, Applied),
}

fn open_view(data: &Path) -> Result<Found, String> {
    let folder = data.join(rebuild::FOLDER);
    if !folder.exists() {
        return Ok(Found::Nothing);
    }
    let view = View::open(&folder).map_err(|broken| broken.0)?;
    match view.applied() {
        Ok(Some(applied)) => Ok(Found::View(view, applied)),
        Ok(None) => {
            rebuild::leave(Arc::new(view));
            Ok(Found::Empty)
        }
        Err(broken) => {
            rebuild::leave(Arc::new(view));
            Err(broken.0)
        }
    }
}

fn nothing_readable(data: &Path) -> StoreError {
    StoreError::Unusable(format!(
        "There is a store in {}, but no journal of it that can be read; nothing was changed. \
         Put a backup of the folder back, or use another folder with --data",
        data.display()
    ))
}

/// Begins a new store. The view is written out once, so that one that has lost everything is told from a new one.
fn begin(data: &Path, lock: Lock, identity: Identity) -> Result<Opened, StoreError> {
    let point = Point::default();
    let tail = begin_segment(data, &identity, point)?;
    let folder = data.join(rebuild::FOLDER);
    files::create_folder(&folder).map_err(|error| unusable(&folder, &error))?;
    let view = View::open(&folder)?;
    let applied = Applied {
        revision: 0,
        digest: Digest::default(),
        identity: identity.clone(),
    };
    view.apply(vec![applied.row()])?;
    view.write_out()?;
    let views = Arc::new(Views::new(view, 0));
    Ok(assemble(
        data,
        lock,
        identity,
        views,
        Arc::default(),
        point,
        tail,
    ))
}

/// Goes on from a view whose journal is gone, when the view is whole.
fn adopt(
    data: &Path,
    lock: Lock,
    view: View,
    applied: &Applied,
    unlock: impl FnOnce(Option<&Identity>) -> Result<Identity, StoreError>,
) -> Result<Opened, StoreError> {
    let identity = unlock(Some(&applied.identity))?;
    if verify(&view, applied.digest, || true) != Verdict::Sound {
        return Err(nothing_readable(data));
    }
    let point = Point {
        revision: applied.revision,
        digest: applied.digest,
    };
    let notices = Arc::new(Notices::default());
    notices.tell(format!(
        "The journal was gone. It begins again from the view, which has {} connections and all changes up to {}",
        point.digest.count, point.revision
    ));
    let tail = begin_segment(data, &identity, point)?;
    let views = Arc::new(Views::new(view, point.digest.count));
    let mut opened = assemble(data, lock, identity, views, notices, point, tail);
    opened.keeper.replace_journal();
    opened.keeper.look_at_all(&mut opened.ledger, || true);
    Ok(opened)
}

/// Brings the view to where the journal ends; makes it again when that cannot be done, or when the result is not right.
fn bring_up(
    data: &Path,
    lock: Lock,
    identity: Identity,
    view: Result<Found, String>,
    found: &Files,
) -> Result<Opened, StoreError> {
    let notices = Arc::new(Notices::default());
    let (view, applied, trouble) = usable(view, &identity);
    let views = Arc::new(Views::new(view, applied.digest.count));
    let mut replay = Replay::new(&views, applied, &identity, trouble);
    let end = end::read(&found.segments, applied.revision, |entry| replay.add(entry))
        .map_err(|error| unusable(data, &error))?;
    let trouble = replay.finish().or(end.trouble.clone());
    let mut state = State {
        point: Point {
            revision: end.revision,
            digest: end.digest,
        },
        place: end.place.clone(),
        trouble,
        seen: false,
        damaged: false,
    };
    state.heed_snapshot(found.snapshot.as_ref(), applied);
    state.heed_view(&views, applied, &end, &notices);
    if let Some(why) = &state.trouble {
        let rebuilt = make_again(data, &identity, &notices, why)?;
        state.damaged |= !rebuilt.losses.is_empty();
        state.seen = true;
        state.point = Point {
            revision: rebuilt.revision.max(state.point.revision),
            digest: rebuilt.digest,
        };
        rebuild::leave(views.replace(rebuilt.view));
    }
    views.set_count(state.point.digest.count);
    let tail = match state.place.filter(|_| !state.damaged) {
        Some(place) => Tail::resume(&place).map_err(|error| unusable(data, &error))?,
        None => begin_segment(data, &identity, state.point)?,
    };
    let small = state.point.digest.count <= SMALL;
    let mut opened = assemble(data, lock, identity, views, notices, state.point, tail);
    if state.damaged {
        opened.keeper.replace_journal();
    }
    if !state.seen {
        opened.keeper.not_seen();
    }
    if small {
        opened.keeper.look_at_all(&mut opened.ledger, || true);
    }
    Ok(opened)
}

/// The view that can be brought up, where it is, or why there is none.
fn usable(view: Result<Found, String>, identity: &Identity) -> (View, Point, Option<String>) {
    let why = match view {
        Ok(Found::View(view, applied)) if applied.identity == *identity => {
            let point = Point {
                revision: applied.revision,
                digest: applied.digest,
            };
            return (view, point, None);
        }
        Ok(Found::View(view, _)) => {
            rebuild::leave(Arc::new(view));
            "it was another store's".into()
        }
        Ok(Found::Nothing) => "it was not there".into(),
        Ok(Found::Empty) => "it was empty".into(),
        Err(why) => why,
    };
    (View::Closed, Point::default(), Some(why))
}

/// What is known of the store while it is opened.
struct State {
    point: Point,
    place: Option<Place>,
    /// Why the view has to be made again.
    trouble: Option<String>,
    /// Whether the view was looked at.
    seen: bool,
    /// Whether part of the journal is of no use any more, so that a snapshot and a new segment are due.
    damaged: bool,
}

impl State {
    /// A snapshot at the end of the journal knows better what the store amounts to: it was taken because the journal was
    /// damaged. One after the end of the journal means that its end is gone.
    fn heed_snapshot(&mut self, snapshot: Option<&Head>, applied: Point) {
        let Some(snapshot) = snapshot.filter(|head| head.revision >= self.point.revision) else {
            return;
        };
        if snapshot.revision > self.point.revision {
            self.damaged = true;
            if applied.revision < snapshot.revision {
                self.trouble
                    .get_or_insert_with(|| "it was older than the newest snapshot".into());
            }
        }
        self.point = Point {
            revision: snapshot.revision,
            digest: snapshot.digest,
        };
    }

    /// A view that has more than the journal, and is right in itself, has what the end of the journal lost.
    fn heed_view(&mut self, views: &Views, applied: Point, end: &End, notices: &Notices) {
        if self.trouble.is_some() || end.revision >= applied.revision {
            return;
        }
        match verify(&views.current(), applied.digest, || true) {
            Verdict::Sound | Verdict::Stopped => {
                notices.tell(format!(
                    "The end of the journal is damaged: change {} is the last one in it that can be read. \
                     Nothing is lost: the view has all changes up to {}",
                    end.revision, applied.revision
                ));
                self.point = applied;
                self.seen = true;
                self.damaged = true;
            }
            Verdict::Unsound(why) => self.trouble = Some(why),
        }
    }
}

fn begin_segment(data: &Path, identity: &Identity, point: Point) -> Result<Tail, StoreError> {
    let folder = data.join(journal::FOLDER);
    let head = Head {
        identity: identity.clone(),
        revision: point.revision + 1,
        digest: point.digest,
    };
    files::create_folder(&folder)
        .and_then(|()| Tail::create(&folder, &head))
        .map_err(|error| unusable(&folder, &error))
}

fn assemble(
    data: &Path,
    lock: Lock,
    identity: Identity,
    views: Arc<Views>,
    notices: Arc<Notices>,
    point: Point,
    tail: Tail,
) -> Opened {
    let applier = Arc::new(Applier {
        identity,
        data: data.to_owned(),
        feed: Arc::new(Feed::new(data.join(journal::FOLDER), point.revision)),
        views: Arc::clone(&views),
        notices,
    });
    Opened {
        ledger: Ledger::new(views, point),
        keeper: Keeper::new(tail, Arc::clone(&applier), lock),
        applier,
    }
}
