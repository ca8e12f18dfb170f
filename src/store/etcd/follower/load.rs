//! Loads the index, and decides if an index can be continued.

use super::{Follower, IndexPosition};
use crate::store::etcd::call_error::{CallError, Refusal};
use crate::store::etcd::node::EtcdNode;
use crate::store::etcd::operations::{get, get_range};
use crate::store::etcd::pages::RangePages;
use crate::store::etcd::watch::to_revision;
use crate::store::etcd::wire::RangeRequest;

impl Follower {
    /// Returns the position of the index; loads the index if it cannot be continued.
    pub(super) async fn position(&self, node: &EtcdNode) -> Result<IndexPosition, CallError> {
        let known = self.state.borrow().position.clone();
        if let Some(position) = known
            && self.has_state(node, &position).await?
        {
            return Ok(position);
        }
        self.load(node).await
    }

    /// Returns true if etcd still has the state of the index: a restored snapshot may have taken the store back.
    async fn has_state(
        &self,
        node: &EtcdNode,
        position: &IndexPosition,
    ) -> Result<bool, CallError> {
        let head = RangeRequest {
            revision: position.applied,
            ..get(self.backend.keys.head())
        };
        match self.backend.client.range_at(node, &head).await {
            Ok(found) => Ok(found
                .into_first()
                .is_some_and(|head| head.value == position.head)),
            Err(CallError::Refused(Refusal::RevisionGone)) => Ok(false),
            Err(error) => Err(error),
        }
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
        let head = client.range_at(node, &get(keys.head())).await?;
        let revision = head.revision();
        let head = head.into_first();
        let request = RangeRequest {
            revision,
            ..get_range(keys.connections())
        };
        let mut pages = RangePages::new(client, request);
        let mut items = Vec::new();
        self.state.send_modify(|state| state.loaded = 0);
        while let Some(page) = pages.next().await? {
            for record in page {
                let Some(id) = keys.connection_id(&record.key) else {
                    continue;
                };
                match self.backend.item_in(id, &record) {
                    Ok(item) => items.push(item),
                    Err(error) => self.add_notice(error.to_string()),
                }
            }
            self.state.send_modify(|state| state.loaded = items.len());
        }
        if let Err(error) = self.index.replace(items) {
            self.add_notice(error.to_string());
        }
        let newest = head.as_ref().map_or(0, |head| head.mod_revision);
        self.feed.restart(to_revision(newest).0);
        let position = IndexPosition {
            applied: revision,
            written: newest,
            head: head.map(|head| head.value).unwrap_or_default(),
        };
        self.state
            .send_modify(|state| state.position = Some(position.clone()));
        Ok(position)
    }
}
