//! Connection tests and model lists.

use axum::extract::State;
use serde_json::json as object;

use super::ApiState;
use super::body::{JsonBody, OptionalJsonBody};
use super::connections::id_or_alias;
use super::outgoing_limit::OutgoingSlot;
use super::path_params::PathParams;
use super::query_params::QueryParams;
use super::response::{ApiError, ApiResult, json, redacted};
use super::route::ResponseKind::Json;
use super::route::{self, Route};
use crate::connection::{ConnectionDraft, ConnectionError, TestReport, TestSubject};

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        route::post(
            "/connections/{idOrAlias}/test",
            "testConnection",
            "Test a stored connection, optionally with changes from the body",
            Json("TestReport"),
        )
        .with_optional_body("ConnectionChange")
        .with_errors(&[404, 413, 415])
        .handled_by(test),
        route::post(
            "/connection-tests",
            "testDraft",
            "Test a connection before it is created",
            Json("TestReport"),
        )
        .with_body("NewConnection")
        .with_errors(&[404, 413, 415])
        .handled_by(test_draft),
        route::get(
            "/connections/{idOrAlias}/models",
            "listModels",
            "List the models that the provider offers to the connection",
            Json("Models"),
        )
        .with_parameters(&["capability"])
        .with_errors(&[404, 502])
        .handled_by(models),
    ]
}

/// Tests a stored connection, optionally with changes from the body.
pub async fn test(
    State(api): State<ApiState>,
    _slot: OutgoingSlot,
    PathParams(key): PathParams<String>,
    OptionalJsonBody(body): OptionalJsonBody,
) -> ApiResult {
    let key = id_or_alias(&key);
    let subject = match body {
        None => TestSubject::Stored(key),
        Some(body) => TestSubject::Edited(key, ConnectionDraft::from_json(&body)?),
    };
    run_test(&api, subject).await
}

/// Tests a draft.
pub async fn test_draft(
    State(api): State<ApiState>,
    _slot: OutgoingSlot,
    JsonBody(body): JsonBody,
) -> ApiResult {
    let draft = ConnectionDraft::from_json(&body)?;
    run_test(&api, TestSubject::Draft(draft)).await
}

/// Returns the report. Only an invalid request or a missing connection is an error response.
async fn run_test(api: &ApiState, subject: TestSubject) -> ApiResult {
    let report = match api.service.test(subject).await {
        Ok(report) => report,
        Err(
            error @ (ConnectionError::Invalid(_)
            | ConnectionError::Malformed(_)
            | ConnectionError::NotFound(_)),
        ) => return Err(ApiError::from(error)),
        Err(ConnectionError::Provider(report)) => *report,
        Err(
            error @ (ConnectionError::VersionNotFound(_)
            | ConnectionError::VersionConflict { .. }
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

pub async fn models(
    State(api): State<ApiState>,
    _slot: OutgoingSlot,
    PathParams(key): PathParams<String>,
    asked: QueryParams,
) -> ApiResult {
    let capability = asked.capability()?;
    let models = api.service.models(&id_or_alias(&key), capability).await?;
    Ok(json(&object!({ "items": models })))
}
