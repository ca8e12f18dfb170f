//! Store on an etcd cluster, shared by several machines.
//!
//! ```text
//! save ─► transaction on etcd: checked, replicated, acknowledged
//!                    │ watch
//!                    ▼
//! list ◄── index, change feed
//! ```
//!
//! etcd is the truth. A write is one transaction (`etcd/write.rs`), single connections are read from etcd, and lists come from an
//! index that a watch keeps up to date (`etcd/follower.rs`), and that is saved in a file for the next process (`etcd/saved_index.rs`). `etcd/keys.rs` has the keys.

mod backend;
mod call_error;
mod change;
mod client;
pub mod content;
mod follower;
mod history;
mod identity;
mod index;
mod index_file;
mod keys;
pub mod known_addresses;
pub mod location;
mod lost_request;
mod node;
pub mod open;
mod operations;
mod pages;
mod read_tries;
mod record;
mod request_marks;
mod saved_index;
pub mod staging;
pub mod survey;
mod sweep;
pub mod tokens;
mod watch;
mod wire;
mod write;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use serde::de::IgnoredAny;
use tokio::sync::RwLock;
use uuid::Uuid;

use self::backend::{EtcdBackend, read_error};
use self::change::{EtcdChange, owner_in};
use self::follower::Follower;
use self::keys::EtcdKeys;
use self::operations::{get, get_range};
use self::pages::RangePages;
use self::watch::to_revision;
use self::wire::{KeyValue, RangeRequest, SortOrder};
use self::write::write;
use crate::connection::store::{
    ChangeFeed, ConnectionStore, Revision, SaveConnection, StoreNotice,
};
use crate::connection::{
    Connection, ConnectionItem, ListQuery, Page, PageRequest, SealedSecret, StoreError, Version,
};
use crate::store::key::StoreKey;
use crate::store::sled::index_handle::IndexHandle;
use crate::store::sled::stored_json::{
    SavedJson, damaged, read_json, read_version_json, to_version,
};

/// Store on etcd, below the sealing.
pub struct EtcdStore {
    backend: Arc<EtcdBackend>,
    follower: Arc<Follower>,
    /// Newest revision that this process knows.
    known: AtomicU64,
    is_closed: AtomicBool,
    /// Held for reading by every write.
    running_writes: RwLock<()>,
}

/// Open store with what seals its secrets.
pub struct OpenEtcdStore {
    /// Store.
    pub store: EtcdStore,
    /// ID of the store.
    pub id: Uuid,
    /// Key of the store.
    pub key: Arc<StoreKey>,
    /// Sentence for the user: it was created, or is another one than before.
    pub notice: Option<String>,
}

impl EtcdStore {
    fn new(backend: Arc<EtcdBackend>, follower: Arc<Follower>, head: i64) -> Self {
        follower.start_soon();
        Self {
            backend,
            follower,
            known: AtomicU64::new(to_revision(head).0),
            is_closed: AtomicBool::new(false),
            running_writes: RwLock::default(),
        }
    }

    fn open(&self) -> Result<&EtcdBackend, StoreError> {
        if self.is_closed.load(Ordering::Acquire) {
            Err(StoreError::closed())
        } else {
            Ok(&self.backend)
        }
    }

    async fn write(&self, change: &EtcdChange) -> Result<Revision, StoreError> {
        let _running = self.running_writes.read().await;
        let revision = to_revision(write(self.open()?, change).await?);
        self.known.fetch_max(revision.0, Ordering::AcqRel);
        Ok(revision)
    }

    /// Waits until the index has everything that was written before this call.
    async fn index(&self) -> Result<&Follower, StoreError> {
        self.open()?;
        let head = self.follower.catch_up().await?;
        // A restored snapshot may have taken the store back.
        self.known.store(to_revision(head).0, Ordering::Release);
        Ok(&self.follower)
    }

    /// Reads from the index. A saved one that turns out to be damaged is loaded again.
    async fn read_index<T>(
        &self,
        read: impl Fn(&IndexHandle) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let follower = self.index().await?;
        let used = follower.index.rows.current();
        match read(&follower.index.rows) {
            Err(_) if follower.leave_damaged(&used) => read(&self.index().await?.index.rows),
            answer => answer,
        }
    }

    async fn record(&self, id: Uuid) -> Result<Option<Connection<SealedSecret>>, StoreError> {
        let backend = self.open()?;
        let found = backend.get(backend.keys.connection(id)).await?;
        found
            .map(|found| connection_in(backend, id, &found))
            .transpose()
    }
}

fn connection_in(
    backend: &EtcdBackend,
    id: Uuid,
    found: &KeyValue,
) -> Result<Connection<SealedSecret>, StoreError> {
    let json = backend.codec.read_connection(id, &found.value)?;
    let saved: SavedJson<Connection<SealedSecret>, IgnoredAny> = read_json(id, json)?;
    Ok(saved.connection)
}

fn newest_version(
    backend: &EtcdBackend,
    id: Uuid,
    found: &KeyValue,
) -> Result<Version, StoreError> {
    to_version(id, backend.codec.read_connection(id, &found.value)?)
}

fn earlier_version(
    backend: &EtcdBackend,
    id: Uuid,
    found: &KeyValue,
) -> Result<Version, StoreError> {
    let number = EtcdKeys::version_number(&found.key)
        .ok_or_else(|| damaged(id, "a version has no number"))?;
    let json = backend.codec.read_version(id, number, &found.value)?;
    read_version_json(id, json)
}

impl Drop for EtcdStore {
    fn drop(&mut self) {
        self.follower.close();
    }
}

#[async_trait]
impl ConnectionStore<SealedSecret> for EtcdStore {
    async fn get(&self, id: Uuid) -> Result<Option<Connection<SealedSecret>>, StoreError> {
        self.record(id).await
    }

    async fn find(&self, alias: &str) -> Result<Option<Connection<SealedSecret>>, StoreError> {
        let backend = self.open()?;
        let [owner] = backend.read([get(backend.keys.alias(alias))]).await?;
        // Both keys are read at one revision: in between, the alias could move to another connection.
        let revision = owner.revision();
        let Some(owner) = owner.into_first() else {
            return Ok(None);
        };
        let id = owner_in(&owner);
        let request = RangeRequest {
            revision,
            ..get(backend.keys.connection(id))
        };
        let [found] = backend.read([request]).await?;
        let Some(found) = found.into_first() else {
            return Err(damaged(id, "its alias exists without it"));
        };
        let found = connection_in(backend, id, &found)?;
        if found.item.alias.to_lowercase() == alias.to_lowercase() {
            Ok(Some(found))
        } else {
            Err(damaged(id, "another alias refers to it"))
        }
    }

    async fn list(&self, query: &ListQuery) -> Result<Page<ConnectionItem>, StoreError> {
        let query = query.clone().lowered();
        self.read_index(|index| index.list(&query)).await
    }

    async fn aliases(&self, prefix: &str, limit: usize) -> Result<Vec<String>, StoreError> {
        self.read_index(|index| index.aliases(prefix, limit)).await
    }

    async fn save(&self, save: SaveConnection<SealedSecret>) -> Result<Revision, StoreError> {
        self.write(&EtcdChange::save(&save)?).await
    }

    async fn purge(&self, id: Uuid, version: u64) -> Result<Revision, StoreError> {
        self.write(&EtcdChange::Purge { id, version }).await
    }

    async fn versions(&self, id: Uuid, window: PageRequest) -> Result<Page<Version>, StoreError> {
        let backend = self.open()?;
        let PageRequest { skip, take } = window;
        let count = RangeRequest {
            limit: 1,
            ..get_range(backend.keys.versions(id))
        };
        let newest = get(backend.keys.connection(id));
        let [newest, count] = backend.read([newest, count]).await?;
        let revision = newest.revision();
        let Some(newest) = newest.into_first() else {
            return Ok(Page {
                items: Vec::new(),
                total: 0,
            });
        };
        let total = usize::try_from(count.count)
            .unwrap_or(usize::MAX)
            .saturating_add(1);
        let end = total.min(skip.saturating_add(take));
        let mut items = Vec::new();
        if skip < end && skip == 0 {
            items.push(newest_version(backend, id, &newest)?);
        }
        let earlier = RangeRequest {
            revision,
            sort_order: SortOrder::Descend.into(),
            ..get_range(backend.keys.versions(id))
        };
        let mut pages = RangePages::new(&backend.client, earlier);
        // Position in the list of all versions.
        let mut at = 1;
        while at < end
            && let Some(page) = pages.next().await.map_err(read_error)?
        {
            for found in page.iter().take(end - at) {
                if at >= skip {
                    items.push(earlier_version(backend, id, found)?);
                }
                at += 1;
            }
        }
        Ok(Page { items, total })
    }

    async fn version(&self, id: Uuid, number: u64) -> Result<Option<Version>, StoreError> {
        let backend = self.open()?;
        let newest = get(backend.keys.connection(id));
        let earlier = get(backend.keys.version(id, number));
        let [newest, earlier] = backend.read([newest, earlier]).await?;
        let Some(newest) = newest.into_first() else {
            return Ok(None);
        };
        if let Some(earlier) = earlier.into_first() {
            return earlier_version(backend, id, &earlier).map(Some);
        }
        let newest = newest_version(backend, id, &newest)?;
        Ok((newest.number() == number).then_some(newest))
    }

    fn revision(&self) -> Revision {
        let followed = self.follower.feed.newest();
        Revision(self.known.load(Ordering::Acquire).max(followed))
    }

    async fn changes(&self, since: Revision) -> Result<ChangeFeed, StoreError> {
        let follower = self.index().await?;
        follower.check()?;
        Arc::clone(&follower.feed).since(since).await
    }

    fn notices(&self) -> Vec<StoreNotice> {
        self.follower.notices()
    }

    async fn check(&self) -> Result<(), StoreError> {
        let backend = self.open()?;
        backend.head().await?;
        backend.check_space().await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.is_closed.store(true, Ordering::Release);
        // Running writes hold it.
        drop(self.running_writes.write().await);
        self.follower.close();
        let follower = Arc::clone(&self.follower);
        let saved = tokio::task::spawn_blocking(move || follower.save_index());
        if let Err(error) = saved.await {
            // The next process loads it from etcd.
            tracing::warn!(%error, "the index was not saved");
        }
        Ok(())
    }
}
