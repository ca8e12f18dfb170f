//! Binds the listening sockets and accepts connections.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;

use super::connection::{ServerContext, serve};
use super::connection_slots::ConnectionSlots;

/// Default port, used by the documented requests.
pub const PORT: u16 = 44331;

/// Delay after a failed `accept`, for example when no file descriptors are left.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(100);

/// Backlog of the listening socket. When a small backlog overflows, the system drops connections that the client considers
/// established.
const BACKLOG: u32 = 4096;

/// Listening address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListenAddress {
    /// Both loopback addresses, or one of them where the other does not exist.
    Localhost(u16),
    /// One address.
    Address(SocketAddr),
}

impl std::str::FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(port) = text.strip_prefix("localhost:") {
            let port = port.parse().map_err(|_| "use localhost:PORT")?;
            return Ok(Self::Localhost(port));
        }
        text.parse()
            .map(Self::Address)
            .map_err(|_| "use ADDRESS:PORT, for example 127.0.0.1:44331 or [::1]:44331".into())
    }
}

impl ListenAddress {
    /// Returns whether only this machine can connect.
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Localhost(_) => true,
            Self::Address(address) => address.ip().to_canonical().is_loopback(),
        }
    }
}

/// A listening socket.
pub struct BoundListener {
    listener: TcpListener,
    /// Local address.
    pub address: SocketAddr,
}

/// Binds an address; for `localhost` both loopback addresses where they exist.
pub fn open(place: ListenAddress) -> Result<Vec<BoundListener>, String> {
    match place {
        ListenAddress::Address(address) => {
            Ok(vec![bind(address).map_err(|e| bind_error(address, &e))?])
        }
        ListenAddress::Localhost(port) => {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            let old = bind(address);
            // Port 0 selects one free port for both addresses.
            let port = old.as_ref().map_or(port, |socket| socket.address.port());
            let newer_address = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
            let newer = bind(newer_address);
            match (old, newer) {
                (Ok(old), Ok(newer)) => Ok(vec![old, newer]),
                (Ok(socket), Err(error)) | (Err(error), Ok(socket)) if is_absent(&error) => {
                    Ok(vec![socket])
                }
                (Err(error), _) => Err(bind_error(address, &error)),
                (_, Err(error)) => Err(bind_error(newer_address, &error)),
            }
        }
    }
}

fn bind(address: SocketAddr) -> io::Result<BoundListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let listener = socket.listen(BACKLOG)?;
    let address = listener.local_addr()?;
    Ok(BoundListener { listener, address })
}

/// Returns whether this machine does not have the address.
fn is_absent(error: &io::Error) -> bool {
    /// `EAFNOSUPPORT` on Linux.
    const NO_FAMILY: i32 = 97;
    matches!(
        error.kind(),
        io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported
    ) || error.raw_os_error() == Some(NO_FAMILY)
}

fn bind_error(address: SocketAddr, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "{address} is already in use; stop the other program, or use another port: --listen {}",
            SocketAddr::new(address.ip(), 0)
        ),
        io::ErrorKind::PermissionDenied => {
            format!("No permission to listen on {address}; ports from 1024 on need none")
        }
        io::ErrorKind::AddrNotAvailable => {
            format!("{address} is not an address of this machine; use one that is with --listen")
        }
        _ => format!("Cannot listen on {address}: {error}"),
    }
}

/// Accepts connections until the server stops; open ones continue in `connections`.
pub async fn accept_loop(
    socket: BoundListener,
    context: Arc<ServerContext>,
    slots: Arc<ConnectionSlots>,
    connections: TaskTracker,
) {
    loop {
        let accepted = tokio::select! {
            accepted = next(&socket.listener) => accepted,
            () = context.stop.cancelled() => return,
        };
        let Some((stream, peer)) = accepted else {
            continue;
        };
        let slot = tokio::select! {
            slot = slots.take() => slot,
            () = context.stop.cancelled() => return,
        };
        // Responses are small and awaited, so they are not delayed.
        let _ = stream.set_nodelay(true);
        connections.spawn(serve(Arc::clone(&context), stream, peer, slot));
    }
}

async fn next(listener: &TcpListener) -> Option<(TcpStream, SocketAddr)> {
    match listener.accept().await {
        Ok(accepted) => Some(accepted),
        Err(error) => {
            let is_client_error = matches!(
                error.kind(),
                io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
            );
            if !is_client_error {
                tracing::error!(%error, "cannot accept connections");
                sleep(ACCEPT_RETRY_DELAY).await;
            }
            None
        }
    }
}

/// Waits for open connections, up to a timeout.
pub async fn drain(connections: &TaskTracker, time_limit: Duration) -> bool {
    connections.close();
    timeout(time_limit, connections.wait()).await.is_ok()
}

/// Returns whether an address is a loopback address.
pub fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}
