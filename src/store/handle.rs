//! Store of a command: in a data directory or on etcd, opened when it is needed.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

#[cfg(feature = "etcd")]
use super::etcd_options::EtcdAddress;
use super::etcd_options::EtcdOptions;
#[cfg(feature = "etcd")]
use super::missing::MissingStore;
#[cfg(feature = "etcd")]
use super::reopened::ReopenedStore;
use super::shared::{PausedStore, SharedStore};
use super::{StoreOptions, WithoutStore, is_missing, open_shared};
use crate::connection::store::ConnectionStore;
use crate::connection::{PlainSecret, StoreError};

/// Open store.
type PlainStore = Arc<dyn ConnectionStore<PlainSecret>>;

/// Store that may not be open yet. Clones share their state.
#[derive(Clone)]
pub enum StoreHandle {
    /// In a data directory.
    Local(SharedStore),
    /// On etcd.
    Etcd(Box<EtcdOptions>, Arc<OnceLock<OpenedEtcd>>),
}

/// Open store on etcd.
pub struct OpenedEtcd {
    store: PlainStore,
    /// Sentence for the user: it was created, or is another one than before.
    notice: Option<String>,
    /// True for the stand-in of a store that does not exist.
    is_missing: bool,
}

impl StoreHandle {
    /// Returns the store of a data directory, with a folder for copies of backups.
    pub fn local(data: &Path, copies: Option<PathBuf>) -> Self {
        Self::Local(SharedStore::with_backup_copies(data, copies))
    }

    /// Returns the store on etcd.
    pub fn etcd(options: EtcdOptions) -> Self {
        Self::Etcd(Box::new(options), Arc::default())
    }

    /// Opens the store. `files` locates the key.
    pub async fn open(
        &self,
        files: &StoreOptions,
        without: WithoutStore,
    ) -> Result<PlainStore, StoreError> {
        match self {
            Self::Local(_) if without == WithoutStore::Refuse && is_missing(&files.data) => {
                Err(StoreError::Other(format!(
                    "No store in {}, and none is created for reading",
                    files.data.display()
                )))
            }
            Self::Local(shared) => open_shared(shared, files).await,
            Self::Etcd(options, state) => {
                let opened = open_etcd(options, files, without).await?;
                Ok(Arc::clone(&state.get_or_init(|| opened).store))
            }
        }
    }

    /// Returns a sentence for the user if the store was created on etcd, or is another one there than before.
    pub fn opening_notice(&self) -> Option<String> {
        match self {
            Self::Local(_) => None,
            Self::Etcd(_, state) => state.get()?.notice.clone(),
        }
    }

    /// Returns true if the store was opened, does not exist, and was not created.
    pub fn is_missing(&self) -> bool {
        match self {
            Self::Local(_) => false,
            Self::Etcd(_, state) => state.get().is_some_and(|opened| opened.is_missing),
        }
    }

    /// Closes the store if it is open.
    pub async fn close(&self) -> Result<(), StoreError> {
        match self {
            Self::Local(shared) => shared.close().await,
            Self::Etcd(_, opened) => match opened.get() {
                Some(opened) => opened.store.close().await,
                None => Ok(()),
            },
        }
    }

    /// Releases a local store to other processes until the guard is dropped. A store on etcd is not held.
    pub async fn pause(&self) -> Option<PausedStore> {
        match self {
            Self::Local(shared) => Some(shared.pause().await),
            Self::Etcd(..) => None,
        }
    }
}

#[cfg(feature = "etcd")]
async fn open_etcd(
    options: &EtcdOptions,
    files: &StoreOptions,
    without: WithoutStore,
) -> Result<OpenedEtcd, StoreError> {
    let Some(store) = ReopenedStore::open(options, files, without).await? else {
        return match without {
            WithoutStore::Empty => Ok(OpenedEtcd {
                store: Arc::new(MissingStore::new(&options.address)),
                notice: None,
                is_missing: true,
            }),
            // With Create, a store that does not exist is an error.
            WithoutStore::Refuse | WithoutStore::Create => Err(not_created(&options.address)),
        };
    };
    Ok(OpenedEtcd {
        notice: store.opening_notice(),
        is_missing: false,
        store: Arc::new(store),
    })
}

#[cfg(not(feature = "etcd"))]
#[expect(clippy::unused_async, reason = "as with the feature")]
async fn open_etcd(
    options: &EtcdOptions,
    _: &StoreOptions,
    _: WithoutStore,
) -> Result<OpenedEtcd, StoreError> {
    Err(needs_etcd(options))
}

/// Error of a store that does not exist and is not created.
#[cfg(feature = "etcd")]
pub fn not_created(address: &EtcdAddress) -> StoreError {
    StoreError::Other(format!(
        "No store at {address}, and none is created for reading"
    ))
}

/// Error of a build without etcd.
#[cfg(not(feature = "etcd"))]
pub fn needs_etcd(options: &EtcdOptions) -> StoreError {
    StoreError::Other(format!(
        "{} needs a build with etcd: cargo install --features etcd",
        options.address
    ))
}
