//! Access token of an Umbraco site, with its lifetime.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderValue;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::super::options::authorization;

/// A token is renewed when less than this is left, or a tenth of its lifetime if that is shorter.
const RENEWED_BEFORE: Duration = Duration::from_secs(30);

/// Access token, in a form that can be cached.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct AccessToken {
    text: String,
    /// Start of the lifetime, in milliseconds since 1970. Wall-clock time: other processes use the token too, and the time
    /// that a machine sleeps counts.
    requested: u64,
    /// Lifetime in seconds.
    lifetime: u64,
}

impl AccessToken {
    /// Creates a token that was requested at `requested`; none for a text that cannot be one. A lifetime that is not positive
    /// means that the token is used once.
    pub fn new(text: String, requested: SystemTime, expires_in: i64) -> Option<Self> {
        let token = Self {
            text,
            requested: millis(requested),
            lifetime: u64::try_from(expires_in).unwrap_or(0),
        };
        token.header().map(|_| token)
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the `Authorization` header.
    pub fn header(&self) -> Option<HeaderValue> {
        authorization(&self.text).ok()
    }

    /// Returns whether the token may be used more than once.
    pub const fn is_reusable(&self) -> bool {
        self.lifetime > 0
    }

    /// Returns whether the token needs no renewal at a time. Before its own request, the clock was changed.
    pub fn is_fresh(&self, now: SystemTime) -> bool {
        let Some(age) = millis(now).checked_sub(self.requested) else {
            return false;
        };
        let lifetime = Duration::from_secs(self.lifetime);
        let left = lifetime.saturating_sub(Duration::from_millis(age));
        !left.is_zero() && left >= RENEWED_BEFORE.min(lifetime / 10)
    }
}

fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::documented_is_used(299, 268, true)]
    #[case::documented_is_renewed(299, 270, false)]
    #[case::an_hour_is_used(3600, 3569, true)]
    #[case::an_hour_is_renewed(3600, 3571, false)]
    #[case::short_is_used(2, 1, true)]
    #[case::short_is_renewed(2, 2, false)]
    #[case::expired(2, 60, false)]
    #[case::once(0, 0, false)]
    #[case::negative(-5, 0, false)]
    fn token_is_renewed_before_it_expires(
        #[case] lifetime: i64,
        #[case] age: u64,
        #[case] expected: bool,
    ) {
        let then = UNIX_EPOCH + Duration::from_secs(1_000);
        let token = AccessToken::new("token".into(), then, lifetime).unwrap();
        let now = then + Duration::from_secs(age);
        assert_eq!(token.is_fresh(now), expected);
        assert!(!token.is_fresh(then - Duration::from_secs(1)));
    }
}
