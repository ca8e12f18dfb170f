//! Problem details (RFC 9457) and the conversion from and to [`ConnectionError`].

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::connection::{ConnectionError, FieldError, FieldReason, ServerError, StoreError};

/// Problem details: one JSON object. Members of an unexpected type are ignored, because a third-party server may have sent them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// URI that documents the status.
    #[serde(rename = "type", default, deserialize_with = "or_default")]
    pub kind: String,
    /// Reason phrase of the status.
    #[serde(default, deserialize_with = "or_default")]
    pub title: String,
    /// HTTP status.
    #[serde(default, deserialize_with = "or_default")]
    pub status: u16,
    /// The error in one sentence.
    #[serde(default, deserialize_with = "or_default")]
    pub detail: String,
    /// Stable error code.
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "Option::is_none"
    )]
    pub code: Option<String>,
    /// Error messages by field path.
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "Map::is_empty"
    )]
    pub errors: Map<String, Value>,
    /// The error itself, for umai clients.
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "Option::is_none"
    )]
    pub cause: Option<ConnectionError>,
    /// Extension members, for example the input line.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// Deserializes a member, or returns its default when the type is unexpected.
fn or_default<'de, T: DeserializeOwned + Default, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let given = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(given).unwrap_or_default())
}

impl Problem {
    /// Creates problem details from a status, a sentence and a stable error code.
    pub fn new(status: u16, detail: impl Into<String>, code: &str) -> Self {
        let (kind, title) = status_info(status);
        Self {
            kind: kind.into(),
            title: title.into(),
            status,
            detail: detail.into(),
            code: Some(code.into()),
            errors: Map::new(),
            cause: None,
            more: Map::new(),
        }
    }

    /// Creates the problem details of a service error.
    pub fn from_error(error: &ConnectionError) -> Self {
        let detail = match error {
            // The API's own text, regardless of the ID or alias in the request.
            ConnectionError::NotFound(_) => "Connection not found".to_owned(),
            other => other.to_string(),
        };
        let errors = match error {
            ConnectionError::Invalid(errors) => errors_by_field(errors),
            _ => Map::new(),
        };
        Self {
            errors,
            cause: Some(error.clone()),
            ..Self::new(status(error), detail, error_code(error))
        }
    }

    /// Adds the line or element that the problem is about.
    #[must_use]
    pub fn at(mut self, unit: &str, number: u64) -> Self {
        self.more.insert(unit.to_owned(), number.into());
        self
    }
}

impl Problem {
    /// Adds the document position that the problem is about.
    #[must_use]
    pub fn with_place(mut self, place: &str) -> Self {
        self.more.insert("place".to_owned(), place.into());
        self
    }
}

/// Statuses with their documentation and reason phrase.
#[rustfmt::skip]
const STATUSES: &[(u16, &str, &str)] = &[
    (400, "https://tools.ietf.org/html/rfc7231#section-6.5.1", "Bad Request"),
    (401, "https://tools.ietf.org/html/rfc7235#section-3.1", "Unauthorized"),
    (403, "https://tools.ietf.org/html/rfc7231#section-6.5.3", "Forbidden"),
    (404, "https://tools.ietf.org/html/rfc7231#section-6.5.4", "Not Found"),
    (405, "https://tools.ietf.org/html/rfc7231#section-6.5.5", "Method Not Allowed"),
    (408, "https://tools.ietf.org/html/rfc7231#section-6.5.7", "Request Timeout"),
    (409, "https://tools.ietf.org/html/rfc7231#section-6.5.8", "Conflict"),
    (410, "https://tools.ietf.org/html/rfc7231#section-6.5.9", "Gone"),
    (412, "https://tools.ietf.org/html/rfc7232#section-4.2", "Precondition Failed"),
    (413, "https://tools.ietf.org/html/rfc7231#section-6.5.11", "Payload Too Large"),
    (414, "https://tools.ietf.org/html/rfc7231#section-6.5.12", "URI Too Long"),
    (415, "https://tools.ietf.org/html/rfc7231#section-6.5.13", "Unsupported Media Type"),
    (421, "https://tools.ietf.org/html/rfc7540#section-9.1.2", "Misdirected Request"),
    (429, "https://tools.ietf.org/html/rfc6585#section-4", "Too Many Requests"),
    (431, "https://tools.ietf.org/html/rfc6585#section-5", "Request Header Fields Too Large"),
    (501, "https://tools.ietf.org/html/rfc7231#section-6.6.2", "Not Implemented"),
    (502, "https://tools.ietf.org/html/rfc7231#section-6.6.3", "Bad Gateway"),
    (503, "https://tools.ietf.org/html/rfc7231#section-6.6.4", "Service Unavailable"),
    (504, "https://tools.ietf.org/html/rfc7231#section-6.6.5", "Gateway Timeout"),
    (505, "https://tools.ietf.org/html/rfc7231#section-6.6.6", "HTTP Version Not Supported"),
    (507, "https://tools.ietf.org/html/rfc4918#section-11.5", "Insufficient Storage"),
];

/// Returns the documentation URI and the reason phrase of a status.
fn status_info(status: u16) -> (&'static str, &'static str) {
    let known = STATUSES.iter().find(|(known, ..)| *known == status);
    known.map_or(
        (
            "https://tools.ietf.org/html/rfc7231#section-6.6.1",
            "Internal Server Error",
        ),
        |(_, uri, phrase)| (*uri, *phrase),
    )
}

/// Returns the HTTP status of a service error.
fn status(error: &ConnectionError) -> u16 {
    match error {
        ConnectionError::Invalid(_) | ConnectionError::Malformed(_) => 400,
        ConnectionError::NotFound(_) | ConnectionError::VersionNotFound(_) => 404,
        ConnectionError::VersionConflict { .. } => 412,
        ConnectionError::Store(StoreError::IdTaken(_)) => 409,
        ConnectionError::Store(StoreError::FeedTooOld(_)) => 410,
        ConnectionError::Store(
            StoreError::ReadOnly(_)
            | StoreError::Held { .. }
            | StoreError::Unreachable(_)
            | StoreError::Replaced,
        ) => 503,
        ConnectionError::Store(StoreError::Unanswered(_)) => 504,
        ConnectionError::Store(StoreError::Full(_)) => 507,
        ConnectionError::Store(_) => 500,
        ConnectionError::Provider(_) => 502,
        ConnectionError::Server(error) => match error {
            ServerError::Unreachable { .. }
            | ServerError::Unconfirmed { .. }
            | ServerError::SavedUnread(_)
            | ServerError::NotTheApi { .. }
            | ServerError::Site(_) => 502,
            ServerError::SignIn => 401,
            ServerError::Forbidden(_) => 403,
            ServerError::Refused { status, .. } => *status,
        },
        ConnectionError::ReadOnly(_) => 403,
    }
}

/// Returns the stable code of a service error.
fn error_code(error: &ConnectionError) -> &'static str {
    match error {
        ConnectionError::Invalid(errors) => errors
            .first()
            .map_or("invalid", |error| reason_code(&error.reason)),
        ConnectionError::Malformed(_) => "malformed",
        ConnectionError::NotFound(_) => "notFound",
        ConnectionError::VersionNotFound(_) => "versionNotFound",
        ConnectionError::VersionConflict { .. } => "versionMoved",
        ConnectionError::Store(error) => store_code(error),
        ConnectionError::Provider(_) => "provider",
        ConnectionError::Server(error) => match error {
            ServerError::Unreachable { .. } => "unreachable",
            ServerError::Unconfirmed { .. } => "unconfirmed",
            ServerError::SavedUnread(_) => "savedUnread",
            ServerError::NotTheApi { .. } => "foreign",
            ServerError::Site(_) => "site",
            ServerError::SignIn => "unauthorized",
            ServerError::Forbidden(_) => "forbidden",
            ServerError::Refused { .. } => "refused",
        },
        ConnectionError::ReadOnly(_) => "readOnly",
    }
}

/// Error messages by field path, in the order of the form.
fn errors_by_field(errors: &[FieldError]) -> Map<String, Value> {
    let mut fields = Map::new();
    for error in errors {
        let sentences = fields
            .entry(error.field.path())
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(sentences) = sentences {
            sentences.push(error.to_string().into());
        }
    }
    fields
}

/// Returns the stable code of a field error.
fn reason_code(reason: &FieldReason) -> &'static str {
    match reason {
        FieldReason::Required => "required",
        FieldReason::TooLong(_) => "tooLong",
        FieldReason::AliasFormat => "aliasFormat",
        FieldReason::AliasReserved(_) => "aliasReserved",
        FieldReason::AliasTaken { .. } => "aliasTaken",
        FieldReason::Unprintable => "unprintable",
        FieldReason::LooksLikeKey => "looksLikeKey",
        FieldReason::WrongType(_) => "wrongType",
        FieldReason::UnknownProvider(_) => "unknownProvider",
        FieldReason::ProviderFixed => "providerFixed",
        FieldReason::UnknownSetting(_) => "unknownSetting",
        FieldReason::DuplicateKey => "givenTwice",
        FieldReason::NotAUrl => "notAUrl",
        FieldReason::UrlWithCredentials => "urlWithCredentials",
        FieldReason::NotAnOption(_) => "notAnOption",
        FieldReason::NotHeaders => "notHeaders",
        FieldReason::ClientHeader(_) => "clientHeader",
        FieldReason::Masked => "masked",
        FieldReason::NotAKey(_) => "notAKey",
        FieldReason::NotAReference => "notAReference",
        FieldReason::ReferenceMissing { .. } => "referenceMissing",
        FieldReason::ReferenceRefused { .. } => "referenceRefused",
        FieldReason::OneOf(_) => "oneOf",
        FieldReason::EndpointChanged => "endpointMoved",
        FieldReason::Message(_) => "said",
    }
}

fn store_code(error: &StoreError) -> &'static str {
    match error {
        StoreError::AliasTaken { .. } => "aliasTaken",
        StoreError::IdTaken(_) => "idTaken",
        StoreError::NotFound(_) => "notFound",
        StoreError::VersionConflict { .. } => "versionMoved",
        StoreError::FeedTooOld(_) => "feedTooOld",
        StoreError::Held { .. } => "held",
        StoreError::ReadOnly(_) => "readOnly",
        StoreError::Damaged { .. } => "damaged",
        StoreError::Key(_) => "key",
        StoreError::Unreachable(_) => "storeUnreachable",
        StoreError::Unanswered(_) => "unanswered",
        StoreError::Full(_) => "storeFull",
        StoreError::Replaced => "storeReplaced",
        StoreError::Other(_) => "unusable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::IdOrAlias;

    #[test]
    fn codes_of_service_errors_stay() {
        let none = || "x".to_owned();
        for (error, status, code) in [
            (
                ConnectionError::NotFound(IdOrAlias::Alias(none())),
                404,
                "notFound",
            ),
            (ConnectionError::VersionNotFound(1), 404, "versionNotFound"),
            (
                ConnectionError::VersionConflict {
                    expected: 1,
                    found: 2,
                },
                412,
                "versionMoved",
            ),
            (
                ConnectionError::Store(StoreError::FeedTooOld(1)),
                410,
                "feedTooOld",
            ),
            (
                ConnectionError::Store(StoreError::Other(none())),
                500,
                "unusable",
            ),
            (
                ConnectionError::Store(StoreError::ReadOnly(none())),
                503,
                "readOnly",
            ),
            (
                ConnectionError::Server(ServerError::SignIn),
                401,
                "unauthorized",
            ),
            (
                ConnectionError::Server(ServerError::Forbidden(none())),
                403,
                "forbidden",
            ),
            (
                ConnectionError::Server(ServerError::NotTheApi { server: none() }),
                502,
                "foreign",
            ),
            (ConnectionError::ReadOnly(none()), 403, "readOnly"),
        ] {
            let problem = Problem::from_error(&error);
            assert_eq!(problem.status, status, "{error}");
            assert_eq!(problem.code.as_deref(), Some(code), "{error}");
        }
    }

    #[test]
    fn codes_of_field_errors_stay() {
        let text = || "x".to_owned();
        for (reason, expected) in [
            (FieldReason::Required, "required"),
            (FieldReason::TooLong(1), "tooLong"),
            (FieldReason::AliasFormat, "aliasFormat"),
            (FieldReason::AliasReserved(text()), "aliasReserved"),
            (
                FieldReason::AliasTaken {
                    alias: text(),
                    by: text(),
                },
                "aliasTaken",
            ),
            (FieldReason::Unprintable, "unprintable"),
            (FieldReason::LooksLikeKey, "looksLikeKey"),
            (FieldReason::WrongType("x".into()), "wrongType"),
            (FieldReason::UnknownProvider(text()), "unknownProvider"),
            (FieldReason::ProviderFixed, "providerFixed"),
            (FieldReason::UnknownSetting(Vec::new()), "unknownSetting"),
            (FieldReason::DuplicateKey, "givenTwice"),
            (FieldReason::NotAUrl, "notAUrl"),
            (FieldReason::UrlWithCredentials, "urlWithCredentials"),
            (FieldReason::NotAnOption(Vec::new()), "notAnOption"),
            (FieldReason::NotHeaders, "notHeaders"),
            (FieldReason::ClientHeader(text()), "clientHeader"),
            (FieldReason::Masked, "masked"),
            (FieldReason::NotAReference, "notAReference"),
            (
                FieldReason::ReferenceMissing {
                    key: text(),
                    looked_in: Vec::new(),
                },
                "referenceMissing",
            ),
            (
                FieldReason::ReferenceRefused {
                    key: text(),
                    allowed: Vec::new(),
                },
                "referenceRefused",
            ),
            (FieldReason::OneOf(Vec::new()), "oneOf"),
            (FieldReason::EndpointChanged, "endpointMoved"),
            (FieldReason::Message(text()), "said"),
        ] {
            assert_eq!(reason_code(&reason), expected);
        }
    }
}
