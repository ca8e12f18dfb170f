//! A seat: how this process reaches the store just now.

use std::sync::Arc;

use super::desk::Taken;
use super::guest::{Guest, Unanswered};
use super::holder::Holder;
use super::line::Gone;
use super::wire::{Reply, Request};
use crate::connection::StoreError;

/// How this process reaches the store.
#[derive(Clone)]
pub enum Seat {
    /// It has the store open.
    Holder(Arc<Holder>),
    /// Another one has.
    Guest(Arc<Guest>),
}

/// A seat for one request.
pub enum Chair {
    /// The store is not closed before the request is answered.
    Holder(Taken),
    /// The holder is asked.
    Guest(Arc<Guest>),
}

impl Seat {
    /// The seat for one request; none when it leads nowhere any more.
    pub fn chair(&self) -> Option<Chair> {
        match self {
            Self::Holder(holder) => holder.desk().take().ok().map(Chair::Holder),
            Self::Guest(guest) if guest.is_left() => None,
            Self::Guest(guest) => Some(Chair::Guest(Arc::clone(guest))),
        }
    }

    /// Leaves it, and lets the next process in.
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
    /// Asks the store.
    pub async fn ask(&self, request: &Request) -> Result<Result<Reply, StoreError>, Unanswered> {
        match self {
            Self::Holder(taken) => taken.ask(request).await.map_err(|Gone| Unanswered::Gone),
            Self::Guest(guest) => guest.ask(request).await,
        }
    }
}
