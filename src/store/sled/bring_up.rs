//! Brings the index up to date with the journal, or rebuilds it.

use std::path::Path;
use std::sync::Arc;

use super::applier::{Applier, Notices};
use super::ledger::{Ledger, Point};
use super::missing;
use super::open::{Files, Found, Start, Way, nothing_readable, open_view};
use super::rebuild;
use super::repair::{Keeper, rebuild_index};
use super::replay::Replay;
use super::rows::Applied;
use super::verify::{Verdict, verify};
use super::view::View;
use super::views::Views;
use crate::connection::StoreError;
use crate::store::files::{self, io_error};
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
            applier, lock, way, ..
        } = self;
        let ready = match way {
            Way::Begin => begin(&applier)?,
            Way::Adopt(view, applied) => adopt(&applier, view, &applied)?,
            Way::BringUp(found) => bring_up(&applier, &found)?,
        };
        let State {
            point,
            tail,
            verified,
            damaged,
        } = ready;
        applier.index.set_count(point.digest.count);
        applier.feed.set_revision(point.revision);
        missing::add_notice(&applier.data, &applier.notices);
        let mut ledger = Ledger::new(Arc::clone(&applier.index), point);
        let mut keeper = Keeper::new(tail, applier, lock, point);
        if damaged {
            keeper.request_snapshot();
        }
        if !verified {
            keeper.require_verification();
        }
        if point.digest.count <= SMALL {
            keeper.verify_all(&mut ledger, || true);
        }
        Ok(Ready { ledger, keeper })
    }
}

/// State of a store with an index in use.
struct State {
    point: Point,
    tail: Tail,
    /// True when the index was verified.
    verified: bool,
    /// True when part of the journal is unusable, so that a snapshot is needed.
    damaged: bool,
}

/// Starts a new store. Flushes the index once, so that an index that lost everything can be distinguished from a new one.
fn begin(applier: &Applier) -> Result<State, StoreError> {
    let point = Point::default();
    files::sync_parents(&applier.data).map_err(|error| io_error(&applier.data, &error))?;
    let tail = begin_segment(&applier.data, &applier.identity, point)?;
    applier.index.replace(begin_view(applier)?);
    Ok(State {
        point,
        tail,
        verified: true,
        damaged: false,
    })
}

fn begin_view(applier: &Applier) -> Result<View, StoreError> {
    let folder = applier.data.join(rebuild::FOLDER);
    files::create_folder(&folder).map_err(|error| io_error(&folder, &error))?;
    let view = View::open(&folder)?;
    let header = Applied {
        revision: 0,
        digest: Digest::default(),
        identity: applier.identity.clone(),
    };
    view.apply(vec![header.row()])?;
    view.flush()?;
    Ok(view)
}

/// Continues from the index when the journal is missing, if the index is intact.
fn adopt(applier: &Applier, view: View, header: &Applied) -> Result<State, StoreError> {
    if verify(&view, header.digest, || true) != Verdict::Sound {
        return Err(nothing_readable(&applier.data));
    }
    let point = header.point();
    applier.notices.add(format!(
        "The journal was not found. A new one starts from the index, which has {} connections and all changes up to {}",
        point.digest.count, point.revision
    ));
    let tail = begin_segment(&applier.data, &applier.identity, point)?;
    applier.index.replace(view);
    Ok(State {
        point,
        tail,
        verified: true,
        damaged: true,
    })
}

/// Applies the rest of the journal to the index; rebuilds the index when that fails or the result is wrong.
fn bring_up(applier: &Applier, found: &Files) -> Result<State, StoreError> {
    let Applier {
        data,
        identity,
        index,
        notices,
        ..
    } = applier;
    let (view, indexed, problem) = match usable(open_view(data), identity) {
        (_, _, Some(_)) if found.is_untouched() => {
            // The first start was interrupted before anything was stored.
            match std::fs::remove_dir_all(data.join(rebuild::FOLDER)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(io_error(data, &error));
                }
                _ => (begin_view(applier)?, Point::default(), None),
            }
        }
        usable => usable,
    };
    index.replace(view);
    let mut replay = Replay::new(index, indexed, identity, problem);
    let end = end::read(&found.segments, indexed.revision, |entry| replay.add(entry))
        .map_err(|error| io_error(data, &error))?;
    let mut recovery = Course {
        point: Point {
            revision: end.revision,
            digest: end.digest,
        },
        problem: replay.finish().or(end.problem.clone()),
        verified: false,
        damaged: false,
    };
    recovery.compare_snapshot(found.snapshot.as_ref(), indexed);
    recovery.compare_index(index, indexed, &end, notices);
    if let Some(why) = &recovery.problem {
        let rebuilt = rebuild_index(data, identity, notices, &index.current(), why)?;
        recovery.damaged |= rebuilt.has_losses();
        recovery.verified = true;
        recovery.point = Point {
            revision: rebuilt.point.revision.max(recovery.point.revision),
            digest: rebuilt.point.digest,
        };
        rebuild::abandon(index.replace(rebuilt.view));
    }
    let Course {
        point,
        verified,
        damaged,
        ..
    } = recovery;
    Ok(State {
        tail: open_tail(applier, point, end.position.filter(|_| !damaged))?,
        point,
        verified,
        damaged,
    })
}

fn open_tail(applier: &Applier, point: Point, place: Option<Place>) -> Result<Tail, StoreError> {
    match place {
        Some(place) => Tail::resume(&place).map_err(|error| io_error(&applier.data, &error)),
        None => begin_segment(&applier.data, &applier.identity, point),
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
            rebuild::abandon(Arc::new(view));
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
    problem: Option<String>,
    /// True when the index was verified.
    verified: bool,
    /// True when part of the journal is unusable, so that a snapshot and a new segment are needed.
    damaged: bool,
}

impl Course {
    /// Compares the newest snapshot with the journal. A snapshot after the end of the journal means that the end was lost. A
    /// snapshot at its end with another digest was created from an index that had lost connections, so the index is not trusted
    /// either.
    fn compare_snapshot(&mut self, snapshot: Option<&Head>, applied: Point) {
        let Some(snapshot) = snapshot.filter(|head| head.revision >= self.point.revision) else {
            return;
        };
        if snapshot.revision == self.point.revision {
            if snapshot.digest != self.point.digest {
                self.problem
                    .get_or_insert_with(|| "the newest snapshot does not match the journal".into());
            }
            return;
        }
        self.damaged = true;
        if applied.revision < snapshot.revision {
            self.problem
                .get_or_insert_with(|| "it was older than the newest snapshot".into());
        }
        self.point = Point {
            revision: snapshot.revision,
            digest: snapshot.digest,
        };
    }

    /// Uses an index that is newer than the journal, if it is intact: it has the changes lost from the end of the journal.
    fn compare_index(&mut self, index: &Views, applied: Point, end: &End, notices: &Notices) {
        if self.problem.is_some() || end.revision >= applied.revision {
            return;
        }
        match verify(&index.current(), applied.digest, || true) {
            Verdict::Sound | Verdict::Stopped => {
                notices.add(format!(
                    "The end of the journal is damaged: change {} is the last readable one. \
                     Nothing is lost: the index has all changes up to {}",
                    end.revision, applied.revision
                ));
                self.point = applied;
                self.verified = true;
                self.damaged = true;
            }
            Verdict::Unsound(why) => self.problem = Some(why),
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
        .map_err(|error| io_error(&folder, &error))
}
