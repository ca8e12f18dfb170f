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

use super::client::{HandshakeResult, LeaderClient};
use super::known_state::KnownState;
use super::leader::StoreLeader;
use super::role::StoreRole;
use super::socket;
use crate::connection::{ConnectionStore, StoreError};
use crate::store::backup::BackupConfig;
use crate::store::disk::DiskObstacle;
use crate::store::journal::header::StoreIdentity;
use crate::store::key::UnlockedStore;
use crate::store::lock;
use crate::store::sled::SledStore;

/// Maximum time for a leader to open, close, or send its hello.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Interval of the check for a suspended leader, which will not answer.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);
/// First and longest pause between two attempts; each pause is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const MAX_PAUSE: Duration = Duration::from_millis(32);

/// Accepts or rejects the identity of the store that was found, `None` for a new one, and returns the store to use.
pub type IdentityCheck =
    dyn Fn(Option<&StoreIdentity>) -> Result<UnlockedStore, StoreError> + Send + Sync;

/// Parameters of an election.
pub struct Election {
    /// Data directory.
    pub data: PathBuf,
    /// Accepts or rejects the identity of the store.
    pub unlock: Arc<IdentityCheck>,
    /// State shared by all roles of this process.
    pub known: Arc<KnownState>,
    /// Backup configuration while this process has the store open.
    pub backups: BackupConfig,
}

/// Role, and the store with its key.
pub type Elected = (StoreRole, UnlockedStore);

/// Reason why there is no leader to connect to.
enum NoLeader {
    /// There is no leader at the moment.
    Absent,
    /// The leader cannot be used; retrying does not help.
    Unusable(StoreError),
}

impl Election {
    /// Determines the role. Returns `Ok(None)` once `cancelled` completes.
    pub async fn run(
        &self,
        cancelled: impl Future<Output = ()>,
    ) -> Result<Option<Elected>, StoreError> {
        let mut cancelled = pin!(cancelled);
        let mut timeout = pin!(self.wait_while_possible());
        let mut pause = FIRST_PAUSE;
        loop {
            match self.open().await {
                Err(StoreError::Held { .. }) => {}
                other => return other.map(Some),
            }
            let attempt = async {
                let connected = self.connect().await;
                if let Err(NoLeader::Absent) = connected {
                    tokio::time::sleep(pause).await;
                }
                connected
            };
            tokio::select! {
                connected = attempt => match connected {
                    Ok(elected) => return Ok(Some(elected)),
                    Err(NoLeader::Unusable(why)) => return Err(why),
                    Err(NoLeader::Absent) => pause = MAX_PAUSE.min(pause * 2),
                },
                () = &mut timeout => return Err(lock::held_error(&self.data)),
                () = &mut cancelled => return Ok(None),
            }
        }
    }

    /// Completes when waiting for a leader is pointless.
    async fn wait_while_possible(&self) {
        let end = Instant::now() + TIMEOUT;
        while Instant::now() < end {
            tokio::time::sleep(CHECK_INTERVAL).await;
            if lock::is_owner_suspended(&self.data) {
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
            .map_err(|_| StoreError::Other("Opening the store failed".into()))??;
        let unlocked = store.unlocked();
        self.known.update(store.revision(), store.notices());
        let leader = StoreLeader::new(store, &self.data);
        // On a read-only disk, other processes open the store themselves.
        let is_read_only = DiskObstacle::find(&self.data) == Some(DiskObstacle::ReadOnly);
        let problem = leader.problem().filter(|_| !is_read_only);
        self.known
            .update(self.known.revision(), problem.map(str::to_owned));
        Ok((StoreRole::Leader(Arc::new(leader)), unlocked))
    }

    /// Connects to the process that has the store open.
    async fn connect(&self) -> Result<Elected, NoLeader> {
        let stream = socket::connect(&self.data)
            .await
            .map_err(|error| match error.kind() {
                ErrorKind::PermissionDenied => NoLeader::Unusable(other_user_error(&self.data)),
                _ => NoLeader::Absent,
            })?;
        match socket::other_user(&stream) {
            Ok(None) => {}
            Ok(Some(_)) => return Err(NoLeader::Unusable(other_user_error(&self.data))),
            Err(_) => return Err(NoLeader::Absent),
        }
        let handshake = LeaderClient::handshake(stream, Arc::clone(&self.known)).await;
        let (client, hello) = match handshake.map_err(|_| NoLeader::Absent)? {
            HandshakeResult::Leader(client, hello) => (client, hello),
            HandshakeResult::Incompatible => {
                return Err(NoLeader::Unusable(other_version_error(&self.data)));
            }
        };
        let Some(identity) = hello.identity() else {
            return Err(NoLeader::Unusable(other_version_error(&self.data)));
        };
        let unlock = Arc::clone(&self.unlock);
        let unlocked = spawn_blocking(move || unlock(Some(&identity)))
            .await
            .map_err(|_| NoLeader::Absent)?
            .map_err(NoLeader::Unusable)?;
        self.known.update(hello.revision, hello.notices);
        Ok((StoreRole::Client(Arc::new(client)), unlocked))
    }
}

fn other_version_error(data: &Path) -> StoreError {
    StoreError::Other(format!(
        "{} is in use by a different version of umai; close it, or use the same version",
        data.display()
    ))
}

fn other_user_error(data: &Path) -> StoreError {
    StoreError::Other(format!(
        "{} is in use by another user's umai; close it, or use another folder with --data",
        data.display()
    ))
}
