//! Leader: has the store open and accepts clients.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::UnixListener;

use super::desk::Desk;
use super::socket;
use super::visit::Visit;
use crate::connection::StoreError;
use crate::store::sled::SledStore;

/// Pause after a client could not be accepted, for example for lack of file descriptors.
const NO_ROOM: Duration = Duration::from_millis(100);

/// Leader of a store.
pub struct Holder {
    desk: Arc<Desk>,
    /// Data folder of the socket, while the socket belongs to this leader.
    socket: Mutex<Option<PathBuf>>,
    /// Reason why clients cannot connect.
    trouble: Option<String>,
}

impl Holder {
    /// Starts serving a store that this process has opened in a folder.
    pub fn new(store: SledStore, data: &Path) -> Self {
        let desk = Arc::new(Desk::new(store));
        let (socket, trouble) = match socket::listen(data) {
            Ok(listener) => {
                tokio::spawn(listen(listener, Arc::clone(&desk)));
                (Some(data.to_owned()), None)
            }
            Err(error) => {
                let data = data.display();
                let trouble = format!(
                    "Other umai processes cannot use {data} at the same time: creating its socket failed ({error})"
                );
                (None, Some(trouble))
            }
        };
        Self {
            desk,
            socket: Mutex::new(socket),
            trouble,
        }
    }

    /// Tracker of all requests.
    pub const fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    /// Reason why clients cannot connect.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Finishes pending requests and releases the store to the next process.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.desk.close(|| self.leave_socket()).await
    }

    /// Removes the socket while the lock is held: later it may belong to the next leader.
    fn leave_socket(&self) {
        let mut socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(data) = socket.take() {
            // A socket that remains is replaced by the next leader.
            let _ = socket::remove(&data);
        }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.desk.stop().cancel();
        self.leave_socket();
    }
}

async fn listen(listener: UnixListener, desk: Arc<Desk>) {
    loop {
        let called = tokio::select! {
            called = listener.accept() => called,
            () = desk.stop().cancelled() => return,
        };
        match called.and_then(|(stream, _)| Ok((socket::stranger(&stream)?, stream))) {
            Ok((None, stream)) => {
                tokio::spawn(Visit::receive(Arc::clone(&desk), stream));
            }
            Ok((Some(user), _)) => tracing::warn!(user, "connection of another user rejected"),
            Err(error) => {
                tracing::warn!(%error, "accepting a client failed");
                tokio::time::sleep(NO_ROOM).await;
            }
        }
    }
}
