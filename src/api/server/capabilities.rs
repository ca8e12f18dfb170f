//! `/connections/…capabilities`: capabilities of the configured connections.

use axum::extract::State;
use serde_json::json as object;

use super::ApiState;
use super::connections::{TAKE, id_or_alias};
use super::path_params::PathParams;
use super::query_params::{self, QueryParams};
use super::response::{ApiResult, json};
use super::route::ResponseKind::Json;
use super::route::{self, Route};
use crate::connection::ListQuery;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        route::get(
            "/connections/capabilities",
            "listCapabilities",
            "List the capabilities of the configured connections",
            Json("Capabilities"),
        )
        .handled_by(all),
        route::get(
            "/connections/capabilities/{capability}",
            "listConnectionsByCapability",
            "List the connections with a capability",
            Json("ConnectionPage"),
        )
        .with_parameters(&["skip", "take"])
        .handled_by(connections_with),
        route::get(
            "/connections/{idOrAlias}/capabilities",
            "getConnectionCapabilities",
            "Get the capabilities of a connection",
            Json("CapabilityList"),
        )
        .with_errors(&[404])
        .handled_by(for_connection),
    ]
}

pub async fn all(State(api): State<ApiState>) -> ApiResult {
    let able = api.service.capabilities().await?;
    Ok(json(&object!({ "items": able })))
}

pub async fn connections_with(
    State(api): State<ApiState>,
    PathParams(word): PathParams<String>,
    asked: QueryParams,
) -> ApiResult {
    let query = ListQuery {
        capability: Some(query_params::capability(&word)?),
        ..ListQuery::all(asked.window(TAKE)?)
    };
    Ok(json(&api.service.list(query).await?))
}

pub async fn for_connection(
    State(api): State<ApiState>,
    PathParams(key): PathParams<String>,
) -> ApiResult {
    let connection = api.service.get(&id_or_alias(&key)).await?;
    let catalog = api.service.providers();
    let provider = catalog.get(&connection.item.provider_id);
    let able = provider.map(|provider| provider.capabilities.as_slice());
    Ok(json(&able.unwrap_or_default()))
}
