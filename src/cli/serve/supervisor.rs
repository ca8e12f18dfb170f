//! Tells the service manager how it goes, where there is one that wants to know.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// What a service manager is told.
#[derive(Debug, Clone, Copy)]
pub enum State {
    /// The doors are open.
    Ready,
    /// They are shut, and what is under way is being finished.
    Stopping,
}

/// Tells it; without systemd this does nothing.
pub fn tell(state: State) {
    let Some(name) = std::env::var_os("NOTIFY_SOCKET") else {
        return;
    };
    let address = match name.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(&name),
    };
    let words: &[u8] = match state {
        State::Ready => b"READY=1",
        State::Stopping => b"STOPPING=1",
    };
    let told = UnixDatagram::unbound().and_then(|socket| socket.send_to_addr(words, &address?));
    if let Err(error) = told {
        tracing::warn!(%error, "the service manager cannot be told");
    }
}
