//! Replaces the key of a store on etcd.
//!
//! As with a local store, the new key is first written next to the old one, then the store is replaced at once, then the new key
//! replaces the old one. A rotation that was interrupted goes on with the key that it has written.

use std::fs::{File, TryLockError};
use std::path::Path;

use chrono::{DateTime, Utc};

use super::{
    NewKeyResult, RotationResult, clear_pending, install, move_key_aside, verify, with_secrets,
};
use crate::atomic_file;
use crate::connection::StoreError;
use crate::store::backup::BackupDestination;
use crate::store::backup::keys::AvailableKeys;
use crate::store::etcd::content::EtcdContent;
use crate::store::etcd::location::BlockingEtcdLocation;
use crate::store::etcd::staging::{NewEtcdContent, Replacement};
use crate::store::journal::header::StoreIdentity;
use crate::store::key::key_file::{self, KeyFileContent, KeyFileLocation};
use crate::store::key::{StoreKey, previous_keys};
use crate::store::new_content::hash_of;
use crate::store::offline_reader::StoreContent;
use crate::store::place::StorePlace;
use crate::store::reencrypt::{self, ResealResult, SecretOpener};
use crate::store::sled;

/// Number of times that a store is read again because it was changed while it was being resealed.
const MAX_TRIES: usize = 5;

/// Store on etcd whose key is about to be replaced.
pub struct EtcdRotation<'a> {
    place: &'a StorePlace,
    location: BlockingEtcdLocation,
    file: KeyFileLocation,
    now: DateTime<Utc>,
}

/// New key of a rotation.
enum NewKey {
    /// It is in the pending file.
    Pending(StoreKey),
    /// The key of this machine, which the store does not use yet.
    Current(StoreKey),
}

impl NewKey {
    const fn key(&self) -> &StoreKey {
        match self {
            Self::Pending(key) | Self::Current(key) => key,
        }
    }
}

impl<'a> EtcdRotation<'a> {
    /// Begins a command.
    pub fn new(
        place: &'a StorePlace,
        location: BlockingEtcdLocation,
        (command, now): (&str, DateTime<Utc>),
    ) -> Result<Self, StoreError> {
        let options = &place.options;
        let file = KeyFileLocation::find(options.key_file.as_deref(), &options.config);
        file.reject_credentials(command)?;
        Ok(Self {
            place,
            location,
            file,
            now,
        })
    }

    /// Checks that a rotation is possible. Changes nothing.
    pub fn check(&self) -> Result<(), StoreError> {
        let identity = self.identity()?;
        // The key of an interrupted rotation, which is completed first, is then the current one.
        let (keys, pending) = (self.place.keys(), self.pending_for(&identity));
        let old = match &pending {
            Some(key) => key,
            None => self.matching(&keys, &identity)?,
        };
        if pending.is_some() || is_current(&keys, old) {
            self.reject_local_store(old, "rotate it first, then run this again")?;
        }
        Ok(())
    }

    /// Reseals everything with a new key, or with the key of this machine if the store has an earlier one.
    pub fn rotate(&self) -> Result<RotationResult, StoreError> {
        let _lock = self.lock()?;
        // Before an interrupted rotation is completed.
        self.check()?;
        let (identity, keys) = self.keys()?;
        let old = self.matching(&keys, &identity)?;
        let new = match &keys.current {
            Some(current) if !is_current(&keys, old) => NewKey::Current(current.duplicate()),
            _ => NewKey::Pending(self.pending_key(old)?),
        };
        // After an error the new key stays in its file: the store may use it, and the next rotation goes on with it.
        let resealed = self.reseal(&keys, new.key())?;
        let installed = match &new {
            NewKey::Current(_) => Ok(()),
            NewKey::Pending(new) => self
                .install()
                .and_then(|()| previous_keys::prune(&self.file, new)),
        };
        Ok(RotationResult {
            fingerprint: new.key().fingerprint(),
            path: self.file.path.clone(),
            secrets: resealed.secrets,
            unreadable: resealed.unreadable,
            notices: installed.err().iter().map(ToString::to_string).collect(),
        })
    }

    /// Creates a new key for a store whose key is lost.
    pub fn renew(&self) -> Result<NewKeyResult, StoreError> {
        let _lock = self.lock()?;
        let (identity, keys) = self.keys()?;
        if keys.matching(&identity).is_some() {
            return Err(StoreError::Key(format!(
                "A key in {} matches the store {}; nothing was changed. To replace a working key, use: umai key rotate",
                self.file.path.display(),
                self.place
            )));
        }
        if let Some(current) = &keys.current {
            self.reject_local_store(current, "name a new file with --key-file")?;
        }
        let found = self.found(&keys)?;
        let StoreContent { state, .. } = &found.content;
        let forgotten = with_secrets(state)?;
        let store_aside = self
            .place
            .back_up(&BackupDestination::Store, self.now)?
            .path;
        let new = StoreKey::random()?;
        clear_pending(&self.file)?;
        KeyFileContent::Plain(new.duplicate()).write(&self.file.pending())?;
        // Before the store uses the new key: a process that opens it then puts the new key in this place.
        let key_aside = move_key_aside(&self.file.path, &self.file)?;
        let replaced = match self.replace(&found, &new) {
            Ok(Replacement::Done) => Ok(()),
            Ok(Replacement::Changed) => Err(self.changed()),
            Err(error) => Err(error),
        };
        if let Err(error) = replaced {
            return Err(self.with_former_key(error, key_aside.as_deref()));
        }
        self.install()?;
        Ok(NewKeyResult {
            fingerprint: new.fingerprint(),
            path: self.file.path.clone(),
            key_aside,
            store_aside,
            forgotten,
        })
    }

    /// Puts the former key back if the store does not use the new one; otherwise adds to the error where it is.
    fn with_former_key(&self, error: StoreError, aside: Option<&Path>) -> StoreError {
        let Some(aside) = aside else {
            return error;
        };
        match error {
            StoreError::Unanswered(why) => {
                StoreError::Unanswered(format!("{why}. The former key is in {}", aside.display()))
            }
            StoreError::Unreachable(why) => {
                StoreError::Unreachable(format!("{why}. The former key is in {}", aside.display()))
            }
            error => {
                if !self.file.path.exists() {
                    // It stays where it is if it cannot be moved.
                    let _ = std::fs::rename(aside, &self.file.path);
                }
                error
            }
        }
    }

    /// Locks the folder of the key file against another replacement of the key, until the result is dropped.
    fn lock(&self) -> Result<File, StoreError> {
        let path = &self.file.path;
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let opened = atomic_file::create_folder(folder).and_then(|()| File::open(folder));
        let locked = opened
            .map_err(TryLockError::Error)
            .and_then(|folder| folder.try_lock().map(|()| folder));
        locked.map_err(|error| match error {
            TryLockError::WouldBlock => StoreError::Key(format!(
                "Another umai command is replacing the key in {}; nothing was changed. Try again when it has ended",
                path.display()
            )),
            TryLockError::Error(error) => StoreError::Key(format!(
                "The folder of the key file {} cannot be locked: {error}; nothing was changed",
                path.display()
            )),
        })
    }

    /// Puts the new key in its place, unless a process that opened the store has done it.
    fn install(&self) -> Result<(), StoreError> {
        match install(&self.file) {
            Err(_) if !self.file.pending().exists() && self.file.path.exists() => Ok(()),
            installed => installed,
        }
    }

    /// Returns the identity of the store, and the keys, after a rotation that was interrupted at its end was completed.
    fn keys(&self) -> Result<(StoreIdentity, AvailableKeys), StoreError> {
        let identity = self.identity()?;
        if let Some(key) = self.pending_for(&identity) {
            install(&self.file)?;
            previous_keys::prune(&self.file, &key)?;
        }
        Ok((identity, self.place.keys()))
    }

    fn identity(&self) -> Result<StoreIdentity, StoreError> {
        self.location.identity()?.ok_or_else(|| self.missing())
    }

    /// Returns the key of the store if a rotation that was interrupted at its end left it in the pending file.
    fn pending_for(&self, identity: &StoreIdentity) -> Option<StoreKey> {
        let matches = |key: &StoreKey| key.matches(identity.store, &identity.check);
        key_file::pending_key(&self.file, matches)
    }

    fn matching<'k>(
        &self,
        keys: &'k AvailableKeys,
        identity: &StoreIdentity,
    ) -> Result<&'k StoreKey, StoreError> {
        if let Some(key) = keys.matching(identity) {
            return Ok(key);
        }
        Err(keys.problem.clone().unwrap_or_else(|| {
            StoreError::Key(format!(
                "The key in {} does not match the store {}; nothing was changed",
                self.file.path.display(),
                self.place
            ))
        }))
    }

    /// Refuses to replace a key that the local store uses too: the local store would be locked.
    fn reject_local_store(&self, key: &StoreKey, remedy: &str) -> Result<(), StoreError> {
        let data = &self.place.options.data;
        match sled::identity_in(data) {
            Ok(Some(local)) if key.matches(local.store, &local.check) => {
                Err(StoreError::Key(format!(
                    "The local store in {0} uses the key in {1} too; nothing was changed. Move that store away if it is no longer \
                     needed, or {remedy} (umai --data {0})",
                    data.display(),
                    self.file.path.display()
                )))
            }
            _ => Ok(()),
        }
    }

    /// Returns the new key in the pending file: the one of an interrupted rotation of the same key, or a new one.
    fn pending_key(&self, old: &StoreKey) -> Result<StoreKey, StoreError> {
        let is_ours = |new: &StoreKey| {
            let before = previous_keys::read(&self.file, new);
            before
                .iter()
                .any(|key| key.fingerprint() == old.fingerprint())
        };
        if let Some(key) = key_file::pending_key(&self.file, is_ours) {
            return Ok(key);
        }
        let new = StoreKey::random()?;
        let content = self.file.read()?.wrap_another(&new)?;
        clear_pending(&self.file)?;
        previous_keys::add(&self.file, old, &new)?;
        content.write(&self.file.pending())?;
        Ok(new)
    }

    fn reseal(&self, keys: &AvailableKeys, new: &StoreKey) -> Result<ResealResult, StoreError> {
        for _ in 0..MAX_TRIES {
            let mut found = self.found(keys)?;
            let identity = found.content.identity.clone();
            let old = self.matching(keys, &identity)?;
            let opener = SecretOpener::new(&identity, old);
            let hash = hash_of(&identity, &found.content.state);
            let state = &mut found.content.state;
            let resealed = reencrypt::reseal(state, &opener, new)?;
            let next = StoreIdentity::new(identity.store, new.check(identity.store)?);
            verify(state, &next, new, resealed)?;
            if let Replacement::Done = self.write(&found, (&next, new), hash)? {
                return Ok(resealed);
            }
        }
        Err(self.changed())
    }

    /// Replaces the key of a content whose secrets stay as they are.
    fn replace(&self, found: &EtcdContent, new: &StoreKey) -> Result<Replacement, StoreError> {
        let identity = &found.content.identity;
        let next = StoreIdentity::new(identity.store, new.check(identity.store)?);
        let hash = hash_of(identity, &found.content.state);
        self.write(found, (&next, new), hash)
    }

    fn write(
        &self,
        found: &EtcdContent,
        (identity, key): (&StoreIdentity, &StoreKey),
        hash: [u8; 32],
    ) -> Result<Replacement, StoreError> {
        let content = NewEtcdContent {
            identity,
            key,
            state: &found.content.state,
            hash,
        };
        self.location.replace(&content, Some(found))
    }

    /// Reads the complete store.
    fn found(&self, keys: &AvailableKeys) -> Result<EtcdContent, StoreError> {
        let found = self.location.read(keys)?.ok_or_else(|| self.missing())?;
        self.place.require_complete(&found, keys, self.now)?;
        Ok(found)
    }

    fn missing(&self) -> StoreError {
        self.place
            .missing("The key is created with the store, and there is none")
    }

    fn changed(&self) -> StoreError {
        StoreError::Other(format!(
            "The store {} was changed again and again while its secrets were being encrypted; its key was not changed. Try again when it is in less use",
            self.place
        ))
    }
}

fn is_current(keys: &AvailableKeys, key: &StoreKey) -> bool {
    let current = keys.current.as_ref();
    current.is_some_and(|current| current.fingerprint() == key.fingerprint())
}
