//! Connection tests and model lists.

use axum::extract::State;
use serde_json::json as object;

use super::Api;
use super::address::At;
use super::answer::{Answer, Refusal, json, redacted};
use super::asked::Asked;
use super::body::{Json, JsonIfAny};
use super::connections::id_or_alias;
use crate::connection::{ConnectionDraft, ConnectionError, TestReport, TestSubject};

/// Tests a stored connection, optionally with changes from the body.
pub async fn test(
    State(api): State<Api>,
    At(key): At<String>,
    JsonIfAny(body): JsonIfAny,
) -> Answer {
    let key = id_or_alias(&key);
    let subject = match body {
        None => TestSubject::Stored(key),
        Some(body) => TestSubject::Changed(key, ConnectionDraft::from_json(&body)?),
    };
    run_test(&api, subject).await
}

/// Tests a draft.
pub async fn test_draft(State(api): State<Api>, Json(body): Json) -> Answer {
    let draft = ConnectionDraft::from_json(&body)?;
    run_test(&api, TestSubject::Draft(draft)).await
}

/// Returns the report. Only an invalid request or a missing connection is an error response.
async fn run_test(api: &Api, subject: TestSubject) -> Answer {
    let report = match api.service.test(subject).await {
        Ok(report) => report,
        Err(
            error @ (ConnectionError::Invalid(_)
            | ConnectionError::Malformed(_)
            | ConnectionError::NotFound(_)),
        ) => return Err(Refusal::from(error)),
        Err(ConnectionError::Provider(report)) => *report,
        Err(
            error @ (ConnectionError::VersionNotFound(_)
            | ConnectionError::VersionMoved { .. }
            | ConnectionError::Store(_)
            | ConnectionError::Server(_)
            | ConnectionError::ReadOnly(_)),
        ) => TestReport {
            error_message: Some(redacted(error).to_string()),
            ..TestReport::default()
        },
    };
    Ok(json(&report))
}

pub async fn models(State(api): State<Api>, At(key): At<String>, asked: Asked) -> Answer {
    let capability = asked.capability()?;
    let models = api.service.models(&id_or_alias(&key), capability).await?;
    Ok(json(&object!({ "items": models })))
}
