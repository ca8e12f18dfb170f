//! Outcome of a write that was refused, although an earlier try of it may have been performed.

use tokio::time::Instant;
use uuid::Uuid;

use super::PendingWrite;
use crate::connection::StoreError;
use crate::store::etcd::backend::{EtcdBackend, read_error};
use crate::store::etcd::call_error::{CallError, Refusal};
use crate::store::etcd::change::{CANCELED, EtcdChange, FoundKeys};
use crate::store::etcd::client::Backoff;
use crate::store::etcd::operations::{created_at, put_with_lease};
use crate::store::etcd::wire::TxnRequest;

/// Returns true if the state of the store does not permit the change; an earlier try may find another state.
pub(super) const fn is_refusal(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::AliasTaken { .. }
            | StoreError::IdTaken(_)
            | StoreError::NotFound(_)
            | StoreError::VersionConflict { .. }
    )
}

impl PendingWrite<'_> {
    /// Fails if the connection exists that the requested alias belongs to; otherwise it was just renamed or deleted.
    pub(super) async fn check_alias(&self, owner: Uuid) -> Result<(), StoreError> {
        let EtcdChange::Save { item, .. } = self.change else {
            return Ok(());
        };
        let by = self.backend.item(owner).await?;
        let by = by.filter(|by| by.alias.to_lowercase() == item.alias.to_lowercase());
        if let Some(by) = by {
            return Err(StoreError::AliasTaken {
                alias: item.alias.clone(),
                by: Box::new(by),
            });
        }
        if Instant::now() >= self.end {
            return Err(StoreError::Other(format!(
                "The alias '{}' refers to a missing connection",
                item.alias
            )));
        }
        Ok(())
    }

    /// Returns the outcome of a write that was refused, although an earlier try may have been performed. The write that exceeds the
    /// quota is both performed and refused.
    pub(super) async fn after_refusal(&self, refusal: Refusal) -> Result<i64, StoreError> {
        if (self.unanswered.is_some() || refusal == Refusal::NoSpace)
            && let Some(revision) = self.read().await?.done()
        {
            return Ok(revision);
        }
        Err(self.unless_unanswered(refusal.into()))
    }

    /// Makes sure that no earlier try is performed after the refusal was reported: takes their mark.
    pub(super) async fn cancel(&self, refused: StoreError) -> Result<i64, StoreError> {
        let EtcdBackend {
            client,
            keys,
            marks,
            ..
        } = self.backend;
        let mark = keys.mark(self.request);
        let mut backoff = Backoff::default();
        loop {
            let error = match marks.lease(client).await {
                Err(error) => error,
                Ok(lease) => {
                    let request = TxnRequest {
                        compare: vec![created_at(mark.clone(), 0)],
                        success: vec![put_with_lease(mark.clone(), CANCELED.to_vec(), lease)],
                        failure: self.reads(),
                    };
                    match client.txn(&request).await {
                        Ok(answer) if answer.succeeded => return Err(refused),
                        Ok(answer) => return FoundKeys::read(answer).done().ok_or(refused),
                        Err(CallError::Refused(Refusal::LeaseGone)) => {
                            marks.forget(lease).await;
                            continue;
                        }
                        Err(error) => error,
                    }
                }
            };
            if Instant::now() >= self.end {
                return Err(self.unless_unanswered(read_error(error)));
            }
            backoff.wait().await;
        }
    }

    /// Returns an error, or that the outcome of an earlier try is unknown.
    pub(super) fn unless_unanswered(&self, error: StoreError) -> StoreError {
        match &self.unanswered {
            Some(why) => StoreError::Unanswered(format!("etcd did not answer in time ({why})")),
            None => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ChangeParts, PATIENCE};
    use super::*;
    use crate::store::WithoutStore;
    use crate::store::conformance::{etcd_store, options};
    use crate::store::etcd::open::open;

    #[tokio::test]
    async fn canceled_write_is_not_performed_by_a_late_try() {
        let Some(etcd) = etcd_store::new_options() else {
            return;
        };
        let folder = tempfile::tempdir().unwrap();
        let files = options(folder.path());
        let opened = open(&etcd, &files, WithoutStore::Create).await;
        let store = opened.unwrap().unwrap().store;
        let change = EtcdChange::Purge {
            id: Uuid::nil(),
            version: 1,
        };
        let mut write = PendingWrite {
            backend: &store.backend,
            change: &change,
            request: Uuid::new_v4(),
            end: Instant::now() + PATIENCE,
            unanswered: Some("planted".into()),
        };
        let refused = StoreError::NotFound(Uuid::nil());
        assert_eq!(write.cancel(refused.clone()).await, Err(refused.clone()));
        let late = write.attempt(ChangeParts::default()).await.unwrap();
        assert!(!late.succeeded);
        // A repeated cancellation finds its own mark.
        assert_eq!(write.cancel(refused.clone()).await, Err(refused.clone()));
        // A try that was performed is not canceled.
        write.request = Uuid::new_v4();
        let done = write.attempt(ChangeParts::default()).await.unwrap();
        assert!(done.succeeded);
        assert_eq!(write.cancel(refused).await, Ok(done.revision()));
    }
}
