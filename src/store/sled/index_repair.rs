//! Replaces an index that cannot be used by one built from the journal, and reports it.

use std::path::Path;

use super::index::ConnectionIndex;
use super::notices::Notices;
use super::rebuild::RebuiltIndex;
use super::unusable_index::UnusableIndex;
use super::{index_upgrade, rebuild};
use crate::connection::StoreError;
use crate::store::disk::{DiskObstacle, in_memory_notice};
use crate::store::key::StoreAccess;

/// Moves the index aside and builds a new one. Adds notices.
pub fn rebuild_index(
    data: &Path,
    access: &StoreAccess,
    notices: &Notices,
    old: &ConnectionIndex,
    why: &str,
) -> Result<RebuiltIndex, StoreError> {
    let rebuilt = if let Some(obstacle) = DiskObstacle::find(data) {
        notices.add(obstacle.notice(data));
        rebuild::into_memory(data, access, old)?
    } else if let Err(obstacle) = index_upgrade::check_space(data) {
        notices.add(in_memory_notice(&obstacle.to_string()));
        rebuild::into_memory(data, access, old)?
    } else {
        old.await_write();
        let aside = rebuild::set_aside(data)?;
        let (rebuilt, broken) = rebuild::into_sled(data, access, old)?;
        let kept = aside.map_or(String::new(), |path| {
            format!("; the old one is kept in {}", path.display())
        });
        notices.add(format!(
            "The index of the connections could not be used ({why}). It was rebuilt from the journal with {} connections{kept}",
            rebuilt.position.digest.count
        ));
        if let Some(UnusableIndex(why)) = broken {
            notices.add(in_memory_notice(&why));
        }
        rebuilt
    };
    rebuilt.report(data, notices)?;
    Ok(rebuilt)
}
