//! Converts an index with an earlier layout of its rows.
//!
//! The new index is written beside the earlier one and then replaces it. When that is interrupted, the next start keeps the one that is in
//! its place, or puts the earlier one back, and removes the other.

use std::fs;
use std::io;
use std::path::Path;

use super::encoding::{self, CurrentState, RowChange};
use super::index::ConnectionIndex;
use super::index_header::IndexHeader;
use super::rebuild;
use super::unusable_index::UnusableIndex;
use crate::connection::ConnectionItem;
use crate::store::disk::DiskObstacle;
use crate::store::key::StoreAuthenticator;
use crate::store::{disk, io_error, replacement};

/// Name of the new index until it is complete.
const NEW: &str = "sled.new";
/// Name of the earlier index until it is removed.
const EARLIER: &str = "sled.earlier";
/// Number of rows written at once.
const BATCH: usize = 4096;
/// Bytes of the disk that stay free; an index needs less space than an earlier one.
const RESERVE: u64 = 4 << 20;

/// Reason why an index of an earlier version of umai cannot be converted, as a clause.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpgradeError {
    /// The disk has no space for another index.
    #[error("the disk is almost full")]
    NoSpace,
    /// The index cannot be read, or the new one cannot be written.
    #[error("{0}")]
    Failed(String),
}

impl UpgradeError {
    fn new(data: &Path, UnusableIndex(why): UnusableIndex) -> Self {
        match DiskObstacle::find(data) {
            Some(DiskObstacle::Full) => Self::NoSpace,
            Some(DiskObstacle::ReadOnly | DiskObstacle::NoInodes) | None => Self::Failed(why),
        }
    }

    /// Returns the advice for a store that has nothing but this index.
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::NoSpace => {
                "Free some disk space and start again, or restore a backup: umai backup restore --newest"
            }
            Self::Failed(_) => {
                "Restore a backup: umai backup restore --newest; or use the earlier version"
            }
        }
    }
}

/// Completes or takes back a conversion that was interrupted. Both copies contain records, so none may stay for longer than needed.
pub fn clean_up(data: &Path) -> io::Result<()> {
    let folder = data.join(rebuild::FOLDER);
    let earlier = data.join(EARLIER);
    if earlier.exists() && !folder.exists() {
        fs::rename(&earlier, &folder)?;
        io_error::sync_folder(data)?;
    }
    for rest in [data.join(NEW), earlier] {
        if let Err(error) = remove(&rest) {
            tracing::warn!(%error, "an index that is not needed cannot be removed; the next start tries again");
        }
    }
    Ok(())
}

/// Writes the rows of an open index of an earlier layout to a new index, which replaces it and is returned. The earlier one stays when that
/// fails.
pub fn upgrade(
    data: &Path,
    earlier: &ConnectionIndex,
    header: &IndexHeader,
    auth: Option<&StoreAuthenticator>,
) -> Result<(ConnectionIndex, IndexHeader), UpgradeError> {
    check_space(data)?;
    let converted = IndexHeader::new(header.position(), header.identity.clone());
    let written = write(data, earlier, &converted, auth);
    let result = written.and_then(|()| {
        replace(data).map_err(|error| UnusableIndex(error.to_string()))?;
        ConnectionIndex::open(&data.join(rebuild::FOLDER), auth)
    });
    result.map(|new| (new, converted)).map_err(|unusable| {
        let why = UpgradeError::new(data, unusable);
        // What was written needs space, and contains records.
        if let Err(error) = clean_up(data) {
            tracing::warn!(%error, "an interrupted conversion cannot be taken back");
        }
        why
    })
}

/// Writes the new index durably.
fn write(
    data: &Path,
    earlier: &ConnectionIndex,
    header: &IndexHeader,
    auth: Option<&StoreAuthenticator>,
) -> Result<(), UnusableIndex> {
    let folder = data.join(NEW);
    let refuse = |error: io::Error| UnusableIndex(error.to_string());
    remove(&folder).map_err(refuse)?;
    io_error::create_folder(&folder).map_err(refuse)?;
    let new = ConnectionIndex::open(&folder, auth)?;
    let filled = fill(&new, earlier, header);
    // The folder is removed when it failed.
    new.await_write();
    filled?;
    new.close()?;
    // The earlier index may have what the journal lost.
    replacement::sync_all(&folder).map_err(refuse)
}

/// Writes the rows of all connections. List entries, which differ between layouts, are derived from their connections.
fn fill(
    new: &ConnectionIndex,
    earlier: &ConnectionIndex,
    header: &IndexHeader,
) -> Result<(), UnusableIndex> {
    let mut rows = Vec::new();
    let mut written = Ok(());
    earlier.walk(b"", |key, value| {
        written = convert(key, value, &mut rows);
        if written.is_ok() && rows.len() >= BATCH {
            written = new.apply(std::mem::take(&mut rows));
        }
        written.is_ok()
    })?;
    written?;
    rows.push(header.row());
    new.apply(rows)
}

/// Adds the rows that replace one of an earlier layout.
fn convert(key: &[u8], value: &[u8], rows: &mut Vec<RowChange>) -> Result<(), UnusableIndex> {
    match key.get(..1) {
        Some(encoding::ORDER | encoding::TRASH | encoding::APPLIED) => Ok(()),
        Some(encoding::RECORDS) => {
            let (item, revision) = listed(key, value)
                .ok_or_else(|| UnusableIndex("the row of a connection cannot be read".into()))?;
            let entry = encoding::order_row(&item, revision)
                .map_err(|error| UnusableIndex(error.to_string()))?;
            rows.extend([(key.to_vec(), Some(value.to_vec())), entry]);
            Ok(())
        }
        _ => {
            rows.push((key.to_vec(), Some(value.to_vec())));
            Ok(())
        }
    }
}

/// Returns the item and the revision in the row of a connection.
fn listed(key: &[u8], value: &[u8]) -> Option<(ConnectionItem, u64)> {
    let id = encoding::id_in_key(key)?;
    let body = encoding::without_checksum(key, value)?;
    let state = CurrentState::read(id, body).ok()?;
    Some((state.item, state.revision))
}

/// Puts the new index in the place of the earlier one, which is removed.
fn replace(data: &Path) -> io::Result<()> {
    let earlier = data.join(EARLIER);
    remove(&earlier)?;
    let folder = data.join(rebuild::FOLDER);
    fs::rename(&folder, &earlier)?;
    fs::rename(data.join(NEW), folder)?;
    io_error::sync_folder(data)?;
    clean_up(data)
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Returns an error when the disk has no space for another index: sled waits forever for a write that the disk rejects.
pub fn check_space(data: &Path) -> Result<(), UpgradeError> {
    let database = fs::metadata(data.join(rebuild::FOLDER).join("db"));
    let needed = database.map_or(0, |database| database.len());
    let free = disk::free_space(data).map_err(|error| UpgradeError::Failed(error.to_string()))?;
    if free.saturating_sub(RESERVE) > needed {
        Ok(())
    } else {
        Err(UpgradeError::NoSpace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interrupted_conversion_keeps_one_index() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        let content = |name: &str| fs::read_to_string(data.join(name).join("db")).ok();
        let put = |name: &str| {
            fs::create_dir(data.join(name)).unwrap();
            fs::write(data.join(name).join("db"), name).unwrap();
        };
        // Killed between the two renames, then after them.
        for (present, kept) in [
            ([EARLIER, NEW], EARLIER),
            ([rebuild::FOLDER, EARLIER], rebuild::FOLDER),
            ([rebuild::FOLDER, NEW], rebuild::FOLDER),
        ] {
            present.into_iter().for_each(put);
            clean_up(data).unwrap();
            assert_eq!(content(rebuild::FOLDER).as_deref(), Some(kept));
            assert_eq!([content(EARLIER), content(NEW)], [None, None]);
            fs::remove_dir_all(data.join(rebuild::FOLDER)).unwrap();
        }
        clean_up(data).unwrap();
    }
}
