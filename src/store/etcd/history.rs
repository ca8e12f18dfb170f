//! Changes that are no longer in memory, from a watch that begins in the past.

use std::collections::VecDeque;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::time::timeout;

use super::backend::{EtcdBackend, read_error};
use super::call_error::{CallError, Refusal};
use super::node::ATTEMPT_TIMEOUT;
use super::watch::StoreWatch;
use crate::connection::StoreError;
use crate::connection::store::ChangeEvent;
use crate::store::change_log::{ChangeHistory, MAX_FETCH};

/// History of the store in etcd.
pub struct EtcdHistory(pub Arc<EtcdBackend>);

#[async_trait]
impl ChangeHistory for EtcdHistory {
    async fn read_after(
        &self,
        seen: u64,
        newest: u64,
    ) -> Result<VecDeque<ChangeEvent>, StoreError> {
        let to_i64 = |revision| i64::try_from(revision).unwrap_or(i64::MAX);
        let (after, newest) = (to_i64(seen), to_i64(newest));
        if after < self.0.created && self.0.keys.has_replaced_content() {
            return Err(StoreError::FeedTooOld(seen));
        }
        let after = after.max(self.0.created);
        // Nodes may change once; a feed is asked for again by its reader.
        let node = self.0.client.node();
        let read = match self.read(after, newest).await {
            Err(CallError::NoAnswer(_)) => {
                self.0.client.fail_over(node);
                self.read(after, newest).await
            }
            read => read,
        };
        read.map_err(|error| match error {
            CallError::Refused(Refusal::RevisionGone) => StoreError::FeedTooOld(seen),
            error => read_error(error),
        })
    }
}

impl EtcdHistory {
    async fn read(&self, after: i64, newest: i64) -> Result<VecDeque<ChangeEvent>, CallError> {
        let mut found = VecDeque::new();
        if after >= newest {
            return Ok(found);
        }
        let mut watch = StoreWatch::open(&self.0, self.0.client.node(), after).await?;
        loop {
            let changes = timeout(ATTEMPT_TIMEOUT, watch.next(&self.0))
                .await
                .unwrap_or_else(|_| {
                    Err(CallError::NoAnswer("the watch sent nothing for 2 s".into()))
                })?;
            // Every write changes the head, so the newest revision arrives for certain.
            let seen = changes.head.map_or(0, |(revision, _)| revision);
            found.extend(
                changes
                    .connections
                    .iter()
                    .map(super::watch::WatchedConnection::to_event),
            );
            if seen >= newest || found.len() >= MAX_FETCH {
                found.retain(|event| event.revision <= super::watch::to_revision(newest));
                return Ok(found);
            }
        }
    }
}
