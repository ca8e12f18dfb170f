//! HTTP server: sockets, time limits, authentication and logging.
//!
//! ```text
//! listener ─► slots ─► connection ─► strict reader ─► hyper ─► pipeline ─► routes
//! accept      limit    timeouts      HTTP/1 framing            host, origin, token,
//!                                                              request ID, log
//! ```
//!
//! The server uses hyper directly: eviction when all slots are taken, responses to malformed requests, and the timeout of a
//! request head are decided between socket and router, which a ready-made server does not expose.

pub mod access;
pub mod body;
pub mod certificate;
pub mod connection;
pub mod gate;
pub mod host;
pub mod keeper;
mod last_words;
pub mod limits;
pub mod listen;
mod request_id;
pub mod seats;
pub mod sentry;
pub mod tls;
pub mod tries;
pub mod vitals;

use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::connection::House;
use self::gate::Gate;
use self::limits::Limits;
use self::listen::Door;
use self::seats::Seats;

/// Serves these listeners until `stop` is cancelled, then finishes the requests in progress.
///
/// Returns whether all of them finished in time.
pub async fn serve(
    doors: Vec<Door>,
    gate: Gate,
    tls: Option<TlsAcceptor>,
    limits: Limits,
    stop: CancellationToken,
) -> bool {
    let seats = Seats::new(limits.connections, limits.grace);
    let patience = limits.stop;
    let house = Arc::new(House {
        gate: Arc::new(gate),
        tls,
        limits,
        stop,
    });
    let (porters, guests) = (TaskTracker::new(), TaskTracker::new());
    for door in doors {
        porters.spawn(listen::let_in(
            door,
            Arc::clone(&house),
            Arc::clone(&seats),
            guests.clone(),
        ));
    }
    porters.close();
    porters.wait().await;
    listen::see_off(&guests, patience).await
}
