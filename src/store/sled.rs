//! Store on disk: the journal, and an index of it in sled.
//!
//! ```text
//! save ─► pending writes: checked ─► journal: appended, synced ─► index: in memory ─► acknowledged, announced ─► index: in sled
//! ```

pub(super) mod encoding;
pub(super) mod stored_json;
pub mod index_header;
pub(super) mod unusable_index;
mod catch_panic;
pub mod index;
pub mod block;
mod block_compression;
mod block_index;
mod buffered_index;
pub(super) mod index_handle;
pub mod memory_rows;
mod open_index;
mod overlay;
mod index_repair;
mod index_upgrade;
mod index_folder;
mod journal_damage;
mod list_entry;
mod change;
mod pending_writes;
mod journal_history;
mod verify;
mod verified_marker;
pub(super) mod rebuild;
mod replay;
mod checkpoint;
pub(super) mod salvage;
mod newer_index;
mod notices;
mod data_loss_marker;
mod apply;
mod maintenance;
mod writer;
pub(super) mod open;
mod recovery;
mod migration;
pub(super) mod create;
mod auto_backup;
#[cfg(test)]
mod test_store;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

use self::apply::Applier;
use self::change::WriteRequest;
use self::index_handle::IndexHandle;
use self::open::OpeningStore;
use self::writer::{StoreWriter, WriterMessage};
use super::backup::BackupConfig;
use super::journal::header::StoreIdentity;
use super::key::UnlockedStore;
use crate::connection::store::{
    ChangeFeed, ConnectionStore, Revision, SaveConnection, StoreNotice,
};
use crate::connection::{
    Connection, ConnectionItem, ListQuery, Page, PageRequest, SealedSecret, StoreError, Version,
};

pub use self::data_loss_marker::{DAMAGED, recorded_loss};
pub use self::index_header::StorePosition;
pub use self::open::identity_in;
pub use self::rebuild::FOLDER;

/// Number of queued changes before callers wait.
const QUEUE: usize = 1024;

/// Store in a data directory. It accepts only sealed secrets, so it never sees a plain one.
pub struct SledStore {
    applier: Arc<Applier>,
    inbox: mpsc::Sender<WriterMessage>,
    opening: watch::Receiver<IndexOpening>,
    closing: Arc<AtomicBool>,
    /// True once the index was verified, or an earlier verification is known to hold.
    is_verified: AtomicBool,
}

/// State of the index while the store opens.
#[derive(Debug, Clone, PartialEq)]
enum IndexOpening {
    /// Not ready yet.
    Pending,
    /// Ready.
    Ready,
    /// Preparing the index failed.
    Failed(StoreError),
}

/// Store whose thread starts.
enum StartedStore {
    /// Its index is ready.
    Ready(recovery::ReadyStore),
    /// Its index is prepared in the background, because that takes a noticeable time.
    Opening(OpeningStore),
}

/// Main function of the store's thread.
fn run(
    started: StartedStore,
    (sender, inbox): (
        mpsc::WeakSender<WriterMessage>,
        mpsc::Receiver<WriterMessage>,
    ),
    applier: Arc<Applier>,
    state: &watch::Sender<IndexOpening>,
    closing: &AtomicBool,
) {
    let ready = match started {
        StartedStore::Ready(ready) => Ok(ready),
        StartedStore::Opening(start) => start.finish(),
    };
    match ready {
        Ok(ready) => {
            state.send_replace(IndexOpening::Ready);
            StoreWriter::new((sender, inbox), ready, applier).run(closing);
        }
        Err(error) => {
            state.send_replace(IndexOpening::Failed(error));
        }
    }
}

impl SledStore {
    /// Opens the store in a folder. Blocks on disk access.
    ///
    /// `unlock` gets the identity of the store, or `None` for a new one, and returns the store to use when the key matches.
    pub fn open(
        data: &Path,
        unlock: impl Fn(Option<&StoreIdentity>) -> Result<UnlockedStore, StoreError>,
        backups: BackupConfig,
    ) -> Result<Self, StoreError> {
        let start = open::open(data, unlock, backups)?;
        let applier = Arc::clone(&start.applier);
        let closing = Arc::<AtomicBool>::default();
        let (inbox, arriving) = mpsc::channel(QUEUE);
        let state = watch::Sender::new(IndexOpening::Pending);
        let opening = state.subscribe();
        let ready = if start.is_small() {
            StartedStore::Ready(start.finish()?)
        } else {
            StartedStore::Opening(start)
        };
        let (stop, applier_handle) = (Arc::clone(&closing), Arc::clone(&applier));
        let inbox_ends = (inbox.downgrade(), arriving);
        std::thread::Builder::new()
            .name("umai-store".into())
            .spawn(move || run(ready, inbox_ends, applier_handle, &state, &stop))
            .map_err(|error| super::io_error::io_error(data, &error))?;
        Ok(Self {
            applier,
            inbox,
            opening,
            closing,
            is_verified: AtomicBool::new(false),
        })
    }

    /// Identity and key of the store.
    pub fn unlocked(&self) -> UnlockedStore {
        UnlockedStore {
            identity: self.applier.access.identity.clone(),
            key: Arc::clone(&self.applier.key),
        }
    }

    /// Saves a connection.
    pub async fn save_connection(
        &self,
        save: &SaveConnection<SealedSecret>,
    ) -> Result<Revision, StoreError> {
        self.change(WriteRequest::save(save)?).await
    }

    /// Deletes a connection permanently for a request of a process that shares the store.
    pub async fn purge_for(
        &self,
        id: Uuid,
        version: u64,
        request: Option<Uuid>,
    ) -> Result<Revision, StoreError> {
        self.change(WriteRequest::Purge {
            id,
            version,
            request,
        })
        .await
    }

    async fn change(&self, request: WriteRequest) -> Result<Revision, StoreError> {
        let (reply_sender, reply) = oneshot::channel();
        self.inbox
            .send(WriterMessage::Change(request, reply_sender))
            .await
            .map_err(|_| self.closed_error())?;
        reply.await.map_err(|_| self.closed_error())?
    }

    /// Waits until the index is ready.
    async fn ready(&self) -> Result<(), StoreError> {
        let mut opening = self.opening.clone();
        // When the thread has ended, the following read returns the error.
        let _ = opening
            .wait_for(|opening| *opening != IndexOpening::Pending)
            .await;
        match &*self.opening.borrow() {
            IndexOpening::Failed(error) => Err(error.clone()),
            IndexOpening::Pending | IndexOpening::Ready => Ok(()),
        }
    }

    /// Error after the store stopped.
    fn closed_error(&self) -> StoreError {
        match &*self.opening.borrow() {
            IndexOpening::Failed(error) => error.clone(),
            IndexOpening::Pending | IndexOpening::Ready => StoreError::closed(),
        }
    }

    /// Reads from the index. After an error the index is repaired and read again.
    async fn read<T>(
        &self,
        read: impl Fn(&IndexHandle) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.ready().await?;
        let damage = match read(&self.applier.index) {
            Ok(found) => return Ok(found),
            Err(_) if self.closing.load(Ordering::Acquire) => return Err(self.closed_error()),
            Err(damage) => damage,
        };
        let (done, repaired) = oneshot::channel();
        if self.inbox.send(WriterMessage::Repair(done)).await.is_err() || repaired.await.is_err() {
            return Err(damage);
        }
        read(&self.applier.index)
    }

    /// Reads a single value. A missing value is reported only when the verification of the index is known, because a damaged index
    /// may have lost the row.
    async fn read_one<T>(
        &self,
        read: impl Fn(&IndexHandle) -> Result<Option<T>, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let found = self.read(&read).await?;
        if found.is_some() || self.is_verified.load(Ordering::Acquire) {
            return Ok(found);
        }
        let (done, verified) = oneshot::channel();
        if self
            .inbox
            .send(WriterMessage::AwaitVerification(done))
            .await
            .is_err()
            || verified.await.is_err()
        {
            return Err(self.closed_error());
        }
        self.is_verified.store(true, Ordering::Release);
        self.read(&read).await
    }
}

#[async_trait]
impl ConnectionStore<SealedSecret> for SledStore {
    async fn get(&self, id: Uuid) -> Result<Option<Connection<SealedSecret>>, StoreError> {
        self.read_one(|index| index.get(id)).await
    }

    async fn find(&self, alias: &str) -> Result<Option<Connection<SealedSecret>>, StoreError> {
        self.read_one(|index| match index.owner(alias)? {
            Some(id) => index.get(id),
            None => Ok(None),
        })
        .await
    }

    async fn list(&self, query: &ListQuery) -> Result<Page<ConnectionItem>, StoreError> {
        let query = query.clone().lowered();
        self.read(|index| index.list(&query)).await
    }

    async fn aliases(&self, prefix: &str, limit: usize) -> Result<Vec<String>, StoreError> {
        self.read(|index| index.aliases(prefix, limit)).await
    }

    async fn save(&self, save: SaveConnection<SealedSecret>) -> Result<Revision, StoreError> {
        self.save_connection(&save).await
    }

    async fn purge(&self, id: Uuid, version: u64) -> Result<Revision, StoreError> {
        self.purge_for(id, version, None).await
    }

    async fn versions(&self, id: Uuid, window: PageRequest) -> Result<Page<Version>, StoreError> {
        self.read(|index| index.versions(id, window)).await
    }

    async fn version(&self, id: Uuid, number: u64) -> Result<Option<Version>, StoreError> {
        self.read(|index| index.version(id, number)).await
    }

    fn revision(&self) -> Revision {
        Revision(self.applier.feed.newest())
    }

    async fn changes(&self, since: Revision) -> Result<ChangeFeed, StoreError> {
        Arc::clone(&self.applier.feed).since(since).await
    }

    fn notices(&self) -> Vec<StoreNotice> {
        self.applier.notices.all()
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.ready().await?;
        match self.applier.read_only_reason() {
            Some(reason) => Err(reason),
            None => Ok(()),
        }
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.closing.store(true, Ordering::Release);
        let (done, closed) = oneshot::channel();
        if self.inbox.send(WriterMessage::Close(done)).await.is_ok() {
            // A writer that ended without a reply is closed too.
            let _ = closed.await;
        }
        Ok(())
    }
}
