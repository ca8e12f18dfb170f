//! Determines the role of this process: leader when no process has the store open, otherwise client of that process.
//!
//! The lock decides. The process that gets it opens the store and listens on the socket; all others connect to that socket. Both
//! can fail briefly while a leader opens or closes, so they are retried for a while.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::Instant;

use super::guest::{Guest, Met};
use super::holder::Holder;
use super::known::Known;
use super::seat::Seat;
use super::socket;
use crate::connection::{ConnectionStore, StoreError};
use crate::store::backup::BackupPlan;
use crate::store::journal::head::Identity;
use crate::store::lock;
use crate::store::sled::SledStore;

/// Maximum time for a leader to open, close, or send its hello.
const PATIENCE: Duration = Duration::from_secs(15);
/// Interval of the check for a suspended leader, which will not answer.
const PATIENCE_WITH_STOPPED: Duration = Duration::from_secs(2);
/// First and longest pause between two attempts; each pause is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(32);

/// Accepts or rejects the identity of the store that was found, `None` for a new one, and returns the identity to use.
pub type Unlock = dyn Fn(Option<&Identity>) -> Result<Identity, StoreError> + Send + Sync;

/// Parameters of an election.
pub struct Election {
    /// Data folder.
    pub data: PathBuf,
    /// Accepts or rejects the identity of the store.
    pub unlock: Arc<Unlock>,
    /// State shared by all roles of this process.
    pub known: Arc<Known>,
    /// Backup configuration while this process has the store open.
    pub backups: BackupPlan,
}

/// Role and identity of the store.
pub type Elected = (Seat, Identity);

/// Reason why there is no leader to connect to.
enum Unmet {
    /// There is no leader at the moment.
    Nobody,
    /// The leader cannot be used; retrying does not help.
    Never(StoreError),
}

impl Election {
    /// Determines the role. Returns `Ok(None)` once `unwanted` completes.
    pub async fn hold(
        &self,
        unwanted: impl Future<Output = ()>,
    ) -> Result<Option<Elected>, StoreError> {
        let mut unwanted = pin!(unwanted);
        let mut patience = pin!(self.be_patient());
        let mut pause = FIRST_PAUSE;
        loop {
            match self.open().await {
                Err(StoreError::Held { .. }) => {}
                other => return other.map(Some),
            }
            let call = async {
                let called = self.call().await;
                if let Err(Unmet::Nobody) = called {
                    tokio::time::sleep(pause).await;
                }
                called
            };
            tokio::select! {
                called = call => match called {
                    Ok(elected) => return Ok(Some(elected)),
                    Err(Unmet::Never(why)) => return Err(why),
                    Err(Unmet::Nobody) => pause = LONGEST_PAUSE.min(pause * 2),
                },
                () = &mut patience => return Err(lock::held(&self.data)),
                () = &mut unwanted => return Ok(None),
            }
        }
    }

    /// Completes when waiting for a leader is pointless.
    async fn be_patient(&self) {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            tokio::time::sleep(PATIENCE_WITH_STOPPED).await;
            if lock::is_holder_stopped(&self.data) {
                return;
            }
        }
    }

    /// Opens the store, unless another process has it open.
    async fn open(&self) -> Result<Elected, StoreError> {
        let (data, unlock) = (self.data.clone(), Arc::clone(&self.unlock));
        let backups = self.backups.clone();
        let store = spawn_blocking(move || SledStore::open(&data, |found| unlock(found), backups))
            .await
            .map_err(|_| StoreError::Unusable("Opening the store failed".into()))??;
        let identity = store.identity().clone();
        self.known.learn(store.revision(), store.notices());
        let holder = Holder::new(store, &self.data);
        self.known
            .learn(self.known.revision(), holder.trouble().map(str::to_owned));
        Ok((Seat::Holder(Arc::new(holder)), identity))
    }

    /// Connects to the process that has the store open.
    async fn call(&self) -> Result<Elected, Unmet> {
        let stream = socket::call(&self.data)
            .await
            .map_err(|error| match error.kind() {
                ErrorKind::PermissionDenied => Unmet::Never(anothers(&self.data)),
                _ => Unmet::Nobody,
            })?;
        match socket::stranger(&stream) {
            Ok(None) => {}
            Ok(Some(_)) => return Err(Unmet::Never(anothers(&self.data))),
            Err(_) => return Err(Unmet::Nobody),
        }
        let met = Guest::meet(stream, Arc::clone(&self.known)).await;
        let (guest, hello) = match met.map_err(|_| Unmet::Nobody)? {
            Met::Holder(guest, hello) => (guest, hello),
            Met::Foreign => return Err(Unmet::Never(foreign(&self.data))),
        };
        let Some(identity) = hello.identity() else {
            return Err(Unmet::Never(foreign(&self.data)));
        };
        let unlock = Arc::clone(&self.unlock);
        let identity = spawn_blocking(move || unlock(Some(&identity)))
            .await
            .map_err(|_| Unmet::Nobody)?
            .map_err(Unmet::Never)?;
        self.known.learn(hello.revision, hello.notices);
        Ok((Seat::Guest(Arc::new(guest)), identity))
    }
}

fn foreign(data: &Path) -> StoreError {
    StoreError::Unusable(format!(
        "{} is in use by a different version of umai; close it, or use the same version",
        data.display()
    ))
}

fn anothers(data: &Path) -> StoreError {
    StoreError::Unusable(format!(
        "{} is in use by another user's umai; close it, or use another folder with --data",
        data.display()
    ))
}
