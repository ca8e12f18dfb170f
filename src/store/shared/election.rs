//! Finds a seat: the holder's, when nobody has the store open, or one with the process that has.
//!
//! The lock decides. Whoever gets it opens the store, and answers at the socket; whoever does not calls the holder there. Neither
//! works for a moment while a holder opens or closes, so both are tried again for a while.

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

/// So long a holder may open, close, or take to say hello.
const PATIENCE: Duration = Duration::from_secs(15);
/// So long one may that is stopped, and so will not; after that time it is looked at again.
const PATIENCE_WITH_STOPPED: Duration = Duration::from_secs(2);
/// The first pause between two tries, and the longest; each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(32);

/// Told the identity of the store that was found, or that there is none; answers it when the key fits.
pub type Unlock = dyn Fn(Option<&Identity>) -> Result<Identity, StoreError> + Send + Sync;

/// Where a seat is looked for.
pub struct Election {
    /// The data folder.
    pub data: PathBuf,
    /// Decides whose store it may be.
    pub unlock: Arc<Unlock>,
    /// Learns what is told.
    pub known: Arc<Known>,
    /// How backups are made when this process has the store open.
    pub backups: BackupPlan,
}

/// A seat, and which store it is of.
pub type Elected = (Seat, Identity);

/// Why there is no holder to ask.
enum Unmet {
    /// There is none, or not yet, or no longer.
    Nobody,
    /// It cannot be asked, now or later.
    Never(StoreError),
}

impl Election {
    /// Finds a seat, or says why there is none; none is looked for any more once it is unwanted.
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

    /// Ends when nobody will answer any more.
    async fn be_patient(&self) {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            tokio::time::sleep(PATIENCE_WITH_STOPPED).await;
            if lock::is_holder_stopped(&self.data) {
                return;
            }
        }
    }

    /// Opens the store, when nobody has it open.
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

    /// Calls the process that has the store open.
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
