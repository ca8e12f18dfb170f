//! Loads the index, and decides if an index can be continued.

use std::sync::atomic::Ordering;

use super::Follower;
use crate::store::etcd::call_error::{CallError, Refusal};
use crate::store::etcd::node::EtcdNode;
use crate::store::etcd::operations::{get, get_range};
use crate::store::etcd::pages::RangePages;
use crate::store::etcd::saved_index::{IndexPosition, StoreHead};
use crate::store::etcd::watch::to_revision;
use crate::store::etcd::wire::RangeRequest;

/// Number of writes that are faster read one after another than with all connections.
const MAX_BEHIND: i64 = 5_000;

impl Follower {
    /// Returns the position of the index; loads the index if it cannot be continued.
    pub(super) async fn position(&self, node: &EtcdNode) -> Result<IndexPosition, CallError> {
        let known = self.state.borrow().position.clone();
        let position = match known {
            Some(known) => {
                let newest = self.head(node, 0).await?;
                self.continued(node, newest, known).await?
            }
            None => self.saved_position(node).await?,
        };
        let Some(position) = position else {
            return self.load(node).await;
        };
        self.set_position(&position);
        Ok(position)
    }

    /// Uses the saved index at the start, and returns its position; none if it is missing or too old, or cannot be continued.
    async fn saved_position(&self, node: &EtcdNode) -> Result<Option<IndexPosition>, CallError> {
        if self.has_tried_saved.load(Ordering::Acquire) {
            return Ok(None);
        }
        let mut position = None;
        if let Some(saved) = self.index.open_saved() {
            let newest = self.head(node, 0).await?;
            if newest.0.writes - saved.head.writes <= MAX_BEHIND {
                position = self.continued(node, newest, saved).await?;
            }
        }
        self.has_tried_saved.store(true, Ordering::Release);
        match &position {
            Some(position) => self
                .feed
                .set_revision(to_revision(position.head.revision).0),
            // One of another history would not be replaced by an index with a lower revision.
            None => drop(self.index.discard_saved()),
        }
        Ok(position)
    }

    /// Returns the position from which an index can be continued; none if etcd does not have its state any more: a restored snapshot
    /// may have taken the store back, or a compaction removed the changes since. The pair is the result of `head` for now.
    async fn continued(
        &self,
        node: &EtcdNode,
        (newest, applied): (StoreHead, i64),
        position: IndexPosition,
    ) -> Result<Option<IndexPosition>, CallError> {
        if newest == position.head {
            // Without a write since, nothing is missing, also after a compaction.
            return Ok(Some(IndexPosition {
                applied,
                ..position
            }));
        }
        match self.head(node, position.applied).await {
            Ok((then, _)) => Ok((then == position.head).then_some(position)),
            Err(CallError::Refused(Refusal::RevisionGone)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns the newest write at a revision, 0 for the current one, and the revision of the read.
    async fn head(&self, node: &EtcdNode, revision: i64) -> Result<(StoreHead, i64), CallError> {
        let request = RangeRequest {
            revision,
            ..get(self.backend.keys.head())
        };
        let found = self.backend.client.range_at(node, &request).await?;
        let at = found.revision();
        let head = found.into_first().map(StoreHead::from);
        Ok((head.unwrap_or_default(), at))
    }

    /// Returns the revision of the newest write according to a node. Fails if the store was replaced.
    pub(super) async fn newest_at(&self, node: &EtcdNode) -> Result<i64, CallError> {
        let (client, keys) = (&self.backend.client, &self.backend.keys);
        let store = client.range_at(node, &get(keys.store())).await?;
        let fence = store.into_first().map(|store| store.mod_revision);
        if fence != Some(self.backend.fence) {
            return Err(Refusal::StoreReplaced.into());
        }
        let head = client.range_at(node, &get(keys.head())).await?;
        Ok(head.into_first().map_or(0, |head| head.mod_revision))
    }

    /// Loads all connections at one revision.
    async fn load(&self, node: &EtcdNode) -> Result<IndexPosition, CallError> {
        let (client, keys) = (&self.backend.client, &self.backend.keys);
        self.newest_at(node).await?;
        let (head, revision) = self.head(node, 0).await?;
        let request = RangeRequest {
            revision,
            ..get_range(keys.connections())
        };
        let mut pages = RangePages::new(client, request);
        let mut items = Vec::new();
        self.state.send_modify(|state| state.loaded = 0);
        self.is_incomplete.store(false, Ordering::Release);
        while let Some(page) = pages.next().await? {
            for record in page {
                let Some(id) = keys.connection_id(&record.key) else {
                    continue;
                };
                match self.backend.item_in(id, &record) {
                    Ok(item) => items.push(item),
                    Err(error) => self.add_damaged(&error),
                }
            }
            self.state.send_modify(|state| state.loaded = items.len());
        }
        if let Err(error) = self.index.replace(items) {
            self.add_notice(error.to_string());
        }
        self.feed.restart(to_revision(head.revision).0);
        let position = IndexPosition {
            applied: revision,
            head,
        };
        self.set_position(&position);
        Ok(position)
    }
}
