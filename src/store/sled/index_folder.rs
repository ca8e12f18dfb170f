//! Index in the data directory: opens it, converts one of an earlier version of umai, and recognizes one of a newer version.

use std::path::Path;
use std::sync::Arc;

use super::index::ConnectionIndex;
use super::index_header::{IndexHeader, LAYOUT};
use super::index_upgrade::{self, UpgradeError};
use super::rebuild;
use crate::store::disk::DiskObstacle;
use crate::store::key::StoreAuthenticator;

/// State of the sled folder.
pub enum IndexFolder {
    /// The folder does not exist.
    Absent,
    /// An index without any rows, not even unreadable ones.
    Empty,
    /// An index and its position.
    Index(ConnectionIndex, IndexHeader),
    /// An index of an earlier version of umai that cannot be converted.
    Earlier(ConnectionIndex, IndexHeader, UpgradeError),
    /// An index with rows of a newer version of umai, which may mean something else.
    Newer(IndexHeader),
}

/// Opens the index, if there is one. One of an earlier version of umai is converted, but only read without the key: its new rows would have
/// no codes.
pub fn open_index(data: &Path, auth: Option<&StoreAuthenticator>) -> Result<IndexFolder, String> {
    let folder = data.join(rebuild::FOLDER);
    if !folder.try_exists().map_err(|error| error.to_string())? {
        return Ok(IndexFolder::Absent);
    }
    if let Some(obstacle) = DiskObstacle::find(data) {
        return Err(obstacle.describe(data));
    }
    let index = ConnectionIndex::open(&folder, auth).map_err(|broken| broken.0)?;
    match index.applied() {
        Ok(Some(applied)) if applied.layout > LAYOUT => Ok(IndexFolder::Newer(applied)),
        Ok(Some(applied)) if applied.layout < LAYOUT && auth.is_some() => {
            Ok(convert(data, index, applied, auth))
        }
        Ok(Some(applied)) => Ok(IndexFolder::Index(index, applied)),
        Ok(None) => {
            let is_empty = index.is_empty();
            rebuild::abandon(Arc::new(index));
            match is_empty {
                Ok(true) => Ok(IndexFolder::Empty),
                Ok(false) => Err("its position is missing or damaged".into()),
                Err(broken) => Err(broken.0),
            }
        }
        Err(broken) => {
            rebuild::abandon(Arc::new(index));
            Err(broken.0)
        }
    }
}

fn convert(
    data: &Path,
    earlier: ConnectionIndex,
    header: IndexHeader,
    auth: Option<&StoreAuthenticator>,
) -> IndexFolder {
    match index_upgrade::upgrade(data, &earlier, &header, auth) {
        Ok((index, header)) => {
            // The earlier database belongs to a folder that is gone.
            rebuild::abandon(Arc::new(earlier));
            IndexFolder::Index(index, header)
        }
        Err(why) => {
            tracing::warn!(%why, "the index of an earlier version cannot be converted");
            IndexFolder::Earlier(earlier, header, why)
        }
    }
}
