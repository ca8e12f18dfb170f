//! Place of the access tokens: a file in the data directory, or the store on etcd.

use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use super::exit::Failure;
use super::open_service::CliContext;
use crate::api::token::file::TokenFile;
use crate::api::token::{StoredToken, TokenError, TokenScope};

#[cfg(feature = "etcd")]
use super::{open_service::runtime, shared_tokens::SharedTokens};

/// Place of the tokens, for commands.
pub enum TokenPlace {
    /// File in the data directory.
    File(TokenFile),
    /// Store on etcd, with the runtime that its connections need.
    #[cfg(feature = "etcd")]
    Etcd(Box<SharedTokens>, tokio::runtime::Runtime),
}

impl TokenPlace {
    /// Opens the tokens of the store of a command.
    #[cfg_attr(
        not(feature = "etcd"),
        expect(clippy::unnecessary_wraps, reason = "as with the feature")
    )]
    pub fn open(context: &CliContext) -> Result<Self, Failure> {
        #[cfg(feature = "etcd")]
        if let Some(etcd) = &context.etcd {
            let runtime = runtime(1)?;
            let tokens = runtime.block_on(SharedTokens::open(context, etcd))?;
            return Ok(Self::Etcd(Box::new(tokens), runtime));
        }
        Ok(Self::File(TokenFile::in_folder(&context.config.data)))
    }

    /// Returns the tokens in order of creation.
    pub fn read(&self) -> Result<Vec<StoredToken>, TokenError> {
        match self {
            Self::File(file) => file.read(),
            #[cfg(feature = "etcd")]
            Self::Etcd(tokens, runtime) => runtime.block_on(tokens.read()),
        }
    }

    /// Checks whether a token of this name could be created.
    pub fn check_create(&self, name: &str) -> Result<(), TokenError> {
        match self {
            Self::File(file) => file.check_create(name),
            #[cfg(feature = "etcd")]
            Self::Etcd(tokens, runtime) => runtime.block_on(tokens.check_create(name)),
        }
    }

    /// Creates a token and returns it with its text.
    pub fn create(
        &self,
        name: &str,
        scope: TokenScope,
        expires: Option<DateTime<Utc>>,
    ) -> Result<(StoredToken, Zeroizing<String>), TokenError> {
        match self {
            Self::File(file) => file.create(name, scope, expires),
            #[cfg(feature = "etcd")]
            Self::Etcd(tokens, runtime) => runtime.block_on(tokens.create(name, scope, expires)),
        }
    }

    /// Returns the token that would be revoked.
    pub fn would_revoke(&self, id_or_name: &str) -> Result<StoredToken, TokenError> {
        match self {
            Self::File(file) => file.would_revoke(id_or_name),
            #[cfg(feature = "etcd")]
            Self::Etcd(tokens, runtime) => runtime.block_on(tokens.would_revoke(id_or_name)),
        }
    }

    /// Revokes a token and returns it.
    pub fn revoke(&self, id_or_name: &str) -> Result<StoredToken, TokenError> {
        match self {
            Self::File(file) => file.revoke(id_or_name),
            #[cfg(feature = "etcd")]
            Self::Etcd(tokens, runtime) => runtime.block_on(tokens.revoke(id_or_name)),
        }
    }
}
