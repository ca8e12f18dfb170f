//! Tokens of the servers on a store, shared by all of them: `P/t/NAME`, each after a code that authenticates it.
//!
//! The values are opaque here. A name is a hash of the token's name, so that two tokens never have the same one.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::backend::{EtcdBackend, read_error};
use super::call_error::CallError;
use super::client::Backoff;
use super::open::open_backend;
use super::operations::{delete, get, get_range, modified_at, put};
use super::wire::{Compare, KeyValue, RequestOp, TxnRequest, TxnResponse};
use crate::connection::StoreError;
use crate::store::etcd_options::EtcdOptions;
use crate::store::{StoreOptions, WithoutStore};

/// Maximum number of tokens: all of them are rewritten at once when the key changes.
pub const MAX_TOKENS: usize = 40;
/// Time that a change is tried for.
const PATIENCE: Duration = Duration::from_secs(15);

/// Tokens of a store.
#[derive(Clone)]
pub struct EtcdTokens(Arc<EtcdBackend>);

/// Token to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRecord {
    /// Name of its key.
    pub name: String,
    /// Value.
    pub json: Vec<u8>,
}

/// Stored token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTokenRecord {
    /// Name and value.
    pub record: TokenRecord,
    /// Revision of its key: another token with the same name has another one.
    revision: i64,
}

/// Outcome of a creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenCreation {
    /// It was created.
    Created,
    /// The name is taken.
    NameTaken,
    /// There are too many.
    TooMany,
}

impl EtcdTokens {
    /// Opens the tokens of a store; none if there is none, and it is not created. `files` locates the key.
    pub async fn open(
        options: &EtcdOptions,
        files: &StoreOptions,
        without: WithoutStore,
    ) -> Result<Option<Self>, StoreError> {
        let opened = open_backend(options, files, without).await?;
        Ok(opened.map(|opened| Self(opened.backend)))
    }

    /// Returns a sentence for the user if the store was created, or is another one than before.
    pub fn opening_notice(&self) -> Option<String> {
        self.0.notice.clone()
    }

    /// Returns the tokens. Values that were written without the key are left out.
    pub async fn list(&self) -> Result<Vec<StoredTokenRecord>, StoreError> {
        let Self(backend) = self;
        let [found] = backend.read([get_range(backend.keys.tokens())]).await?;
        let records = found.kvs.iter().filter_map(|found| self.record(found));
        Ok(records.collect())
    }

    fn record(&self, found: &KeyValue) -> Option<StoredTokenRecord> {
        let Self(backend) = self;
        let name = backend.keys.token_name(&found.key)?;
        let json = backend.codec.read_token(&name, &found.value)?.to_vec();
        Some(StoredTokenRecord {
            record: TokenRecord { name, json },
            revision: found.mod_revision,
        })
    }

    /// Creates a token.
    pub async fn create(&self, record: &TokenRecord) -> Result<TokenCreation, StoreError> {
        let Self(backend) = self;
        let [found] = backend.read([get_range(backend.keys.tokens())]).await?;
        let authentic = found.kvs.iter().filter_map(|found| self.record(found));
        if authentic.count() >= MAX_TOKENS {
            return Ok(TokenCreation::TooMany);
        }
        let key = backend.keys.token(&record.name);
        // A value that is not authentic is no token; it is replaced.
        let before = found.kvs.iter().find(|found| found.key == key);
        if before.is_some_and(|found| self.record(found).is_some()) {
            return Ok(TokenCreation::NameTaken);
        }
        let revision = before.map_or(0, |found| found.mod_revision);
        let value = backend.codec.token(&record.name, &record.json);
        let compare = modified_at(key.clone(), revision);
        let answer = self.change(&key, compare, put(key.clone(), value.clone()));
        let answer = answer.await?;
        if answer.succeeded {
            return Ok(TokenCreation::Created);
        }
        // An earlier try may have been performed without an answer.
        let found = answer.into_ranges().next().unwrap_or_default().into_first();
        Ok(match found {
            Some(found) if found.value == value => TokenCreation::Created,
            _ => TokenCreation::NameTaken,
        })
    }

    /// Deletes a token, if it exists. Another one that has taken its name is kept.
    pub async fn delete(&self, token: &StoredTokenRecord) -> Result<(), StoreError> {
        let key = self.0.keys.token(&token.record.name);
        let compare = modified_at(key.clone(), token.revision);
        self.change(&key, compare, delete(key.clone())).await?;
        Ok(())
    }

    /// Runs a transaction with one condition, until etcd says what became of it. If the condition is false, it reads the key.
    async fn change(
        &self,
        key: &[u8],
        compare: Compare,
        success: RequestOp,
    ) -> Result<TxnResponse, StoreError> {
        let Self(backend) = self;
        let fence = modified_at(backend.keys.store(), backend.fence);
        let request = TxnRequest {
            compare: vec![fence, compare],
            success: vec![success],
            failure: vec![get(key.to_vec()).into()],
        };
        let end = Instant::now() + PATIENCE;
        let mut backoff = Backoff::default();
        loop {
            match backend.client.txn(&request).await {
                Ok(answer) => {
                    if !answer.succeeded {
                        // Fails if the store was replaced.
                        backend.head().await?;
                    }
                    return Ok(answer);
                }
                Err(CallError::NoAnswer(_)) if Instant::now() < end => backoff.wait().await,
                Err(error) => return Err(read_error(error)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conformance::{etcd_store, options};

    /// Tokens of a new store, and the folder of its key.
    async fn new_tokens() -> Option<(EtcdTokens, tempfile::TempDir)> {
        let etcd = etcd_store::new_options()?;
        let folder = tempfile::tempdir().unwrap();
        let files = options(folder.path());
        let tokens = EtcdTokens::open(&etcd, &files, WithoutStore::Create).await;
        Some((tokens.unwrap().unwrap(), folder))
    }

    fn record(name: &str, json: &str) -> TokenRecord {
        TokenRecord {
            name: name.into(),
            json: json.into(),
        }
    }

    #[tokio::test]
    async fn only_authentic_tokens_count() {
        let Some((tokens, _folder)) = new_tokens().await else {
            return;
        };
        let EtcdTokens(backend) = &tokens;
        for number in 0..MAX_TOKENS {
            let key = backend.keys.token(&format!("forged-{number}"));
            let forged = TxnRequest {
                success: vec![put(key, b"0123456789abcdef{}".to_vec())],
                ..TxnRequest::default()
            };
            backend.client.txn(&forged).await.unwrap();
        }
        for number in 0..MAX_TOKENS {
            let created = tokens.create(&record(&number.to_string(), "{}")).await;
            assert_eq!(created, Ok(TokenCreation::Created), "{number}");
        }
        let more = tokens.create(&record("more", "{}")).await;
        assert_eq!(more, Ok(TokenCreation::TooMany));
    }

    #[tokio::test]
    async fn new_token_with_the_name_of_a_revoked_one_is_kept() {
        let Some((tokens, _folder)) = new_tokens().await else {
            return;
        };
        tokens.create(&record("laptop", "1")).await.unwrap();
        let seen = tokens.list().await.unwrap();
        tokens.delete(&seen[0]).await.unwrap();
        tokens.create(&record("laptop", "2")).await.unwrap();
        tokens.delete(&seen[0]).await.unwrap();
        let left = tokens.list().await.unwrap();
        assert_eq!(left[0].record, record("laptop", "2"));
    }
}
