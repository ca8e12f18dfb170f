//! Health, configuration keys and notices.

use axum::extract::State;
use axum::response::Response;
use serde_json::json as object;

use super::path_params::PathParams;
use super::response::{ApiResult, json};
use super::{ApiState, query_params};
use crate::appsettings::Reference;

pub async fn health() -> Response {
    json(&object!({ "status": "ok" }))
}

/// Returns the source of a configuration key, never its value.
pub async fn lookup(State(api): State<ApiState>, PathParams(key): PathParams<String>) -> ApiResult {
    let reference = Reference::read(&format!("${key}")).ok_or_else(|| {
        query_params::invalid_parameter(
            "key",
            "key must be a configuration key such as Section:Key",
        )
    })?;
    Ok(json(&api.service.lookup(&reference).await?))
}

/// Lists configuration keys that may be referenced and have a value, never the values.
pub async fn keys(State(api): State<ApiState>) -> ApiResult {
    Ok(json(&api.service.configuration_keys().await?))
}

pub async fn notices(State(api): State<ApiState>) -> ApiResult {
    Ok(json(&object!({ "items": api.service.notices() })))
}
