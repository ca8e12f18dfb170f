//! Store on etcd that is opened again when it was replaced: by a restore, a copy or a new key on another machine.
//!
//! A request that is refused because of that was not performed, so it is repeated once on the store as it is now.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::etcd::open::open;
use super::etcd_options::EtcdOptions;
use super::sealed::SealedStore;
use super::{StoreOptions, WithoutStore};
use crate::connection::store::{
    ChangeFeed, ConnectionStore, Revision, SaveConnection, StoreNotice,
};
use crate::connection::{
    Connection, ConnectionItem, ListQuery, Page, PageRequest, PlainSecret, StoreError, Version,
};

/// Open store.
type PlainStore = Arc<dyn ConnectionStore<PlainSecret>>;

/// Time after a failure in which the store is not opened again: requests get the same error.
const PAUSE: Duration = Duration::from_secs(1);

/// Store that is opened again when it was replaced.
pub struct ReopenedStore {
    options: EtcdOptions,
    files: StoreOptions,
    current: RwLock<PlainStore>,
    /// Last failure. Locked while the store is opened again.
    failure: Mutex<Option<(Instant, StoreError)>>,
    is_closed: AtomicBool,
}

impl ReopenedStore {
    /// Opens the store. `files` locates the key.
    pub async fn open(
        options: &EtcdOptions,
        files: &StoreOptions,
        without: WithoutStore,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            current: RwLock::new(open_sealed(options, files, without).await?),
            options: options.clone(),
            files: files.clone(),
            failure: Mutex::default(),
            is_closed: AtomicBool::new(false),
        })
    }

    fn current(&self) -> PlainStore {
        let current = self.current.read();
        Arc::clone(&current.unwrap_or_else(PoisonError::into_inner))
    }

    /// Opens the store again, unless another request has done it since this one used `replaced`.
    async fn open_again(&self, replaced: &PlainStore) -> Result<PlainStore, StoreError> {
        let mut failure = self.failure.lock().await;
        let current = self.current();
        if !Arc::ptr_eq(&current, replaced) {
            return Ok(current);
        }
        if self.is_closed.load(Ordering::Acquire) {
            return Err(StoreError::Replaced);
        }
        if let Some((at, error)) = &*failure
            && at.elapsed() < PAUSE
        {
            return Err(error.clone());
        }
        let opened = open_sealed(&self.options, &self.files, WithoutStore::Deleted).await;
        match opened {
            Ok(store) => {
                tracing::info!("the store was replaced, and was opened again");
                *failure = None;
                let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
                *current = Arc::clone(&store);
                Ok(store)
            }
            Err(error) => {
                let error = explained(error);
                tracing::warn!(%error, "the store was replaced");
                *failure = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }
}

async fn open_sealed(
    options: &EtcdOptions,
    files: &StoreOptions,
    without: WithoutStore,
) -> Result<PlainStore, StoreError> {
    let opened = open(options, files, without).await?;
    let (store, key, id) = (opened.store, opened.key, opened.id);
    Ok(Arc::new(SealedStore::new(store, key, id)))
}

/// Adds to the error of a key that it is another one since the store was opened.
fn explained(error: StoreError) -> StoreError {
    match error {
        StoreError::Key(why) => StoreError::Key(format!(
            "The key of the store was changed on another machine. {why}. umai goes on by itself when the key is there"
        )),
        error => error,
    }
}

/// Runs a call on the store, and again if the store was replaced.
macro_rules! on_current {
    ($self:ident, $store:ident => $call:expr) => {{
        let $store = $self.current();
        match $call.await {
            Err(StoreError::Replaced) => {
                let $store = $self.open_again(&$store).await?;
                $call.await
            }
            answer => answer,
        }
    }};
}

#[async_trait]
impl ConnectionStore<PlainSecret> for ReopenedStore {
    async fn get(&self, id: Uuid) -> Result<Option<Connection<PlainSecret>>, StoreError> {
        on_current!(self, store => store.get(id))
    }

    async fn find(&self, alias: &str) -> Result<Option<Connection<PlainSecret>>, StoreError> {
        on_current!(self, store => store.find(alias))
    }

    async fn list(&self, query: &ListQuery) -> Result<Page<ConnectionItem>, StoreError> {
        on_current!(self, store => store.list(query))
    }

    async fn aliases(&self, prefix: &str, limit: usize) -> Result<Vec<String>, StoreError> {
        on_current!(self, store => store.aliases(prefix, limit))
    }

    async fn save(&self, save: SaveConnection<PlainSecret>) -> Result<Revision, StoreError> {
        on_current!(self, store => store.save(save.clone()))
    }

    async fn purge(&self, id: Uuid, version: u64) -> Result<Revision, StoreError> {
        on_current!(self, store => store.purge(id, version))
    }

    async fn versions(&self, id: Uuid, window: PageRequest) -> Result<Page<Version>, StoreError> {
        on_current!(self, store => store.versions(id, window))
    }

    async fn version(&self, id: Uuid, number: u64) -> Result<Option<Version>, StoreError> {
        on_current!(self, store => store.version(id, number))
    }

    fn revision(&self) -> Revision {
        self.current().revision()
    }

    async fn changes(&self, since: Revision) -> Result<ChangeFeed, StoreError> {
        on_current!(self, store => store.changes(since))
    }

    fn notices(&self) -> Vec<StoreNotice> {
        self.current().notices()
    }

    async fn check(&self) -> Result<(), StoreError> {
        on_current!(self, store => store.check())
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.is_closed.store(true, Ordering::Release);
        self.current().close().await
    }
}
