//! Leader: has the store open and accepts clients.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::UnixListener;

use super::client_session::ClientSession;
use super::request_tracker::RequestTracker;
use super::socket;
use crate::connection::StoreError;
use crate::store::sled::SledStore;

/// Pause after a client could not be accepted, for example for lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Leader of a store.
pub struct StoreLeader {
    tracker: Arc<RequestTracker>,
    /// Data directory of the socket, while the socket belongs to this leader.
    socket: Mutex<Option<PathBuf>>,
    /// Reason why clients cannot connect.
    problem: Option<String>,
}

impl StoreLeader {
    /// Starts serving a store that this process has opened in a folder.
    pub fn new(store: SledStore, data: &Path) -> Self {
        let tracker = Arc::new(RequestTracker::new(store));
        let (socket, problem) = match socket::listen(data) {
            Ok(listener) => {
                tokio::spawn(listen(listener, Arc::clone(&tracker)));
                (Some(data.to_owned()), None)
            }
            Err(error) => {
                let data = data.display();
                let problem = format!(
                    "Other umai processes cannot use {data} at the same time: creating its socket failed ({error})"
                );
                (None, Some(problem))
            }
        };
        Self {
            tracker,
            socket: Mutex::new(socket),
            problem,
        }
    }

    /// Tracker of all requests.
    pub const fn tracker(&self) -> &Arc<RequestTracker> {
        &self.tracker
    }

    /// Reason why clients cannot connect.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Finishes pending requests and releases the store to the next process.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.tracker.close(|| self.remove_socket()).await
    }

    /// Removes the socket while the lock is held: later it may belong to the next leader.
    fn remove_socket(&self) {
        let mut socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(data) = socket.take() {
            // A socket that remains is replaced by the next leader.
            let _ = socket::remove(&data);
        }
    }
}

impl Drop for StoreLeader {
    fn drop(&mut self) {
        self.tracker.stop().cancel();
        self.remove_socket();
    }
}

async fn listen(listener: UnixListener, tracker: Arc<RequestTracker>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = tracker.stop().cancelled() => return,
        };
        match accepted.and_then(|(stream, _)| Ok((socket::other_user(&stream)?, stream))) {
            Ok((None, stream)) => {
                tokio::spawn(ClientSession::serve(Arc::clone(&tracker), stream));
            }
            Ok((Some(user), _)) => tracing::warn!(user, "connection of another user rejected"),
            Err(error) => {
                tracing::warn!(%error, "accepting a client failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
