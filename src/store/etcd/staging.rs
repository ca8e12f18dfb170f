//! Writes a new content beside the current one, and then makes it the current one with one transaction.
//!
//! An interrupted process leaves the current content as it is. The ID of the new content depends on what is written, so that the
//! next try goes on with what is already there.

mod switch;

use std::collections::HashSet;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::change::owner_value;
use super::content::EtcdContent;
use super::identity::EtcdIdentity;
use super::keys::EtcdKeys;
use super::location::EtcdLocation;
use super::operations::{created_at, get, get_range, modified_at, put};
use super::pages::RangePages;
use super::record::RecordCodec;
use super::sweep::StagingError;
use super::wire::{RangeRequest, RequestOp, TxnRequest};
use crate::connection::StoreError;
use crate::store::journal::entry::EntryKind;
use crate::store::journal::header::StoreIdentity;
use crate::store::journal::replay::BuiltConnection;
use crate::store::key::StoreKey;
use crate::store::sled::salvage::FullState;
use crate::store::sled::stored_json::{damaged, read_listed, version_json};

/// Keys in a transaction; etcd refuses more than 128 by default.
const MAX_KEYS: usize = 100;
/// Bytes in a transaction, unless one value has more; etcd refuses 1.5 MiB by default.
const MAX_BYTES: usize = 512 * 1024;

/// Outcome of a replacement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replacement {
    /// The content is the current one.
    Done,
    /// The store was changed since it was read; nothing was replaced.
    Changed,
}

/// Content that replaces a store.
pub struct NewEtcdContent<'a> {
    /// Identity of the store afterwards.
    pub identity: &'a StoreIdentity,
    /// Its key.
    pub key: &'a StoreKey,
    /// Connections and versions, sealed with the key.
    pub state: &'a FullState,
    /// Hash of the content before it was sealed.
    pub hash: [u8; 32],
}

impl NewEtcdContent<'_> {
    /// Returns the ID of the content in place of the store that was found: equal for equal input.
    fn id(&self, before: Option<&EtcdContent>) -> Uuid {
        let fence = fence_of(before);
        let mut hash = Sha256::new();
        hash.update(b"umai etcd content 1");
        hash.update(self.identity.store.as_bytes());
        hash.update(self.key.fingerprint().to_string());
        hash.update(fence.to_le_bytes());
        hash.update(self.hash);
        let sum: [u8; 32] = hash.finalize().into();
        Uuid::from_bytes(std::array::from_fn(|at| sum[at]))
    }
}

impl EtcdLocation {
    /// Replaces the store that was found, unless it was changed since. All processes that have it open must open it again.
    pub async fn replace(
        &self,
        content: &NewEtcdContent<'_>,
        before: Option<&EtcdContent>,
    ) -> Result<Replacement, StoreError> {
        match self.try_replace(content, before).await {
            Ok(()) => Ok(Replacement::Done),
            Err(StagingError::Changed) => Ok(Replacement::Changed),
            Err(StagingError::Store(error)) => {
                if matches!(error, StoreError::Full(_)) {
                    self.remove_staged(before).await;
                }
                Err(error)
            }
        }
    }

    /// Removes what was written of a content for which there is no room. If that fails as well, `umai doctor` reports the rest.
    async fn remove_staged(&self, before: Option<&EtcdContent>) {
        let current = before.map(|before| before.found.identity.content);
        let kept: Vec<_> = current.into_iter().collect();
        // The fence is the old one: nothing is removed if the content became the current one nevertheless.
        let _ = self.sweep(&kept, fence_of(before)).await;
    }

    async fn try_replace(
        &self,
        content: &NewEtcdContent<'_>,
        before: Option<&EtcdContent>,
    ) -> Result<(), StagingError> {
        let id = content.id(before);
        let fence = fence_of(before);
        let current = before.map(|before| before.found.identity.content);
        let kept: Vec<_> = current.into_iter().chain([Some(id)]).collect();
        self.sweep(&kept, fence).await?;
        let mut staging = Staging {
            location: self,
            codec: RecordCodec::new(content.key.authenticator(content.identity.store)),
            keys: self.keys.with_content(Some(id)),
            fence,
            claim: 0,
        };
        staging.claim().await?;
        staging.write(content.state).await?;
        staging.check_complete(content.state).await?;
        let identity = EtcdIdentity {
            store: content.identity.store,
            check: content.identity.check,
            content: Some(id),
        };
        let fence = staging.make_current(&identity, before).await?;
        // What cannot be removed now is removed before the next replacement.
        let _ = self.sweep(&[Some(id)], fence).await;
        Ok(())
    }
}

/// Revision of the identity of a store that was found; 0 without one.
fn fence_of(before: Option<&EtcdContent>) -> i64 {
    before.map_or(0, |before| before.found.fence)
}

/// Content that is being written.
struct Staging<'a> {
    location: &'a EtcdLocation,
    codec: RecordCodec,
    keys: EtcdKeys,
    /// Revision of the identity of the store that it replaces; 0 without one.
    fence: i64,
    /// Revision of the key `staged` of this content.
    claim: i64,
}

/// Key with its value.
type KeyAndValue = (Vec<u8>, Vec<u8>);

/// Keys to write with the next transaction.
#[derive(Default)]
struct Batch {
    puts: Vec<RequestOp>,
    bytes: usize,
}

impl Batch {
    const fn is_full(&self, bytes: usize) -> bool {
        self.puts.len() >= MAX_KEYS || (self.bytes > 0 && self.bytes + bytes > MAX_BYTES)
    }
}

impl Staging<'_> {
    /// Creates the mark of the content if it does not exist, and takes its revision.
    async fn claim(&mut self) -> Result<(), StagingError> {
        let mark = self.keys.staged();
        let fence = || modified_at(self.keys.store(), self.fence);
        let create = TxnRequest {
            compare: vec![fence(), created_at(mark.clone(), 0)],
            success: vec![put(mark.clone(), Vec::new())],
            failure: Vec::new(),
        };
        match self.location.commit(&create).await {
            Ok(_) | Err(StagingError::Changed) => {}
            Err(error) => return Err(error),
        }
        let read = TxnRequest {
            compare: vec![fence()],
            success: vec![get(mark).into()],
            failure: Vec::new(),
        };
        let answer = self.location.commit(&read).await?;
        let found = answer.into_ranges().next().unwrap_or_default().into_first();
        self.claim = found.ok_or(StagingError::Changed)?.create_revision;
        Ok(())
    }

    /// Writes the connections that are missing. The key of a connection is written last, so one that exists is complete.
    async fn write(&self, state: &FullState) -> Result<(), StagingError> {
        let present = self.present().await?;
        let mut batch = Batch::default();
        for (id, connection) in &state.connections {
            if present.contains(id) {
                continue;
            }
            for (key, value) in self.values(*id, connection)? {
                let bytes = key.len() + value.len();
                if batch.is_full(bytes) {
                    self.flush(&mut batch).await?;
                }
                batch.bytes += bytes;
                batch.puts.push(put(key, value));
            }
        }
        self.flush(&mut batch).await
    }

    /// Returns the connections that an interrupted process has written.
    async fn present(&self) -> Result<HashSet<Uuid>, StagingError> {
        let request = RangeRequest {
            keys_only: true,
            ..get_range(self.keys.connections())
        };
        let mut pages = RangePages::new(&self.location.client, request);
        let mut present = HashSet::new();
        while let Some(page) = pages.next().await? {
            let ids = page
                .iter()
                .filter_map(|found| self.keys.connection_id(&found.key));
            present.extend(ids);
        }
        Ok(present)
    }

    /// Returns the keys and values of a connection, in order.
    fn values(
        &self,
        id: Uuid,
        connection: &BuiltConnection<(EntryKind, Vec<u8>)>,
    ) -> Result<Vec<KeyAndValue>, StoreError> {
        let newest = connection.newest.as_ref();
        let newest = newest.ok_or_else(|| damaged(id, "it has only earlier versions"))?;
        let mut values = Vec::with_capacity(connection.older.len() + 2);
        for (number, version) in &connection.older {
            let (kind, payload) = &version.payload;
            let json = match kind {
                EntryKind::Version => payload.clone(),
                EntryKind::Saved | EntryKind::Record | EntryKind::Purged | EntryKind::End => {
                    version_json(id, payload)?
                }
            };
            let value = self.codec.version(id, *number, &json);
            values.push((self.keys.version(id, *number), value));
        }
        let json = &newest.payload.1;
        let alias = read_listed(id, json)?.alias;
        values.push((self.keys.alias(&alias), owner_value(id)));
        values.push((self.keys.connection(id), self.codec.connection(id, json)));
        Ok(values)
    }

    async fn flush(&self, batch: &mut Batch) -> Result<(), StagingError> {
        let Batch { puts, .. } = std::mem::take(batch);
        if puts.is_empty() {
            return Ok(());
        }
        let request = TxnRequest {
            compare: vec![
                modified_at(self.keys.store(), self.fence),
                created_at(self.keys.staged(), self.claim),
            ],
            success: puts,
            failure: Vec::new(),
        };
        self.location.commit(&request).await.map(drop)
    }

    /// Checks that everything was written.
    async fn check_complete(&self, state: &FullState) -> Result<(), StagingError> {
        let connections = state.connections.len();
        let versions = state.connections.values();
        let versions: usize = versions.map(|connection| connection.older.len()).sum();
        for (range, expected) in [
            (self.keys.connections(), connections),
            (self.keys.aliases(), connections),
            (self.keys.all_versions(), versions),
        ] {
            let count = RangeRequest {
                limit: 1,
                keys_only: true,
                ..get_range(range)
            };
            let found = self.location.client.range(&count).await?.count;
            if usize::try_from(found) != Ok(expected) {
                let why = format!(
                    "etcd has {found} of {expected} keys of the new content; the store was not changed"
                );
                return Err(StoreError::Other(why).into());
            }
        }
        Ok(())
    }
}
