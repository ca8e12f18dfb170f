//! Keeps the seat of this process: takes one when it is needed and there is none, leaves it to rest or for good.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard};
use std::time::Instant;

use tokio::sync::{Mutex, watch};

use super::election::{Election, Unlock};
use super::known::Known;
use super::seat::{Chair, Seat};
use crate::connection::{ConnectionStore, StoreError};
use crate::store::backup::BackupPlan;
use crate::store::journal::head::Identity;
use crate::store::lock;

/// Whether a seat may be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It may.
    Open,
    /// Later: requests wait.
    Resting,
    /// Never again.
    Closed,
}

/// The seat of this process.
pub struct Seating {
    data: PathBuf,
    backups: BackupPlan,
    /// Which store it is; at another one in the same folder no seat is taken.
    identity: OnceLock<Identity>,
    /// Lets in to the store that is found first.
    unlock: OnceLock<Arc<Unlock>>,
    /// What this process knows of it.
    pub known: Arc<Known>,
    stage: watch::Sender<Stage>,
    current: RwLock<Option<Seat>>,
    /// Held by whoever looks for a seat, or leaves it; when the last search ended without one, and why.
    turn: Mutex<Option<(Instant, StoreError)>>,
}

impl Seating {
    /// No seat yet.
    pub fn new(data: &Path, backups: BackupPlan) -> Self {
        Self {
            data: data.to_owned(),
            backups,
            identity: OnceLock::new(),
            unlock: OnceLock::new(),
            known: Arc::default(),
            stage: watch::Sender::new(Stage::Open),
            current: RwLock::default(),
            turn: Mutex::default(),
        }
    }

    /// How backups are made when this process has the store open.
    pub const fn backups(&self) -> &BackupPlan {
        &self.backups
    }

    /// Takes the first seat, at a store that `unlock` lets in to.
    pub async fn open(self: &Arc<Self>, unlock: Arc<Unlock>) -> Result<Identity, StoreError> {
        // It is opened once.
        let _ = self.unlock.set(unlock);
        self.chair().await?;
        self.identity.get().cloned().ok_or_else(closed)
    }

    /// The seat for one request; taken again when the one there was leads nowhere.
    pub async fn chair(self: &Arc<Self>) -> Result<Chair, StoreError> {
        let mut stage = self.stage.subscribe();
        loop {
            let now = *stage
                .wait_for(|stage| *stage != Stage::Resting)
                .await
                .map_err(|_| closed())?;
            if now == Stage::Closed {
                return Err(closed());
            }
            if let Some(chair) = self.free_chair() {
                return Ok(chair);
            }
            // Not by whoever asks, who may go away: a lock that was just taken would be nobody's.
            let seating = Arc::clone(self);
            let sought = tokio::spawn(async move { seating.seek().await });
            sought.await.map_err(|_| closed())??;
        }
    }

    /// Takes a seat, unless there is one by now or none may be taken.
    async fn seek(&self) -> Result<(), StoreError> {
        let since = Instant::now();
        let mut turn = self.turn.lock().await;
        match &*turn {
            // What was found out while this one waited is its answer, too.
            Some((ended, why)) if *ended >= since => return Err(why.clone()),
            Some(_) | None => {}
        }
        let mut stage = self.stage.subscribe();
        if *stage.borrow_and_update() != Stage::Open || self.free_chair().is_some() {
            return Ok(());
        }
        let unwanted = async move {
            // It never ends while this seating is there.
            let _ = stage.wait_for(|stage| *stage != Stage::Open).await;
        };
        let election = self.election().ok_or_else(closed)?;
        let seat = match election.hold(unwanted).await {
            Ok(Some((seat, identity))) => {
                // Later ones are the same.
                let _ = self.identity.set(identity);
                seat
            }
            Ok(None) => return Ok(()),
            Err(why) => {
                *turn = Some((Instant::now(), why.clone()));
                return Err(why);
            }
        };
        if *self.stage.borrow() == Stage::Open {
            *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(seat);
            return Ok(());
        }
        seat.leave().await
    }

    /// None before it was opened.
    fn election(&self) -> Option<Election> {
        let unlock = match self.identity.get() {
            None => Arc::clone(self.unlock.get()?),
            Some(identity) => only(identity.clone(), self.data.clone()),
        };
        Some(Election {
            data: self.data.clone(),
            unlock,
            known: Arc::clone(&self.known),
            backups: self.backups.clone(),
        })
    }

    /// Leaves the seat for now or for good, and takes none while the stage is not open.
    pub async fn leave(&self, stage: Stage) -> Result<(), StoreError> {
        self.stage.send_if_modified(|now| {
            let changes = *now != Stage::Closed;
            if changes {
                *now = stage;
            }
            changes
        });
        // Whoever looks for a seat just now may have the lock already.
        let _turn = self.turn.lock().await;
        let seat = self
            .current
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(seat) = seat else {
            return Ok(());
        };
        let left = seat.leave().await;
        self.learn(&seat);
        left
    }

    /// Lets a seat be taken again, after a rest.
    pub fn go_on(&self) {
        self.stage.send_if_modified(|now| {
            let rested = *now == Stage::Resting;
            if rested {
                *now = Stage::Open;
            }
            rested
        });
    }

    /// Whether the seat was left for good.
    pub fn is_closed(&self) -> bool {
        *self.stage.borrow() == Stage::Closed
    }

    /// What is said of a holder that says nothing.
    pub fn silent(&self) -> StoreError {
        lock::held(&self.data)
    }

    /// Learns what the store says without being asked, when it is open here.
    pub fn look(&self) {
        if let Some(seat) = &*self.current() {
            self.learn(seat);
        }
    }

    fn learn(&self, seat: &Seat) {
        match seat {
            Seat::Holder(holder) => {
                let store = holder.desk().store();
                self.known.learn(store.revision(), store.notices());
            }
            // It was told with every answer.
            Seat::Guest(_) => {}
        }
    }

    fn free_chair(&self) -> Option<Chair> {
        self.current().as_ref().and_then(Seat::chair)
    }

    fn current(&self) -> RwLockReadGuard<'_, Option<Seat>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seating {
    fn drop(&mut self) {
        // A feed may still wait at it.
        if let Some(Seat::Guest(guest)) = &*self.current() {
            guest.leave();
        }
    }
}

/// Lets in to the store that was there before, and to no other one that has come into its place.
fn only(identity: Identity, data: PathBuf) -> Arc<Unlock> {
    Arc::new(move |found: Option<&Identity>| {
        if found == Some(&identity) {
            return Ok(identity.clone());
        }
        if found.is_some_and(|found| found.store == identity.store) {
            return Err(StoreError::Key(format!(
                "The key of the store in {} changed while it was in use; nothing else changed. Restart umai to use the new key",
                data.display()
            )));
        }
        Err(StoreError::Unusable(format!(
            "The store in {} was replaced by another store; nothing was changed. Restart umai to use it",
            data.display()
        )))
    })
}

/// What everyone is told once the store is closed.
pub fn closed() -> StoreError {
    StoreError::Unusable("The store is closed".into())
}
