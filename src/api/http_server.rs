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

pub mod access_log;
pub mod timed_body;
pub mod dev_certificate;
pub mod connection;
pub mod pipeline;
pub mod allowed_hosts;
pub mod auth;
pub mod limits;
pub mod listener;
mod request_id;
mod summary_log;
pub mod connection_slots;
pub mod strict_reader;
pub mod tls;
pub mod failed_attempts;
pub mod connection_state;

use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::connection::ServerContext;
use self::connection_slots::ConnectionSlots;
use self::limits::ServerLimits;
use self::listener::BoundListener;
use self::pipeline::RequestPipeline;

/// Serves these listeners until `stop` is cancelled, then finishes the requests in progress.
///
/// Returns whether all of them finished in time.
pub async fn serve(
    sockets: Vec<BoundListener>,
    pipeline: RequestPipeline,
    tls: Option<TlsAcceptor>,
    limits: ServerLimits,
    stop: CancellationToken,
) -> bool {
    let slots = ConnectionSlots::new(limits.max_connections, limits.eviction_grace);
    let time_limit = limits.stop_timeout;
    let context = Arc::new(ServerContext {
        pipeline: Arc::new(pipeline),
        tls,
        limits,
        summary: summary_log::SummaryLog::default(),
        stop,
    });
    let (acceptors, connections) = (TaskTracker::new(), TaskTracker::new());
    for socket in sockets {
        acceptors.spawn(listener::accept_loop(
            socket,
            Arc::clone(&context),
            Arc::clone(&slots),
            connections.clone(),
        ));
    }
    acceptors.close();
    acceptors.wait().await;
    listener::drain(&connections, time_limit).await
}
