//! Request bodies: JSON of limited size, zeroized after use.

use std::error::Error;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use http_body_util::{BodyExt, LengthLimitError};
use zeroize::Zeroizing;

use super::response::ApiError;
use crate::api::http_server::timed_body::IncompleteBody;

/// Maximum size of a request body, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;

/// Bytes of a rejected body that are still read: a client that is still sending would not see the response.
const MAX_DRAINED: usize = 16 * MAX_BYTES;

/// A required JSON body.
pub struct JsonBody(pub Zeroizing<Vec<u8>>);

/// An optional JSON body.
pub struct OptionalJsonBody(pub Option<Zeroizing<Vec<u8>>>);

impl<S: Sync> FromRequest<S> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let declared = length(&parts.headers);
        match media_type(&parts.headers) {
            Ok(()) => read(body, declared, &parts.headers).await.map(Self),
            Err(refusal) => {
                drain(body, declared, &parts.headers).await;
                Err(refusal)
            }
        }
    }
}

impl<S: Sync> FromRequest<S> for OptionalJsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let read = read(body, length(&parts.headers), &parts.headers).await?;
        if read.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self(None));
        }
        media_type(&parts.headers)?;
        Ok(Self(Some(read)))
    }
}

/// Checks that the body is uncompressed JSON by its headers.
fn media_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let refused = |sentence| Err(ApiError::new(415, sentence, "unsupportedMediaType"));
    let is_identity = |coding: &[u8]| coding.trim_ascii().eq_ignore_ascii_case(b"identity");
    if headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .any(|coding| !is_identity(coding.as_bytes()))
    {
        return refused("Content-Encoding is not supported; send the body uncompressed");
    }
    let mut given = headers.get_all(CONTENT_TYPE).iter();
    let (Some(given), None) = (given.next(), given.next()) else {
        return refused("Send the body as application/json, with a single Content-Type header");
    };
    let given = given.to_str().unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    let is_json = ["application/json", "text/json"].contains(&essence.as_str())
        || essence
            .strip_prefix("application/")
            .and_then(|subtype| subtype.strip_suffix("+json"))
            .is_some_and(is_media_subtype);
    if is_json {
        Ok(())
    } else {
        refused("Send the body as application/json")
    }
}

fn is_media_subtype(word: &str) -> bool {
    !word.is_empty()
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
}

fn length(headers: &HeaderMap) -> usize {
    let length = headers.get(CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse().ok());
    length.unwrap_or(0)
}

async fn read(
    mut body: Body,
    declared: usize,
    headers: &HeaderMap,
) -> Result<Zeroizing<Vec<u8>>, ApiError> {
    if declared > MAX_BYTES {
        drain(body, declared, headers).await;
        return Err(too_long());
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(declared));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| read_error(&error))?;
        let Some(data) = frame.data_ref() else {
            continue;
        };
        if bytes.len() + data.len() > MAX_BYTES {
            drain(body, declared, headers).await;
            return Err(too_long());
        }
        bytes.extend_from_slice(data);
    }
    Ok(bytes)
}

/// Reads and discards the rest of a body, unless the client waits for `100 Continue`.
async fn drain(mut body: Body, declared: usize, headers: &HeaderMap) {
    if declared > MAX_DRAINED || headers.contains_key(EXPECT) {
        return;
    }
    let mut left = MAX_DRAINED;
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, bytes_of);
        let Some(rest) = left.checked_sub(length) else {
            return;
        };
        left = rest;
    }
}

fn bytes_of(data: &axum::body::Bytes) -> usize {
    data.len()
}

fn too_long() -> ApiError {
    let sentence = format!("The body must not exceed {} KiB", MAX_BYTES / 1024);
    ApiError::new(413, sentence, "bodyTooLong")
}

/// Creates the error of a body that ended early.
fn read_error(error: &axum::Error) -> ApiError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return too_long();
        }
        if let Some(IncompleteBody(problem)) = error.downcast_ref() {
            return ApiError((**problem).clone().into());
        }
        cause = error.source();
    }
    ApiError::new(400, "The request body ended early", "malformed")
}
