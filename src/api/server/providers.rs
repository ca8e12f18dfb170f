//! `/providers`: the provider catalog.

use axum::extract::State;

use super::ApiState;
use super::path_params::PathParams;
use super::query_params::{QueryParams, excerpt};
use super::response::{ApiError, ApiResult, json};
use super::route::ResponseKind::Json;
use super::route::{self, Route};
use crate::provider::Provider;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        route::get(
            "/providers",
            "listProviders",
            "List the available providers",
            Json("Providers"),
        )
        .with_parameters(&["expandSettings"])
        .handled_by(list),
        route::get(
            "/providers/{id}",
            "getProvider",
            "Get a provider with its settings",
            Json("Provider"),
        )
        .with_errors(&[404])
        .handled_by(show),
        route::get(
            "/provider",
            "listProvidersToo",
            "Alias of /providers",
            Json("Providers"),
        )
        .with_parameters(&["expandSettings"])
        .handled_by(list),
        route::get(
            "/provider/{id}",
            "getProviderToo",
            "Alias of /providers/{id}",
            Json("Provider"),
        )
        .with_errors(&[404])
        .handled_by(show),
    ]
}

pub async fn list(State(api): State<ApiState>, asked: QueryParams) -> ApiResult {
    let catalog = api.service.providers();
    let providers = catalog.all().iter();
    if asked.expands("settings")? {
        return Ok(json(
            &providers.map(Provider::described).collect::<Vec<_>>(),
        ));
    }
    Ok(json(&providers.map(Provider::listed).collect::<Vec<_>>()))
}

pub async fn show(State(api): State<ApiState>, PathParams(id): PathParams<String>) -> ApiResult {
    let catalog = api.service.providers();
    let provider = catalog.get(&id).ok_or_else(|| {
        let sentence = format!("Provider '{}' not found", excerpt(&id));
        ApiError::new(404, sentence, "providerNotFound")
    })?;
    Ok(json(&provider.described()))
}
