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
    Holder(Arc<Holder>),
    /// Another process has the store open.
    Guest(Arc<Guest>),
}

/// Handle for one request.
pub enum Chair {
    /// Executed here; the store is not closed before the request is answered.
    Holder(Taken),
    /// Sent to the leader.
    Guest(Arc<Guest>),
}

impl Seat {
    /// Returns a handle for one request, or `None` when this role has ended.
    pub fn chair(&self) -> Option<Chair> {
        match self {
            Self::Holder(holder) => holder.desk().take().ok().map(Chair::Holder),
            Self::Guest(guest) if guest.is_left() => None,
            Self::Guest(guest) => Some(Chair::Guest(Arc::clone(guest))),
        }
    }

    /// Ends the role and releases the store to the next process.
    pub async fn leave(&self) -> Result<(), StoreError> {
        match self {
            Self::Holder(holder) => holder.close().await,
            Self::Guest(guest) => {
                guest.leave();
                Ok(())
            }
        }
    }
}

impl Chair {
    /// Executes or sends a request.
    pub async fn ask(&self, request: &Request) -> Result<Result<Reply, StoreError>, Unanswered> {
        match self {
            Self::Holder(taken) => taken.ask(request).await.map_err(|Gone| Unanswered::Gone),
            Self::Guest(guest) => guest.ask(request).await,
        }
    }
}
