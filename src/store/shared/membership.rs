//! Membership of this process: takes a role when one is needed, and leaves it to pause or close.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard};
use std::time::Instant;

use tokio::sync::{Mutex, watch};

use super::election::{Election, IdentityCheck};
use super::known_state::KnownState;
use super::role::{RequestHandle, StoreRole};
use crate::connection::{ConnectionStore, StoreError};
use crate::store::backup::BackupConfig;
use crate::store::journal::header::StoreIdentity;
use crate::store::key::UnlockedStore;
use crate::store::lock;

/// Lifecycle state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberStage {
    /// A role may be taken.
    Open,
    /// Paused: requests wait.
    Paused,
    /// Closed permanently.
    Closed,
}

/// Membership of this process.
pub struct Membership {
    data: PathBuf,
    backups: BackupConfig,
    /// Store that was opened; another store in the same folder is rejected.
    unlocked: OnceLock<UnlockedStore>,
    /// Accepts or rejects the store that is found first.
    unlock: OnceLock<Arc<IdentityCheck>>,
    /// State of the store as known to this process.
    pub known: Arc<KnownState>,
    stage: watch::Sender<MemberStage>,
    current: RwLock<Option<StoreRole>>,
    /// Held while a role is taken or left. Contains the time and error of the last failed election.
    election_lock: Mutex<Option<(Instant, StoreError)>>,
}

impl Membership {
    /// Returns a membership without a role.
    pub fn new(data: &Path, backups: BackupConfig) -> Self {
        Self {
            data: data.to_owned(),
            backups,
            unlocked: OnceLock::new(),
            unlock: OnceLock::new(),
            known: Arc::default(),
            stage: watch::Sender::new(MemberStage::Open),
            current: RwLock::default(),
            election_lock: Mutex::default(),
        }
    }

    /// Backup configuration while this process has the store open.
    pub const fn backups(&self) -> &BackupConfig {
        &self.backups
    }

    /// Takes the first role, at a store that `unlock` accepts.
    pub async fn open(
        self: &Arc<Self>,
        unlock: Arc<IdentityCheck>,
    ) -> Result<UnlockedStore, StoreError> {
        // A store is opened once, so the cell is empty.
        let _ = self.unlock.set(unlock);
        self.handle().await?;
        self.unlocked.get().cloned().ok_or_else(StoreError::closed)
    }

    /// Returns a handle for one request; takes a new role when the current one has ended.
    pub async fn handle(self: &Arc<Self>) -> Result<RequestHandle, StoreError> {
        let mut stage = self.stage.subscribe();
        loop {
            let now = *stage
                .wait_for(|stage| *stage != MemberStage::Paused)
                .await
                .map_err(|_| StoreError::closed())?;
            if now == MemberStage::Closed {
                return Err(StoreError::closed());
            }
            if let Some(handle) = self.current_handle() {
                return Ok(handle);
            }
            // Spawned, because the caller may be cancelled: a lock that was just taken would be lost.
            let membership = Arc::clone(self);
            let joined = tokio::spawn(async move { membership.join().await });
            joined.await.map_err(|_| StoreError::closed())??;
        }
    }

    /// Takes a role, unless there is one already or none may be taken.
    async fn join(&self) -> Result<(), StoreError> {
        let since = Instant::now();
        let mut election_lock = self.election_lock.lock().await;
        match &*election_lock {
            // An election that failed while this call waited has the same result.
            Some((ended, why)) if *ended >= since => return Err(why.clone()),
            Some(_) | None => {}
        }
        let mut stage = self.stage.subscribe();
        if *stage.borrow_and_update() != MemberStage::Open || self.current_handle().is_some() {
            return Ok(());
        }
        let cancelled = async move {
            // The sender lives as long as this membership, so waiting cannot fail.
            let _ = stage.wait_for(|stage| *stage != MemberStage::Open).await;
        };
        let election = self.election().ok_or_else(StoreError::closed)?;
        let role = match election.run(cancelled).await {
            Ok(Some((role, unlocked))) => {
                // Later elections return the same store.
                let _ = self.unlocked.set(unlocked);
                role
            }
            Ok(None) => return Ok(()),
            Err(why) => {
                *election_lock = Some((Instant::now(), why.clone()));
                return Err(why);
            }
        };
        if *self.stage.borrow() == MemberStage::Open {
            *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(role);
            return Ok(());
        }
        role.shut_down().await
    }

    /// Returns `None` before [`Self::open`] was called, which sets how the store is unlocked.
    fn election(&self) -> Option<Election> {
        let unlock = match self.unlocked.get() {
            None => Arc::clone(self.unlock.get()?),
            Some(unlocked) => require_identity(unlocked.clone(), self.data.clone()),
        };
        Some(Election {
            data: self.data.clone(),
            unlock,
            known: Arc::clone(&self.known),
            backups: self.backups.clone(),
        })
    }

    /// Leaves the role to pause or close, and takes none while the stage is not open.
    pub async fn shut_down(&self, stage: MemberStage) -> Result<(), StoreError> {
        self.stage.send_if_modified(|now| {
            let changes = *now != MemberStage::Closed;
            if changes {
                *now = stage;
            }
            changes
        });
        // An election in progress may already hold the lock.
        let _guard = self.election_lock.lock().await;
        let role = self
            .current
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(role) = role else {
            return Ok(());
        };
        let result = role.shut_down().await;
        self.update(&role);
        result
    }

    /// Allows taking a role again after a pause.
    pub fn resume(&self) {
        self.stage.send_if_modified(|now| {
            let was_paused = *now == MemberStage::Paused;
            if was_paused {
                *now = MemberStage::Open;
            }
            was_paused
        });
    }

    /// Returns true when the membership was closed permanently.
    pub fn is_closed(&self) -> bool {
        *self.stage.borrow() == MemberStage::Closed
    }

    /// Error for a leader that does not respond.
    pub fn not_responding(&self) -> StoreError {
        lock::held_error(&self.data)
    }

    /// Updates the known state directly when the store is open here.
    pub fn refresh(&self) {
        if let Some(role) = &*self.current() {
            self.update(role);
        }
    }

    fn update(&self, role: &StoreRole) {
        match role {
            StoreRole::Leader(leader) => {
                let store = leader.tracker().store();
                self.known.update(store.revision(), store.notices());
            }
            // Every reply of the leader updates the state.
            StoreRole::Client(_) => {}
        }
    }

    fn current_handle(&self) -> Option<RequestHandle> {
        self.current().as_ref().and_then(StoreRole::handle)
    }

    fn current(&self) -> RwLockReadGuard<'_, Option<StoreRole>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        // A feed may still wait for a reply.
        if let Some(StoreRole::Client(client)) = &*self.current() {
            client.disconnect();
        }
    }
}

/// Accepts only the store that was open before, not another one that replaced it.
fn require_identity(unlocked: UnlockedStore, data: PathBuf) -> Arc<IdentityCheck> {
    Arc::new(move |found: Option<&StoreIdentity>| {
        let identity = &unlocked.identity;
        if found == Some(identity) {
            return Ok(unlocked.clone());
        }
        if found.is_some_and(|found| found.store == identity.store) {
            return Err(StoreError::Key(format!(
                "The key of the store in {} changed while it was in use; nothing else changed. Restart umai to use the new key",
                data.display()
            )));
        }
        Err(StoreError::Other(format!(
            "The store in {} was replaced by another store; nothing was changed. Restart umai to use it",
            data.display()
        )))
    })
}
