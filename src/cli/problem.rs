//! A failure as problem details, the way the management API answers it.

use serde::Serialize;
use serde_json::{Map, Value};

use super::exit::Failure;
use crate::connection::{ConnectionError, FieldError, Reason, StoreError};

/// Problem details: one JSON object on a line of its own.
#[derive(Debug, Serialize)]
pub struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    code: &'static str,
    #[serde(skip_serializing_if = "Map::is_empty")]
    errors: Map<String, Value>,
    #[serde(flatten)]
    place: Map<String, Value>,
}

const BAD_REQUEST: (&str, &str, u16) = (
    "https://tools.ietf.org/html/rfc7231#section-6.5.1",
    "Bad Request",
    400,
);
const NOT_FOUND: (&str, &str, u16) = (
    "https://tools.ietf.org/html/rfc7231#section-6.5.4",
    "Not Found",
    404,
);
const MOVED: (&str, &str, u16) = (
    "https://tools.ietf.org/html/rfc7232#section-4.2",
    "Precondition Failed",
    412,
);
const TROUBLE: (&str, &str, u16) = (
    "https://tools.ietf.org/html/rfc7231#section-6.6.1",
    "Internal Server Error",
    500,
);

impl Problem {
    /// The problem details of a failure.
    pub fn of(failure: &Failure) -> Self {
        match failure {
            Failure::Connection(error) => Self::refused(error),
            Failure::Usage(_) => Self::new(BAD_REQUEST, failure.to_string(), "usage"),
            Failure::NoProvider(_) => Self::new(NOT_FOUND, failure.to_string(), "providerNotFound"),
            Failure::Some(..) => Self::new(BAD_REQUEST, failure.to_string(), "someRefused"),
            Failure::Signal(_) => Self::new(TROUBLE, failure.to_string(), "interrupted"),
            Failure::Output(_) => Self::new(TROUBLE, failure.to_string(), "output"),
            Failure::Trouble(_) => Self::new(TROUBLE, failure.to_string(), "trouble"),
        }
    }

    /// The problem details of what the service refused.
    pub fn refused(error: &ConnectionError) -> Self {
        let detail = error.to_string();
        match error {
            ConnectionError::Invalid(errors) => Self {
                errors: by_field(errors),
                ..Self::new(
                    BAD_REQUEST,
                    detail,
                    errors
                        .first()
                        .map_or("invalid", |error| code(&error.reason)),
                )
            },
            ConnectionError::Malformed(_) => Self::new(BAD_REQUEST, detail, "malformed"),
            // Whatever it was asked by, the API's own words.
            ConnectionError::NotFound(_) => {
                Self::new(NOT_FOUND, "Connection not found".into(), "notFound")
            }
            ConnectionError::VersionNotFound(_) => {
                Self::new(NOT_FOUND, "Version not found".into(), "versionNotFound")
            }
            ConnectionError::VersionMoved { .. } => Self::new(MOVED, detail, "versionMoved"),
            ConnectionError::Store(error) => Self::new(TROUBLE, detail, store_code(error)),
        }
    }

    /// The same, with the line or the element it is about.
    #[must_use]
    pub fn at(mut self, unit: &str, number: u64) -> Self {
        self.place.insert(unit.to_owned(), number.into());
        self
    }

    fn new(
        (kind, title, status): (&'static str, &'static str, u16),
        detail: String,
        code: &'static str,
    ) -> Self {
        Self {
            kind,
            title,
            status,
            detail,
            code,
            errors: Map::new(),
            place: Map::new(),
        }
    }
}

/// Every field's sentences, in the order of the form.
fn by_field(errors: &[FieldError]) -> Map<String, Value> {
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

/// The stable word for a reason.
fn code(reason: &Reason) -> &'static str {
    match reason {
        Reason::Required => "required",
        Reason::TooLong(_) => "tooLong",
        Reason::AliasFormat => "aliasFormat",
        Reason::AliasReserved(_) => "aliasReserved",
        Reason::AliasTaken { .. } => "aliasTaken",
        Reason::Unprintable => "unprintable",
        Reason::WrongType(_) => "wrongType",
        Reason::UnknownProvider(_) => "unknownProvider",
        Reason::ProviderFixed => "providerFixed",
        Reason::UnknownSetting(_) => "unknownSetting",
        Reason::GivenTwice => "givenTwice",
        Reason::NotAUrl => "notAUrl",
        Reason::UrlWithCredentials => "urlWithCredentials",
        Reason::NotAnOption(_) => "notAnOption",
        Reason::NotHeaders => "notHeaders",
        Reason::Masked => "masked",
        Reason::NotAReference => "notAReference",
        Reason::ReferenceMissing { .. } => "referenceMissing",
        Reason::ReferenceRefused { .. } => "referenceRefused",
        Reason::OneOf(_) => "oneOf",
        Reason::EndpointMoved => "endpointMoved",
    }
}

fn store_code(error: &StoreError) -> &'static str {
    match error {
        StoreError::AliasTaken { .. } => "aliasTaken",
        StoreError::IdTaken(_) => "idTaken",
        StoreError::NotFound(_) => "notFound",
        StoreError::VersionMoved { .. } => "versionMoved",
        StoreError::FeedTooOld(_) => "feedTooOld",
        StoreError::Held { .. } => "held",
        StoreError::ReadOnly(_) => "readOnly",
        StoreError::Damaged { .. } => "damaged",
        StoreError::Key(_) => "key",
        StoreError::Unusable(_) => "unusable",
    }
}
