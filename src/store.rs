//! Opens the store in a data folder.

mod files;
mod lock;
pub mod key;
pub mod memory;
pub mod journal;
pub mod sled;
pub mod sealed;
pub mod shared;
#[cfg(test)]
mod contract;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

use self::journal::head::Identity;
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

/// An open store.
pub struct OpenStore {
    /// What the rules ask.
    pub plain: Arc<dyn ConnectionStore<Plain>>,
    /// The same one below the sealing; it can be let go of for a while, and closed.
    pub shared: SharedStore,
}

/// Opens the store in a data folder, making it and the key when there is neither; joins the process that has it open.
///
/// A key is made for a new store only: where there is a store already, a missing or wrong key is an error.
pub async fn open(options: &StoreOptions) -> Result<Arc<dyn ConnectionStore<Plain>>, StoreError> {
    Ok(open_shared(options).await?.plain)
}

/// Opens the store as [`open`] does, for a process that may let go of it for a while.
pub async fn open_shared(options: &StoreOptions) -> Result<OpenStore, StoreError> {
    let found = Arc::new(Mutex::new(None));
    let (asked, kept) = (options.clone(), Arc::clone(&found));
    let unlock = move |found: Option<&Identity>| {
        let (identity, key) = unlock(&asked, found)?;
        *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(key);
        Ok(identity)
    };
    let shared = SharedStore::open(&options.data, Arc::new(unlock)).await?;
    let key = found
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
        .ok_or_else(|| StoreError::Key("There is no key".into()))?;
    let store = shared.identity().store;
    Ok(OpenStore {
        plain: Arc::new(SealedStore::new(shared.clone(), key, store)),
        shared,
    })
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
