//! Store on etcd that is opened again when it was replaced: by a restore, a copy or a new key on another machine.
//!
//! A request that is refused because of that was not performed. A read or a creation is repeated once on the store as it is now. A
//! change of a version is repeated after a new key only: in restored content, the version with that number may be another one.
//! When another request has opened the restored content before, only the version is compared, as after any other change.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::etcd::EtcdStore;
use super::etcd::open::open;
use super::etcd_options::EtcdOptions;
use super::key::KeyFingerprint;
use super::sealed::SealedStore;
use super::{StoreOptions, WithoutStore};
use crate::connection::store::{
    ChangeFeed, ConnectionStore, Precondition, Revision, SaveConnection, StoreNotice,
};
use crate::connection::{
    Connection, ConnectionItem, ListQuery, Page, PageRequest, PlainSecret, StoreError, Version,
};

/// Open store with its identity.
struct OpenedContent {
    store: SealedStore<EtcdStore>,
    id: Uuid,
    key: KeyFingerprint,
    /// Sentence for the user: it was created, or is another one than before.
    notice: Option<String>,
}

impl OpenedContent {
    /// Returns true if `newer` has the same history: a new key keeps it, a restore or a copy does not.
    fn has_history_of(&self, newer: &Self) -> bool {
        self.id == newer.id && self.key != newer.key
    }
}

/// Time after a failure in which the store is not opened again: requests get the same error.
const PAUSE: Duration = Duration::from_secs(1);

/// Store that is opened again when it was replaced.
pub struct ReopenedStore {
    options: EtcdOptions,
    files: StoreOptions,
    current: RwLock<Arc<OpenedContent>>,
    /// Last failure. Locked while the store is opened again.
    failure: Mutex<Option<(Instant, StoreError)>>,
    is_closed: AtomicBool,
}

impl ReopenedStore {
    /// Opens the store; none if there is none, and it is not created. `files` locates the key.
    pub async fn open(
        options: &EtcdOptions,
        files: &StoreOptions,
        without: WithoutStore,
    ) -> Result<Option<Self>, StoreError> {
        let opened = open_sealed(options, files, without).await?;
        Ok(opened.map(|opened| Self {
            current: RwLock::new(opened),
            options: options.clone(),
            files: files.clone(),
            failure: Mutex::default(),
            is_closed: AtomicBool::new(false),
        }))
    }

    /// Returns a sentence for the user if the store was created, or is another one than before.
    pub fn opening_notice(&self) -> Option<String> {
        self.current().notice.clone()
    }

    fn current(&self) -> Arc<OpenedContent> {
        let current = self.current.read();
        Arc::clone(&current.unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes a store the current one, unless this was closed while it was opened.
    fn install(&self, opened: &Arc<OpenedContent>) -> bool {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let is_closed = self.is_closed.load(Ordering::Acquire);
        if !is_closed {
            *current = Arc::clone(opened);
        }
        !is_closed
    }

    /// Opens the store again, unless another request has done it since this one used `replaced`.
    async fn open_again(
        &self,
        replaced: &Arc<OpenedContent>,
    ) -> Result<Arc<OpenedContent>, StoreError> {
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
        let opened = open_sealed(&self.options, &self.files, WithoutStore::Refuse).await;
        let opened = opened.and_then(|opened| {
            opened.ok_or_else(|| {
                let address = &self.options.address;
                StoreError::Other(format!(
                    "The store at {address} was deleted while it was open"
                ))
            })
        });
        match opened {
            Ok(opened) => {
                *failure = None;
                if self.install(&opened) {
                    tracing::info!("the store was replaced, and was opened again");
                    return Ok(opened);
                }
                opened.store.close().await?;
                Err(StoreError::Replaced)
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
) -> Result<Option<Arc<OpenedContent>>, StoreError> {
    let Some(opened) = open(options, files, without).await? else {
        return Ok(None);
    };
    let (store, key, id) = (opened.store, opened.key, opened.id);
    Ok(Some(Arc::new(OpenedContent {
        key: key.fingerprint(),
        store: SealedStore::new(store, key, id),
        id,
        notice: opened.notice,
    })))
}

/// Adds to the error of a key that it is another one since the store was opened. It is temporary: clients of a server try again.
fn explained(error: StoreError) -> StoreError {
    match error {
        // The app shows the first sentence in a line of 80 columns.
        StoreError::Key(why) => StoreError::Unreachable(format!(
            "The key was changed: copy it here from another machine. umai then goes on by itself; if the key has a passphrase, start umai again. {why}"
        )),
        error => error,
    }
}

/// Runs a call on the store, and again if the store was replaced. The last argument says if it is repeated on the store as it is
/// now.
macro_rules! on_current {
    ($self:ident, $store:ident => $call:expr) => {
        on_current!($self, $store => $call, |_: &OpenedContent, _: &OpenedContent| true)
    };
    ($self:ident, $store:ident => $call:expr, $is_repeated:expr) => {{
        let used = $self.current();
        let $store = &used.store;
        match $call.await {
            Err(StoreError::Replaced) => {
                let opened = $self.open_again(&used).await?;
                if !$is_repeated(&used, &opened) {
                    return Err(StoreError::Replaced);
                }
                let $store = &opened.store;
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
        if matches!(save.precondition, Precondition::Version(_)) {
            return on_current!(self, store => store.save(save.clone()), OpenedContent::has_history_of);
        }
        on_current!(self, store => store.save(save.clone()))
    }

    async fn purge(&self, id: Uuid, version: u64) -> Result<Revision, StoreError> {
        on_current!(self, store => store.purge(id, version), OpenedContent::has_history_of)
    }

    async fn versions(&self, id: Uuid, window: PageRequest) -> Result<Page<Version>, StoreError> {
        on_current!(self, store => store.versions(id, window))
    }

    async fn version(&self, id: Uuid, number: u64) -> Result<Option<Version>, StoreError> {
        on_current!(self, store => store.version(id, number))
    }

    fn revision(&self) -> Revision {
        self.current().store.revision()
    }

    async fn changes(&self, since: Revision) -> Result<ChangeFeed, StoreError> {
        on_current!(self, store => store.changes(since))
    }

    fn notices(&self) -> Vec<StoreNotice> {
        self.current().store.notices()
    }

    async fn check(&self) -> Result<(), StoreError> {
        on_current!(self, store => store.check())
    }

    async fn close(&self) -> Result<(), StoreError> {
        let current = {
            // With the lock, no store is installed after this.
            let current = self.current.write().unwrap_or_else(PoisonError::into_inner);
            self.is_closed.store(true, Ordering::Release);
            Arc::clone(&current)
        };
        current.store.close().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_new_key_is_temporary_and_explained() {
        let error = explained(StoreError::Key("Copy the key file".into()));
        let StoreError::Unreachable(why) = error else {
            panic!("{error:?}");
        };
        assert!(why.contains("start umai again. Copy the key file"), "{why}");
        let (first, _) = why.split_once(". ").unwrap();
        assert!(
            first.len() <= 60,
            "the line of the app has no room for: {first}"
        );
    }
}
