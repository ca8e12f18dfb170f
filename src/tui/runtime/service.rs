//! The service, there or on its way.

use std::pin::Pin;
use std::sync::Arc;

use tokio::task::{JoinError, JoinHandle};

use crate::connection::store::Revision;
use crate::connection::{ConnectionError, ConnectionService};
use crate::tui::effect::{Request, Ticket};

/// A service on its way; the first frame does not wait for it.
pub type Opening =
    Pin<Box<dyn Future<Output = Result<Arc<dyn ConnectionService>, ConnectionError>> + Send>>;

/// How opening the service ended.
pub(super) type Opened = Result<Ready, JoinError>;

/// The service with the point in its history from which changes are followed: the list is read after it.
type Ready = Result<
    (
        Arc<dyn ConnectionService>,
        Result<Revision, ConnectionError>,
    ),
    ConnectionError,
>;

/// The service, there or on its way with what waits for it.
pub(super) enum Service {
    Opening(JoinHandle<Ready>, Vec<(Ticket, Request)>),
    Open(Arc<dyn ConnectionService>),
}

impl Service {
    /// Opens it in the background.
    pub(super) fn on_its_way(opening: Opening) -> Self {
        let ready = async {
            let service = opening.await?;
            let since = service.revision().await;
            Ok((service, since))
        };
        Self::Opening(tokio::spawn(ready), Vec::new())
    }

    /// Waits until it is there; once it is, for ever.
    pub(super) async fn opened(&mut self) -> Opened {
        match self {
            Self::Opening(opening, _) => opening.await,
            Self::Open(_) => std::future::pending().await,
        }
    }
}
