//! Current role of this process.

use std::sync::Arc;

use super::client::{LeaderClient, NoReply};
use super::leader::StoreLeader;
use super::protocol::{StoreReply, StoreRequest};
use super::request_tracker::{AcceptedRequest, StoreClosing};
use crate::connection::StoreError;

/// Role of this process.
#[derive(Clone)]
pub enum StoreRole {
    /// This process has the store open.
    Leader(Arc<StoreLeader>),
    /// Another process has the store open.
    Client(Arc<LeaderClient>),
}

/// Handle for one request.
pub enum RequestHandle {
    /// Executed here; the store is not closed before the request is answered.
    Leader(AcceptedRequest),
    /// Sent to the leader.
    Client(Arc<LeaderClient>),
}

impl StoreRole {
    /// Returns a handle for one request, or `None` when this role has ended.
    pub fn handle(&self) -> Option<RequestHandle> {
        match self {
            Self::Leader(leader) => leader.tracker().accept().ok().map(RequestHandle::Leader),
            Self::Client(client) if client.is_disconnected() => None,
            Self::Client(client) => Some(RequestHandle::Client(Arc::clone(client))),
        }
    }

    /// Ends the role and releases the store to the next process.
    pub async fn shut_down(&self) -> Result<(), StoreError> {
        match self {
            Self::Leader(leader) => leader.close().await,
            Self::Client(client) => {
                client.disconnect();
                Ok(())
            }
        }
    }
}

impl RequestHandle {
    /// Executes or sends a request.
    pub async fn send(
        &self,
        request: &StoreRequest,
    ) -> Result<Result<StoreReply, StoreError>, NoReply> {
        match self {
            Self::Leader(tracked) => tracked
                .execute(request)
                .await
                .map_err(|StoreClosing| NoReply::Disconnected),
            Self::Client(client) => client.send(request).await,
        }
    }
}
