//! Bearer authentication and authorization by scope.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use http::header::AUTHORIZATION;
use http::{HeaderValue, Method, Request};

use super::failed_attempts::FailedAttempts;
use crate::api::server;
use crate::api::token::cache::TokenCache;
use crate::api::token::{StoredToken, TokenScope};

/// Authentication of a server.
pub enum Authentication {
    /// Disabled: every request is allowed.
    Disabled,
    /// Bearer tokens.
    Tokens(Box<BearerTokens>),
}

/// Tokens and the limit on failed attempts.
pub struct BearerTokens {
    /// The tokens.
    pub tokens: TokenCache,
    /// Failed attempts by client.
    pub failed_attempts: FailedAttempts,
}

/// Reason for rejecting a request.
#[derive(Debug)]
pub enum AuthError {
    /// The token is missing or not valid.
    Unknown {
        /// True when the request has a token.
        is_token: bool,
    },
    /// The token has scope read.
    ReadOnly,
    /// Too many failed attempts; time until the next one.
    TooManyAttempts(Duration),
    /// The tokens cannot be read, or those of a store on etcd are too old.
    Unreadable,
}

impl Authentication {
    /// Authenticates a request. Returns the token, if the request needs one.
    pub fn authenticate<B>(
        &self,
        request: &Request<B>,
        peer: IpAddr,
    ) -> Result<Option<StoredToken>, AuthError> {
        let BearerTokens {
            tokens,
            failed_attempts,
        } = match self {
            Self::Disabled => return Ok(None),
            Self::Tokens(tokens) => &**tokens,
        };
        let reads = [Method::GET, Method::HEAD].contains(request.method());
        if reads && server::is_open(request.uri().path()) {
            return Ok(None);
        }
        let mut given = request.headers().get_all(AUTHORIZATION).iter();
        let text = match (given.next(), given.next()) {
            (Some(given), None) => bearer(given),
            _ => None,
        };
        let found = match text {
            Some(text) => tokens.find(text).map_err(|_| AuthError::Unreadable)?,
            None => None,
        };
        let Some(token) = found else {
            let has_token = text.is_some();
            return Err(failed_attempts.count(peer, Instant::now()).map_or(
                AuthError::Unknown {
                    is_token: has_token,
                },
                AuthError::TooManyAttempts,
            ));
        };
        match token.scope {
            TokenScope::Write => Ok(Some(token)),
            TokenScope::Read if reads => Ok(Some(token)),
            TokenScope::Read => Err(AuthError::ReadOnly),
        }
    }

    /// Returns whether requests need no token.
    pub const fn is_disabled(&self) -> bool {
        matches!(self, Self::Disabled)
    }

    /// Returns whether the token of a request is still valid, for streams that outlive the check at their start.
    pub fn is_still_valid(&self, given: Option<&HeaderValue>) -> bool {
        match self {
            Self::Disabled => true,
            Self::Tokens(kept) => given
                .and_then(bearer)
                .is_some_and(|text| matches!(kept.tokens.find(text), Ok(Some(_)))),
        }
    }
}

/// Returns the token of an `Authorization` header.
fn bearer(given: &HeaderValue) -> Option<&str> {
    let (scheme, token) = given.to_str().ok()?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim_matches(' '))
}
