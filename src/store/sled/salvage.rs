//! Finds the base from which the complete store can be rebuilt: its digest must match the journal.

use std::cmp::Reverse;
use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::encoding::{self, CurrentState};
use super::index::ConnectionIndex;
use super::stored_json;
use crate::connection::StoreError;
use crate::store::journal::digest::StateDigest;
use crate::store::journal::entry::{EntryKind, JournalEntry};
use crate::store::journal::header::StoreIdentity;
use crate::store::journal::replay::{BuiltConnection, RebuildBase, StateBuilder};
use crate::store::journal::snapshot;
use crate::store::key::{StoreAccess, StoreAuthenticator};

/// Type and payload of an entry.
pub type FullPayload = (EntryKind, Vec<u8>);

/// Store state with all payloads.
pub type FullState = StateBuilder<FullPayload>;

/// Part of an entry that is retained while files are read.
pub trait RetainedPayload: Sized {
    /// Retains this part of an entry.
    fn retain(entry: &JournalEntry<'_>) -> Self;

    /// Returns true when the current version of a connection can be decoded.
    fn is_readable(id: Uuid, connection: &BuiltConnection<Self>) -> bool;
}

impl RetainedPayload for FullPayload {
    fn retain(entry: &JournalEntry<'_>) -> Self {
        keep_payload(entry)
    }

    fn is_readable(id: Uuid, connection: &BuiltConnection<Self>) -> bool {
        matches!(current_of(id, connection), Ok(Some(_)))
    }
}

/// Result of a search.
pub struct SalvageResult<T = FullPayload> {
    /// State of the store.
    pub state: StateBuilder<T>,
    /// Base that the state was built on; the beginning of the journal when no base is better.
    pub base: RebuildBase,
    /// Extent of the loss.
    pub lost: LossExtent,
    /// Snapshots that do not match the journal.
    pub mismatched: Vec<PathBuf>,
}

/// Rank of an incomplete state, best first: missing changes, readable connections.
type Rank = (u64, Reverse<usize>);

/// Extent of a loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossExtent {
    /// The state matches the journal.
    None,
    /// Only changes whose damaged entries are in the journal.
    Known,
    /// More than that.
    Unknown,
}

/// Tries the snapshots, newest first, then the complete journal, then adds connections from `old`, the remaining index.
pub fn salvage(
    data: &Path,
    access: &StoreAccess,
    old: &ConnectionIndex,
) -> io::Result<SalvageResult> {
    let identity = &access.identity;
    let mut salvaged = salvage_files(data, revision_of(old, identity), access.auth())?;
    if salvaged.lost == LossExtent::None {
        return Ok(salvaged);
    }
    let state = &mut salvaged.state;
    salvaged.lost = if add_index(state, identity, old) && is_readable(state) {
        state.missing.clear();
        LossExtent::None
    } else {
        lost_of(state)
    };
    Ok(salvaged)
}

/// Like [`salvage`], using only files, which may belong to another process. Changes up to `known` are known to exist.
pub fn salvage_files<T: RetainedPayload>(
    data: &Path,
    known: u64,
    auth: Option<&StoreAuthenticator>,
) -> io::Result<SalvageResult<T>> {
    let mut mismatched = Vec::new();
    let mut best: Option<(Rank, StateBuilder<T>, RebuildBase)> = None;
    let newest = snapshot::newest_header(data, auth)?.map_or(0, |head| head.revision);
    for source in RebuildBase::all(data)? {
        let read = match StateBuilder::read(data, &source, auth, T::retain) {
            Err(error) if is_unreadable(&source, &error) => {
                tracing::warn!(%error, ?source, "a snapshot cannot be read");
                None
            }
            read => read?,
        };
        if let Some(mut state) = read {
            state.extend_to(newest.max(known));
            if state.is_consistent() && is_readable(&state) {
                return Ok(SalvageResult {
                    state,
                    base: source,
                    lost: LossExtent::None,
                    mismatched,
                });
            }
            let rank = (state.missing_changes(), Reverse(readable(&state)));
            if best.as_ref().is_none_or(|(found, ..)| rank < *found) {
                best = Some((rank, state, source.clone()));
            }
        }
        if let RebuildBase::Snapshot(path) = source {
            mismatched.push(path);
        }
    }
    let nothing = || (StateBuilder::empty(T::retain), RebuildBase::JournalStart);
    let (state, base) = best.map_or_else(nothing, |(_, state, base)| (state, base));
    Ok(SalvageResult {
        lost: lost_of(&state),
        state,
        base,
        mismatched,
    })
}

/// Returns true for a snapshot that the disk cannot read: the next base may be intact. One that is gone was just removed by another
/// process.
fn is_unreadable(source: &RebuildBase, error: &io::Error) -> bool {
    matches!(source, RebuildBase::Snapshot(_)) && error.kind() != io::ErrorKind::NotFound
}

fn lost_of<T: RetainedPayload>(state: &StateBuilder<T>) -> LossExtent {
    if is_named(state) {
        LossExtent::Known
    } else {
        LossExtent::Unknown
    }
}

/// Newest revision in the index.
fn revision_of(old: &ConnectionIndex, identity: &StoreIdentity) -> u64 {
    match old.applied() {
        Ok(Some(applied)) if applied.identity == *identity => applied.revision,
        Ok(_) | Err(_) => 0,
    }
}

/// Retains the type and the payload of an entry.
pub fn keep_payload(entry: &JournalEntry<'_>) -> (EntryKind, Vec<u8>) {
    (entry.kind, entry.payload.to_vec())
}

fn readable<T: RetainedPayload>(state: &StateBuilder<T>) -> usize {
    let connections = state.connections.iter();
    connections
        .filter(|(id, built)| T::is_readable(**id, built))
        .count()
}

fn is_readable<T: RetainedPayload>(state: &StateBuilder<T>) -> bool {
    readable(state) == state.connections.len()
}

/// Decodes the current state of a connection; `None` when its newest version is missing.
pub(super) fn current_of(
    id: Uuid,
    built: &BuiltConnection<(EntryKind, Vec<u8>)>,
) -> Result<Option<CurrentState>, StoreError> {
    let Some(newest) = &built.newest else {
        return Ok(None);
    };
    let json = &newest.payload.1;
    Ok(Some(CurrentState {
        revision: newest.revision,
        history_digest: built.history_digest(id),
        item: stored_json::read_listed(id, json)?,
        json: json.as_slice().into(),
    }))
}

/// Returns true when nothing is missing except changes whose damaged entries are in the journal.
fn is_named<T: RetainedPayload>(state: &StateBuilder<T>) -> bool {
    let changes = state.missing_changes();
    changes > 0
        && usize::try_from(changes).is_ok_and(|changes| changes <= state.damage.len())
        && state.expected.count.saturating_sub(state.digest().count) <= changes
        && is_readable(state)
}

/// Returns the connections in the readable rows of an index.
pub fn state_of(index: &ConnectionIndex) -> FullState {
    let mut found = StateBuilder::empty(keep_payload);
    for prefix in [encoding::RECORDS, encoding::VERSIONS] {
        index.walk_readable(prefix, |key, value| {
            if let Some(entry) = encoding::entry_of(key, value) {
                found.add_row(&entry);
            }
        });
    }
    found
}

/// Adds the connections of an index that are missing or older in the state. Returns true when the result matches.
fn add_index(state: &mut FullState, identity: &StoreIdentity, index: &ConnectionIndex) -> bool {
    let Ok(Some(applied)) = index.applied() else {
        return false;
    };
    if applied.identity != *identity {
        return false;
    }
    for (id, built) in state_of(index).connections {
        let Some(newest) = built.newest.as_ref().map(|newest| newest.revision) else {
            continue;
        };
        let known = state.connections.get(&id).and_then(|known| {
            let newest = known.newest.as_ref()?;
            current_of(id, known)
                .ok()
                .flatten()
                .map(|_| newest.revision)
        });
        let is_purged = state.purged.get(&id).is_some_and(|at| *at > newest);
        if !is_purged && known.is_none_or(|known| known < newest) {
            state.connections.insert(id, built);
        }
    }
    let digest: StateDigest = state.digest();
    digest == state.expected && state.revision >= applied.revision
        || digest == applied.digest && state.revision == applied.revision
}
