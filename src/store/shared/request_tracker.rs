//! Store of the leader with its pending requests, so that it is closed after the last of them.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::dispatch::dispatch;
use super::protocol::{StoreReply, StoreRequest};
use crate::connection::store::{ChangeFeed, Revision};
use crate::connection::{ConnectionStore, StoreError};
use crate::store::sled::SledStore;

/// Maximum time that closing waits for pending requests.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Accepts and tracks requests to a store.
pub struct RequestTracker {
    store: SledStore,
    stopping: CancellationToken,
    requests: TaskTracker,
}

/// The store is closing and accepts no more requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreClosing;

/// Accepted request; the store is not closed before it is dropped.
pub struct AcceptedRequest {
    tracker: Arc<RequestTracker>,
    _token: TaskTrackerToken,
}

impl RequestTracker {
    /// Starts accepting requests.
    pub fn new(store: SledStore) -> Self {
        Self {
            store,
            stopping: CancellationToken::new(),
            requests: TaskTracker::new(),
        }
    }

    /// Store, for calls that need no tracking.
    pub const fn store(&self) -> &SledStore {
        &self.store
    }

    /// Token that is cancelled when no more requests are accepted.
    pub const fn stop(&self) -> &CancellationToken {
        &self.stopping
    }

    /// Accepts a request, unless the tracker is closing.
    pub fn accept(self: &Arc<Self>) -> Result<AcceptedRequest, StoreClosing> {
        let token = self.requests.token();
        // Checked after taking the token, so that either `close` waits for this request or it is rejected here.
        if self.stopping.is_cancelled() {
            return Err(StoreClosing);
        }
        Ok(AcceptedRequest {
            tracker: Arc::clone(self),
            _token: token,
        })
    }

    /// Stops accepting requests, waits for the pending ones, calls `before`, and closes the store.
    pub async fn close(&self, before: impl FnOnce()) -> Result<(), StoreError> {
        self.stopping.cancel();
        self.requests.close();
        // Clients without a reply after the timeout ask the next leader.
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, self.requests.wait()).await;
        before();
        self.store.close().await
    }
}

impl AcceptedRequest {
    /// Returns the changes after a revision, for as long as the store is open here.
    pub async fn changes(&self, since: Revision) -> Result<ChangeFeed, StoreError> {
        self.tracker.store.changes(since).await
    }

    /// Executes a request. A store that was closed in between counts as gone, not as an error.
    pub async fn execute(
        &self,
        request: &StoreRequest,
    ) -> Result<Result<StoreReply, StoreError>, StoreClosing> {
        match dispatch(&self.tracker.store, request).await {
            Err(StoreError::Other(_)) if self.tracker.stopping.is_cancelled() => Err(StoreClosing),
            answer => Ok(answer),
        }
    }
}
