//! Error responses: restores the error of an umai server, or shows the text of a third-party server.

use http::StatusCode;
use serde_json::Value;

use super::http_message::HttpResponse;
use super::untrusted_text;
use crate::connection::{
    ConnectionError, DraftField, FieldError, FieldReason, IdOrAlias, ServerError,
};
use crate::provider::Provider;

/// Context of a request, for error responses with less detail.
#[derive(Debug, Clone, Copy, Default)]
pub struct ErrorContext<'a> {
    /// Connection of the request.
    pub key: Option<&'a IdOrAlias>,
    /// Version of the request.
    pub number: Option<u64>,
    /// Version that the change is based on.
    pub base_version: Option<u64>,
    /// Provider of the settings in the request.
    pub provider: Option<&'a Provider>,
}

impl<'a> ErrorContext<'a> {
    /// Creates the context of one connection.
    pub fn one(key: &'a IdOrAlias) -> Self {
        Self {
            key: Some(key),
            ..Self::default()
        }
    }
}

/// Converts an error response to an error.
pub fn read(answer: &HttpResponse, about: ErrorContext<'_>) -> ConnectionError {
    let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let cause = body.as_ref().and_then(|body| body.get("cause"));
    if let Some(error) = cause.and_then(|cause| serde_json::from_value(cause.clone()).ok()) {
        return error;
    }
    let status = answer.status;
    let words = match &body {
        Some(body) => untrusted_text::from_json(body).unwrap_or_else(|| status_text(status)),
        None => match untrusted_text::from_body(&answer.body) {
            Some(words) if !status_text(status).contains(&words) => {
                format!("{}: {words}", status_text(status))
            }
            Some(_) | None => status_text(status),
        },
    };
    if status.is_redirection() {
        return rejected(status, redirect_message(answer.location()));
    }
    match (status, about) {
        (StatusCode::UNAUTHORIZED, _) => ServerError::SignIn.into(),
        (StatusCode::FORBIDDEN, _) => ServerError::Forbidden(words).into(),
        (
            StatusCode::NOT_FOUND,
            ErrorContext {
                number: Some(number),
                ..
            },
        ) => ConnectionError::VersionNotFound(number),
        (StatusCode::NOT_FOUND, ErrorContext { key: Some(key), .. }) => {
            ConnectionError::NotFound(key.clone())
        }
        (
            StatusCode::PRECONDITION_FAILED,
            ErrorContext {
                base_version: Some(expected),
                ..
            },
        ) => match answer.version() {
            Some(found) => ConnectionError::VersionConflict { expected, found },
            None => rejected(status, words),
        },
        _ => {
            let errors = body.as_ref().and_then(|body| member(body, "errors"));
            let fields =
                errors.map_or_else(Vec::new, |errors| field_errors(errors, about.provider));
            if fields.is_empty() || !status.is_client_error() {
                rejected(status, words)
            } else {
                ConnectionError::Invalid(fields)
            }
        }
    }
}

/// Returns whether a 404 is a web page, where the API would answer in JSON.
pub fn is_not_api(answer: &HttpResponse) -> bool {
    let is_page_status = matches!(
        answer.status,
        StatusCode::BAD_REQUEST
            | StatusCode::NOT_FOUND
            | StatusCode::METHOD_NOT_ALLOWED
            | StatusCode::GONE
            | StatusCode::NOT_IMPLEMENTED
    );
    is_page_status
        && !answer.body.is_empty()
        && serde_json::from_slice::<serde::de::IgnoredAny>(&answer.body).is_err()
}

/// Creates an error from a status and a text.
pub fn rejected(status: StatusCode, words: impl Into<String>) -> ConnectionError {
    ServerError::Refused {
        status: status.as_u16(),
        words: words.into(),
    }
    .into()
}

/// Returns the standard text of a status.
fn status_text(status: StatusCode) -> String {
    let known = status.canonical_reason().unwrap_or("(unknown status)");
    format!("The server returned {} {known}", status.as_u16())
}

pub(super) fn redirect_message(location: Option<&str>) -> String {
    let place = location.and_then(untrusted_text::line);
    place.map_or_else(
        || "The server redirects without a location; check its URL".into(),
        |place| format!("The server redirects to {place}; use that URL"),
    )
}

/// Returns a member, ignoring case.
fn member<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    let mut members = object.as_object()?.iter();
    members
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// Returns the field errors, in the order of the request.
fn field_errors(errors: &Value, provider: Option<&Provider>) -> Vec<FieldError> {
    let mut found = Vec::new();
    for (path, sentences) in errors.as_object().into_iter().flatten() {
        let Some(field) = field(path, provider) else {
            continue;
        };
        let sentences = match sentences {
            Value::Array(sentences) => sentences.as_slice(),
            one => std::slice::from_ref(one),
        };
        for words in sentences.iter().filter_map(Value::as_str) {
            if let Some(words) = untrusted_text::line(words) {
                found.push(FieldError {
                    field: field.clone(),
                    reason: FieldReason::Message(words),
                });
            }
        }
    }
    found.sort_by_key(|error| error.field.place());
    found
}

/// Parses a field path: `Alias`, `$.providerId`, `Settings.ApiKey`, `Settings[apiKey]`.
fn field(path: &str, provider: Option<&Provider>) -> Option<DraftField> {
    let path = path.trim_start_matches("$.");
    let (name, key) = match path.split_once(['.', '[']) {
        Some((name, key)) => (name, Some(key.trim_matches([']', '"', '\'']))),
        None => (path, None),
    };
    let whole = [
        DraftField::Alias,
        DraftField::Name,
        DraftField::ProviderId,
        DraftField::IsActive,
        DraftField::Settings,
    ];
    let named = whole
        .into_iter()
        .find(|field| field.path().eq_ignore_ascii_case(name))?;
    let (DraftField::Settings, Some(key)) = (&named, key) else {
        return Some(named);
    };
    let mut known = provider.into_iter().flat_map(|provider| &provider.settings);
    let known = known.find(|field| field.key.eq_ignore_ascii_case(key));
    Some(DraftField::Setting {
        provider: provider.map_or_else(String::new, |provider| provider.id.clone()),
        key: known.map_or_else(|| key.to_owned(), |field| field.key.clone()),
        label: known.map_or_else(|| key.to_owned(), |field| field.label.clone()),
    })
}
