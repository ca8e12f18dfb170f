//! Refuses to rebuild an index of a newer version of umai where it may have a change that journal and snapshots lost.

use std::path::Path;

use super::salvage::{FullState, LossExtent, SalvageResult, salvage_files};
use crate::connection::StoreError;
use crate::store::io_error::io_error;
use crate::store::key::StoreAuthenticator;

/// Newest changes of a store whose index was written by a newer version of umai.
#[derive(Debug, Clone, Copy)]
pub struct NewestChanges {
    /// Newest revision in the index.
    pub index: u64,
    /// Newest readable revision in journal and snapshots.
    pub journal: u64,
}

/// Reads journal and snapshots completely and returns an error when they lack a change that the index may have. Writes nothing.
pub fn reject_loss(
    data: &Path,
    newest: NewestChanges,
    auth: Option<&StoreAuthenticator>,
) -> Result<(), StoreError> {
    if newest.index > newest.journal {
        return Err(refusal(&format!(
            "The end of the journal in {} is damaged: change {} is the last readable one. The index has all changes up to {}, but",
            data.display(),
            newest.journal,
            newest.index
        )));
    }
    let salvaged =
        salvage_files(data, newest.index, auth).map_err(|error| io_error(data, &error))?;
    if !may_have_lost(&salvaged, newest.index) {
        return Ok(());
    }
    Err(refusal(&format!(
        "The journal in {} is damaged: {}. The index may have what is missing, but",
        data.display(),
        describe(&salvaged.state.missing)
    )))
}

/// Returns true when an index with all changes up to a revision may have something that the files lack.
fn may_have_lost(salvaged: &SalvageResult, indexed: u64) -> bool {
    let FullState { missing, .. } = &salvaged.state;
    match salvaged.lost {
        LossExtent::None => false,
        LossExtent::Known => missing.iter().any(|(from, _)| *from <= indexed),
        LossExtent::Unknown => true,
    }
}

/// Describes missing ranges of changes: a clause.
fn describe(missing: &[(u64, u64)]) -> String {
    match missing {
        [] => "its connections do not match its newest change".into(),
        [(from, to)] if from == to => format!("change {from} cannot be read"),
        [(from, to)] => format!("changes {from} to {to} cannot be read"),
        [(first, _), ..] => {
            let count: u64 = missing.iter().map(|(from, to)| to - from + 1).sum();
            format!("{count} changes cannot be read, the first is change {first}")
        }
    }
}

fn refusal(what: &str) -> StoreError {
    StoreError::Other(format!(
        "{what} was written by a newer version of umai; nothing was changed. \
         Use that version, or restore a backup: umai backup restore --newest"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_changes_are_named() {
        assert_eq!(describe(&[(5, 5)]), "change 5 cannot be read");
        assert_eq!(describe(&[(5, 7)]), "changes 5 to 7 cannot be read");
        let several = describe(&[(5, 5), (9, 9)]);
        assert_eq!(several, "2 changes cannot be read, the first is change 5");
        assert!(describe(&[]).contains("do not match"));
    }
}
