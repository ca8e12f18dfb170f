//! Rebuilds the index from the snapshots and the journal when the existing one cannot be used.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::data_loss_marker::{self, DAMAGED};
use super::encoding::{self, CurrentState, RowChange};
use super::index::ConnectionIndex;
use super::index_header::{IndexHeader, StorePosition};
use super::notices::Notices;
use super::salvage::{FullState, LossExtent, current_of, salvage};
use super::stored_json::{self, SavedJson};
use super::unusable_index::UnusableIndex;
use crate::connection::{Connection, SealedSecret, StoreError, VersionChange};
use crate::store::journal::digest::StateDigest;
use crate::store::journal::entry::EntryKind;
use crate::store::key::{StoreAccess, StoreAuthenticator};
use crate::store::{file_access, io_error, replacement};

/// Folder of the index in the data directory.
pub const FOLDER: &str = "sled";
/// Number of damaged indexes kept.
const MAX_DAMAGED: usize = 3;
/// Number of rows written to a new index at once.
const BATCH: usize = 256;

/// Rebuilt index.
pub struct RebuiltIndex {
    /// Index.
    pub index: ConnectionIndex,
    /// Position and digest of the index.
    pub position: StorePosition,
    /// Losses and changes, one sentence each.
    losses: Vec<String>,
    /// Files moved aside, one sentence each.
    set_aside: Vec<String>,
    /// Expected digest when more was lost than `losses` names.
    expected: Option<StateDigest>,
}

impl RebuiltIndex {
    /// Returns true when the index does not match the journal.
    pub const fn has_losses(&self) -> bool {
        !self.losses.is_empty() || self.expected.is_some()
    }

    /// Reports the losses. A loss that cannot be named is also recorded, so that the notice is repeated until the user resolves
    /// it.
    pub fn report(&self, data: &Path, notices: &Notices) -> Result<(), StoreError> {
        for sentence in self.set_aside.iter().chain(&self.losses) {
            notices.add(sentence.clone());
        }
        let Some(expected) = self.expected else {
            return Ok(());
        };
        data_loss_marker::record(data, self.position.digest.count, expected.count)?;
        data_loss_marker::add_notice(data, notices);
        Ok(())
    }
}

/// Builds a new index in the sled folder. When sled fails, builds it in memory and returns the reason too.
pub fn into_sled(
    data: &Path,
    access: &StoreAccess,
    old: &ConnectionIndex,
) -> Result<(RebuiltIndex, Option<UnusableIndex>), StoreError> {
    let made = IndexRows::read(data, access, old)?;
    match fill_sled(data, &made, access.auth()) {
        Ok(index) => Ok((made.with(index), None)),
        Err(broken) => Ok((made.in_memory()?, Some(broken))),
    }
}

/// Builds a new index in memory.
pub fn into_memory(
    data: &Path,
    access: &StoreAccess,
    old: &ConnectionIndex,
) -> Result<RebuiltIndex, StoreError> {
    IndexRows::read(data, access, old)?.in_memory()
}

/// Content of a new index.
struct IndexRows {
    rows: Vec<RowChange>,
    header: IndexHeader,
    losses: Vec<String>,
    set_aside: Vec<String>,
    expected: Option<StateDigest>,
}

impl IndexRows {
    fn read(data: &Path, access: &StoreAccess, old: &ConnectionIndex) -> Result<Self, StoreError> {
        let salvaged =
            salvage(data, access, old).map_err(|error| io_error::io_error(data, &error))?;
        let mut state = salvaged.state;
        let (rows, digest, losses) = rows_of(&mut state)?;
        let expected = (salvaged.lost == LossExtent::Unknown).then_some(state.expected);
        let is_complete = salvaged.lost == LossExtent::None && losses.is_empty();
        // After a recorded loss no file is moved: it may have what is missing.
        let set_aside = if is_complete && !data_loss_marker::is_recorded(data) {
            data_loss_marker::set_snapshots_aside(data, &salvaged.mismatched)
                .map_err(|error| io_error::io_error(data, &error))?
        } else {
            Vec::new()
        };
        let position = StorePosition {
            revision: state.revision,
            digest,
        };
        Ok(Self {
            rows,
            header: IndexHeader::new(position, access.identity.clone()),
            losses,
            set_aside,
            expected,
        })
    }

    fn in_memory(self) -> Result<RebuiltIndex, StoreError> {
        let index = fill(ConnectionIndex::in_memory(), &self.rows, &self.header)?;
        Ok(self.with(index))
    }

    fn with(self, index: ConnectionIndex) -> RebuiltIndex {
        RebuiltIndex {
            index,
            position: self.header.position(),
            losses: self.losses,
            set_aside: self.set_aside,
            expected: self.expected,
        }
    }
}

/// Abandons a damaged index without dropping it, because sled writes on drop.
pub fn abandon(index: std::sync::Arc<ConnectionIndex>) {
    std::mem::forget(index);
}

/// Moves a damaged index aside and returns its new path. An index that this user may not open stays.
pub fn set_aside(data: &Path) -> Result<Option<PathBuf>, StoreError> {
    let folder = data.join(FOLDER);
    file_access::reject_forbidden(data, &folder)?;
    move_aside(data, &folder).map_err(|error| io_error::io_error(data, &error))
}

fn move_aside(data: &Path, folder: &Path) -> std::io::Result<Option<PathBuf>> {
    if !folder.exists() {
        return Ok(None);
    }
    let damaged = data.join(DAMAGED);
    let kept = numbered_folders(&damaged)?;
    if !data_loss_marker::is_recorded(data) {
        for (_, path) in kept.iter().rev().skip(MAX_DAMAGED - 1) {
            std::fs::remove_dir_all(path)?;
        }
    }
    let number = kept.last().map_or(1, |(number, _)| number + 1);
    io_error::create_folder(&damaged)?;
    let target = damaged.join(format!("{FOLDER}-{number}"));
    std::fs::rename(folder, &target)?;
    io_error::sync_folder(&damaged)?;
    io_error::sync_folder(data)?;
    Ok(Some(target))
}

fn numbered_folders(damaged: &Path) -> std::io::Result<Vec<(u64, PathBuf)>> {
    let Ok(entries) = std::fs::read_dir(damaged) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let number = path.file_name().and_then(|name| {
            name.to_str()?
                .strip_prefix(FOLDER)?
                .strip_prefix('-')?
                .parse()
                .ok()
        });
        if let Some(number) = number {
            found.push((number, path));
        }
    }
    found.sort();
    Ok(found)
}

fn fill_sled(
    data: &Path,
    made: &IndexRows,
    auth: Option<&StoreAuthenticator>,
) -> Result<ConnectionIndex, UnusableIndex> {
    let folder = data.join(FOLDER);
    io_error::create_folder(&folder).map_err(|error| UnusableIndex(error.to_string()))?;
    let index = fill(
        ConnectionIndex::open(&folder, auth)?,
        &made.rows,
        &made.header,
    )?;
    index.flush()?;
    // The index that it replaces may have what the journal lost.
    replacement::sync_all(&folder).map_err(|error| UnusableIndex(error.to_string()))?;
    Ok(index)
}

fn fill(
    index: ConnectionIndex,
    rows: &[RowChange],
    applied: &IndexHeader,
) -> Result<ConnectionIndex, UnusableIndex> {
    for piece in rows.chunks(BATCH) {
        index.apply(piece.to_vec())?;
    }
    index.apply(vec![applied.row()])?;
    Ok(index)
}

/// Returns the sorted index rows of a store state, their digest, and the losses. Takes the connections out of the state to
/// release the memory of each one early.
fn rows_of(
    state: &mut FullState,
) -> Result<(Vec<RowChange>, StateDigest, Vec<String>), StoreError> {
    let mut rows = Vec::with_capacity(state.connections.len() * 3);
    let mut digest = StateDigest::default();
    let mut losses = losses_of(state);
    let mut unreadable = Vec::new();
    let mut aliases = HashSet::new();
    let mut newest_first: Vec<_> = std::mem::take(&mut state.connections).into_iter().collect();
    newest_first.sort_by_key(|(_, built)| {
        let newest = built.newest.as_ref();
        std::cmp::Reverse(newest.map_or(0, |newest| newest.revision))
    });
    for (id, built) in newest_first {
        let mut current = match current_of(id, &built) {
            Ok(Some(current)) => current,
            Ok(None) => continue,
            Err(error) => {
                unreadable.push(error);
                continue;
            }
        };
        if !aliases.insert(current.item.alias.to_lowercase()) {
            losses.push(rename_duplicate_alias(&mut current, &mut aliases)?);
        }
        digest = digest.with(current.hash());
        rows.push(current.row());
        rows.push(encoding::alias_row(&current.item.alias, id));
        rows.push(encoding::order_row(&current.item, current.revision)?);
        for version in built.older.values() {
            let (kind, payload) = &version.payload;
            let json = if *kind == EntryKind::Version {
                payload.clone()
            } else {
                stored_json::version_json(id, payload)?
            };
            rows.push(encoding::version_row(
                id,
                version.number,
                version.revision,
                &json,
            ));
        }
    }
    rows.sort();
    if let Some(first) = unreadable.first() {
        losses.push(format!(
            "{} connections in the journal and its snapshots cannot be read; the first error: {first}",
            unreadable.len()
        ));
    }
    Ok((rows, digest, losses))
}

/// Renames the older of two connections with the same alias, which only damage can cause.
fn rename_duplicate_alias(
    current: &mut CurrentState,
    taken: &mut HashSet<String>,
) -> Result<String, StoreError> {
    let id = current.item.id;
    let mut saved: SavedJson<Connection<SealedSecret>, VersionChange> =
        stored_json::read_json(id, &current.json)?;
    let old = current.item.alias.clone();
    let mut free = (2_u64..)
        .map(|number| format!("{old}-{number}"))
        .filter(|alias| !taken.contains(&alias.to_lowercase()));
    saved.connection.item.alias = free.next().unwrap_or_default();
    current.item = saved.connection.listed();
    current.json = stored_json::write_json(&saved)?.into();
    taken.insert(current.item.alias.to_lowercase());
    Ok(format!(
        "Two connections had the alias '{old}'; '{}' now has the alias '{}'",
        current.item.name, current.item.alias
    ))
}

fn losses_of(state: &FullState) -> Vec<String> {
    let missing = state.missing.iter().map(|(from, to)| {
        let changes = if from == to {
            format!("Change {from} is")
        } else {
            format!("Changes {from} to {to} are")
        };
        format!(
            "{changes} lost: no readable part of the journal contains them. Connections created by them are gone, others are at their previous version; restore a backup to get them back: umai backup list"
        )
    });
    missing.collect()
}
