//! `/providers`: the provider catalog.

use axum::extract::State;

use super::ApiState;
use super::path_params::PathParams;
use super::query_params::{QueryParams, excerpt};
use super::response::{ApiError, ApiResult, json};
use crate::provider::Provider;

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
