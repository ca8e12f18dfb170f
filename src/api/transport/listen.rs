//! Opens the ports, and lets connections in for as long as the server runs.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;

use super::connection::{House, serve};
use super::seats::Seats;

/// The port that the documented requests go to.
pub const PORT: u16 = 44331;

/// How long nobody is let in when the system has no more sockets to give.
const BREATH: Duration = Duration::from_millis(100);

/// How many may wait to be let in. With fewer a burst overflows: the system then drops a connection that its client takes for made.
const WAITING: u32 = 4096;

/// Where a server listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// At both addresses of this machine that only this machine reaches; at one of them, where the other is not to be had.
    Localhost(u16),
    /// At one address.
    Address(SocketAddr),
}

impl std::str::FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(port) = text.strip_prefix("localhost:") {
            let port = port.parse().map_err(|_| "write it as localhost:PORT")?;
            return Ok(Self::Localhost(port));
        }
        text.parse().map(Self::Address).map_err(|_| {
            "write it as ADDRESS:PORT, for example 127.0.0.1:44331 or [::1]:44331".into()
        })
    }
}

impl Place {
    /// Whether only this machine reaches it.
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Localhost(_) => true,
            Self::Address(address) => address.ip().to_canonical().is_loopback(),
        }
    }
}

/// An open port.
pub struct Door {
    listener: TcpListener,
    /// Where it is.
    pub address: SocketAddr,
}

/// Opens a place; more than one address of `localhost`, where there are two.
pub fn open(place: Place) -> Result<Vec<Door>, String> {
    match place {
        Place::Address(address) => Ok(vec![bind(address).map_err(|e| taken(address, &e))?]),
        Place::Localhost(port) => {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            let old = bind(address);
            // Any free port is one free port: the same for both.
            let port = old.as_ref().map_or(port, |door| door.address.port());
            let newer_address = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
            let newer = bind(newer_address);
            match (old, newer) {
                (Ok(old), Ok(newer)) => Ok(vec![old, newer]),
                (Ok(door), Err(error)) | (Err(error), Ok(door)) if is_absent(&error) => {
                    Ok(vec![door])
                }
                (Err(error), _) => Err(taken(address, &error)),
                (_, Err(error)) => Err(taken(newer_address, &error)),
            }
        }
    }
}

fn bind(address: SocketAddr) -> io::Result<Door> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let listener = socket.listen(WAITING)?;
    let address = listener.local_addr()?;
    Ok(Door { listener, address })
}

/// Whether an address cannot be had because this machine does not have it.
fn is_absent(error: &io::Error) -> bool {
    /// The system's number for a family of addresses that it does not know.
    const NO_FAMILY: i32 = 97;
    matches!(
        error.kind(),
        io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported
    ) || error.raw_os_error() == Some(NO_FAMILY)
}

fn taken(address: SocketAddr, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "{address} is in use by another program; stop it, or name another port: --listen {}",
            SocketAddr::new(address.ip(), 0)
        ),
        io::ErrorKind::PermissionDenied => {
            format!("{address} may not be listened on; a port from 1024 on needs no permission")
        }
        io::ErrorKind::AddrNotAvailable => {
            format!("{address} is not an address of this machine; --listen takes one that is")
        }
        _ => format!("{address} cannot be listened on: {error}"),
    }
}

/// Lets connections in until the server stops; those that are there go on in `guests`.
pub async fn let_in(door: Door, house: Arc<House>, seats: Arc<Seats>, guests: TaskTracker) {
    loop {
        let come = tokio::select! {
            come = next(&door.listener) => come,
            () = house.stop.cancelled() => return,
        };
        let Some((stream, peer)) = come else { continue };
        let seat = tokio::select! {
            seat = seats.take() => seat,
            () = house.stop.cancelled() => return,
        };
        // Answers are small and waited for: they do not wait for each other.
        let _ = stream.set_nodelay(true);
        guests.spawn(serve(Arc::clone(&house), stream, peer, seat));
    }
}

async fn next(listener: &TcpListener) -> Option<(TcpStream, SocketAddr)> {
    match listener.accept().await {
        Ok(come) => Some(come),
        Err(error) => {
            let is_theirs = matches!(
                error.kind(),
                io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
            );
            if !is_theirs {
                tracing::error!(%error, "no connection can be let in");
                sleep(BREATH).await;
            }
            None
        }
    }
}

/// Waits for those that are still there, for so long.
pub async fn see_off(guests: &TaskTracker, patience: Duration) -> bool {
    guests.close();
    timeout(patience, guests.wait()).await.is_ok()
}

/// Whether an address is one that only this machine reaches.
pub fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}
