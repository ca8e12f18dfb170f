//! `/providers`: the provider catalog.

use axum::extract::State;

use super::Api;
use super::address::At;
use super::answer::{Answer, Refusal, json};
use super::asked::{Asked, excerpt};
use crate::provider::Provider;

pub async fn list(State(api): State<Api>, asked: Asked) -> Answer {
    let catalog = api.service.providers();
    let providers = catalog.all().iter();
    if asked.expands("settings")? {
        return Ok(json(
            &providers.map(Provider::described).collect::<Vec<_>>(),
        ));
    }
    Ok(json(&providers.map(Provider::listed).collect::<Vec<_>>()))
}

pub async fn show(State(api): State<Api>, At(id): At<String>) -> Answer {
    let catalog = api.service.providers();
    let provider = catalog.get(&id).ok_or_else(|| {
        let sentence = format!("Provider '{}' not found", excerpt(&id));
        Refusal::new(404, sentence, "providerNotFound")
    })?;
    Ok(json(&provider.described()))
}
