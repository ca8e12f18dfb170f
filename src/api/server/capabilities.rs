//! `/connections/…capabilities`: capabilities of the configured connections.

use axum::extract::State;
use serde_json::json as object;

use super::Api;
use super::address::At;
use super::answer::{Answer, json};
use super::asked::{self, Asked};
use super::connections::{TAKE, id_or_alias};
use crate::connection::Query;

pub async fn all(State(api): State<Api>) -> Answer {
    let able = api.service.capabilities().await?;
    Ok(json(&object!({ "items": able })))
}

pub async fn connections_with(
    State(api): State<Api>,
    At(word): At<String>,
    asked: Asked,
) -> Answer {
    let query = Query {
        capability: Some(asked::capability(&word)?),
        ..Query::all(asked.window(TAKE)?)
    };
    Ok(json(&api.service.list(query).await?))
}

pub async fn of_connection(State(api): State<Api>, At(key): At<String>) -> Answer {
    let connection = api.service.get(&id_or_alias(&key)).await?;
    let catalog = api.service.providers();
    let provider = catalog.get(&connection.item.provider_id);
    let able = provider.map(|provider| provider.capabilities.as_slice());
    Ok(json(&able.unwrap_or_default()))
}
