//! Keeps the seat of this process: takes one when it is needed and there is none, leaves it to rest or for good.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use tokio::sync::{Mutex, watch};

use super::election::{Election, Unlock};
use super::known::Known;
use super::seat::{Chair, Seat};
use crate::connection::{ConnectionStore, StoreError};
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
    /// Which store it is; at another one in the same folder no seat is taken.
    pub identity: Identity,
    /// What this process knows of it.
    pub known: Arc<Known>,
    stage: watch::Sender<Stage>,
    current: RwLock<Option<Seat>>,
    /// Held by whoever looks for a seat.
    turn: Mutex<()>,
}

impl Seating {
    /// Takes the first seat, at a store that `unlock` lets in to.
    pub async fn new(data: PathBuf, unlock: Arc<Unlock>) -> Result<Self, StoreError> {
        let known = Arc::<Known>::default();
        let election = Election {
            data: data.clone(),
            unlock,
            known: Arc::clone(&known),
        };
        let (seat, identity) = election.hold().await?;
        Ok(Self {
            data,
            identity,
            known,
            stage: watch::Sender::new(Stage::Open),
            current: RwLock::new(Some(seat)),
            turn: Mutex::default(),
        })
    }

    /// The seat for one request; taken again when the one there was leads nowhere.
    pub async fn chair(&self) -> Result<Chair, StoreError> {
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
            let elect = async {
                let _turn = self.turn.lock().await;
                match self.free_chair() {
                    // Someone found one meanwhile.
                    Some(_) => Ok(None),
                    None => self.elect().await.map(Some),
                }
            };
            let seat = tokio::select! {
                elected = elect => elected?,
                _ = stage.wait_for(|stage| *stage != Stage::Open) => None,
            };
            if let Some(seat) = seat
                && let Some(unwanted) = self.sit(seat)
            {
                unwanted.leave().await?;
            }
        }
    }

    async fn elect(&self) -> Result<Seat, StoreError> {
        let (identity, data) = (self.identity.clone(), self.data.clone());
        let unlock = move |found: Option<&Identity>| {
            if found == Some(&identity) {
                return Ok(identity.clone());
            }
            Err(StoreError::Unusable(format!(
                "The store in {} is not the one that was there before; nothing was changed. Start umai again to use it",
                data.display()
            )))
        };
        let election = Election {
            data: self.data.clone(),
            unlock: Arc::new(unlock),
            known: Arc::clone(&self.known),
        };
        Ok(election.hold().await?.0)
    }

    /// Takes a seat that was found, or gives it back when none may be taken any more.
    fn sit(&self, seat: Seat) -> Option<Seat> {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        // Whoever ends the stage does so before taking the seat away.
        if *self.stage.borrow() != Stage::Open {
            return Some(seat);
        }
        *current = Some(seat);
        None
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
        let seat = self
            .current
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        match seat {
            Some(seat) => seat.leave().await,
            None => Ok(()),
        }
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

    /// What is said of a write that a holder says nothing of.
    pub fn uncertain(&self) -> StoreError {
        StoreError::Unusable(format!(
            "{}. Whether this change was kept will be seen when it goes on: look before you make it again",
            self.silent()
        ))
    }

    /// Learns what the store says without being asked, when it is open here.
    pub fn look(&self) {
        if let Some(Seat::Holder(holder)) = &*self.current() {
            let store = holder.desk().store();
            self.known.learn(store.revision(), store.notices());
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

/// What everyone is told once the store is closed.
pub fn closed() -> StoreError {
    StoreError::Unusable("The store is closed".into())
}
