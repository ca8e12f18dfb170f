//! The store of a holder with the requests under way, so that it is closed behind the last of them.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::answer::answer;
use super::line::Gone;
use super::wire::{Reply, Request};
use crate::connection::store::{ChangeFeed, Revision};
use crate::connection::{ConnectionStore, StoreError};
use crate::store::sled::SledStore;

/// So long a desk that closes waits for requests under way.
const LAST_REQUESTS: Duration = Duration::from_secs(5);

/// Where requests to a store are taken.
pub struct Desk {
    store: SledStore,
    stop: CancellationToken,
    requests: TaskTracker,
}

/// A request that was taken: the store is not closed before it is answered.
pub struct Taken {
    desk: Arc<Desk>,
    _place: TaskTrackerToken,
}

impl Desk {
    /// Opens a desk.
    pub fn new(store: SledStore) -> Self {
        Self {
            store,
            stop: CancellationToken::new(),
            requests: TaskTracker::new(),
        }
    }

    /// The store, for what needs no waiting.
    pub const fn store(&self) -> &SledStore {
        &self.store
    }

    /// Cancelled when no more requests are taken.
    pub const fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Takes a request, unless the desk is closing.
    pub fn take(self: &Arc<Self>) -> Result<Taken, Gone> {
        let place = self.requests.token();
        // After the token, so that whoever closes waits for it or is seen here.
        if self.stop.is_cancelled() {
            return Err(Gone);
        }
        Ok(Taken {
            desk: Arc::clone(self),
            _place: place,
        })
    }

    /// Takes no more requests, finishes those that were taken, and closes the store; `before` is done last before that.
    pub async fn close(&self, before: impl FnOnce()) -> Result<(), StoreError> {
        self.stop.cancel();
        self.requests.close();
        // Whoever is not answered by then asks the next holder.
        let _ = tokio::time::timeout(LAST_REQUESTS, self.requests.wait()).await;
        before();
        self.store.close().await
    }
}

impl Taken {
    /// The changes after a revision, for as long as the store is open here.
    pub async fn changes(&self, since: Revision) -> Result<ChangeFeed, StoreError> {
        self.desk.store.changes(since).await
    }

    /// Asks the store. That it was closed in between is nobody's answer.
    pub async fn ask(&self, request: &Request) -> Result<Result<Reply, StoreError>, Gone> {
        match answer(&self.desk.store, request).await {
            Err(StoreError::Unusable(_)) if self.desk.stop.is_cancelled() => Err(Gone),
            answer => Ok(answer),
        }
    }
}
