//! Reads request bodies: JSON, not too long, wiped when they are done with.

use std::error::Error;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use http_body_util::{BodyExt, LengthLimitError};
use zeroize::Zeroizing;

use super::answer::Refusal;
use crate::api::transport::body::Unread;

/// The most bytes a body has.
pub const MOST_BYTES: usize = 256 * 1024;

/// How much of a body that is refused is read all the same: who still sends would not see the answer.
const MOST_DRAINED: usize = 16 * MOST_BYTES;

/// A body that must be JSON.
pub struct Json(pub Zeroizing<Vec<u8>>);

/// A body that must be JSON if there is one.
pub struct JsonIfAny(pub Option<Zeroizing<Vec<u8>>>);

impl<S: Sync> FromRequest<S> for Json {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
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

impl<S: Sync> FromRequest<S> for JsonIfAny {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let read = read(body, length(&parts.headers), &parts.headers).await?;
        if read.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self(None));
        }
        media_type(&parts.headers)?;
        Ok(Self(Some(read)))
    }
}

/// Whether a body says that it is JSON, as it is: neither in another type nor compressed.
fn media_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let refused = |sentence| Err(Refusal::new(415, sentence, "unsupportedMediaType"));
    let is_identity = |coding: &[u8]| coding.trim_ascii().eq_ignore_ascii_case(b"identity");
    if headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .any(|coding| !is_identity(coding.as_bytes()))
    {
        return refused("The body must not be encoded: leave Content-Encoding out");
    }
    let mut given = headers.get_all(CONTENT_TYPE).iter();
    let (Some(given), None) = (given.next(), given.next()) else {
        return refused("Send the body as application/json, named once in Content-Type");
    };
    let given = given.to_str().unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    let is_json = ["application/json", "text/json"].contains(&essence.as_str())
        || essence
            .strip_prefix("application/")
            .and_then(|subtype| subtype.strip_suffix("+json"))
            .is_some_and(is_token);
    if is_json {
        Ok(())
    } else {
        refused("Send the body as application/json")
    }
}

fn is_token(word: &str) -> bool {
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
) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    if declared > MOST_BYTES {
        drain(body, declared, headers).await;
        return Err(too_long());
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(declared));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| broken(&error))?;
        let Some(data) = frame.data_ref() else {
            continue;
        };
        if bytes.len() + data.len() > MOST_BYTES {
            drain(body, declared, headers).await;
            return Err(too_long());
        }
        bytes.extend_from_slice(data);
    }
    Ok(bytes)
}

/// Reads on without keeping anything, unless the sender waits to hear whether it should send at all.
async fn drain(mut body: Body, declared: usize, headers: &HeaderMap) {
    if declared > MOST_DRAINED || headers.contains_key(EXPECT) {
        return;
    }
    let mut left = MOST_DRAINED;
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

fn too_long() -> Refusal {
    let sentence = format!("The body must not exceed {} KiB", MOST_BYTES / 1024);
    Refusal::new(413, sentence, "bodyTooLong")
}

/// Why a body ended before its end.
fn broken(error: &axum::Error) -> Refusal {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return too_long();
        }
        if let Some(Unread(problem)) = error.downcast_ref() {
            return Refusal((**problem).clone().into());
        }
        cause = error.source();
    }
    Refusal::new(400, "The body broke off", "malformed")
}
