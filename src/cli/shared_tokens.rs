//! Access tokens in a store on etcd, which are valid on every server of the store.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use super::open_service::CliContext;
use crate::api::token::cache::TokenSource;
use crate::api::token::{StoredToken, TokenError, TokenScope, check_name, find_token, name_key};
use crate::connection::StoreError;
use crate::store::etcd::tokens::{
    EtcdTokens, MAX_TOKENS, StoredTokenRecord, TokenCreation, TokenRecord,
};
use crate::store::etcd_options::EtcdOptions;
use crate::store::{StoreOptions, WithoutStore, not_created};

/// Interval at which a server reads the tokens.
const INTERVAL: Duration = Duration::from_millis(400);
/// Age at which the tokens of a server no longer count.
const MAX_AGE: Duration = Duration::from_secs(2);

/// Tokens of a store on etcd.
#[derive(Clone)]
pub struct SharedTokens {
    tokens: EtcdTokens,
    etcd: EtcdOptions,
    files: StoreOptions,
}

impl SharedTokens {
    /// Opens the tokens of the store; none if it does not exist, and the command only reads.
    pub async fn open(
        context: &CliContext,
        etcd: &EtcdOptions,
    ) -> Result<Option<Self>, StoreError> {
        let (etcd, files) = (etcd.clone(), context.store_options());
        let tokens = EtcdTokens::open(&etcd, &files, context.without_store).await?;
        if tokens.is_none() && context.without_store == WithoutStore::Refuse {
            return Err(not_created(&etcd.address));
        }
        Ok(tokens.map(|tokens| Self {
            tokens,
            etcd,
            files,
        }))
    }

    /// Returns a sentence for the user if the store was created, or is another one than before.
    pub fn opening_notice(&self) -> Option<String> {
        self.tokens.opening_notice()
    }

    /// Reads the tokens for a server, which stays open when the store is replaced.
    async fn read_again(&mut self) -> Result<Vec<StoredToken>, TokenError> {
        let mut found = self.tokens.list().await;
        if found == Err(StoreError::Replaced) {
            let opened = EtcdTokens::open(&self.etcd, &self.files, WithoutStore::Refuse).await;
            let opened = opened.and_then(|opened| opened.ok_or(StoreError::Replaced));
            self.tokens = opened.map_err(|error| unusable(&error))?;
            found = self.tokens.list().await;
        }
        Ok(parsed(found)?.1)
    }

    /// Returns the tokens in order of creation.
    pub async fn read(&self) -> Result<Vec<StoredToken>, TokenError> {
        Ok(parsed(self.tokens.list().await)?.1)
    }

    /// Creates a token and returns it with its text, which is not stored.
    pub async fn create(
        &self,
        name: &str,
        scope: TokenScope,
        expires: Option<DateTime<Utc>>,
    ) -> Result<(StoredToken, Zeroizing<String>), TokenError> {
        check_name(name)?;
        let (token, text) = StoredToken::generate(name.to_owned(), scope, expires)?;
        let json = serde_json::to_vec(&token);
        let record = TokenRecord {
            name: name_key(name),
            json: json.map_err(|error| TokenError::Unusable(error.to_string()))?,
        };
        match self
            .tokens
            .create(&record)
            .await
            .map_err(|error| unusable(&error))?
        {
            TokenCreation::Created => Ok((token, text)),
            TokenCreation::NameTaken => Err(TokenError::NameTaken(name.to_owned())),
            TokenCreation::TooMany => Err(too_many()),
        }
    }

    /// Checks that a token with this name could be created, for a dry run.
    pub async fn check_create(&self, name: &str) -> Result<(), TokenError> {
        check_name(name)?;
        let tokens = self.read().await?;
        if tokens.len() >= MAX_TOKENS {
            return Err(too_many());
        }
        match find_token(&tokens, name) {
            Ok(_) => Err(TokenError::NameTaken(name.to_owned())),
            Err(_) => Ok(()),
        }
    }

    /// Returns the token that would be revoked, for a dry run.
    pub async fn would_revoke(&self, id_or_name: &str) -> Result<StoredToken, TokenError> {
        let mut tokens = self.read().await?;
        let found = find_token(&tokens, id_or_name)?;
        Ok(tokens.swap_remove(found))
    }

    /// Revokes a token and returns it.
    pub async fn revoke(&self, id_or_name: &str) -> Result<StoredToken, TokenError> {
        let (records, mut tokens) = parsed(self.tokens.list().await)?;
        let found = find_token(&tokens, id_or_name)?;
        let deleted = self.tokens.delete(&records[found]).await;
        deleted.map_err(|error| unusable(&error))?;
        Ok(tokens.swap_remove(found))
    }

    /// Keeps the tokens up to date for a server, until the result is dropped.
    pub async fn follow(mut self) -> Result<FollowedTokens, TokenError> {
        let begun = Instant::now();
        let state = Arc::new(Mutex::new(FollowedState {
            tokens: self.read().await?.into(),
            begun,
        }));
        let followed = Arc::clone(&state);
        let task = tokio::spawn(async move {
            let mut is_failing = false;
            loop {
                tokio::time::sleep(INTERVAL).await;
                let begun = Instant::now();
                match self.read_again().await {
                    Ok(tokens) => {
                        let mut state = followed.lock().unwrap_or_else(PoisonError::into_inner);
                        *state = FollowedState {
                            tokens: tokens.into(),
                            begun,
                        };
                        is_failing = false;
                    }
                    Err(error) => {
                        if !std::mem::replace(&mut is_failing, true) {
                            tracing::warn!(%error, "cannot read the tokens");
                        }
                    }
                }
            }
        });
        Ok(FollowedTokens { state, task })
    }
}

/// Tokens of a running server.
pub struct FollowedTokens {
    state: Arc<Mutex<FollowedState>>,
    task: JoinHandle<()>,
}

struct FollowedState {
    tokens: Arc<[StoredToken]>,
    /// Time before they were read.
    begun: Instant,
}

impl TokenSource for FollowedTokens {
    fn current(&self) -> Result<Arc<[StoredToken]>, TokenError> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.begun.elapsed() > MAX_AGE {
            return Err(TokenError::Unusable(
                "etcd does not answer, so a token may have been revoked".into(),
            ));
        }
        Ok(Arc::clone(&state.tokens))
    }
}

impl Drop for FollowedTokens {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Returns the tokens in order of creation, with their keys.
fn parsed(
    found: Result<Vec<StoredTokenRecord>, StoreError>,
) -> Result<(Vec<StoredTokenRecord>, Vec<StoredToken>), TokenError> {
    let records = found.map_err(|error| unusable(&error))?;
    let read = records.into_iter().map(|found| {
        match serde_json::from_slice::<StoredToken>(&found.record.json) {
            Ok(token) => Ok((found, token)),
            Err(error) => Err(TokenError::Unusable(format!(
                "A token in etcd cannot be read: {error}"
            ))),
        }
    });
    let mut read: Vec<_> = read.collect::<Result<_, _>>()?;
    read.sort_by_key(|(_, token)| token.id);
    Ok(read.into_iter().unzip())
}

fn too_many() -> TokenError {
    TokenError::Unusable(format!(
        "The store has {MAX_TOKENS} tokens; revoke one first"
    ))
}

fn unusable(error: &StoreError) -> TokenError {
    TokenError::Unusable(error.to_string())
}
