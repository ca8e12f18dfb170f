//! Opens the store in a data folder.

mod files;
mod lock;
pub mod key;
pub mod memory;
pub mod journal;
pub mod sled;
pub mod sealed;
#[cfg(test)]
mod contract;

use std::path::PathBuf;
use std::sync::Arc;

use uuid::Uuid;

use self::journal::head::Identity;
use self::key::{Found, Key};
use self::sealed::SealedStore;
use self::sled::SledStore;
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

/// Opens the store in a data folder, making it and the key when there is neither.
///
/// A key is made for a new store only: where there is a store already, a missing or wrong key is an error.
pub async fn open(options: &StoreOptions) -> Result<Arc<dyn ConnectionStore<Plain>>, StoreError> {
    let options = options.clone();
    tokio::task::spawn_blocking(move || open_blocking(&options))
        .await
        .map_err(|_| StoreError::Unusable("The store could not be opened".into()))?
}

fn open_blocking(options: &StoreOptions) -> Result<Arc<dyn ConnectionStore<Plain>>, StoreError> {
    let mut key = None;
    let below = SledStore::open(&options.data, |found| {
        let (identity, fitting) = unlock(options, found)?;
        key = Some(fitting);
        Ok(identity)
    })?;
    let key = key.ok_or_else(|| StoreError::Key("There is no key".into()))?;
    let store = below.identity().store;
    Ok(Arc::new(SealedStore::new(below, key, store)))
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
