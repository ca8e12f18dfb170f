//! Responses: JSON or problem details.

use axum::http::header::{CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Response as HttpResponse, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::api::Problem;
use crate::connection::{ConnectionError, FieldError, FieldReason, IdOrAlias, StoreError};
use crate::text::secret_detector::looks_like_secret;

/// Result of a route handler.
pub type ApiResult = Result<Response, ApiError>;

/// An error response.
#[derive(Debug)]
pub struct ApiError(pub Box<Problem>);

impl ApiError {
    /// Creates an error response from a status, a sentence and a stable error code.
    pub fn new(status: u16, detail: impl Into<String>, code: &str) -> Self {
        Self(Box::new(Problem::new(status, detail, code)))
    }

    /// Creates the error response of a service error with another detail text.
    pub fn with_detail(error: ConnectionError, detail: &str) -> Self {
        let Self(mut problem) = error.into();
        detail.clone_into(&mut problem.detail);
        Self(problem)
    }
}

impl From<ConnectionError> for ApiError {
    fn from(error: ConnectionError) -> Self {
        let error = redacted(error);
        let mut problem = Problem::from_error(&shortened(&error));
        problem.cause = Some(error).filter(may_repeat);
        Self(Box::new(problem))
    }
}

/// Returns whether the text of an error may be sent. A value that looks like a key may have been sent in place of an alias, and
/// must not be repeated.
fn may_repeat(error: &ConnectionError) -> bool {
    !matches!(error, ConnectionError::NotFound(IdOrAlias::Alias(alias)) if looks_like_secret(alias))
}

/// Shortens an error to the documented text; the places where a reference was looked up are only in the `cause`.
fn shortened(error: &ConnectionError) -> ConnectionError {
    let mut error = error.clone();
    if let ConnectionError::Invalid(errors) = &mut error {
        for FieldError { reason, .. } in errors {
            if let FieldReason::ReferenceMissing { looked_in, .. } = reason {
                looked_in.clear();
            }
        }
    }
    error
}

/// Removes paths and system messages of the store from an error: they belong in the server's log.
pub fn redacted(error: ConnectionError) -> ConnectionError {
    let ConnectionError::Store(internal) = error else {
        return error;
    };
    let public = match &internal {
        StoreError::AliasTaken { .. }
        | StoreError::IdTaken(_)
        | StoreError::NotFound(_)
        | StoreError::VersionConflict { .. }
        | StoreError::FeedTooOld(_)
        | StoreError::Replaced => return ConnectionError::Store(internal),
        StoreError::Held { .. } => StoreError::Held {
            folder: "The server's data directory".into(),
            pid: "unknown".into(),
        },
        StoreError::ReadOnly(_) => StoreError::ReadOnly("see the server's log".into()),
        StoreError::Damaged { id, .. } => StoreError::Damaged {
            id: *id,
            why: "see the server's log".into(),
        },
        StoreError::Key(_) => {
            StoreError::Key("The server cannot decrypt the stored secrets; see its log".into())
        }
        StoreError::Unreachable(_) => StoreError::Unreachable(
            "The server's store cannot be reached; see its log, and try again later".into(),
        ),
        StoreError::Unanswered(_) => {
            StoreError::Unanswered("The server's store did not answer in time".into())
        }
        StoreError::Full(_) => {
            StoreError::Full("The server's store is full; nothing was changed".into())
        }
        StoreError::Other(_) => {
            StoreError::Other("The server's store cannot be used; see its log".into())
        }
    };
    tracing::error!(
        error = %crate::text::printable(&internal.to_string()),
        "the store failed"
    );
    ConnectionError::Store(public)
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        write_body(status, "application/problem+json", &self.0)
    }
}

/// Creates a 200 response with a JSON body.
pub fn json(body: &impl Serialize) -> Response {
    write_body(StatusCode::OK, "application/json", body)
}

/// Creates a response with a JSON body and extra headers.
pub fn json_with<const N: usize>(
    status: StatusCode,
    headers: [(HeaderName, HeaderValue); N],
    body: &impl Serialize,
) -> Response {
    (status, HeaderMap::from_iter(headers), json(body)).into_response()
}

/// Returns the `ETag` header of a version.
pub fn etag(version: u64) -> (HeaderName, HeaderValue) {
    let tag = HeaderValue::from_str(&format!("\"{version}\""));
    (
        ETAG,
        tag.unwrap_or_else(|_| HeaderValue::from_static("\"\"")),
    )
}

fn write_body(status: StatusCode, media_type: &'static str, body: &impl Serialize) -> Response {
    let Ok(text) = serde_json::to_vec(body) else {
        tracing::error!("cannot serialize the response");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = HttpResponse::new(text.into());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn store_paths_are_removed_from_errors() {
        let id = uuid::Uuid::nil();
        for error in [
            StoreError::Held {
                folder: "/home/planted".into(),
                pid: "4711".into(),
            },
            StoreError::ReadOnly("/home/planted/journal: 4711".into()),
            StoreError::Damaged {
                id,
                why: "/home/planted 4711".into(),
            },
            StoreError::Key("/home/planted/key 4711".into()),
            StoreError::Unreachable("planted 4711".into()),
            StoreError::Unanswered("planted 4711".into()),
            StoreError::Full("planted 4711".into()),
            StoreError::Other("/home/planted 4711".into()),
        ] {
            let ApiError(here) = ApiError(Box::new(Problem::from_error(&error.clone().into())));
            let ApiError(public) = ConnectionError::Store(error).into();
            assert_eq!((public.status, &public.code), (here.status, &here.code));
            let text = format!("{public:?}");
            assert!(
                !text.contains("planted") && !text.contains("4711"),
                "{text}"
            );
            assert!(public.cause.is_some() && !public.detail.is_empty());
        }
    }

    #[test]
    fn store_errors_about_connections_stay() {
        let error = ConnectionError::Store(StoreError::FeedTooOld(7));
        assert_eq!(redacted(error.clone()), error);
    }
}
