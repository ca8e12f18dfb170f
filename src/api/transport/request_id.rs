//! Names a request, so that an answer and a line of the log can be brought together.

use std::fmt;

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};
use uuid::Uuid;

use crate::text::secret::begins_like_one;

/// The header that names a request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest name that is taken over.
const LONGEST: usize = 64;

/// The name of a request.
#[derive(Debug, Clone)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The one that the client gave, when it is one and harmless; else a new one.
    pub fn of(headers: &HeaderMap) -> Self {
        let mut given = headers.get_all(REQUEST_ID).iter();
        match (given.next(), given.next()) {
            (Some(id), None) if id.to_str().is_ok_and(is_harmless) => Self(id.clone()),
            _ => Self::new(),
        }
    }

    /// A new one.
    pub fn new() -> Self {
        let id = Uuid::now_v7().simple().to_string();
        // Letters and digits: always a header's value.
        Self(HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("none")))
    }

    /// As a header.
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
    (1..=LONGEST).contains(&id.len()) && id.bytes().all(is_sign) && !begins_like_one(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sane_name_is_taken_over_and_any_other_is_made() {
        let named = |id: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_str(id).unwrap());
            RequestId::of(&headers).to_string()
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
        assert_eq!(RequestId::of(&twice).to_string().len(), 32);
    }
}
