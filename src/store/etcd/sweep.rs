//! Removes the keys of contents that are not in use, and runs transactions that may be repeated.

use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::backend::read_error;
use super::call_error::{CallError, Refusal};
use super::client::Backoff;
use super::keys::KeyRange;
use super::location::EtcdLocation;
use super::operations::{delete, delete_range, get_range, modified_at};
use super::wire::{RangeRequest, RequestOp, TxnRequest, TxnResponse};
use crate::connection::StoreError;

/// Time that a transaction is tried for.
pub const PATIENCE: Duration = Duration::from_secs(15);
/// Keys that are deleted at once.
const DELETED_AT_ONCE: i64 = 500;

/// Reason why a content was not written or removed.
pub enum StagingError {
    /// The store was changed since it was read.
    Changed,
    /// Any other error.
    Store(StoreError),
}

impl From<StoreError> for StagingError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<CallError> for StagingError {
    fn from(error: CallError) -> Self {
        Self::Store(read_error(error))
    }
}

impl EtcdLocation {
    /// Removes all contents except these; `None` is the one at the prefix itself. Stops if the revision of the identity is not `fence`: another
    /// process has then replaced the store.
    pub(super) async fn sweep(
        &self,
        kept: &[Option<Uuid>],
        fence: i64,
    ) -> Result<(), StagingError> {
        let mut rest = self.keys.contents();
        while let Some(id) = self.next_content(&rest).await? {
            let keys = self.keys.with_content(Some(id));
            rest.start = keys.content().end;
            if !kept.contains(&Some(id)) {
                // Without it, another process that writes this content stops.
                self.delete(delete(keys.staged()), fence).await?;
                self.delete_all(keys.content(), fence).await?;
            }
        }
        if kept.contains(&None) {
            return Ok(());
        }
        let first = self.keys.with_content(None);
        for range in [first.connections(), first.aliases(), first.all_versions()] {
            self.delete_all(range, fence).await?;
        }
        self.delete(delete(first.head()), fence).await
    }

    /// Returns the first content that has keys in a range of keys of contents.
    pub(super) async fn next_content(&self, range: &KeyRange) -> Result<Option<Uuid>, StoreError> {
        let mut start = range.start.clone();
        loop {
            let first = RangeRequest {
                key: start,
                range_end: range.end.clone(),
                limit: 1,
                keys_only: true,
                ..RangeRequest::default()
            };
            let first = self.client.range(&first).await.map_err(read_error)?;
            let Some(first) = first.into_first() else {
                return Ok(None);
            };
            match self.keys.content_id(&first.key) {
                Some(id) => return Ok(Some(id)),
                // Another program wrote it.
                None => start = [first.key.as_slice(), &[0]].concat(),
            }
        }
    }

    async fn delete_all(&self, range: KeyRange, fence: i64) -> Result<(), StagingError> {
        loop {
            let request = RangeRequest {
                limit: DELETED_AT_ONCE,
                keys_only: true,
                ..get_range(range.clone())
            };
            let found = self.client.range(&request).await?;
            let Some(last) = found.kvs.last() else {
                return Ok(());
            };
            let end = [last.key.as_slice(), &[0]].concat();
            let start = range.start.clone();
            self.delete(delete_range(KeyRange { start, end }), fence)
                .await?;
        }
    }

    async fn delete(&self, operation: RequestOp, fence: i64) -> Result<(), StagingError> {
        let request = TxnRequest {
            compare: vec![modified_at(self.keys.store(), fence)],
            success: vec![operation],
            failure: Vec::new(),
        };
        self.commit(&request).await.map(drop)
    }

    /// Runs a transaction that may be performed more than once. Its condition is false if another process has replaced the store, or
    /// replaces it.
    pub(super) async fn commit(&self, request: &TxnRequest) -> Result<TxnResponse, StagingError> {
        let end = Instant::now() + PATIENCE;
        let mut backoff = Backoff::default();
        loop {
            let error = match self.client.txn(request).await {
                Ok(answer) if answer.succeeded => return Ok(answer),
                Ok(_) => return Err(StagingError::Changed),
                Err(error @ (CallError::NoAnswer(_) | CallError::Refused(Refusal::Busy))) => error,
                Err(error) => return Err(error.into()),
            };
            if Instant::now() >= end {
                return Err(error.into());
            }
            backoff.wait().await;
        }
    }
}
