//! Place of the access tokens: a file in the data directory, or the store on etcd.

use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use super::exit::Failure;
use super::open_service::CliContext;
use crate::api::token::file::TokenFile;
use crate::api::token::{StoredToken, TokenError, TokenScope};

use super::output::Output;
#[cfg(feature = "etcd")]
use super::{open_service::runtime, shared_tokens::SharedTokens};
#[cfg(feature = "etcd")]
use crate::{api::token::check_name, store::missing_notice};

/// Place of the tokens, for commands.
pub enum TokenPlace {
    /// File in the data directory.
    File(TokenFile),
    /// Store on etcd, with the runtime that its connections need.
    #[cfg(feature = "etcd")]
    Etcd(Box<SharedTokens>, tokio::runtime::Runtime),
    /// Store on etcd that does not exist, for a command that only reads.
    #[cfg(feature = "etcd")]
    NoStore,
}

impl TokenPlace {
    /// Opens the tokens of the store of a command, and reports on stderr if it does not exist yet.
    #[cfg_attr(
        not(feature = "etcd"),
        expect(
            clippy::unnecessary_wraps,
            unused_variables,
            reason = "as with the feature"
        )
    )]
    pub fn open(context: &CliContext, output: &Output) -> Result<Self, Failure> {
        #[cfg(feature = "etcd")]
        if let Some(etcd) = &context.etcd {
            let runtime = runtime(1)?;
            let Some(tokens) = runtime.block_on(SharedTokens::open(context, etcd))? else {
                output.note(&missing_notice(&etcd.address));
                return Ok(Self::NoStore);
            };
            if let Some(notice) = tokens.opening_notice() {
                output.note(&notice);
            }
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
            #[cfg(feature = "etcd")]
            Self::NoStore => Ok(Vec::new()),
        }
    }

    /// Checks whether a token of this name could be created.
    pub fn check_create(&self, name: &str) -> Result<(), TokenError> {
        match self {
            Self::File(file) => file.check_create(name),
            #[cfg(feature = "etcd")]
            Self::Etcd(tokens, runtime) => runtime.block_on(tokens.check_create(name)),
            #[cfg(feature = "etcd")]
            Self::NoStore => check_name(name),
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
            #[cfg(feature = "etcd")]
            Self::NoStore => Err(TokenError::Unusable("The store does not exist".into())),
        }
    }

    /// Returns the token that would be revoked.
    pub fn would_revoke(&self, id_or_name: &str) -> Result<StoredToken, TokenError> {
        match self {
            Self::File(file) => file.would_revoke(id_or_name),
            #[cfg(feature = "etcd")]
            Self::Etcd(tokens, runtime) => runtime.block_on(tokens.would_revoke(id_or_name)),
            #[cfg(feature = "etcd")]
            Self::NoStore => Err(TokenError::NotFound(id_or_name.to_owned())),
        }
    }

    /// Revokes a token and returns it.
    pub fn revoke(&self, id_or_name: &str) -> Result<StoredToken, TokenError> {
        match self {
            Self::File(file) => file.revoke(id_or_name),
            #[cfg(feature = "etcd")]
            Self::Etcd(tokens, runtime) => runtime.block_on(tokens.revoke(id_or_name)),
            #[cfg(feature = "etcd")]
            Self::NoStore => Err(TokenError::NotFound(id_or_name.to_owned())),
        }
    }
}
