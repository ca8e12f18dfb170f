//! Request IDs, which connect a response with its log line.

use std::fmt;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};
use uuid::Uuid;

use crate::text::secret_detector::has_key_prefix;

/// Header of the request ID.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Maximum length of a client's request ID.
const MAX_LENGTH: usize = 64;

/// A request ID.
#[derive(Debug, Clone)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// Returns the client's request ID when it is valid, otherwise a new one.
    pub fn from_request(headers: &HeaderMap) -> Self {
        let mut given = headers.get_all(REQUEST_ID).iter();
        match (given.next(), given.next()) {
            (Some(id), None) if id.to_str().is_ok_and(is_harmless) => Self(id.clone()),
            _ => Self::new(),
        }
    }

    /// Creates an ID from a random start value of the process and a counter. It need not be unpredictable.
    pub fn new() -> Self {
        static BEGIN: LazyLock<u64> = LazyLock::new(|| Uuid::new_v4().as_u64_pair().0);
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let id = format!("{:016x}{count:016x}", *BEGIN);
        // Hexadecimal digits are always a valid header value.
        Self(HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("none")))
    }

    /// Returns the header value.
    pub fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl Default for RequestId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

fn is_harmless(id: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=MAX_LENGTH).contains(&id.len()) && id.bytes().all(is_sign) && !has_key_prefix(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_request_id_is_kept() {
        let named = |id: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_str(id).unwrap());
            RequestId::from_request(&headers).to_string()
        };
        for id in ["a", "9b2-f_3.x", &"a".repeat(64)] {
            assert_eq!(named(id), id);
        }
        for id in [
            "",
            "a b",
            "a\"b",
            "{}",
            &"a".repeat(65),
            "sk-proj-abcdefghijklmnop",
        ] {
            assert_ne!(named(id), id);
            assert_eq!(named(id).len(), 32);
        }
        let mut twice = HeaderMap::new();
        twice.append(REQUEST_ID, HeaderValue::from_static("a"));
        twice.append(REQUEST_ID, HeaderValue::from_static("b"));
        assert_eq!(RequestId::from_request(&twice).to_string().len(), 32);
    }
}
