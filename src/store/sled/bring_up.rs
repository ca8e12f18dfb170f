//! Brings the index up to date with the journal, or rebuilds it.

use std::path::Path;
use std::sync::Arc;

use super::applier::{Applier, Notices};
use super::ledger::{Ledger, Point};
use super::missing;
use super::open::{Files, Found, Start, Way, nothing_readable, open_view};
use super::rebuild;
use super::repair::{Keeper, make_again};
use super::replay::Replay;
use super::rows::Applied;
use super::verify::{Verdict, verify};
use super::view::View;
use super::views::Views;
use crate::connection::StoreError;
use crate::store::files::{self, unusable};
use crate::store::journal;
use crate::store::journal::digest::Digest;
use crate::store::journal::end::{self, End, Place};
use crate::store::journal::head::{Head, Identity};
use crate::store::journal::segment::Tail;

/// Maximum number of connections of a small store, which is verified before use; larger stores are verified in the background.
pub const SMALL: u64 = 5_000;

/// Store with a ready index.
pub struct Ready {
    /// Checks and numbers changes.
    pub ledger: Ledger,
    /// Maintains the files.
    pub keeper: Keeper,
}

impl Start {
    /// Returns true when the store is small enough to finish immediately.
    pub const fn is_small(&self) -> bool {
        self.point.digest.count <= SMALL
    }

    /// Prepares the index.
    pub fn finish(self) -> Result<Ready, StoreError> {
        let Self {
            applier: shared,
            lock,
            way,
            ..
        } = self;
        let ready = match way {
            Way::Begin => begin(&shared)?,
            Way::Adopt(view, applied) => adopt(&shared, view, &applied)?,
            Way::BringUp(found) => bring_up(&shared, &found)?,
        };
        let State {
            point,
            tail,
            seen,
            damaged,
        } = ready;
        shared.views.set_count(point.digest.count);
        shared.feed.begin_at(point.revision);
        missing::remind(&shared.data, &shared.notices);
        let mut ledger = Ledger::new(Arc::clone(&shared.views), point);
        let mut keeper = Keeper::new(tail, shared, lock, point);
        if damaged {
            keeper.replace_journal();
        }
        if !seen {
            keeper.not_seen();
        }
        if point.digest.count <= SMALL {
            keeper.look_at_all(&mut ledger, || true);
        }
        Ok(Ready { ledger, keeper })
    }
}

/// State of a store with an index in use.
struct State {
    point: Point,
    tail: Tail,
    /// True when the index was verified.
    seen: bool,
    /// True when part of the journal is unusable, so that a snapshot is needed.
    damaged: bool,
}

/// Starts a new store. Flushes the index once, so that an index that lost everything can be distinguished from a new one.
fn begin(shared: &Applier) -> Result<State, StoreError> {
    let point = Point::default();
    files::sync_way_to(&shared.data).map_err(|error| unusable(&shared.data, &error))?;
    let tail = begin_segment(&shared.data, &shared.identity, point)?;
    shared.views.replace(begin_view(shared)?);
    Ok(State {
        point,
        tail,
        seen: true,
        damaged: false,
    })
}

fn begin_view(shared: &Applier) -> Result<View, StoreError> {
    let folder = shared.data.join(rebuild::FOLDER);
    files::create_folder(&folder).map_err(|error| unusable(&folder, &error))?;
    let view = View::open(&folder)?;
    let applied = Applied {
        revision: 0,
        digest: Digest::default(),
        identity: shared.identity.clone(),
    };
    view.apply(vec![applied.row()])?;
    view.write_out()?;
    Ok(view)
}

/// Continues from the index when the journal is missing, if the index is intact.
fn adopt(shared: &Applier, view: View, applied: &Applied) -> Result<State, StoreError> {
    if verify(&view, applied.digest, || true) != Verdict::Sound {
        return Err(nothing_readable(&shared.data));
    }
    let point = applied.point();
    shared.notices.tell(format!(
        "The journal was not found. A new one starts from the index, which has {} connections and all changes up to {}",
        point.digest.count, point.revision
    ));
    let tail = begin_segment(&shared.data, &shared.identity, point)?;
    shared.views.replace(view);
    Ok(State {
        point,
        tail,
        seen: true,
        damaged: true,
    })
}

/// Applies the rest of the journal to the index; rebuilds the index when that fails or the result is wrong.
fn bring_up(shared: &Applier, found: &Files) -> Result<State, StoreError> {
    let Applier {
        data,
        identity,
        views,
        notices,
        ..
    } = shared;
    let (view, applied, trouble) = match usable(open_view(data), identity) {
        (_, _, Some(_)) if found.is_untouched() => {
            // The first start was interrupted before anything was stored.
            match std::fs::remove_dir_all(data.join(rebuild::FOLDER)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(unusable(data, &error));
                }
                _ => (begin_view(shared)?, Point::default(), None),
            }
        }
        usable => usable,
    };
    views.replace(view);
    let mut replay = Replay::new(views, applied, identity, trouble);
    let end = end::read(&found.segments, applied.revision, |entry| replay.add(entry))
        .map_err(|error| unusable(data, &error))?;
    let mut course = Course {
        point: Point {
            revision: end.revision,
            digest: end.digest,
        },
        trouble: replay.finish().or(end.trouble.clone()),
        seen: false,
        damaged: false,
    };
    course.heed_snapshot(found.snapshot.as_ref(), applied);
    course.heed_view(views, applied, &end, notices);
    if let Some(why) = &course.trouble {
        let rebuilt = make_again(data, identity, notices, &views.current(), why)?;
        course.damaged |= rebuilt.has_losses();
        course.seen = true;
        course.point = Point {
            revision: rebuilt.point.revision.max(course.point.revision),
            digest: rebuilt.point.digest,
        };
        rebuild::leave(views.replace(rebuilt.view));
    }
    let Course {
        point,
        seen,
        damaged,
        ..
    } = course;
    Ok(State {
        tail: go_on(shared, point, end.place.filter(|_| !damaged))?,
        point,
        seen,
        damaged,
    })
}

fn go_on(shared: &Applier, point: Point, place: Option<Place>) -> Result<Tail, StoreError> {
    match place {
        Some(place) => Tail::resume(&place).map_err(|error| unusable(&shared.data, &error)),
        None => begin_segment(&shared.data, &shared.identity, point),
    }
}

/// Returns the usable index and its position, or the reason why there is none.
fn usable(view: Result<Found, String>, identity: &Identity) -> (View, Point, Option<String>) {
    let why = match view {
        Ok(Found::View(view, applied)) if applied.identity == *identity => {
            let point = applied.point();
            return (view, point, None);
        }
        Ok(Found::View(view, _)) => {
            rebuild::leave(Arc::new(view));
            "it belongs to another store".into()
        }
        Ok(Found::Nothing) => "it was not found".into(),
        Ok(Found::Empty) => "it was empty".into(),
        Err(why) => why,
    };
    (View::Closed, Point::default(), Some(why))
}

/// Recovery state.
struct Course {
    point: Point,
    /// Reason to rebuild the index.
    trouble: Option<String>,
    /// True when the index was verified.
    seen: bool,
    /// True when part of the journal is unusable, so that a snapshot and a new segment are needed.
    damaged: bool,
}

impl Course {
    /// Compares the newest snapshot with the journal. A snapshot after the end of the journal means that the end was lost. A
    /// snapshot at its end with another digest was created from an index that had lost connections, so the index is not trusted
    /// either.
    fn heed_snapshot(&mut self, snapshot: Option<&Head>, applied: Point) {
        let Some(snapshot) = snapshot.filter(|head| head.revision >= self.point.revision) else {
            return;
        };
        if snapshot.revision == self.point.revision {
            if snapshot.digest != self.point.digest {
                self.trouble
                    .get_or_insert_with(|| "the newest snapshot does not match the journal".into());
            }
            return;
        }
        self.damaged = true;
        if applied.revision < snapshot.revision {
            self.trouble
                .get_or_insert_with(|| "it was older than the newest snapshot".into());
        }
        self.point = Point {
            revision: snapshot.revision,
            digest: snapshot.digest,
        };
    }

    /// Uses an index that is newer than the journal, if it is intact: it has the changes lost from the end of the journal.
    fn heed_view(&mut self, views: &Views, applied: Point, end: &End, notices: &Notices) {
        if self.trouble.is_some() || end.revision >= applied.revision {
            return;
        }
        match verify(&views.current(), applied.digest, || true) {
            Verdict::Sound | Verdict::Stopped => {
                notices.tell(format!(
                    "The end of the journal is damaged: change {} is the last readable one. \
                     Nothing is lost: the index has all changes up to {}",
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
