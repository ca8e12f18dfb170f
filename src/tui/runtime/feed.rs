//! Receiver of the change feed: a task follows the service.

use std::sync::Arc;

use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinSet;

use crate::connection::store::Revision;
use crate::connection::{ConnectionError, ConnectionService};
use crate::tui::follow::{Heard, follow};

/// Limit of queued events; further events wait in the service.
const WAITING: usize = 4;

/// Change feed of the service, once it is open.
#[derive(Default)]
pub(super) struct Feed {
    heard: Option<Receiver<Heard>>,
    /// Aborted with the app.
    following: JoinSet<()>,
}

impl Feed {
    /// Starts following a service from a revision on.
    pub(super) fn open(
        &mut self,
        service: Arc<dyn ConnectionService>,
        since: Result<Revision, ConnectionError>,
    ) {
        let (ears, heard) = channel(WAITING);
        self.heard = Some(heard);
        self.following.spawn(follow(service, since, ears));
    }

    /// Waits for the next event.
    pub(super) async fn next(&mut self) -> Heard {
        match &mut self.heard {
            Some(heard) => match heard.recv().await {
                Some(heard) => heard,
                // The task has ended and sends nothing more.
                None => std::future::pending().await,
            },
            None => std::future::pending().await,
        }
    }

    /// An event that has already arrived.
    pub(super) fn heard(&mut self) -> Option<Heard> {
        self.heard.as_mut()?.try_recv().ok()
    }
}
