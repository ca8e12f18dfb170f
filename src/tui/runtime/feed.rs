//! Receiver of the change feed: a task follows the service.

use std::sync::Arc;

use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinSet;

use crate::connection::ConnectionError;
use crate::connection::store::Revision;
use crate::service::ConnectionService;
use crate::tui::change_feed::{FeedEvent, follow};

/// Limit of queued events; further events wait in the service.
const WAITING: usize = 4;

/// Change feed of the service, once it is open.
#[derive(Default)]
pub(super) struct OpenFeed {
    events: Option<Receiver<FeedEvent>>,
    /// Aborted with the app.
    following: JoinSet<()>,
}

impl OpenFeed {
    /// Starts following a service from a revision on.
    pub(super) fn open(
        &mut self,
        service: Arc<dyn ConnectionService>,
        since: Result<Revision, ConnectionError>,
    ) {
        let (sender, receiver) = channel(WAITING);
        self.events = Some(receiver);
        self.following.spawn(follow(service, since, sender));
    }

    /// Waits for the next event.
    pub(super) async fn next(&mut self) -> FeedEvent {
        match &mut self.events {
            Some(receiver) => match receiver.recv().await {
                Some(event) => event,
                // The task has ended and sends nothing more.
                None => std::future::pending().await,
            },
            None => std::future::pending().await,
        }
    }

    /// An event that has already arrived.
    pub(super) fn try_next(&mut self) -> Option<FeedEvent> {
        self.events.as_mut()?.try_recv().ok()
    }
}
