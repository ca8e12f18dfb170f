//! Health, configuration keys and notices.

use axum::extract::State;
use serde_json::json as object;

use super::path_params::PathParams;
use super::response::{ApiResult, json};
use super::route::ResponseKind::Json;
use super::route::{self, Route};
use super::{ApiState, query_params};
use crate::appsettings::Reference;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        route::get(
        "/appsettings",
        "listConfigurationKeys",
        "List the configuration keys that may be referenced and have a value, by name, at most 1000; values are never included",
        Json("ConfigurationKeys"),
    )
        .handled_by(keys),
        route::get(
        "/appsettings/{key}",
        "lookUp",
        "Look up a configuration key and its source; the value is never included",
        Json("Lookup"),
    )
        .handled_by(lookup),
        route::get(
        "/notices",
        "listNotices",
        "List the notices since the server started",
        Json("Notices"),
    )
        .handled_by(notices),
        route::get(super::HEALTH, "getHealth", "Check that the server is running and accepts changes", Json("Health")).at_root()
        .handled_by(health),
    ]
}

pub async fn health(State(api): State<ApiState>) -> ApiResult {
    api.service.check().await?;
    Ok(json(&object!({ "status": "ok" })))
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
