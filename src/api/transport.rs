//! The sockets of the server: what comes in there, how long it may take, and who may ask.
//!
//! ```text
//! listen ─► seats ─► connection ─► sentry ─► hyper ─► gate ─► the routes
//! ports     a place  patience      whole,              host, origin, token,
//!           for each               well-formed heads   request id, log
//! ```
//!
//! Why hyper itself and no server around it: the order to leave when all places are taken, the answer to bytes that are no
//! request, and the time for a head are decided between the socket and the routes, where a ready-made server has no seam.

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

/// Answers at these doors until `stop` is cancelled, then finishes what is under way.
///
/// Answers whether everything was finished in time.
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
