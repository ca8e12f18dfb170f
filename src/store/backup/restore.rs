//! Restores a backup in place of the store, which is moved aside.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::de::IgnoredAny;
use uuid::Uuid;

use super::file::{self, BackupLabel};
use super::keys::AvailableKeys;
use super::{SignatureCheck, check_signature, fault_error};
use crate::connection::{ConnectionItem, StoreError};
use crate::store::StoreOptions;
use crate::store::io_error::{self, io_error};
use crate::store::journal::header::StoreIdentity;
use crate::store::key::{StoreAccess, StoreKey};
use crate::store::known_stores::KnownStores;
use crate::store::lock::StoreLock;
use crate::store::offline_reader::{self, StoreContent};
use crate::store::reencrypt::{self, ResealResult, SecretOpener};
use crate::store::replacement::{self, ReplacedStore};
use crate::store::sled::salvage::FullState;
use crate::store::sled::stored_json::{self, SavedJson};
use crate::store::sled::{StorePosition, create};

/// Time to wait for a process that is closing the store.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
/// Added to the revision when the newest revision of the store is unknown, so that no revision is used twice.
const REVISION_GAP: u64 = 1_000_000;

/// Connection in messages for the user.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedConnection {
    /// Display name.
    pub name: String,
    /// Alias.
    pub alias: String,
    /// ID.
    pub id: Uuid,
}

/// Differences between the store and a backup.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BackupComparison {
    /// True when a store exists.
    pub has_store: bool,
    /// Reason why the store could not be read completely.
    pub trouble: Option<String>,
    /// True when the backup belongs to another store.
    pub is_another: bool,
    /// Connections only in the store, created after the backup.
    pub only_in_store: Vec<NamedConnection>,
    /// Connections that are newer in the store.
    pub newer_in_store: Vec<NamedConnection>,
    /// Connections that are newer in the backup.
    pub newer_in_backup: Vec<NamedConnection>,
    /// Connections only in the backup, deleted permanently or lost since.
    pub only_in_backup: Vec<NamedConnection>,
}

/// Verified backup that is ready to replace a store.
pub struct PreparedBackup {
    options: StoreOptions,
    /// Path of the backup.
    pub path: PathBuf,
    /// Label of the backup.
    pub label: BackupLabel,
    /// Result of the signature check.
    pub signature: SignatureCheck,
    /// Differences that the restore would apply.
    pub comparison: BackupComparison,
    state: FullState,
    keys: AvailableKeys,
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
    options: &StoreOptions,
    path: &Path,
    unsigned: UnsignedPolicy,
) -> Result<PreparedBackup, StoreError> {
    let (label, state) = file::read(path).map_err(|fault| fault_error(path, &fault))?;
    let keys = AvailableKeys::find(options);
    let signature = check_signature(&label, &keys);
    if signature == SignatureCheck::Invalid {
        return Err(StoreError::Unusable(format!(
            "{}: the signature is invalid: the backup was modified without the key; nothing was restored",
            path.display()
        )));
    }
    let known = KnownStores::new(options);
    if signature != SignatureCheck::Valid && known.is_outdated(label.identity())? {
        return Err(StoreError::Unusable(format!(
            "{}: the backup has an earlier format than the store had, and its signature cannot be checked, so it may have been \
             changed without the key; nothing was restored. Restore the key file first, or restore another backup. {}",
            path.display(),
            known.way_to_accept(label.identity())
        )));
    }
    let is_signable = keys.matching(label.identity()).is_some();
    if signature == SignatureCheck::Unsigned && is_signable && unsigned == UnsignedPolicy::Refuse {
        return Err(StoreError::Unusable(format!(
            "{}: the backup is not signed although its key is available, so it may have been changed without the key; nothing was \
             restored. Restore another backup, or add --allow-unsigned if this one was created without the key",
            path.display()
        )));
    }
    let (comparison, _) = compare(&options.data, &label, &state, &keys);
    Ok(PreparedBackup {
        options: options.clone(),
        path: path.to_owned(),
        label,
        signature,
        comparison,
        state,
        keys,
    })
}

impl PreparedBackup {
    /// Replaces the store with the backup. No other process may have the store open.
    pub fn execute(self, now: DateTime<Utc>) -> Result<RestoreResult, StoreError> {
        let data = &self.options.data.clone();
        let refuse = |error: std::io::Error| io_error(data, &error);
        io_error::create_folder(data).map_err(refuse)?;
        io_error::reject_untrusted_folder(data)?;
        let _lock = lock_exclusively(data, "umai backup restore")?;
        replacement::complete(data).map_err(refuse)?;
        let (comparison, newest) = compare(data, &self.label, &self.state, &self.keys);
        if comparison != self.comparison {
            return Err(StoreError::Unusable(format!(
                "The store in {} changed in the meantime; nothing was restored. Check the comparison again",
                data.display()
            )));
        }
        let known = KnownStores::new(&self.options);
        let Self {
            path,
            label,
            mut state,
            keys,
            ..
        } = self;
        let revision = next_revision(label.header.revision.max(newest), &path)?;
        let (access, unreadable) = reseal_with_current_key(&keys, label.identity(), &mut state)?;
        let position = StorePosition {
            revision,
            digest: state.digest(),
        };
        let had_store = has_files(data);
        let folder = replacement::begin(data).map_err(refuse)?;
        create::create(&folder, &access, position, |writer| {
            create::write_entries(&state, writer)
        })?;
        if access.auth.is_none() {
            // The user accepts what the files say about this store, because its key is missing.
            known.accept(&access.identity).map_err(refuse)?;
        }
        let name = format!("{}-restore", now.format("%Y%m%dT%H%M%SZ"));
        let before = if had_store {
            ReplacedStore::Keep(&name)
        } else {
            ReplacedStore::Remove
        };
        let aside = replacement::commit(data, before).map_err(refuse)?;
        Ok(RestoreResult {
            aside: had_store.then_some(aside),
            count: position.digest.count,
            unreadable,
        })
    }
}

/// Revision of the restored store, after `newest`. Intact files never come near the largest one, after which no change is possible.
fn next_revision(newest: u64, path: &Path) -> Result<u64, StoreError> {
    if newest > u64::MAX - REVISION_GAP {
        return Err(StoreError::Unusable(format!(
            "{}: the backup or a file of the store has revision {newest}, after which no change is possible; nothing was restored. \
             Restore another backup, or move the store aside and restore again",
            path.display()
        )));
    }
    Ok(newest + 1)
}

/// Takes the lock of a data directory for a command that needs exclusive access.
pub fn lock_exclusively(data: &Path, command: &str) -> Result<StoreLock, StoreError> {
    StoreLock::take_within(data, LOCK_TIMEOUT).map_err(|error| match error {
        StoreError::Held { folder, pid } => StoreError::Unusable(format!(
            "{folder} is in use by another umai (process {pid}); nothing was changed. Close it, then run {command} again"
        )),
        error => error,
    })
}

/// Returns an error when another process has the store open, as the command would.
pub fn check_exclusive(data: &Path, command: &str) -> Result<(), StoreError> {
    lock_exclusively(data, command).map(drop)
}

/// Reseals the content with the current key when another available key sealed it, and in the current format. Returns the access to the new store and
/// the number of unreadable secrets.
fn reseal_with_current_key(
    keys: &AvailableKeys,
    identity: &StoreIdentity,
    state: &mut FullState,
) -> Result<(StoreAccess, Option<usize>), StoreError> {
    let Some(sealing_key) = keys.matching(identity) else {
        return Ok((StoreAccess::new(identity.without_codes(), None), None));
    };
    let to: &Arc<StoreKey> = keys.current.as_ref().unwrap_or(sealing_key);
    let is_same_key = Arc::ptr_eq(to, sealing_key);
    if is_same_key && !identity.is_of_earlier_format() {
        return Ok((StoreAccess::new(identity.clone(), Some(to)), Some(0)));
    }
    let opener = SecretOpener::new(identity, sealing_key);
    let ResealResult { unreadable, .. } = reencrypt::reseal(state, &opener, to)?;
    let check = if is_same_key {
        identity.check
    } else {
        to.check(identity.store)?
    };
    let identity = StoreIdentity::new(identity.store, check);
    Ok((StoreAccess::new(identity, Some(to)), Some(unreadable)))
}

fn has_files(data: &Path) -> bool {
    ["journal", "snapshots", "sled"]
        .iter()
        .any(|part| data.join(part).exists())
}

/// Compares the store with a backup. Also returns the newest known revision of the store.
fn compare(
    data: &Path,
    label: &BackupLabel,
    backup: &FullState,
    keys: &AvailableKeys,
) -> (BackupComparison, u64) {
    let mut comparison = BackupComparison {
        has_store: has_files(data),
        ..BackupComparison::default()
    };
    let in_backup = items(backup);
    let store = match keys.access(data).and_then(|access| {
        let auth = access.as_ref().and_then(StoreAccess::auth);
        offline_reader::read(data, auth)
    }) {
        Ok(Some(store)) => store,
        Ok(None) if !comparison.has_store => {
            comparison.only_in_backup = names(in_backup.values());
            return (comparison, 0);
        }
        Ok(None) => {
            comparison.trouble = Some("none of its journal files can be read".into());
            comparison.only_in_backup = names(in_backup.values());
            return (
                comparison,
                label.header.revision.saturating_add(REVISION_GAP),
            );
        }
        Err(error) => {
            comparison.trouble = Some(error.to_string());
            comparison.only_in_backup = names(in_backup.values());
            return (
                comparison,
                label.header.revision.saturating_add(REVISION_GAP),
            );
        }
    };
    let StoreContent {
        identity,
        state,
        problem,
    } = store;
    let gap = if problem.is_some() { REVISION_GAP } else { 0 };
    let newest = state.revision.saturating_add(gap);
    comparison.trouble = problem;
    comparison.is_another = identity.store != label.identity().store;
    let in_store = items(&state);
    let version = |items: &NamedConnections, id: &Uuid| items.get(id).map(|item| item.version);
    let (mut added, mut ahead, mut behind) = (Vec::new(), Vec::new(), Vec::new());
    for (id, item) in &in_store {
        match version(&in_backup, id).map(|there| item.version.cmp(&there)) {
            None => added.push(item),
            Some(std::cmp::Ordering::Greater) => ahead.push(item),
            Some(std::cmp::Ordering::Less) => behind.push(item),
            Some(std::cmp::Ordering::Equal) => {}
        }
    }
    comparison.only_in_store = names(added);
    comparison.newer_in_store = names(ahead);
    comparison.newer_in_backup = names(behind);
    let missing = in_backup
        .iter()
        .filter(|(id, _)| !in_store.contains_key(*id));
    comparison.only_in_backup = names(missing.map(|(_, item)| item));
    (comparison, newest)
}

type NamedConnections = HashMap<Uuid, ConnectionItem>;

/// List items of the connections that can be read.
fn items(state: &FullState) -> NamedConnections {
    let read = |(id, folded): (&Uuid, &crate::store::journal::replay::BuiltConnection<_>)| {
        let newest: &crate::store::journal::replay::BuiltVersion<(_, Vec<u8>)> =
            folded.newest.as_ref()?;
        let saved: SavedJson<ConnectionItem, IgnoredAny> =
            stored_json::read_json(*id, &newest.payload.1).ok()?;
        Some((*id, saved.connection))
    };
    state.connections.iter().filter_map(read).collect()
}

fn names<'a>(items: impl IntoIterator<Item = &'a ConnectionItem>) -> Vec<NamedConnection> {
    let mut names: Vec<NamedConnection> = items
        .into_iter()
        .map(|item| NamedConnection {
            name: item.name.clone(),
            alias: item.alias.clone(),
            id: item.id,
        })
        .collect();
    names.sort();
    names
}
