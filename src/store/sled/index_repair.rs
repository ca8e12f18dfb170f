//! Replaces a damaged index by one built from the journal, and reports it.

use std::path::Path;

use super::apply::Notices;
use super::index::{IndexReader, UnusableIndex};
use super::rebuild::{self, RebuiltIndex};
use crate::connection::StoreError;
use crate::store::journal::header::StoreIdentity;

/// Moves the index aside and builds a new one. Adds notices.
pub fn rebuild_index(
    data: &Path,
    identity: &StoreIdentity,
    notices: &Notices,
    old: &IndexReader,
    why: &str,
) -> Result<RebuiltIndex, StoreError> {
    let rebuilt = if rebuild::has_space(data) {
        let aside = rebuild::set_aside(data)?;
        let (rebuilt, broken) = rebuild::into_sled(data, identity, old)?;
        let kept = aside.map_or(String::new(), |path| {
            format!("; the damaged index is kept in {}", path.display())
        });
        notices.add(format!(
            "The index of the connections was damaged ({why}). It was rebuilt from the journal with {} connections{kept}",
            rebuilt.position.digest.count
        ));
        if let Some(UnusableIndex(why)) = broken {
            notices.add(in_memory_notice(&why));
        }
        rebuilt
    } else {
        notices.add(in_memory_notice(&format!(
            "the disk of {} is full",
            data.display()
        )));
        rebuild::into_memory(data, identity, old)?
    };
    rebuilt.report(data, notices)?;
    Ok(rebuilt)
}

/// Notice for an index that is kept in memory only.
pub fn in_memory_notice(why: &str) -> String {
    format!(
        "The index of the connections cannot be written ({why}); it is kept in memory until the next start. \
         Nothing is lost: the journal is complete"
    )
}
