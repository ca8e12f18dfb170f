//! One store for many processes: one of them has it open, and the others ask that one.
//!
//! ```text
//! the holder:   SealedStore ─► SharedStore ─► desk ─► SledStore ─► journal
//!                                              ▲
//!                                  umai.sock ──┤ in the data folder
//!                                              │
//! each guest:   SealedStore ─► SharedStore ─► guest
//! ```
//!
//! Why here, below the sealing: secrets travel sealed, and each process keeps its own key, catalogue, appsettings and rules.
//! Nobody is told to be a holder or a guest. The lock decides, at the start and whenever a holder ends (`shared/election.rs`); then
//! requests that were not answered are asked again, writes exactly once (`shared/again.rs`), and feeds go on from what they saw last.
//! Nothing has to be cleared away by hand: the system takes the lock back from a process that ends, however it ends, and a
//! socket that was left behind is replaced by the next one that has the lock.
//!
//! A process that stops, as with Ctrl-Z, lets go of the store before ([`SharedStore::let_go`]), since nobody else could answer
//! in its place. One that is stopped from outside cannot; those who ask it are told so after a while.

mod again;
mod answer;
mod desk;
mod election;
mod feed;
mod guest;
mod holder;
mod known;
mod line;
mod seat;
mod seating;
mod socket;
mod visit;
mod wire;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use uuid::Uuid;

pub use self::election::Unlock;
use self::guest::Unanswered;
use self::seating::{Seating, Stage};
use self::wire::{Reply, Request, Write, beside_the_point};
use super::backup::{BackupPlan, Stamp};
use super::journal::head::Identity;
use crate::connection::store::{ChangeFeed, ConnectionStore, Revision, Save, StoreNotice};
use crate::connection::{
    Connection, ConnectionItem, Page, Query, Sealed, StoreError, Version, Window,
};

/// The store in a data folder, whoever has it open. Clones are the same one.
#[derive(Clone)]
pub struct SharedStore(Arc<Seating>);

/// A process lets go of the store as long as this is kept; its requests wait.
#[must_use = "the store is resumed when this is dropped"]
pub struct Rest(Arc<Seating>);

impl Drop for Rest {
    fn drop(&mut self) {
        self.0.go_on();
    }
}

impl SharedStore {
    /// The store in a folder, not yet open.
    pub fn new(data: &Path) -> Self {
        Self::copying_backups(data, None)
    }

    /// The same, whose backups are copied to another folder.
    pub fn copying_backups(data: &Path, copies: Option<PathBuf>) -> Self {
        let backups = BackupPlan {
            copies,
            ..BackupPlan::default()
        };
        Self(Arc::new(Seating::new(data, backups)))
    }

    /// The other folder that backups are copied to.
    pub fn backup_copies(&self) -> Option<PathBuf> {
        self.0.backups().copies.clone()
    }

    /// Where it is said how the backups that this process makes are sealed.
    pub fn backup_stamp(&self) -> Arc<OnceLock<Arc<Stamp>>> {
        Arc::clone(&self.0.backups().stamp)
    }

    /// Opens the store, or joins the process that has it open. `unlock` decides on the store that is found, here as there; none
    /// is there when it is new.
    pub async fn open(&self, unlock: Arc<Unlock>) -> Result<Identity, StoreError> {
        self.0.open(unlock).await
    }

    /// Finishes what is under way and lets other processes have the store, until the answer is dropped.
    pub async fn let_go(&self) -> Rest {
        let rest = Rest(Arc::clone(&self.0));
        // What the journal has is kept, whatever happened to the view.
        let _ = self.0.leave(Stage::Resting).await;
        rest
    }

    async fn read(&self, request: Request) -> Result<Reply, StoreError> {
        loop {
            match self.0.chair().await?.ask(&request).await {
                Ok(answer) => return answer,
                Err(Unanswered::Gone) => {}
                Err(Unanswered::Silent) => return Err(self.0.silent()),
            }
        }
    }

    async fn write(&self, write: Write) -> Result<Revision, StoreError> {
        let request = Request::Write(write.clone());
        // Where the store was before a write that was not answered.
        let mut unanswered = None;
        loop {
            let before = self.revision();
            let chair = match self.0.chair().await {
                Err(why) if unanswered.is_some() => return Err(uncertain(&why)),
                chair => chair?,
            };
            let refusal = match chair.ask(&request).await {
                Ok(Ok(reply)) => return reply.kept(),
                Ok(Err(refusal)) => Some(refusal),
                Err(Unanswered::Gone) => None,
                Err(Unanswered::Silent) => return Err(uncertain(&self.0.silent())),
            };
            // While it is asked whether the write was done, it may not keep the holder from closing.
            drop(chair);
            if refusal.is_none() {
                unanswered.get_or_insert(before);
            }
            if let Some(since) = unanswered {
                match again::was_done(self, &write, since).await {
                    Ok(Some(done)) => return Ok(done),
                    Ok(None) => {}
                    Err(why) => return Err(uncertain(&why)),
                }
            }
            if let Some(refusal) = refusal {
                return Err(refusal);
            }
        }
    }
}

/// What is said of a write that may have been done, when nobody can be asked.
fn uncertain(why: &StoreError) -> StoreError {
    StoreError::Unusable(format!(
        "{why}. The change may have been saved; check before retrying"
    ))
}

#[async_trait]
impl ConnectionStore<Sealed> for SharedStore {
    async fn get(&self, id: Uuid) -> Result<Option<Connection<Sealed>>, StoreError> {
        let Reply::Connection(found) = self.read(Request::Get(id)).await? else {
            return Err(beside_the_point());
        };
        Ok(found.map(|found| *found))
    }

    async fn find(&self, alias: &str) -> Result<Option<Connection<Sealed>>, StoreError> {
        let Reply::Connection(found) = self.read(Request::Find(alias.to_owned())).await? else {
            return Err(beside_the_point());
        };
        Ok(found.map(|found| *found))
    }

    async fn list(&self, query: &Query) -> Result<Page<ConnectionItem>, StoreError> {
        let Reply::Items(page) = self.read(Request::List(query.clone())).await? else {
            return Err(beside_the_point());
        };
        Ok(page)
    }

    async fn aliases(&self, prefix: &str, most: usize) -> Result<Vec<String>, StoreError> {
        let prefix = prefix.to_owned();
        let Reply::Aliases(found) = self.read(Request::Aliases { prefix, most }).await? else {
            return Err(beside_the_point());
        };
        Ok(found)
    }

    async fn save(&self, save: Save<Sealed>) -> Result<Revision, StoreError> {
        self.write(Write::Save(Box::new(save))).await
    }

    async fn delete(&self, id: Uuid, version: u64) -> Result<Revision, StoreError> {
        self.write(Write::Delete { id, version }).await
    }

    async fn versions(&self, id: Uuid, window: Window) -> Result<Page<Version>, StoreError> {
        let Reply::Versions(page) = self.read(Request::Versions { id, window }).await? else {
            return Err(beside_the_point());
        };
        Ok(page)
    }

    async fn version(&self, id: Uuid, number: u64) -> Result<Option<Version>, StoreError> {
        let Reply::Version(found) = self.read(Request::Version { id, number }).await? else {
            return Err(beside_the_point());
        };
        Ok(found.map(|found| *found))
    }

    fn revision(&self) -> Revision {
        self.0.look();
        self.0.known.revision()
    }

    async fn changes(&self, since: Revision) -> Result<ChangeFeed, StoreError> {
        feed::since(&self.0, since).await
    }

    fn notices(&self) -> Vec<StoreNotice> {
        self.0.look();
        self.0.known.notices()
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.0.leave(Stage::Closed).await
    }
}
