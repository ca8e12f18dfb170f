//! What a server refused, as the error it is about; of another making, in its own words.

use http::StatusCode;
use serde_json::Value;

use super::wire::Answer;
use super::words;
use crate::connection::{ConnectionError, Field, FieldError, IdOrAlias, Reason, ServerError};
use crate::provider::Provider;

/// What a request was about, for refusals that say less than that.
#[derive(Debug, Clone, Copy, Default)]
pub struct About<'a> {
    /// The connection it names.
    pub key: Option<&'a IdOrAlias>,
    /// The version of it that it names.
    pub number: Option<u64>,
    /// The version it was made over.
    pub over: Option<u64>,
    /// Whose settings it has.
    pub provider: Option<&'a Provider>,
}

impl<'a> About<'a> {
    /// About one connection.
    pub fn one(key: &'a IdOrAlias) -> Self {
        Self {
            key: Some(key),
            ..Self::default()
        }
    }
}

/// The error that an answer stands for.
pub fn read(answer: &Answer, about: About<'_>) -> ConnectionError {
    let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let cause = body.as_ref().and_then(|body| body.get("cause"));
    if let Some(error) = cause.and_then(|cause| serde_json::from_value(cause.clone()).ok()) {
        return error;
    }
    let status = answer.status;
    let words = match &body {
        Some(body) => words::of_json(body).unwrap_or_else(|| meaning(status)),
        None => match words::of_body(&answer.body) {
            Some(words) if !meaning(status).contains(&words) => {
                format!("{}: {words}", meaning(status))
            }
            Some(_) | None => meaning(status),
        },
    };
    if status.is_redirection() {
        return refused(status, elsewhere(answer.location()));
    }
    match (status, about) {
        (StatusCode::UNAUTHORIZED, _) => ServerError::SignIn.into(),
        (StatusCode::FORBIDDEN, _) => ServerError::Forbidden(words).into(),
        (
            StatusCode::NOT_FOUND,
            About {
                number: Some(number),
                ..
            },
        ) => ConnectionError::VersionNotFound(number),
        (StatusCode::NOT_FOUND, About { key: Some(key), .. }) => {
            ConnectionError::NotFound(key.clone())
        }
        (
            StatusCode::PRECONDITION_FAILED,
            About {
                over: Some(expected),
                ..
            },
        ) => match answer.version() {
            Some(found) => ConnectionError::VersionMoved { expected, found },
            None => refused(status, words),
        },
        _ => {
            let errors = body.as_ref().and_then(|body| member(body, "errors"));
            let fields = errors.map_or_else(Vec::new, |errors| at_fields(errors, about.provider));
            if fields.is_empty() || !status.is_client_error() {
                refused(status, words)
            } else {
                ConnectionError::Invalid(fields)
            }
        }
    }
}

/// Whether a page says that there is no such address, where the API would say it in JSON.
pub fn is_of_no_api(answer: &Answer) -> bool {
    let says_nothing_there = matches!(
        answer.status,
        StatusCode::BAD_REQUEST
            | StatusCode::NOT_FOUND
            | StatusCode::METHOD_NOT_ALLOWED
            | StatusCode::GONE
            | StatusCode::NOT_IMPLEMENTED
    );
    says_nothing_there
        && !answer.body.is_empty()
        && serde_json::from_slice::<serde::de::IgnoredAny>(&answer.body).is_err()
}

/// A refusal in words.
pub fn refused(status: StatusCode, words: impl Into<String>) -> ConnectionError {
    ServerError::Refused {
        status: status.as_u16(),
        words: words.into(),
    }
    .into()
}

/// What a status means, when nobody says more.
fn meaning(status: StatusCode) -> String {
    let known = status.canonical_reason().unwrap_or("and nothing more");
    format!("The server answers {} {known}", status.as_u16())
}

fn elsewhere(location: Option<&str>) -> String {
    let place = location.and_then(words::line);
    place.map_or_else(
        || "The server leads elsewhere and does not say where; check its address".into(),
        |place| format!("The server leads elsewhere, to {place}; give the address that it has now"),
    )
}

/// A member in any case.
fn member<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    let mut members = object.as_object()?.iter();
    members
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// The sentences that are about a field, in the order of a request.
fn at_fields(errors: &Value, provider: Option<&Provider>) -> Vec<FieldError> {
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
            if let Some(words) = words::line(words) {
                found.push(FieldError {
                    field: field.clone(),
                    reason: Reason::Said(words),
                });
            }
        }
    }
    found.sort_by_key(|error| error.field.place());
    found
}

/// The field that a path names: `Alias`, `$.providerId`, `Settings.ApiKey`, `Settings[apiKey]`.
fn field(path: &str, provider: Option<&Provider>) -> Option<Field> {
    let path = path.trim_start_matches("$.");
    let (name, key) = match path.split_once(['.', '[']) {
        Some((name, key)) => (name, Some(key.trim_matches([']', '"', '\'']))),
        None => (path, None),
    };
    let whole = [
        Field::Alias,
        Field::Name,
        Field::ProviderId,
        Field::IsActive,
        Field::Settings,
    ];
    let named = whole
        .into_iter()
        .find(|field| field.path().eq_ignore_ascii_case(name))?;
    let (Field::Settings, Some(key)) = (&named, key) else {
        return Some(named);
    };
    let mut known = provider.into_iter().flat_map(|provider| &provider.settings);
    let known = known.find(|field| field.key.eq_ignore_ascii_case(key));
    Some(Field::Setting {
        provider: provider.map_or_else(String::new, |provider| provider.id.clone()),
        key: known.map_or_else(|| key.to_owned(), |field| field.key.clone()),
        label: known.map_or_else(|| key.to_owned(), |field| field.label.clone()),
    })
}
