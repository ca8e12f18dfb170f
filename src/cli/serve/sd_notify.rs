//! Notifications for the service manager (`sd_notify`).

use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// State that is reported to the service manager.
#[derive(Debug, Clone, Copy)]
pub enum ServiceState {
    /// Listening.
    Ready,
    /// Stopping; active requests are being finished.
    Stopping,
}

/// Sends the state; does nothing without a service manager.
pub fn notify(state: ServiceState) {
    let Some(name) = std::env::var_os("NOTIFY_SOCKET") else {
        return;
    };
    let address = match name.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(&name),
    };
    let words: &[u8] = match state {
        ServiceState::Ready => b"READY=1",
        ServiceState::Stopping => b"STOPPING=1",
    };
    let sent = UnixDatagram::unbound().and_then(|socket| socket.send_to_addr(words, &address?));
    if let Err(error) = sent {
        tracing::warn!(%error, "cannot notify the service manager");
    }
}
