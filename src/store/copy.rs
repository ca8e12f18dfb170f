//! Copies a whole store to another place, with history and trash. The copy has the same ID, and the key of its place.

use chrono::{DateTime, Utc};

use super::backup::comparison::{BackupComparison, CurrentStore, is_same_content};
use super::backup::restore::RestoreResult;
use super::known_stores::KnownStores;
use super::new_content::{NewContent, ReplacingCommand};
use super::offline_reader::StoreContent;
use super::place::StorePlace;
use crate::connection::StoreError;

const COMMAND: ReplacingCommand = ReplacingCommand {
    name: "umai store copy",
    done: "copied",
    aside: "copy",
};

/// Copy that is ready to replace a store.
pub struct PreparedCopy {
    content: NewContent,
    /// Differences that the copy would apply.
    pub comparison: BackupComparison,
    /// Number of connections including the trash.
    pub connections: u64,
    /// Number of earlier versions.
    pub versions: u64,
    /// True if the place has the same connections and versions already.
    pub is_same: bool,
}

/// Reads a store completely and compares it with the one in another place. Changes nothing.
pub fn prepare(from: &StorePlace, to: &StorePlace) -> Result<PreparedCopy, StoreError> {
    let keys = from.keys();
    let StoreContent {
        identity, state, ..
    } = from.read_complete(&keys)?;
    if from.is_local() {
        KnownStores::new(&from.options).reject_outdated(&identity)?;
    }
    if keys.matching(&identity).is_none() {
        return Err(StoreError::Key(format!(
            "The key of the store in {from} is missing; nothing was copied. Restore the key file, or name it with --key-file"
        )));
    }
    let target_keys = to.keys();
    if let Some(problem) = target_keys.problem {
        return Err(problem);
    }
    if target_keys.current.is_none() {
        return Err(StoreError::Key(format!(
            "There is no key for {to}; nothing was copied. Copy the key file there first: umai key export"
        )));
    }
    let current = to.read(&to.keys())?;
    let versions = state.connections.values();
    let versions: usize = versions.map(|connection| connection.older.len()).sum();
    let is_same = match current.current() {
        CurrentStore::Read(there) => {
            there.problem.is_none()
                && there.identity.store == identity.store
                && is_same_content(&there.state, &state)
        }
        CurrentStore::Missing | CurrentStore::Unreadable(_) => false,
    };
    let content = NewContent {
        name: from.to_string(),
        revision: state.revision,
        identity,
        state,
        keys,
    };
    Ok(PreparedCopy {
        comparison: content.compare(&current).0,
        connections: content.state.connections.len() as u64,
        versions: versions as u64,
        is_same,
        content,
    })
}

impl PreparedCopy {
    /// Replaces the store in the other place. No other process may have a local store open.
    pub fn execute(self, to: &StorePlace, now: DateTime<Utc>) -> Result<RestoreResult, StoreError> {
        self.content.replace(to, &self.comparison, (COMMAND, now))
    }
}
