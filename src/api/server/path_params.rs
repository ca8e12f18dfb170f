//! Path parameters, and the check that URLs are percent-encoded UTF-8.

use axum::extract::{FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;

use super::response::ApiError;

/// Rejects requests whose path or query is not percent-encoded UTF-8.
pub async fn check(request: Request, next: Next) -> Response {
    let uri = request.uri();
    if is_text(uri.path()) && is_text(uri.query().unwrap_or_default()) {
        return next.run(request).await;
    }
    unreadable().into_response()
}

fn unreadable() -> ApiError {
    ApiError::new(
        400,
        "The URL must be percent-encoded UTF-8",
        "malformedAddress",
    )
}

/// Returns whether every `%` begins an encoded byte and the decoded bytes are UTF-8.
fn is_text(encoded: &str) -> bool {
    let mut bytes = encoded.bytes();
    let mut decoded = Vec::with_capacity(encoded.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let (Some(high), Some(low)) = (digit(bytes.next()), digit(bytes.next())) else {
            return false;
        };
        decoded.push(high << 4 | low);
    }
    std::str::from_utf8(&decoded).is_ok()
}

fn digit(byte: Option<u8>) -> Option<u8> {
    let value = char::from(byte?).to_digit(16)?;
    u8::try_from(value).ok()
}

/// Path parameters of a route.
pub struct PathParams<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathParams<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(found) = Path::from_request_parts(parts, state)
            .await
            .map_err(|_| unreadable())?;
        Ok(Self(found))
    }
}

#[cfg(test)]
mod tests {
    use super::is_text;

    #[test]
    fn only_whole_escapes_of_utf8_are_text() {
        for good in ["", "/a/b", "/%C3%A9", "q=%20+x", "/%00"] {
            assert!(is_text(good), "{good}");
        }
        for bad in ["%", "/%2", "/%zz", "/%+1", "/%FF", "q=%C3", "/%ED%A0%80"] {
            assert!(!is_text(bad), "{bad}");
        }
    }
}
