//! The store on disk: the journal, and sled as a view of it.
//!
//! ```text
//! save ─► ledger: admitted? ─► journal: appended, synced ─► view: applied ─► answered, announced
//! ```

pub(super) mod rows;
mod contained;
pub(super) mod view;
mod views;
mod change;
mod ledger;
mod feed;
mod verify;
pub(super) mod rebuild;
mod replay;
mod checkpoint;
pub(super) mod gather;
mod missing;
mod applier;
mod repair;
mod writer;
pub(super) mod open;
mod bring_up;
pub(super) mod making;
mod backups;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

use self::applier::Applier;
use self::change::Ask;
use self::open::Start;
use self::views::Views;
use self::writer::{Message, Writer};
use super::backup::BackupPlan;
use super::journal::head::Identity;
use crate::connection::store::{ChangeFeed, ConnectionStore, Revision, Save, StoreNotice};
use crate::connection::{
    Connection, ConnectionItem, Page, Query, Sealed, StoreError, Version, Window,
};

pub use self::rebuild::{DAMAGED, FOLDER};

/// Whose files are in a data folder; none when there is no store. Nothing is opened.
pub fn identity_in(data: &Path) -> Result<Option<Identity>, StoreError> {
    open::identity_in(data)
}

/// What an earlier start found missing from a store and wrote down.
pub fn what_is_missing(data: &Path) -> Option<String> {
    missing::sentence(data)
}

/// So many changes wait for the writer before those who ask wait themselves.
const WAITING: usize = 1024;

/// Keeps connections in a data folder. It takes sealed secrets only, so it can never see a plain one.
pub struct SledStore {
    applier: Arc<Applier>,
    inbox: mpsc::Sender<Message>,
    opening: watch::Receiver<Opening>,
    closing: Arc<AtomicBool>,
    /// Whether the view was looked at.
    is_seen: AtomicBool,
}

/// Whether the view can be read.
#[derive(Debug, Clone, PartialEq)]
enum Opening {
    /// Not yet.
    UnderWay,
    /// It can.
    Done,
    /// It never will.
    Given(StoreError),
}

/// When the view is made ready.
enum Ready {
    /// It is.
    Now(bring_up::Ready),
    /// While the store is in use already, since it takes a time that people would notice.
    Later(Start),
}

/// What the store's own thread does.
fn work(
    ready: Ready,
    inbox: mpsc::Receiver<Message>,
    applier: Arc<Applier>,
    state: &watch::Sender<Opening>,
    closing: &AtomicBool,
) {
    let ready = match ready {
        Ready::Now(ready) => Ok(ready),
        Ready::Later(start) => start.finish(),
    };
    match ready {
        Ok(ready) => {
            state.send_replace(Opening::Done);
            Writer::new(inbox, ready, applier).run(closing);
        }
        Err(error) => {
            state.send_replace(Opening::Given(error));
        }
    }
}

impl SledStore {
    /// Opens the store in a folder, and waits for the disk while doing so.
    ///
    /// `unlock` is told the identity of the store that was found, or that there is none, and answers it when the key fits.
    pub fn open(
        data: &Path,
        unlock: impl FnOnce(Option<&Identity>) -> Result<Identity, StoreError>,
        backups: BackupPlan,
    ) -> Result<Self, StoreError> {
        let start = open::open(data, unlock, backups)?;
        let applier = Arc::clone(&start.applier);
        let closing = Arc::<AtomicBool>::default();
        let (inbox, arriving) = mpsc::channel(WAITING);
        let state = watch::Sender::new(Opening::UnderWay);
        let opening = state.subscribe();
        let ready = if start.is_small() {
            Ready::Now(start.finish()?)
        } else {
            Ready::Later(start)
        };
        let (stop, shared) = (Arc::clone(&closing), Arc::clone(&applier));
        std::thread::Builder::new()
            .name("umai-store".into())
            .spawn(move || work(ready, arriving, shared, &state, &stop))
            .map_err(|error| super::files::unusable(data, &error))?;
        Ok(Self {
            applier,
            inbox,
            opening,
            closing,
            is_seen: AtomicBool::new(false),
        })
    }

    /// Which store it is.
    pub fn identity(&self) -> &Identity {
        &self.applier.identity
    }

    async fn change(&self, ask: Ask) -> Result<Revision, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.inbox
            .send(Message::Change(ask, answer))
            .await
            .map_err(|_| self.closed())?;
        answered.await.map_err(|_| self.closed())?
    }

    /// Waits until the view can be read.
    async fn ready(&self) -> Result<(), StoreError> {
        let mut opening = self.opening.clone();
        // When the store's thread is gone, reading says so.
        let _ = opening
            .wait_for(|opening| *opening != Opening::UnderWay)
            .await;
        match &*self.opening.borrow() {
            Opening::Given(error) => Err(error.clone()),
            Opening::UnderWay | Opening::Done => Ok(()),
        }
    }

    /// Why nobody answers any more.
    fn closed(&self) -> StoreError {
        match &*self.opening.borrow() {
            Opening::Given(error) => error.clone(),
            Opening::UnderWay | Opening::Done => StoreError::Unusable("The store is closed".into()),
        }
    }

    /// Reads; when that meets damage, the view is mended and read again.
    async fn read<T>(
        &self,
        read: impl Fn(&Views) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.ready().await?;
        let damage = match read(&self.applier.views) {
            Ok(found) => return Ok(found),
            Err(_) if self.closing.load(Ordering::Acquire) => return Err(self.closed()),
            Err(damage) => damage,
        };
        let (done, mended) = oneshot::channel();
        if self.inbox.send(Message::Repair(done)).await.is_err() || mended.await.is_err() {
            return Err(damage);
        }
        read(&self.applier.views)
    }

    /// Reads one thing. That it is not there is said only once the view was looked at: one that lost a row does not know it.
    async fn read_one<T>(
        &self,
        read: impl Fn(&Views) -> Result<Option<T>, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let found = self.read(&read).await?;
        if found.is_some() || self.is_seen.load(Ordering::Acquire) {
            return Ok(found);
        }
        let (done, seen) = oneshot::channel();
        if self.inbox.send(Message::Seen(done)).await.is_err() || seen.await.is_err() {
            return Err(self.closed());
        }
        self.is_seen.store(true, Ordering::Release);
        self.read(&read).await
    }
}

#[async_trait]
impl ConnectionStore<Sealed> for SledStore {
    async fn get(&self, id: Uuid) -> Result<Option<Connection<Sealed>>, StoreError> {
        self.read_one(|views| views.get(id)).await
    }

    async fn find(&self, alias: &str) -> Result<Option<Connection<Sealed>>, StoreError> {
        self.read_one(|views| match views.owner(alias)? {
            Some(id) => views.get(id),
            None => Ok(None),
        })
        .await
    }

    async fn list(&self, query: &Query) -> Result<Page<ConnectionItem>, StoreError> {
        let query = query.clone().lowered();
        self.read(|views| views.list(&query)).await
    }

    async fn aliases(&self, prefix: &str, most: usize) -> Result<Vec<String>, StoreError> {
        self.read(|views| views.aliases(prefix, most)).await
    }

    async fn save(&self, save: Save<Sealed>) -> Result<Revision, StoreError> {
        self.change(Ask::save(&save)?).await
    }

    async fn delete(&self, id: Uuid, version: u64) -> Result<Revision, StoreError> {
        self.change(Ask::Delete { id, version }).await
    }

    async fn versions(&self, id: Uuid, window: Window) -> Result<Page<Version>, StoreError> {
        self.read(|views| views.versions(id, window)).await
    }

    async fn version(&self, id: Uuid, number: u64) -> Result<Option<Version>, StoreError> {
        self.read(|views| views.version(id, number)).await
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

    async fn close(&self) -> Result<(), StoreError> {
        self.closing.store(true, Ordering::Release);
        let (done, closed) = oneshot::channel();
        if self.inbox.send(Message::Close(done)).await.is_ok() {
            // A writer that ended without an answer is closed, too.
            let _ = closed.await;
        }
        Ok(())
    }
}
