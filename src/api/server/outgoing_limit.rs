//! Limit of the requests to providers that run at once, so that slow providers do not occupy the whole server.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::FromRequestParts;
use axum::http::header::{HeaderValue, RETRY_AFTER};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use super::ApiState;
use super::response::ApiError;

/// Maximum number of connection tests and model lists that run at once.
const MAX_RUNNING: usize = 32;
/// Maximum number of them for one token.
const MAX_PER_TOKEN: usize = 4;

/// Name of the token of a request, in its extensions; none without authentication.
#[derive(Clone)]
pub struct TokenName(pub Option<String>);

/// Requests to providers in progress.
#[derive(Clone, Default)]
pub struct OutgoingLimit(Arc<Mutex<RunningRequests>>);

#[derive(Default)]
struct RunningRequests {
    all: usize,
    by_token: HashMap<String, usize>,
}

/// Permission for one request to a provider, returned on drop.
pub struct OutgoingSlot {
    limit: OutgoingLimit,
    token: Option<String>,
}

impl OutgoingLimit {
    /// Takes a slot for a token, if there is a free one.
    fn take(&self, token: Option<String>) -> Option<OutgoingSlot> {
        let mut running = self.lock();
        if running.all >= MAX_RUNNING {
            return None;
        }
        if let Some(name) = &token {
            let own = running.by_token.entry(name.clone()).or_default();
            if *own >= MAX_PER_TOKEN {
                return None;
            }
            *own += 1;
        }
        running.all += 1;
        Some(OutgoingSlot {
            limit: self.clone(),
            token,
        })
    }

    fn lock(&self) -> MutexGuard<'_, RunningRequests> {
        // Every change is complete before the lock is released.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OutgoingSlot {
    fn drop(&mut self) {
        let mut running = self.limit.lock();
        running.all -= 1;
        if let Some(name) = &self.token
            && let Some(own) = running.by_token.get_mut(name)
        {
            *own -= 1;
            if *own == 0 {
                running.by_token.remove(name);
            }
        }
    }
}

impl FromRequestParts<ApiState> for OutgoingSlot {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, api: &ApiState) -> Result<Self, Response> {
        let token = parts.extensions.get::<TokenName>();
        let token = token.and_then(|TokenName(name)| name.clone());
        api.outgoing.take(token).ok_or_else(|| {
            let full = ApiError::new(
                503,
                "Too many connection tests at once; retry",
                "tooManyTests",
            );
            let mut response = full.into_response();
            let second = HeaderValue::from_static("1");
            response.headers_mut().insert(RETRY_AFTER, second);
            response
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_token_gets_four_and_all_together_get_thirty_two() {
        let limit = OutgoingLimit::default();
        let take = |name: &str| limit.take(Some(name.to_owned()));
        let mut own: Vec<_> = (0..4).map(|_| take("ci").unwrap()).collect();
        assert!(take("ci").is_none());
        own.pop();
        own.push(take("ci").unwrap());
        let others: Vec<_> = (0..28).map(|_| limit.take(None).unwrap()).collect();
        assert!(limit.take(None).is_none() && take("laptop").is_none());
        drop(others);
        assert!(take("ci").is_none(), "refused requests take no slot");
        drop(own);
        assert!(take("ci").is_some());
        assert!(limit.lock().by_token.is_empty());
    }
}
