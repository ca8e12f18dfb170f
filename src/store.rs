//! Opens the store of a data directory.

mod options;
mod io_error;
mod file_access;
pub mod disk;
mod lock;
pub mod key;
mod change_log;
pub mod memory;
pub mod journal;
pub mod sled;
pub mod etcd_options;
#[cfg(feature = "etcd")]
pub mod etcd;
mod handle;
#[cfg(feature = "etcd")]
mod missing;
#[cfg(feature = "etcd")]
mod reopened;
pub mod sealed;
pub mod shared;
mod replacement;
mod matching_key;
mod known_stores;
mod line_file;
mod offline_reader;
mod reencrypt;
pub mod backup;
pub mod place;
#[cfg(feature = "etcd")]
mod incomplete_backup;
mod new_content;
pub mod copy;
pub mod rotation;
pub mod inspect;
#[cfg(test)]
mod conformance;

use std::path::Path;
use std::sync::Arc;

use uuid::Uuid;

pub use self::handle::StoreHandle;
#[cfg(feature = "etcd")]
pub use self::handle::not_created;
use self::journal::header::StoreIdentity;
use self::key::key_file::{self, KeyFileLocation};
use self::key::{KeyLookup, StoreKey, UnlockedStore};
use self::known_stores::KnownStores;
use self::matching_key::{KeyLocation, matching_key};
#[cfg(feature = "etcd")]
pub use self::missing::missing_notice;
pub use self::options::{StoreOptions, WithoutStore};
use self::sealed::SealedStore;
use self::shared::SharedStore;
use crate::connection::store::ConnectionStore;
use crate::connection::{PlainSecret, StoreError};

/// Opens the store of a data directory, or joins the process that has it open. Creates the store and the key when neither exists.
///
/// A key is created for a new store only: a missing or wrong key of an existing store is an error.
pub async fn open(
    options: &StoreOptions,
) -> Result<Arc<dyn ConnectionStore<PlainSecret>>, StoreError> {
    open_shared(&SharedStore::new(&options.data), options).await
}

/// Opens a store like [`open`], for callers that pause the store or close it while it opens.
pub async fn open_shared(
    shared: &SharedStore,
    options: &StoreOptions,
) -> Result<Arc<dyn ConnectionStore<PlainSecret>>, StoreError> {
    let request = options.clone();
    let (signer, copies) = (shared.backup_signer(), shared.backup_copies());
    let unlock = move |found: Option<&StoreIdentity>| {
        if let (None, Some(folder)) = (found, &copies) {
            backup::reject_new_store_with_copies(&request, folder)?;
        }
        let unlocked = unlock(&request, found)?;
        // Later calls use the same key, so only the first one sets it.
        let _ = signer.set(backup::signer_with(Arc::clone(&unlocked.key)));
        Ok(unlocked)
    };
    let UnlockedStore { identity, key } = shared.open(Arc::new(unlock)).await?;
    if let Err(error) = KnownStores::new(options).add(&identity) {
        // Everything works without the list; only files of an earlier format would not be refused.
        tracing::warn!(%error, "the store cannot be added to the list of known stores");
    }
    Ok(Arc::new(SealedStore::new(
        shared.clone(),
        key,
        identity.store,
    )))
}

/// Returns true when a folder has no store yet. Opens and creates nothing.
pub fn is_missing(data: &Path) -> bool {
    // A damaged store exists; opening it returns the reason.
    matches!(self::sled::identity_in(data), Ok(None))
}

/// Reads the ID of the store in a data directory without opening it.
pub fn store_in(data: &Path) -> Option<Uuid> {
    let identity = self::sled::identity_in(data).ok()??;
    Some(identity.store)
}

/// Checks that the key matches the store, if there is one. Opens and changes nothing.
pub fn check_key(options: &StoreOptions) -> Result<(), StoreError> {
    match self::sled::identity_in(&options.data)? {
        Some(identity) => matching_key(options, &identity).map(drop),
        None => Ok(()),
    }
}

fn unlock(
    options: &StoreOptions,
    found: Option<&StoreIdentity>,
) -> Result<UnlockedStore, StoreError> {
    if let Some(identity) = found {
        let (key, place) = matching_key(options, identity)?;
        let known = KnownStores::new(options);
        known.reject_outdated(identity)?;
        if identity.is_of_earlier_format() {
            known.begin_conversion(identity)?;
        }
        if place == KeyLocation::Pending {
            let location = KeyFileLocation::find(options.key_file.as_deref(), &options.config);
            // Best effort: a key that cannot be moved now is found at its pending path again.
            let _ = key_file::install(&location)
                .and_then(|()| key::previous_keys::prune(&location, &key));
        }
        return Ok(UnlockedStore {
            identity: identity.in_current_format(),
            key: Arc::new(key),
        });
    }
    let key = match StoreKey::find(options.key_file.as_deref(), &options.config)? {
        KeyLookup::Key(key, path) => {
            // A killed process may have created the file without syncing the folder. The folder may belong to another user, so
            // errors are ignored.
            let _ = io_error::sync_parents(&path);
            key
        }
        KeyLookup::Missing(path) => StoreKey::generate(&path)?,
    };
    let store = Uuid::new_v4();
    let check = key.check(store)?;
    Ok(UnlockedStore {
        identity: StoreIdentity::new(store, check),
        key: Arc::new(key),
    })
}
