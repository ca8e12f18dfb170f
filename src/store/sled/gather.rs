//! Finds the base from which the complete store can be rebuilt: its digest must match the journal.

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

/// Store state with all payloads.
pub type Payloads = Fold<(Kind, Vec<u8>)>;

/// Result of a search.
pub struct Gathered {
    /// State of the store.
    pub fold: Payloads,
    /// Extent of the loss.
    pub lost: Lost,
    /// Snapshots that do not match the journal.
    pub mismatched: Vec<PathBuf>,
}

/// Extent of a loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// The state matches the journal.
    Nothing,
    /// Only changes whose damaged entries are in the journal.
    Named,
    /// More than that.
    Unknown,
}

/// Tries the snapshots, newest first, then the complete journal, then adds connections from `old`, the remaining index.
pub fn salvage(data: &Path, identity: &Identity, old: &View) -> io::Result<Gathered> {
    let mut salvaged = salvage_files(data, revision_of(old, identity))?;
    if salvaged.lost == Lost::Nothing {
        return Ok(salvaged);
    }
    let fold = &mut salvaged.fold;
    salvaged.lost = if add_view(fold, identity, old) && is_readable(fold) {
        fold.missing.clear();
        Lost::Nothing
    } else {
        lost_of(fold)
    };
    Ok(salvaged)
}

/// Like [`salvage`], using only files, which may belong to another process. Changes up to `known` are known to exist.
pub fn salvage_files(data: &Path, known: u64) -> io::Result<Gathered> {
    let mut mismatched = Vec::new();
    let mut best: Option<((u64, Reverse<usize>), Payloads)> = None;
    let newest = snapshot::all(data)?.last().map_or(0, |(newest, _)| *newest);
    for source in Source::all(data)? {
        if let Some(mut fold) = Fold::read(data, &source, keep_payload)? {
            fold.extend_to(newest.max(known));
            if fold.is_consistent() && is_readable(&fold) {
                return Ok(Gathered {
                    fold,
                    lost: Lost::Nothing,
                    mismatched,
                });
            }
            let rank = (fold.missing_changes(), Reverse(readable(&fold)));
            if best.as_ref().is_none_or(|(found, _)| rank < *found) {
                best = Some((rank, fold));
            }
        }
        if let Source::Snapshot(path) = source {
            mismatched.push(path);
        }
    }
    let fold = best.map_or_else(|| Fold::empty(keep_payload), |(_, fold)| fold);
    Ok(Gathered {
        lost: lost_of(&fold),
        fold,
        mismatched,
    })
}

fn lost_of(fold: &Payloads) -> Lost {
    if is_named(fold) {
        Lost::Named
    } else {
        Lost::Unknown
    }
}

/// Newest revision in the index.
fn revision_of(old: &View, identity: &Identity) -> u64 {
    match old.applied() {
        Ok(Some(applied)) if applied.identity == *identity => applied.revision,
        Ok(_) | Err(_) => 0,
    }
}

/// Retains the type and the payload of an entry.
pub fn keep_payload(entry: &Entry<'_>) -> (Kind, Vec<u8>) {
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

/// Returns true when nothing is missing except changes whose damaged entries are in the journal.
fn is_named(fold: &Payloads) -> bool {
    let changes = fold.missing_changes();
    changes > 0
        && usize::try_from(changes).is_ok_and(|changes| changes <= fold.damage.len())
        && fold.expected.count.saturating_sub(fold.digest().count) <= changes
        && is_readable(fold)
}

/// Adds the connections of an index that are missing or older in the state. Returns true when the result matches.
fn add_view(fold: &mut Payloads, identity: &Identity, view: &View) -> bool {
    let Ok(Some(applied)) = view.applied() else {
        return false;
    };
    if applied.identity != *identity {
        return false;
    }
    let mut found = Fold::empty(keep_payload);
    for prefix in [rows::RECORDS, rows::VERSIONS] {
        // A walk that ends at a damaged row has returned the rows before it.
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
    let digest: Digest = fold.digest();
    digest == fold.expected && fold.revision >= applied.revision
        || digest == applied.digest && fold.revision == applied.revision
}
