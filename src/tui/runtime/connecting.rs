//! The service while and after it opens.

use std::pin::Pin;
use std::sync::Arc;

use tokio::task::{JoinError, JoinHandle};

use crate::connection::ConnectionError;
use crate::connection::store::Revision;
use crate::service::ConnectionService;
use crate::tui::effect::{ServiceRequest, Ticket};

/// Future that opens the service; the first frame does not wait for it.
pub type ServiceOpening =
    Pin<Box<dyn Future<Output = Result<Arc<dyn ConnectionService>, ConnectionError>> + Send>>;

/// Result of opening the service.
pub(super) type OpenedService = Result<ReadyService, JoinError>;

/// The service with the revision to follow changes from; the list is loaded after it.
type ReadyService = Result<
    (
        Arc<dyn ConnectionService>,
        Result<Revision, ConnectionError>,
    ),
    ConnectionError,
>;

/// The service, or the requests that wait for it.
pub(super) enum ServiceHandle {
    Opening(JoinHandle<ReadyService>, Vec<(Ticket, ServiceRequest)>),
    Open(Arc<dyn ConnectionService>),
}

impl ServiceHandle {
    /// Opens the service in the background.
    pub(super) fn start(opening: ServiceOpening) -> Self {
        let ready = async {
            let service = opening.await?;
            let since = service.revision().await;
            Ok((service, since))
        };
        Self::Opening(tokio::spawn(ready), Vec::new())
    }

    /// Waits until the service is open; afterwards it never returns.
    pub(super) async fn opened(&mut self) -> OpenedService {
        match self {
            Self::Opening(opening, _) => opening.await,
            Self::Open(_) => std::future::pending().await,
        }
    }
}
