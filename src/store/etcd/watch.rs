//! Watch of a store: what other processes changed, in order.

use tokio::time::timeout;
use tonic::Streaming;
use uuid::Uuid;

use super::backend::EtcdBackend;
use super::call_error::{CallError, Refusal};
use super::node::{ATTEMPT_TIMEOUT, EtcdNode};
use super::saved_index::StoreHead;
use super::wire::{Event, EventType, WatchCreateRequest, WatchResponse};
use crate::connection::store::{ChangeEvent, ChangeKind, Revision};
use crate::connection::{ConnectionItem, StoreError};

/// Watch on a node.
pub struct StoreWatch {
    stream: Streaming<WatchResponse>,
}

/// Changes of one or more revisions, complete.
#[derive(Default)]
pub struct WatchedChanges {
    /// Changed connections, in order.
    pub connections: Vec<WatchedConnection>,
    /// Newest write, and the revision up to which the changes are complete.
    pub head: Option<(i64, StoreHead)>,
    /// Errors of connections that cannot be read.
    pub damaged: Vec<StoreError>,
}

/// Changed connection.
pub struct WatchedConnection {
    /// ID.
    pub id: Uuid,
    /// Revision of the change.
    pub revision: i64,
    /// True if it cannot be read.
    pub is_damaged: bool,
    /// List item; none after it was deleted permanently.
    pub item: Option<ConnectionItem>,
}

impl WatchedConnection {
    /// Converts the change to a change event.
    pub fn to_event(&self) -> ChangeEvent {
        ChangeEvent {
            revision: to_revision(self.revision),
            kind: match &self.item {
                Some(item) => ChangeKind::new_state(item.clone()),
                None => ChangeKind::Deleted(self.id),
            },
            request: None,
        }
    }
}

/// Returns a revision of etcd, which is never negative.
pub fn to_revision(revision: i64) -> Revision {
    Revision(u64::try_from(revision).unwrap_or(0))
}

impl StoreWatch {
    /// Watches the changes after a revision.
    pub async fn open(
        backend: &EtcdBackend,
        node: &EtcdNode,
        after: i64,
    ) -> Result<Self, CallError> {
        let range = backend.keys.watched();
        let create = WatchCreateRequest {
            key: range.start,
            range_end: range.end,
            start_revision: after + 1,
        };
        let mut watch = Self {
            stream: backend.client.watch(node, create).await?,
        };
        match timeout(ATTEMPT_TIMEOUT, watch.response(backend)).await {
            Ok(Ok(response)) if response.created => Ok(watch),
            Ok(Err(error)) => Err(error),
            Ok(Ok(_)) | Err(_) => Err(CallError::NoAnswer(format!(
                "{}: the watch was not created",
                node.name
            ))),
        }
    }

    /// Returns the next changes.
    pub async fn next(&mut self, backend: &EtcdBackend) -> Result<WatchedChanges, CallError> {
        let response = self.response(backend).await?;
        let head = backend.keys.head();
        let is_deleted = |event: &Event| event.r#type == i32::from(EventType::Delete);
        let is_head = |event: &Event| event.kv.as_ref().is_some_and(|found| found.key == head);
        if response
            .events
            .iter()
            .any(|event| is_deleted(event) && is_head(event))
        {
            // The deletions that follow are no changes of connections.
            return Err(Refusal::StoreReplaced.into());
        }
        Ok(WatchedChanges::read(response.events, backend))
    }

    /// Returns the next response. One that cancels the watch is an error; the reason may be a token that has expired, even when the
    /// watch was just created.
    async fn response(&mut self, backend: &EtcdBackend) -> Result<WatchResponse, CallError> {
        let response = self.stream.message().await?;
        let response = response.ok_or_else(|| CallError::NoAnswer("the watch ended".into()))?;
        if !response.canceled {
            return Ok(response);
        }
        backend.client.forget_token();
        Err(if response.compact_revision > 0 {
            CallError::Refused(Refusal::RevisionGone)
        } else {
            CallError::NoAnswer(format!("the watch ended: {}", response.cancel_reason))
        })
    }
}

impl WatchedChanges {
    fn read(events: Vec<Event>, backend: &EtcdBackend) -> Self {
        let mut changes = Self::default();
        for event in events {
            let is_deleted = event.r#type == i32::from(EventType::Delete);
            let Some(found) = event.kv else { continue };
            let revision = found.mod_revision;
            let Some(id) = backend.keys.connection_id(&found.key) else {
                if found.key == backend.keys.head() {
                    changes.head = Some((revision, found.into()));
                }
                continue;
            };
            let item = if is_deleted {
                Ok(None)
            } else {
                backend.item_in(id, &found).map(Some)
            };
            let is_damaged = item.is_err();
            // As after a start, a damaged connection is not listed.
            let item = item.unwrap_or_else(|error| {
                changes.damaged.push(error);
                None
            });
            changes.connections.push(WatchedConnection {
                id,
                revision,
                is_damaged,
                item,
            });
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::WithoutStore;
    use crate::store::conformance::{etcd_store, options};
    use crate::store::etcd::open::open_backend;
    use crate::store::etcd::wire::KeyValue;

    /// They are between the connections and the head of the first content, so the watch receives them.
    #[tokio::test]
    async fn keys_of_a_content_that_is_being_written_are_no_changes() {
        let Some(etcd) = etcd_store::new_options() else {
            return;
        };
        let folder = tempfile::tempdir().unwrap();
        let files = options(folder.path());
        let opened = open_backend(&etcd, &files, WithoutStore::Create).await;
        let backend = opened.unwrap().unwrap().backend;
        let staged = backend.keys.with_content(Some(Uuid::from_u128(1)));
        let keys = [
            staged.connection(Uuid::from_u128(2)),
            staged.head(),
            staged.staged(),
        ];
        let events = keys.map(|key| Event {
            r#type: EventType::Put.into(),
            kv: Some(KeyValue {
                key,
                mod_revision: 9,
                ..KeyValue::default()
            }),
        });
        let changes = WatchedChanges::read(events.into(), &backend);
        assert!(changes.connections.is_empty() && changes.damaged.is_empty());
        assert_eq!(changes.head, None);
    }
}
