//! The service, there or on its way.

use std::pin::Pin;
use std::sync::Arc;

use tokio::task::{JoinError, JoinHandle};

use crate::connection::{ConnectionError, ConnectionService};
use crate::tui::effect::{Request, Ticket};

/// A service on its way; the first frame does not wait for it.
pub type Opening =
    Pin<Box<dyn Future<Output = Result<Arc<dyn ConnectionService>, ConnectionError>> + Send>>;

/// How opening the service ended.
pub(super) type Opened = Result<Result<Arc<dyn ConnectionService>, ConnectionError>, JoinError>;

/// The service, there or on its way with what waits for it.
pub(super) enum Service {
    Opening(
        JoinHandle<Result<Arc<dyn ConnectionService>, ConnectionError>>,
        Vec<(Ticket, Request)>,
    ),
    Open(Arc<dyn ConnectionService>),
}

impl Service {
    /// Waits until it is there; once it is, for ever.
    pub(super) async fn opened(&mut self) -> Opened {
        match self {
            Self::Opening(opening, _) => opening.await,
            Self::Open(_) => std::future::pending().await,
        }
    }
}
