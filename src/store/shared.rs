//! One store for many processes: the leader has it open, and the clients send their requests to the leader.
//!
//! ```text
//! the leader:   SealedStore ─► SharedStore ─► request tracker ─► SledStore ─► journal
//!                                                   ▲
//!                                       umai.sock ──┤ in the data directory
//!                                                   │
//! each client:  SealedStore ─► SharedStore ─► socket client
//! ```
//!
//! Sharing happens below the sealing: secrets are sent sealed, and each process reads the key, the catalog and appsettings.json
//! itself. Roles are not configured. The lock decides, at the start and whenever a leader ends (`shared/election.rs`); then
//! unanswered requests are sent again, writes exactly once (`shared/write_dedup.rs`), and feeds continue after the last seen change.
//! Nothing has to be cleaned up by hand: the system releases the lock of a process that ends, and the next leader replaces a
//! leftover socket.
//!
//! A process that suspends itself, as with Ctrl-Z, pauses the store before ([`SharedStore::pause`]), because no other process
//! could take over. A process suspended from outside cannot do that; its clients get an error after a while.

mod write_dedup;
mod known_state;
mod dispatch;
mod request_tracker;
mod election;
mod feed;
mod client;
mod leader;
mod framing;
mod role;
mod membership;
mod socket;
mod client_session;
mod protocol;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use uuid::Uuid;

use self::client::NoReply;
pub use self::election::IdentityCheck;
use self::membership::{MemberStage, Membership};
use self::protocol::{StoreReply, StoreRequest, Write, unexpected_reply};
use super::backup::{BackupConfig, BackupSigner};
use super::key::UnlockedStore;
use crate::connection::store::{
    ChangeFeed, ConnectionStore, Revision, SaveConnection, StoreNotice,
};
use crate::connection::{
    Connection, ConnectionItem, ListQuery, Page, PageRequest, SealedSecret, StoreError, Version,
};

/// Store of a data directory, regardless of the process that has it open. Clones share their state.
#[derive(Clone)]
pub struct SharedStore(Arc<Membership>);

/// Guard that pauses the store of this process; its requests wait until the guard is dropped.
#[must_use = "the store is resumed when this is dropped"]
pub struct PausedStore(Arc<Membership>);

impl Drop for PausedStore {
    fn drop(&mut self) {
        self.0.resume();
    }
}

impl SharedStore {
    /// Returns the store of a folder without opening it.
    pub fn new(data: &Path) -> Self {
        Self::with_backup_copies(data, None)
    }

    /// Like [`new`](Self::new), with a folder for copies of backups.
    pub fn with_backup_copies(data: &Path, copies: Option<PathBuf>) -> Self {
        let backups = BackupConfig {
            copies,
            ..BackupConfig::default()
        };
        Self(Arc::new(Membership::new(data, backups)))
    }

    /// Folder for copies of backups.
    pub fn backup_copies(&self) -> Option<PathBuf> {
        self.0.backups().copies.clone()
    }

    /// Cell for the function that signs the backups created by this process.
    pub fn backup_signer(&self) -> Arc<OnceLock<Arc<BackupSigner>>> {
        Arc::clone(&self.0.backups().signer)
    }

    /// Opens the store, or joins the process that has it open. `unlock` accepts or rejects the identity that is found, in both
    /// cases; it gets `None` for a new store.
    pub async fn open(&self, unlock: Arc<IdentityCheck>) -> Result<UnlockedStore, StoreError> {
        self.0.open(unlock).await
    }

    /// Finishes pending requests and releases the store to other processes until the guard is dropped.
    pub async fn pause(&self) -> PausedStore {
        let guard = PausedStore(Arc::clone(&self.0));
        // The journal is complete even if flushing the index failed.
        let _ = self.0.shut_down(MemberStage::Paused).await;
        guard
    }

    async fn read(&self, request: StoreRequest) -> Result<StoreReply, StoreError> {
        loop {
            match self.0.handle().await?.send(&request).await {
                Ok(answer) => return answer,
                Err(NoReply::Disconnected) => {}
                Err(NoReply::Unresponsive) => return Err(self.0.not_responding()),
            }
        }
    }

    async fn write(&self, write: Write) -> Result<Revision, StoreError> {
        let request = StoreRequest::Write(write.clone());
        // Revision before a write that got no reply.
        let mut unanswered = None;
        loop {
            let before = self.revision();
            let handle = match self.0.handle().await {
                Err(why) if unanswered.is_some() => return Err(outcome_unknown(&why)),
                handle => handle?,
            };
            let refusal = match handle.send(&request).await {
                Ok(Ok(reply)) => return reply.revision(),
                Ok(Err(refusal)) => Some(refusal),
                Err(NoReply::Disconnected) => None,
                Err(NoReply::Unresponsive) => {
                    return Err(outcome_unknown(&self.0.not_responding()));
                }
            };
            // Release the handle before checking for the write, so that it does not delay the leader's shutdown.
            drop(handle);
            if refusal.is_none() {
                unanswered.get_or_insert(before);
            }
            if let Some(since) = unanswered {
                match write_dedup::find_revision(self, &write, since).await {
                    Ok(Some(done)) => return Ok(done),
                    Ok(None) => {}
                    Err(why) => return Err(outcome_unknown(&why)),
                }
            }
            if let Some(refusal) = refusal {
                return Err(refusal);
            }
        }
    }
}

/// Error for a write whose outcome is unknown because no leader can be reached.
fn outcome_unknown(why: &StoreError) -> StoreError {
    StoreError::Unanswered(why.to_string())
}

#[async_trait]
impl ConnectionStore<SealedSecret> for SharedStore {
    async fn get(&self, id: Uuid) -> Result<Option<Connection<SealedSecret>>, StoreError> {
        let StoreReply::Connection(found) = self.read(StoreRequest::Get(id)).await? else {
            return Err(unexpected_reply());
        };
        Ok(found.map(|found| *found))
    }

    async fn find(&self, alias: &str) -> Result<Option<Connection<SealedSecret>>, StoreError> {
        let StoreReply::Connection(found) = self.read(StoreRequest::Find(alias.to_owned())).await?
        else {
            return Err(unexpected_reply());
        };
        Ok(found.map(|found| *found))
    }

    async fn list(&self, query: &ListQuery) -> Result<Page<ConnectionItem>, StoreError> {
        let StoreReply::Items(page) = self.read(StoreRequest::List(query.clone())).await? else {
            return Err(unexpected_reply());
        };
        Ok(page)
    }

    async fn aliases(&self, prefix: &str, limit: usize) -> Result<Vec<String>, StoreError> {
        let prefix = prefix.to_owned();
        let StoreReply::Aliases(found) = self
            .read(StoreRequest::Aliases {
                prefix,
                most: limit,
            })
            .await?
        else {
            return Err(unexpected_reply());
        };
        Ok(found)
    }

    async fn save(&self, save: SaveConnection<SealedSecret>) -> Result<Revision, StoreError> {
        self.write(Write::Save(Arc::new(save))).await
    }

    async fn purge(&self, id: Uuid, version: u64) -> Result<Revision, StoreError> {
        self.write(Write::Purge {
            id,
            version,
            request: Uuid::new_v4(),
        })
        .await
    }

    async fn versions(&self, id: Uuid, window: PageRequest) -> Result<Page<Version>, StoreError> {
        let StoreReply::Versions(page) = self.read(StoreRequest::Versions { id, window }).await?
        else {
            return Err(unexpected_reply());
        };
        Ok(page)
    }

    async fn version(&self, id: Uuid, number: u64) -> Result<Option<Version>, StoreError> {
        let StoreReply::Version(found) = self.read(StoreRequest::Version { id, number }).await?
        else {
            return Err(unexpected_reply());
        };
        Ok(found.map(|found| *found))
    }

    fn revision(&self) -> Revision {
        self.0.refresh();
        self.0.known.revision()
    }

    async fn changes(&self, since: Revision) -> Result<ChangeFeed, StoreError> {
        feed::since(&self.0, since).await
    }

    fn notices(&self) -> Vec<StoreNotice> {
        self.0.refresh();
        self.0.known.notices()
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.read(StoreRequest::Ping).await.map(drop)
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.0.shut_down(MemberStage::Closed).await
    }
}
