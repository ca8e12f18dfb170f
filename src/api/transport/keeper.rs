//! Decides who may ask: by the token that a request carries, and by what it asks for.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use http::header::AUTHORIZATION;
use http::{HeaderValue, Method, Request};

use super::tries::Tries;
use crate::api::server;
use crate::api::token::Scope;
use crate::api::token::live::LiveTokens;

/// Who keeps the gate.
pub enum Keeper {
    /// Nobody: everyone may ask for everything.
    Nobody,
    /// One who asks for a token.
    Tokens(Box<Tokens>),
}

/// What tokens there are, and who tries without.
pub struct Tokens {
    /// The tokens.
    pub tokens: LiveTokens,
    /// Tries without one.
    pub tries: Tries,
}

/// Why a request may not pass.
#[derive(Debug)]
pub enum Refused {
    /// It has no token, or none that is any good.
    Unknown {
        /// Whether it has one.
        is_token: bool,
    },
    /// Its token is for reading.
    ReadOnly,
    /// Its peer tried too often; when it may try again.
    TooOften(Duration),
    /// The tokens cannot be read.
    Unreadable,
}

impl Keeper {
    /// The name of the token that lets a request pass, if it takes one.
    pub fn admit<B>(&self, request: &Request<B>, peer: IpAddr) -> Result<Option<String>, Refused> {
        let Tokens { tokens, tries } = match self {
            Self::Nobody => return Ok(None),
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
            Some(text) => tokens.whose(text).map_err(|_| Refused::Unreadable)?,
            None => None,
        };
        let Some(token) = found else {
            let is_token = text.is_some();
            return Err(tries
                .count(peer, Instant::now())
                .map_or(Refused::Unknown { is_token }, Refused::TooOften));
        };
        match token.scope {
            Scope::Write => Ok(Some(token.name)),
            Scope::Read if reads => Ok(Some(token.name)),
            Scope::Read => Err(Refused::ReadOnly),
        }
    }

    /// Whether the token that let a request in is still good: an answer without end outlives the moment that it was asked in.
    pub fn still_admits(&self, given: Option<&HeaderValue>) -> bool {
        match self {
            Self::Nobody => true,
            Self::Tokens(kept) => given
                .and_then(bearer)
                .is_some_and(|text| matches!(kept.tokens.whose(text), Ok(Some(_)))),
        }
    }
}

/// The token in an `Authorization`.
fn bearer(given: &HeaderValue) -> Option<&str> {
    let (scheme, token) = given.to_str().ok()?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim_matches(' '))
}
