//! Content that replaces the store in a place: from a backup, or from another store.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::StoreOptions;
use super::backup::comparison::{
    BackupComparison, ComparedContent, REVISION_GAP, compare, has_files, read_folder,
};
use super::backup::keys::AvailableKeys;
use super::backup::restore::{RestoreResult, lock_exclusively};
use super::io_error::{self, io_error};
use super::journal::header::StoreIdentity;
use super::key::{StoreAccess, StoreKey};
use super::known_stores::KnownStores;
use super::place::{FoundContent, StorePlace};
use super::reencrypt::{self, ResealResult, SecretOpener};
use super::replacement::{self, ReplacedStore};
use super::sled::salvage::FullState;
use super::sled::{StorePosition, create};
use crate::connection::StoreError;

/// Content that replaces a store.
pub struct NewContent {
    /// Origin in messages.
    pub name: String,
    /// Store that it comes from.
    pub identity: StoreIdentity,
    /// Revision there.
    pub revision: u64,
    /// Connections and versions.
    pub state: FullState,
    /// Keys, of which one may have sealed it.
    pub keys: AvailableKeys,
}

/// Command that replaces a store.
#[derive(Debug, Clone, Copy)]
pub struct ReplacingCommand {
    /// Name, for example `umai backup restore`.
    pub name: &'static str,
    /// Participle, for example `restored`.
    pub done: &'static str,
    /// Word in the name of the folder with the previous store.
    pub aside: &'static str,
}

impl NewContent {
    /// Compares the content with a store. Also returns the newest known revision of the store.
    pub fn compare(&self, current: &FoundContent) -> (BackupComparison, u64) {
        let content = ComparedContent {
            identity: &self.identity,
            revision: self.revision,
            state: &self.state,
        };
        compare(&current.current(), content)
    }

    /// Replaces the store in a place, unless the comparison changed.
    pub fn replace(
        self,
        place: &StorePlace,
        expected: &BackupComparison,
        (command, now): (ReplacingCommand, DateTime<Utc>),
    ) -> Result<RestoreResult, StoreError> {
        #[cfg(feature = "etcd")]
        if let Some(location) = place.etcd()? {
            return self.replace_on_etcd(place, &location, expected, (command, now));
        }
        self.replace_in_folder(&place.options, expected, (command, now))
    }

    /// Replaces the store in a data directory. No other process may have the store open.
    fn replace_in_folder(
        mut self,
        options: &StoreOptions,
        expected: &BackupComparison,
        (command, now): (ReplacingCommand, DateTime<Utc>),
    ) -> Result<RestoreResult, StoreError> {
        let data = &options.data;
        let refuse = |error: std::io::Error| io_error(data, &error);
        io_error::create_folder(data).map_err(refuse)?;
        io_error::reject_untrusted_folder(data)?;
        let _lock = lock_exclusively(data, command.name)?;
        replacement::complete(data).map_err(refuse)?;
        let keys = AvailableKeys::find(options);
        let current = read_folder(data, &keys);
        let (comparison, newest) = self.compare(&FoundContent::Local(
            current.map(|found| found.map(Box::new)),
        ));
        if comparison != *expected {
            return Err(changed(&data.display().to_string(), command));
        }
        let known = KnownStores::new(options);
        let revision = self.next_revision(newest, command)?;
        let (access, unreadable) = self.reseal(keys.current.as_ref())?;
        let position = StorePosition {
            revision,
            digest: self.state.digest(),
        };
        let had_store = has_files(data);
        let folder = replacement::begin(data).map_err(refuse)?;
        create::create(&folder, &access, position, |writer| {
            create::write_entries(&self.state, writer)
        })?;
        if access.auth.is_none() {
            // The user accepts what the files say about this store, because its key is missing.
            known.accept(&access.identity).map_err(refuse)?;
        }
        let name = format!("{}-{}", now.format("%Y%m%dT%H%M%SZ"), command.aside);
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

    /// Replaces the store on etcd, after a backup of it.
    #[cfg(feature = "etcd")]
    fn replace_on_etcd(
        mut self,
        place: &StorePlace,
        location: &super::etcd::location::BlockingEtcdLocation,
        expected: &BackupComparison,
        (command, now): (ReplacingCommand, DateTime<Utc>),
    ) -> Result<RestoreResult, StoreError> {
        let keys = place.keys();
        let current = place.read(&keys)?;
        if self.compare(&current).0 != *expected {
            return Err(changed(&place.to_string(), command));
        }
        let FoundContent::Etcd(current) = current else {
            return Err(changed(&place.to_string(), command));
        };
        // The other machines have the key of the store, which need not be the current one here.
        let of_store = current
            .as_ref()
            .and_then(|found| keys.matching(&found.content.identity));
        let key = of_store.or(keys.current.as_ref()).cloned();
        let hash = hash_of(&self.identity, &self.state);
        let (access, unreadable) = self.reseal(key.as_ref())?;
        let (Some(key), Some(_)) = (&key, &access.auth) else {
            return Err(StoreError::Key(format!(
                "The key of {} is missing, and a store on etcd needs it; nothing was {}. Restore the key file, or name it with --key-file",
                self.name, command.done
            )));
        };
        let save = |found: &super::etcd::content::EtcdContent| {
            place.save_before_replacing(found, &keys, now)
        };
        let aside = current.as_deref().map(save).transpose()?;
        let content = super::etcd::staging::NewEtcdContent {
            identity: &access.identity,
            key,
            state: &self.state,
            hash,
        };
        let outcome = location.replace(&content, current.as_deref())?;
        if outcome == super::etcd::staging::Replacement::Changed {
            return Err(changed(&place.to_string(), command));
        }
        Ok(RestoreResult {
            aside,
            count: self.state.connections.len() as u64,
            unreadable,
        })
    }

    /// Revision of the store that takes its place, after `newest` and after that of the content. Intact files never come near the largest one, after which no change is
    /// possible.
    fn next_revision(&self, newest: u64, command: ReplacingCommand) -> Result<u64, StoreError> {
        let newest = self.revision.max(newest);
        if newest > u64::MAX - REVISION_GAP {
            return Err(StoreError::Other(format!(
                "{}: the backup or a file of the store has revision {newest}, after which no change is possible; nothing was {}. \
                 Restore another backup, or move the store aside and restore again",
                self.name, command.done
            )));
        }
        Ok(newest + 1)
    }

    /// Reseals the content with `to` when another available key sealed it, and in the current format. Returns the access to the new
    /// store and the number of unreadable secrets.
    fn reseal(
        &mut self,
        to: Option<&Arc<StoreKey>>,
    ) -> Result<(StoreAccess, Option<usize>), StoreError> {
        let identity = &self.identity;
        let Some(sealing_key) = self.keys.matching(identity) else {
            return Ok((StoreAccess::new(identity.without_codes(), None), None));
        };
        let to = to.unwrap_or(sealing_key);
        let is_same_key = to.fingerprint() == sealing_key.fingerprint();
        if is_same_key && !identity.is_of_earlier_format() {
            return Ok((StoreAccess::new(identity.clone(), Some(to)), Some(0)));
        }
        let opener = SecretOpener::new(identity, sealing_key);
        let ResealResult { unreadable, .. } = reencrypt::reseal(&mut self.state, &opener, to)?;
        let check = if is_same_key {
            identity.check
        } else {
            to.check(identity.store)?
        };
        let identity = StoreIdentity::new(identity.store, check);
        Ok((StoreAccess::new(identity, Some(to)), Some(unreadable)))
    }
}

/// Hash of a content, regardless of the order of its connections.
#[cfg(feature = "etcd")]
pub fn hash_of(identity: &StoreIdentity, state: &FullState) -> [u8; 32] {
    use sha2::{Digest as _, Sha256};
    let mut hash = Sha256::new();
    let mut add = |part: &[u8]| {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    };
    add(identity.store.as_bytes());
    add(&identity.check);
    let mut connections: Vec<_> = state.connections.iter().collect();
    connections.sort_by_key(|(id, _)| **id);
    for (id, connection) in connections {
        add(id.as_bytes());
        for version in connection.older.values().chain(&connection.newest) {
            add(&version.number.to_le_bytes());
            add(&version.payload.1);
        }
    }
    hash.finalize().into()
}

fn changed(place: &str, command: ReplacingCommand) -> StoreError {
    StoreError::Other(format!(
        "The store in {place} changed in the meantime; nothing was {}. Check the comparison again",
        command.done
    ))
}
