//! Makes a complete content the current one.

use tokio::time::Instant;
use uuid::Uuid;

use super::Staging;
use crate::connection::StoreError;
use crate::store::etcd::call_error::{CallError, Refusal};
use crate::store::etcd::client::Backoff;
use crate::store::etcd::content::EtcdContent;
use crate::store::etcd::identity::EtcdIdentity;
use crate::store::etcd::operations::{created_at, delete, get, modified_at, put, unchanged_since};
use crate::store::etcd::sweep::{PATIENCE, StagingError};
use crate::store::etcd::wire::{RangeResponse, TxnRequest};

impl Staging<'_> {
    /// Transaction that makes the content the current one.
    fn switch(&self, identity: Vec<u8>, before: Option<&EtcdContent>) -> TxnRequest {
        let keys = &self.location.keys;
        let mut compare = vec![
            created_at(self.keys.staged(), self.claim),
            modified_at(keys.store(), self.fence),
        ];
        let mut success = vec![
            put(keys.store(), identity),
            put(self.keys.head(), Uuid::new_v4().as_bytes().to_vec()),
            delete(self.keys.staged()),
        ];
        if let Some(before) = before {
            let found = &before.found;
            compare.push(modified_at(found.keys.head(), found.stored_head));
            // A token that was created since would not have the code of the new key.
            compare.push(unchanged_since(keys.tokens(), found.revision));
            // Tells the watches of other processes before the other keys are removed.
            success.push(delete(found.keys.head()));
            for token in &before.tokens {
                let key = keys.token(&token.name);
                compare.push(modified_at(key.clone(), token.revision));
                // The key of the store, which authenticates it, may be another one now.
                success.push(put(key, self.codec.token(&token.name, &token.json)));
            }
        }
        TxnRequest {
            compare,
            success,
            failure: vec![get(keys.store()).into()],
        }
    }

    /// Returns the fence if the content is the current one nevertheless: etcd performs and refuses the write that exceeds its quota,
    /// and an earlier try may have been performed without an answer.
    async fn after_refusal(&self, bytes: &[u8], refusal: CallError) -> Result<i64, StagingError> {
        let request = get(self.location.keys.store());
        let found = self.location.client.range(&request).await;
        let found = found.ok().and_then(RangeResponse::into_first);
        found
            .filter(|found| found.value == bytes)
            .map(|found| found.mod_revision)
            .ok_or_else(|| refusal.into())
    }

    /// Makes the content the current one, unless the store was changed since it was read. Returns the new fence.
    pub(super) async fn make_current(
        &self,
        identity: &EtcdIdentity,
        before: Option<&EtcdContent>,
    ) -> Result<i64, StagingError> {
        let bytes = identity.to_bytes();
        let request = self.switch(bytes.clone(), before);
        let end = Instant::now() + PATIENCE;
        let mut backoff = Backoff::default();
        loop {
            let error = match self.location.client.txn(&request).await {
                Ok(answer) if answer.succeeded => return Ok(answer.revision()),
                Ok(answer) => {
                    // An earlier try may have been performed without an answer.
                    let found = answer.into_ranges().next().unwrap_or_default().into_first();
                    let done = found.filter(|found| found.value == bytes);
                    return done
                        .map(|found| found.mod_revision)
                        .ok_or(StagingError::Changed);
                }
                Err(CallError::NoAnswer(why)) => {
                    StoreError::Unanswered(format!("etcd did not answer in time ({why})"))
                }
                Err(CallError::Refused(Refusal::Busy)) => Refusal::Busy.into(),
                Err(error) => return self.after_refusal(&bytes, error).await,
            };
            if Instant::now() >= end {
                return Err(error.into());
            }
            backoff.wait().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::backup::keys::AvailableKeys;
    use crate::store::conformance::{etcd_store, options};
    use crate::store::etcd::location::EtcdLocation;
    use crate::store::etcd::open::open;
    use crate::store::etcd::record::RecordCodec;
    use crate::store::etcd::staging::{NewEtcdContent, Replacement};
    use crate::store::etcd::tokens::{EtcdTokens, TokenCreation, TokenRecord};
    use crate::store::etcd_options::EtcdOptions;
    use crate::store::{StoreOptions, WithoutStore};

    /// Store on etcd with its key.
    struct Planted {
        etcd: EtcdOptions,
        files: StoreOptions,
        location: EtcdLocation,
        _folder: tempfile::TempDir,
    }

    impl Planted {
        async fn new() -> Option<Self> {
            let etcd = etcd_store::new_options()?;
            let folder = tempfile::tempdir().unwrap();
            let files = options(folder.path());
            let opened = open(&etcd, &files, WithoutStore::Create).await;
            opened.unwrap().unwrap();
            Some(Self {
                location: EtcdLocation::new(&etcd).unwrap(),
                etcd,
                files,
                _folder: folder,
            })
        }

        async fn read(&self) -> (AvailableKeys, EtcdContent) {
            let keys = AvailableKeys::find(&self.files);
            let found = self.location.read(&keys).await.unwrap().unwrap();
            (keys, found)
        }

        async fn replace(&self, keys: &AvailableKeys, found: &EtcdContent) -> Replacement {
            let content = NewEtcdContent {
                identity: &found.content.identity,
                key: keys.current.as_deref().unwrap(),
                state: &found.content.state,
                hash: [7; 32],
            };
            let replaced = self.location.replace(&content, Some(found)).await;
            replaced.unwrap()
        }
    }

    #[tokio::test]
    async fn token_that_is_created_or_revoked_meanwhile_stops_the_switch() {
        let Some(planted) = Planted::new().await else {
            return;
        };
        let tokens = EtcdTokens::open(&planted.etcd, &planted.files, WithoutStore::Refuse).await;
        let tokens = tokens.unwrap().unwrap();
        let (keys, found) = planted.read().await;
        let record = TokenRecord {
            name: "laptop".into(),
            json: b"{}".to_vec(),
        };
        assert_eq!(tokens.create(&record).await, Ok(TokenCreation::Created));
        assert_eq!(planted.replace(&keys, &found).await, Replacement::Changed);
        let (keys, found) = planted.read().await;
        let listed = tokens.list().await.unwrap();
        tokens.delete(&listed[0]).await.unwrap();
        assert_eq!(planted.replace(&keys, &found).await, Replacement::Changed);
        assert_eq!(tokens.create(&record).await, Ok(TokenCreation::Created));
        let (keys, found) = planted.read().await;
        assert_eq!(planted.replace(&keys, &found).await, Replacement::Done);
        let tokens = EtcdTokens::open(&planted.etcd, &planted.files, WithoutStore::Refuse).await;
        let kept = tokens.unwrap().unwrap().list().await.unwrap();
        assert_eq!(kept[0].record, record);
    }

    #[tokio::test]
    async fn switch_that_was_performed_and_refused_is_done() {
        let Some(planted) = Planted::new().await else {
            return;
        };
        let (keys, found) = planted.read().await;
        let id = Uuid::new_v4();
        let identity = EtcdIdentity {
            content: Some(id),
            ..found.found.identity.clone()
        };
        let key = keys.current.as_deref().unwrap();
        let mut staging = Staging {
            location: &planted.location,
            codec: RecordCodec::new(key.authenticator(identity.store)),
            keys: planted.location.keys.with_content(Some(id)),
            fence: found.found.fence,
            claim: 0,
        };
        staging.claim().await.map_err(drop).unwrap();
        let bytes = identity.to_bytes();
        let no_space = || CallError::Refused(Refusal::NoSpace);
        let before = staging.after_refusal(&bytes, no_space()).await;
        assert!(
            matches!(before, Err(StagingError::Store(StoreError::Full(_)))),
            "it was not performed"
        );
        let done = staging.make_current(&identity, Some(&found)).await;
        let done = done.map_err(drop).unwrap();
        let after = staging.after_refusal(&bytes, no_space()).await;
        assert_eq!(after.map_err(drop), Ok(done));
    }
}
