//! `/trash`: list, restore and delete permanently.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use uuid::Uuid;

use super::ApiState;
use super::body::OptionalJsonBody;
use super::connections::{TAKE, id_or_alias, saved};
use super::path_params::PathParams;
use super::query_params::QueryParams;
use super::response::{ApiError, ApiResult, json};
use super::route::ResponseKind::Json;
use super::route::{self, Route};
use crate::connection::{
    Command, ConnectionDraft, ConnectionError, DraftField, FieldError, FieldReason, IdOrAlias,
};

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        route::get(
            "/trash",
            "listTrash",
            "List the connections in the trash by name",
            Json("ConnectionPage"),
        )
        .with_parameters(&["skip", "take"])
        .handled_by(list),
        route::delete(
            "/trash/{id}",
            "purge",
            "Delete a connection in the trash permanently, including its history",
        )
        .with_errors(&[404, 412])
        .handled_by(purge),
        route::post(
            "/trash/{id}/restore",
            "restore",
            "Restore a connection from the trash",
            Json("Connection"),
        )
        .with_optional_body("RestoreRequest")
        .with_headers(&["ETag"])
        .with_errors(&[404, 412, 413, 415])
        .handled_by(restore),
    ]
}

/// `GET /trash`
pub async fn list(State(api): State<ApiState>, asked: QueryParams) -> ApiResult {
    Ok(json(&api.service.trash(asked.window(TAKE)?).await?))
}

/// `POST /trash/{id}/restore`, optionally with a new alias in the body.
pub async fn restore(
    State(api): State<ApiState>,
    PathParams(id): PathParams<String>,
    OptionalJsonBody(body): OptionalJsonBody,
) -> ApiResult {
    let id = parse_id(&id)?;
    let draft = match body {
        None => ConnectionDraft::default(),
        Some(body) => ConnectionDraft::from_json(&body)?,
    };
    // `null` keeps the connection's alias.
    let is_wrong = |error: &FieldError| {
        error.field == DraftField::Alias && error.reason != FieldReason::Required
    };
    if draft.misread.iter().any(is_wrong) {
        return Err(ConnectionError::Invalid(draft.misread).into());
    }
    let alias = draft.alias;
    saved(api.service.commit(Command::Restore { id, alias }).await?)
}

/// `DELETE /trash/{id}`
pub async fn purge(State(api): State<ApiState>, PathParams(id): PathParams<String>) -> ApiResult {
    let id = parse_id(&id)?;
    api.service.commit(Command::Purge { id }).await?;
    Ok(StatusCode::OK.into_response())
}

/// Parses an ID. Aliases are not accepted: another connection may use the alias of a deleted one.
fn parse_id(text: &str) -> Result<Uuid, ApiError> {
    match id_or_alias(text) {
        IdOrAlias::Id(id) => Ok(id),
        key @ IdOrAlias::Alias(_) => Err(ConnectionError::NotFound(key).into()),
    }
}
