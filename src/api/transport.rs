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

use self::connection::ServerContext;
use self::gate::RequestPipeline;
use self::limits::ServerLimits;
use self::listen::BoundListener;
use self::seats::ConnectionSlots;

/// Serves these listeners until `stop` is cancelled, then finishes the requests in progress.
///
/// Returns whether all of them finished in time.
pub async fn serve(
    sockets: Vec<BoundListener>,
    gate: RequestPipeline,
    tls: Option<TlsAcceptor>,
    limits: ServerLimits,
    stop: CancellationToken,
) -> bool {
    let slots = ConnectionSlots::new(limits.connections, limits.grace);
    let time_limit = limits.stop;
    let context = Arc::new(ServerContext {
        pipeline: Arc::new(gate),
        tls,
        limits,
        stop,
    });
    let (acceptors, connections) = (TaskTracker::new(), TaskTracker::new());
    for socket in sockets {
        acceptors.spawn(listen::accept_loop(
            socket,
            Arc::clone(&context),
            Arc::clone(&slots),
            connections.clone(),
        ));
    }
    acceptors.close();
    acceptors.wait().await;
    listen::drain(&connections, time_limit).await
}
