//! Opens the store in a data folder.

mod files;
mod lock;
pub mod key;
pub mod memory;
pub mod journal;
pub mod sled;
pub mod sealed;
pub mod shared;
mod exchange;
mod content;
mod reseal;
pub mod backup;
#[cfg(test)]
mod contract;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

use self::journal::head::{Head, Identity};
use self::key::{Found, Key};
use self::sealed::SealedStore;
use self::shared::SharedStore;
use crate::connection::store::ConnectionStore;
use crate::connection::{Plain, StoreError};

/// Where a store and its key are.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// The folder that the connections are kept in.
    pub data: PathBuf,
    /// The folder that the key is kept in, when it is nowhere else.
    pub config: PathBuf,
    /// A key file that takes precedence.
    pub key_file: Option<PathBuf>,
}

/// Opens the store in a data folder, making it and the key when there is neither; joins the process that has it open.
///
/// A key is made for a new store only: where there is a store already, a missing or wrong key is an error.
pub async fn open(options: &StoreOptions) -> Result<Arc<dyn ConnectionStore<Plain>>, StoreError> {
    open_shared(&SharedStore::new(&options.data), options).await
}

/// Opens a store as [`open`] does, for those who let go of it for a while, or close it while it opens.
pub async fn open_shared(
    shared: &SharedStore,
    options: &StoreOptions,
) -> Result<Arc<dyn ConnectionStore<Plain>>, StoreError> {
    let fitting = Arc::new(Mutex::new(None));
    let (asked, kept) = (options.clone(), Arc::clone(&fitting));
    let stamp = shared.backup_stamp();
    let unlock = move |found: Option<&Identity>| {
        let (identity, key) = unlock(&asked, found)?;
        let key = Arc::new(key);
        // Later ones are of the same key.
        let _ = stamp.set(backup::stamp_of(Arc::clone(&key)));
        *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(key);
        Ok(identity)
    };
    let identity = shared.open(Arc::new(unlock)).await?;
    let key = fitting
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
        .ok_or_else(|| StoreError::Key("There is no key".into()))?;
    let store = identity.store;
    Ok(Arc::new(SealedStore::new(shared.clone(), key, store)))
}

/// Which store is in a data folder, as far as its files tell; it is not opened.
pub fn store_in(data: &std::path::Path) -> Option<Uuid> {
    let paths = content::files_of(data).ok()?;
    let heads = paths.iter().filter_map(|path| Head::of(path).ok()?.ok());
    heads.last().map(|head| head.identity.store)
}

fn unlock(options: &StoreOptions, found: Option<&Identity>) -> Result<(Identity, Key), StoreError> {
    let key = Key::find(options.key_file.as_deref(), &options.config)?;
    let data = options.data.display();
    match (found, key) {
        (Some(identity), Found::Key(key, path)) => {
            if key.fits(identity.store, &identity.check) {
                return Ok((identity.clone(), key));
            }
            Err(StoreError::Key(format!(
                "The key in {} is not the one that sealed the secrets in {data}; nothing was changed. \
                 Put the right key file back, or name it with --key-file",
                path.display()
            )))
        }
        (Some(_), Found::Missing(path)) => Err(StoreError::Key(format!(
            "The key that sealed the secrets in {data} is not in {}; nothing was changed. \
             Put the key file back, or name it with --key-file",
            path.display()
        ))),
        (None, key) => {
            let key = match key {
                Found::Key(key, _) => key,
                Found::Missing(path) => Key::make(&path)?,
            };
            let store = Uuid::new_v4();
            let check = key.check(store)?;
            Ok((Identity { store, check }, key))
        }
    }
}
