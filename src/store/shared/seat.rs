//! Current role of this process.

use std::sync::Arc;

use super::desk::Taken;
use super::guest::{Guest, Unanswered};
use super::holder::Holder;
use super::line::Gone;
use super::wire::{Reply, Request};
use crate::connection::StoreError;

/// Role of this process.
#[derive(Clone)]
pub enum Seat {
    /// This process has the store open.
    Leader(Arc<Holder>),
    /// Another process has the store open.
    Client(Arc<Guest>),
}

/// Handle for one request.
pub enum Chair {
    /// Executed here; the store is not closed before the request is answered.
    Leader(Taken),
    /// Sent to the leader.
    Client(Arc<Guest>),
}

impl Seat {
    /// Returns a handle for one request, or `None` when this role has ended.
    pub fn handle(&self) -> Option<Chair> {
        match self {
            Self::Leader(leader) => leader.tracker().accept().ok().map(Chair::Leader),
            Self::Client(client) if client.is_disconnected() => None,
            Self::Client(client) => Some(Chair::Client(Arc::clone(client))),
        }
    }

    /// Ends the role and releases the store to the next process.
    pub async fn leave(&self) -> Result<(), StoreError> {
        match self {
            Self::Leader(leader) => leader.close().await,
            Self::Client(client) => {
                client.disconnect();
                Ok(())
            }
        }
    }
}

impl Chair {
    /// Executes or sends a request.
    pub async fn send(&self, request: &Request) -> Result<Result<Reply, StoreError>, Unanswered> {
        match self {
            Self::Leader(tracked) => tracked
                .execute(request)
                .await
                .map_err(|Gone| Unanswered::Gone),
            Self::Client(client) => client.send(request).await,
        }
    }
}
