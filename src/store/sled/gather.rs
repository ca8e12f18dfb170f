//! Finds the source that the whole store can be made from: what it amounts to must be what the journal says.

use std::cmp::Reverse;
use std::io;
use std::path::{Path, PathBuf};

use super::checkpoint;
use super::rebuild::current_of;
use super::rows;
use super::view::View;
use crate::store::journal::digest::Digest;
use crate::store::journal::entry::{Entry, Kind};
use crate::store::journal::fold::{Fold, Source};
use crate::store::journal::head::Identity;
use crate::store::journal::snapshot;

/// A fold that keeps everything.
pub type Payloads = Fold<(Kind, Vec<u8>)>;

/// What was found.
pub struct Gathered {
    /// The store.
    pub fold: Payloads,
    /// How much of it is not in any source.
    pub lost: Lost,
    /// The snapshots that it could not be made from.
    pub refuted: Vec<PathBuf>,
}

/// How much was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// It amounts to what the journal says.
    Nothing,
    /// Changes that are damaged where they lie in the journal, and nothing else.
    Named,
    /// More than that.
    Unknown,
}

/// Tries the snapshots, newest first, then the journal from its beginning, then adds what `old` has, the view that is left.
pub fn gather(data: &Path, identity: &Identity, old: &View) -> io::Result<Gathered> {
    let mut gathered = gather_files(data, newest_in(old, identity))?;
    if gathered.lost == Lost::Nothing {
        return Ok(gathered);
    }
    let fold = &mut gathered.fold;
    gathered.lost = if add_view(fold, identity, old) && is_readable(fold) {
        fold.missing.clear();
        Lost::Nothing
    } else {
        lost_of(fold)
    };
    Ok(gathered)
}

/// The same from the files alone, which may be another process's. Changes up to `known` are known to have been there.
pub fn gather_files(data: &Path, known: u64) -> io::Result<Gathered> {
    let mut refuted = Vec::new();
    let mut best: Option<((u64, Reverse<usize>), Payloads)> = None;
    let newest = snapshot::all(data)?.last().map_or(0, |(newest, _)| *newest);
    for source in Source::all(data)? {
        if let Some(mut fold) = Fold::read(data, &source, keep)? {
            fold.reach(newest.max(known));
            if fold.agrees() && is_readable(&fold) {
                return Ok(Gathered {
                    fold,
                    lost: Lost::Nothing,
                    refuted,
                });
            }
            let rank = (fold.changes_missing(), Reverse(readable(&fold)));
            if best.as_ref().is_none_or(|(found, _)| rank < *found) {
                best = Some((rank, fold));
            }
        }
        if let Source::Snapshot(path) = source {
            refuted.push(path);
        }
    }
    let fold = best.map_or_else(|| Fold::empty(keep), |(_, fold)| fold);
    Ok(Gathered {
        lost: lost_of(&fold),
        fold,
        refuted,
    })
}

fn lost_of(fold: &Payloads) -> Lost {
    if is_named(fold) {
        Lost::Named
    } else {
        Lost::Unknown
    }
}

/// The newest change that the view is known to have had.
fn newest_in(old: &View, identity: &Identity) -> u64 {
    match old.applied() {
        Ok(Some(applied)) if applied.identity == *identity => applied.revision,
        Ok(_) | Err(_) => 0,
    }
}

/// Keeps everything.
pub fn keep(entry: &Entry<'_>) -> (Kind, Vec<u8>) {
    (entry.kind, entry.payload.to_vec())
}

fn readable(fold: &Payloads) -> usize {
    let connections = fold.connections.iter();
    connections
        .filter(|(id, folded)| matches!(current_of(**id, folded), Ok(Some(_))))
        .count()
}

fn is_readable(fold: &Payloads) -> bool {
    readable(fold) == fold.connections.len()
}

/// Whether nothing is missing but changes whose damaged bytes are there.
fn is_named(fold: &Payloads) -> bool {
    let changes = fold.changes_missing();
    changes > 0
        && usize::try_from(changes).is_ok_and(|changes| changes <= fold.damage.len())
        && fold.expected.count.saturating_sub(fold.digest().count) <= changes
        && is_readable(fold)
}

/// Adds the connections of a view that the fold does not have or has older; whether it is right then.
fn add_view(fold: &mut Payloads, identity: &Identity, view: &View) -> bool {
    let Ok(Some(applied)) = view.applied() else {
        return false;
    };
    if applied.identity != *identity {
        return false;
    }
    let mut found = Fold::empty(keep);
    for prefix in [rows::RECORDS, rows::VERSIONS] {
        // A walk that a damage ends has told the rows before it.
        let _ = view.walk(prefix, |key, value| {
            if let Some(entry) = checkpoint::entry_of(key, value) {
                found.add_row(&entry);
            }
            true
        });
    }
    for (id, folded) in found.connections {
        let Some(newest) = folded.newest.as_ref().map(|newest| newest.revision) else {
            continue;
        };
        let known = fold.connections.get(&id).and_then(|known| {
            let newest = known.newest.as_ref()?;
            current_of(id, known)
                .ok()
                .flatten()
                .map(|_| newest.revision)
        });
        let deleted = fold.deleted.get(&id).is_some_and(|at| *at > newest);
        if !deleted && known.is_none_or(|known| known < newest) {
            fold.connections.insert(id, folded);
        }
    }
    let says: Digest = fold.digest();
    says == fold.expected && fold.revision >= applied.revision
        || says == applied.digest && fold.revision == applied.revision
}
