//! Available keys, to find the one that sealed a store or a backup.

use std::path::Path;
use std::sync::Arc;

use crate::connection::StoreError;
use crate::store::StoreOptions;
use crate::store::journal::header::StoreIdentity;
use crate::store::key::key_file::KeyFileLocation;
use crate::store::key::{KeyLookup, StoreAccess, StoreKey, previous_keys};
use crate::store::matching_key::{KeyLocation, matching_key};
use crate::store::sled::identity_in;

/// Available keys.
pub struct AvailableKeys {
    /// Current key.
    pub current: Option<Arc<StoreKey>>,
    /// Reason why the current key cannot be used.
    pub problem: Option<StoreError>,
    /// Previous keys.
    earlier: Vec<Arc<StoreKey>>,
}

impl AvailableKeys {
    /// Finds the keys in the same places as opening a store does.
    pub fn find(options: &StoreOptions) -> Self {
        let location = KeyFileLocation::find(options.key_file.as_deref(), &options.config);
        let found = StoreKey::find(options.key_file.as_deref(), &options.config);
        let (current, problem) = match (pending_key(options), found) {
            (Some(key), _) | (None, Ok(KeyLookup::Key(key, _))) => (Some(Arc::new(key)), None),
            (None, Ok(KeyLookup::Missing(_))) => (None, None),
            (None, Err(error)) => (None, Some(error)),
        };
        let earlier = current
            .iter()
            .flat_map(|key| previous_keys::read(&location, key))
            .map(Arc::new)
            .collect();
        Self {
            current,
            problem,
            earlier,
        }
    }

    /// Returns the access to the files of the store in a data directory, without a key where none matches.
    pub fn access(&self, data: &Path) -> Result<Option<StoreAccess>, StoreError> {
        let identity = identity_in(data)?;
        Ok(identity.map(|identity| {
            let key = self.matching(&identity).cloned();
            StoreAccess::new(identity, key.as_deref())
        }))
    }

    /// Returns the key of a store.
    pub fn matching(&self, identity: &StoreIdentity) -> Option<&Arc<StoreKey>> {
        self.current
            .iter()
            .chain(&self.earlier)
            .find(|key| key.matches(identity.store, &identity.check))
    }
}

/// Key of the store in the data directory, when it is in use from its pending path.
fn pending_key(options: &StoreOptions) -> Option<StoreKey> {
    // A store that cannot be read is reported when it is opened.
    let identity = identity_in(&options.data).ok()??;
    match matching_key(options, &identity) {
        Ok((key, KeyLocation::Pending)) => Some(key),
        Ok((_, KeyLocation::Installed)) | Err(_) => None,
    }
}
