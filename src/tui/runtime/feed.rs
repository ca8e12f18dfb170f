//! The ears of the app: a task that follows the service, and what it heard.

use std::sync::Arc;

use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinSet;

use crate::connection::store::Revision;
use crate::connection::{ConnectionError, ConnectionService};
use crate::tui::follow::{Heard, follow};

/// So much may wait to be taken in; what follows waits in the service.
const WAITING: usize = 4;

/// What is heard of the service, once it is there.
#[derive(Default)]
pub(super) struct Feed {
    heard: Option<Receiver<Heard>>,
    /// Ends with the app.
    following: JoinSet<()>,
}

impl Feed {
    /// Follows a service from a point on.
    pub(super) fn open(
        &mut self,
        service: Arc<dyn ConnectionService>,
        since: Result<Revision, ConnectionError>,
    ) {
        let (ears, heard) = channel(WAITING);
        self.heard = Some(heard);
        self.following.spawn(follow(service, since, ears));
    }

    /// Waits until something is heard.
    pub(super) async fn next(&mut self) -> Heard {
        match &mut self.heard {
            Some(heard) => match heard.recv().await {
                Some(heard) => heard,
                // Its task is gone, and says nothing more.
                None => std::future::pending().await,
            },
            None => std::future::pending().await,
        }
    }

    /// What was heard already.
    pub(super) fn heard(&mut self) -> Option<Heard> {
        self.heard.as_mut()?.try_recv().ok()
    }
}
