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
use crate::store::WithoutStore;
use crate::store::etcd::tokens::{EtcdTokens, MAX_TOKENS, TokenCreation, TokenRecord};
use crate::store::etcd_options::EtcdOptions;

/// Interval at which a server reads the tokens.
const INTERVAL: Duration = Duration::from_millis(400);
/// Age at which the tokens of a server no longer count.
const MAX_AGE: Duration = Duration::from_secs(2);

/// Tokens of a store on etcd.
#[derive(Clone)]
pub struct SharedTokens {
    tokens: EtcdTokens,
}

impl SharedTokens {
    /// Opens the tokens of the store. In read-only mode it is not created.
    pub async fn open(context: &CliContext, etcd: &EtcdOptions) -> Result<Self, StoreError> {
        let without = if context.read_only.is_some() {
            WithoutStore::Refuse
        } else {
            WithoutStore::Create
        };
        let tokens = EtcdTokens::open(etcd, &context.store_options(), without).await?;
        Ok(Self { tokens })
    }

    /// Returns the tokens in order of creation.
    pub async fn read(&self) -> Result<Vec<StoredToken>, TokenError> {
        let records = self.tokens.list().await.map_err(|error| unusable(&error))?;
        let tokens = records.iter().map(|record| {
            serde_json::from_slice(&record.json).map_err(|error| {
                TokenError::Unusable(format!("A token in etcd cannot be read: {error}"))
            })
        });
        let mut tokens: Vec<StoredToken> = tokens.collect::<Result<_, _>>()?;
        tokens.sort_by_key(|token| token.id);
        Ok(tokens)
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
        let token = self.would_revoke(id_or_name).await?;
        let name = name_key(&token.name);
        self.tokens
            .delete(&name)
            .await
            .map_err(|error| unusable(&error))?;
        Ok(token)
    }

    /// Keeps the tokens up to date for a server, until the result is dropped.
    pub async fn follow(self) -> Result<FollowedTokens, TokenError> {
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
                match self.read().await {
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

fn too_many() -> TokenError {
    TokenError::Unusable(format!(
        "The store has {MAX_TOKENS} tokens; revoke one first"
    ))
}

fn unusable(error: &StoreError) -> TokenError {
    TokenError::Unusable(error.to_string())
}
