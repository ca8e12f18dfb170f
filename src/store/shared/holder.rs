//! The holder: has the store open, and lets guests in.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::UnixListener;

use super::desk::Desk;
use super::socket;
use super::visit::Visit;
use crate::connection::StoreError;
use crate::store::sled::SledStore;

/// So long nobody is let in when the system has nothing left for another guest.
const NO_ROOM: Duration = Duration::from_millis(100);

/// The holder of a store.
pub struct Holder {
    desk: Arc<Desk>,
    /// The folder that the socket is in, as long as it is this holder's.
    socket: Mutex<Option<PathBuf>>,
    /// Why nobody can be let in.
    trouble: Option<String>,
}

impl Holder {
    /// Takes requests to a store that this process has opened in a folder.
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

    /// Where requests are taken.
    pub const fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    /// Why nobody can be let in.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Finishes what is under way, and lets the next process in.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.desk.close(|| self.leave_socket()).await
    }

    /// Takes the socket away, while the lock is still held: later it may be the next holder's.
    fn leave_socket(&self) {
        let mut socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(data) = socket.take() {
            // One that stays is taken away by the next holder.
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
