//! `/changes`: the change feed as server-sent events.
//!
//! The first event, `at`, carries the newest revision. Each change is a message whose ID is its revision. `lost` reports that the
//! feed no longer reaches back to the requested revision, so that the client has to reload the list. `Last-Event-ID` resumes a
//! stream.

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{StreamExt, stream};
use serde_json::json as object;

use super::ApiState;
use super::query_params::{self, QueryParams};
use super::response::{ApiError, ApiResult, json};
use super::route::ResponseKind::{Events, Json};
use super::route::{self, Route};
use crate::connection::store::{ChangeEvent, Revision};
use crate::connection::{ConnectionError, StoreError};

/// Interval of keep-alive comments, so that both ends notice a lost connection.
const ALIVE: Duration = Duration::from_secs(15);

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Keeps proxies from buffering events.
const UNBUFFERED: (HeaderName, HeaderValue) = (
    HeaderName::from_static("x-accel-buffering"),
    HeaderValue::from_static("no"),
);

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        route::get(
            "/changes",
            "followChanges",
            "Stream changes as server-sent events, from now or after a revision",
            Events,
        )
        .with_parameters(&["since", "Last-Event-ID"])
        .with_errors(&[410])
        .handled_by(follow),
        route::get(
            "/changes/latest",
            "getRevision",
            "Get the newest revision of the store",
            Json("Revision"),
        )
        .handled_by(latest),
    ]
}

pub async fn latest(State(api): State<ApiState>) -> ApiResult {
    Ok(json(
        &object!({ "revision": api.service.revision().await? }),
    ))
}

pub async fn follow(
    State(api): State<ApiState>,
    asked: QueryParams,
    headers: HeaderMap,
) -> ApiResult {
    let newest = api.service.revision().await?;
    let since = since(&asked, &headers)?.unwrap_or(newest);
    let feed = api.service.changes(since).await?;
    let at = Event::default()
        .event("at")
        .id(since.0.to_string())
        .data(object!({ "revision": newest.max(since) }).to_string());
    let events = stream::iter([at])
        .chain(feed.map(event))
        .map(Ok::<_, std::convert::Infallible>)
        .take_until(api.shutdown.cancelled_owned());
    let events = Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE));
    Ok(([UNBUFFERED], events).into_response())
}

/// Returns the revision to start after. `Last-Event-ID` takes precedence over the query.
fn since(asked: &QueryParams, headers: &HeaderMap) -> Result<Option<Revision>, ApiError> {
    let Some(seen) = headers.get(LAST_EVENT_ID) else {
        return Ok(asked.revision("since")?.map(Revision));
    };
    let seen = seen.to_str().ok().and_then(query_params::revision);
    let seen = seen.ok_or_else(|| query_params::not_a_revision("Last-Event-ID"))?;
    Ok(Some(Revision(seen)))
}

fn event(change: Result<ChangeEvent, StoreError>) -> Event {
    let result = change.map_err(ConnectionError::from).and_then(|changed| {
        let event = Event::default().id(changed.revision.0.to_string());
        event
            .json_data(ChangeEvent {
                request: None,
                ..changed
            })
            .map_err(|error| ConnectionError::Store(StoreError::Other(error.to_string())))
    });
    result.unwrap_or_else(|error| {
        let ApiError(problem) = error.into();
        let event = Event::default().event("lost");
        event.json_data(&problem).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn expired_feed_sends_lost_event() {
        let lost = event(Err(StoreError::FeedTooOld(7)));
        let stream = stream::iter([Ok::<_, std::convert::Infallible>(lost)]);
        let body = Sse::new(stream).into_response().into_body();
        let text = axum::body::to_bytes(body, 10_000).await.unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        assert!(text.starts_with("event: lost\ndata: {\"type\":"), "{text}");
        assert!(
            text.contains(r#""cause":{"store":{"feedTooOld":7}}"#),
            "{text}"
        );
    }
}
