//! Restores a backup in place of the store. A local store is moved aside; one on etcd is backed up before.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::comparison::BackupComparison;
use super::file::{self, BackupLabel};
use super::keys::AvailableKeys;
use super::{SignatureCheck, check_signature, fault_error};
use crate::connection::StoreError;
use crate::store::known_stores::KnownStores;
use crate::store::lock::StoreLock;
use crate::store::new_content::{NewContent, ReplacingCommand};
use crate::store::place::StorePlace;

/// Time to wait for a process that is closing the store.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
const COMMAND: ReplacingCommand = ReplacingCommand {
    name: "umai backup restore",
    done: "restored",
    aside: "restore",
};

/// Verified backup that is ready to replace a store.
pub struct PreparedBackup {
    /// Path of the backup.
    pub path: PathBuf,
    /// Label of the backup.
    pub label: BackupLabel,
    /// Result of the signature check.
    pub signature: SignatureCheck,
    /// Differences that the restore would apply.
    pub comparison: BackupComparison,
    content: NewContent,
    place: StorePlace,
}

/// Result of a restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreResult {
    /// Path of the replaced store, if there was one.
    pub aside: Option<PathBuf>,
    /// Number of connections now, including the trash.
    pub count: u64,
    /// Number of secrets that cannot be opened with the current key; `None` when no key matches.
    pub unreadable: Option<usize>,
}

/// Policy for backups without a signature, of which the key is available.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnsignedPolicy {
    /// Refuse them: a signature can be removed without the key.
    Refuse,
    /// Restore them.
    Allow,
}

/// Reads a backup and compares it with the store. Changes nothing.
pub fn prepare(
    place: impl Into<StorePlace>,
    path: &Path,
    unsigned: UnsignedPolicy,
) -> Result<PreparedBackup, StoreError> {
    let place = place.into();
    let (label, state) = file::read(path).map_err(|fault| fault_error(path, &fault))?;
    let keys = place.keys();
    let signature = check(&place, path, (&label, &keys), unsigned)?;
    let current = place.read(&keys)?;
    let content = NewContent {
        name: path.display().to_string(),
        identity: label.identity().clone(),
        revision: label.header.revision,
        state,
        keys,
    };
    Ok(PreparedBackup {
        path: path.to_owned(),
        signature,
        comparison: content.compare(&current).0,
        label,
        content,
        place,
    })
}

/// Checks the signature of a backup. Fails if it may have been changed without the key.
fn check(
    place: &StorePlace,
    path: &Path,
    (label, keys): (&BackupLabel, &AvailableKeys),
    unsigned: UnsignedPolicy,
) -> Result<SignatureCheck, StoreError> {
    let signature = check_signature(label, keys);
    if signature == SignatureCheck::Invalid {
        return Err(StoreError::Other(format!(
            "{}: the signature is invalid: the backup was modified without the key; nothing was restored",
            path.display()
        )));
    }
    let known = KnownStores::new(&place.options);
    if signature != SignatureCheck::Valid && known.is_outdated(label.identity())? {
        return Err(StoreError::Other(format!(
            "{}: the backup has an earlier format than the store had, and its signature cannot be checked, so it may have been \
             changed without the key; nothing was restored. Restore the key file first, or restore another backup. {}",
            path.display(),
            known.way_to_accept(label.identity())
        )));
    }
    let is_signable = keys.matching(label.identity()).is_some();
    if signature == SignatureCheck::Unsigned && is_signable && unsigned == UnsignedPolicy::Refuse {
        return Err(StoreError::Other(format!(
            "{}: the backup is not signed although its key is available, so it may have been changed without the key; nothing was \
             restored. Restore another backup, or add --allow-unsigned if this one was created without the key",
            path.display()
        )));
    }
    Ok(signature)
}

impl PreparedBackup {
    /// Replaces the store with the backup. No other process may have a local store open.
    pub fn execute(self, now: DateTime<Utc>) -> Result<RestoreResult, StoreError> {
        let Self {
            content,
            comparison,
            place,
            ..
        } = self;
        content.replace(&place, &comparison, (COMMAND, now))
    }
}

/// Takes the lock of a data directory for a command that needs exclusive access.
pub fn lock_exclusively(data: &Path, command: &str) -> Result<StoreLock, StoreError> {
    StoreLock::take_within(data, LOCK_TIMEOUT).map_err(|error| match error {
        StoreError::Held { folder, pid } => StoreError::Other(format!(
            "{folder} is in use by another umai (process {pid}); nothing was changed. Close it, then run {command} again"
        )),
        error => error,
    })
}

/// Returns an error when another process has the store open, as the command would.
pub fn check_exclusive(data: &Path, command: &str) -> Result<(), StoreError> {
    lock_exclusively(data, command).map(drop)
}
