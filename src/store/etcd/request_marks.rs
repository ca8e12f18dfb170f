//! Lease of the marks that show which requests were done.
//!
//! The marks expire with it. It is replaced, not renewed: a lease of 20 minutes gets new marks during its first 10, so every mark
//! lives at least 10 minutes, far longer than a write is tried.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::call_error::CallError;
use super::client::EtcdClient;

const LIFETIME: Duration = Duration::from_mins(20);
const REPLACE_AFTER: Duration = Duration::from_mins(10);

/// Lease of this process.
#[derive(Default)]
pub struct RequestMarks(Mutex<Option<MarkLease>>);

#[derive(Clone, Copy)]
struct MarkLease {
    id: i64,
    granted: Instant,
}

impl RequestMarks {
    /// Returns the lease for a new mark.
    pub async fn lease(&self, client: &EtcdClient) -> Result<i64, CallError> {
        let mut current = self.0.lock().await;
        if let Some(lease) = *current
            && lease.granted.elapsed() < REPLACE_AFTER
        {
            return Ok(lease.id);
        }
        // Before the call: the lifetime starts at the latest when it is answered.
        let granted = Instant::now();
        let id = client.grant_lease(LIFETIME).await?;
        *current = Some(MarkLease { id, granted });
        Ok(id)
    }

    /// Forgets a lease that etcd does not know, as after a snapshot was restored.
    pub async fn forget(&self, id: i64) {
        let mut current = self.0.lock().await;
        if current.is_some_and(|lease| lease.id == id) {
            *current = None;
        }
    }
}
