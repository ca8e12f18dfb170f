//! Change feed of a remote server.

use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use hyper::body::Bytes;
use reqwest::Response;
use serde_json::Value;

use super::http_client::{HttpClient, SharedHttpClient};
use super::sse::{EventParser, ServerEvent};
use super::{error_response, untrusted_text};
use crate::connection::store::{ChangeEvent, ChangeFeed, Revision};
use crate::connection::{ConnectionError, ServerError, StoreError};

/// Timeout without data; servers send a keep-alive three times in that period.
const SILENCE: Duration = Duration::from_secs(45);

/// Returns whether a response is an event stream.
pub fn is_stream(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| {
        kind.trim()
            .to_ascii_lowercase()
            .starts_with("text/event-stream")
    })
}

/// Streams the changes after a revision. The stream ends with an error; the caller restarts it after the last change.
pub fn follow(response: Response, http: SharedHttpClient, since: Revision) -> ChangeFeed {
    let reading = EventStream {
        bytes: Box::pin(response.bytes_stream()),
        http,
        events: EventParser::default(),
        pending: VecDeque::new(),
        last: since,
        is_done: false,
    };
    Box::pin(stream::unfold(reading, |mut reading| async {
        let next = reading.next().await?;
        Some((next, reading))
    }))
}

/// An open event stream.
struct EventStream {
    bytes: Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>,
    http: SharedHttpClient,
    events: EventParser,
    pending: VecDeque<ServerEvent>,
    last: Revision,
    is_done: bool,
}

impl EventStream {
    /// Returns the next change or the error that ended the stream; none after that.
    async fn next(&mut self) -> Option<Result<ChangeEvent, StoreError>> {
        if self.is_done {
            return None;
        }
        loop {
            while let Some(event) = self.pending.pop_front() {
                match self.parse_change(&event) {
                    Ok(Some(changed)) => {
                        self.last = changed.revision;
                        return Some(Ok(changed));
                    }
                    Ok(None) => {}
                    Err(error) => return Some(self.end_with(error)),
                }
            }
            let bytes = match tokio::time::timeout(SILENCE, self.bytes.next()).await {
                Ok(Some(Ok(bytes))) => bytes,
                Ok(Some(Err(_)) | None) => {
                    return Some(self.end_with(disconnected(&self.http, "connection lost")));
                }
                Err(_) => {
                    return Some(
                        self.end_with(disconnected(&self.http, "the server stopped sending")),
                    );
                }
            };
            match self.events.take(&bytes) {
                Ok(events) => self.pending.extend(events),
                Err(_) => return Some(self.end_with(malformed_event(&self.http))),
            }
        }
    }

    fn end_with(&mut self, error: StoreError) -> Result<ChangeEvent, StoreError> {
        self.is_done = true;
        Err(error)
    }

    /// Parses the change of an event; none for other events and for a change that was already received.
    fn parse_change(&self, event: &ServerEvent) -> Result<Option<ChangeEvent>, StoreError> {
        match event.kind.as_str() {
            "message" => {
                let changed: ChangeEvent =
                    serde_json::from_str(&event.data).map_err(|_| malformed_event(&self.http))?;
                Ok((changed.revision > self.last).then_some(changed))
            }
            "lost" => Err(feed_ended(&self.http, &event.data)),
            _ => Ok(None),
        }
    }
}

/// Creates the error of a feed that ended.
fn feed_ended(http: &HttpClient, problem: &str) -> StoreError {
    let problem: Value = serde_json::from_str(problem).unwrap_or_default();
    let cause = problem.get("cause").cloned().unwrap_or_default();
    match serde_json::from_value(cause) {
        Ok(ConnectionError::Store(error)) => error,
        Ok(error) => StoreError::Other(error.to_string()),
        Err(_) => untrusted_text::from_json(&problem).map_or_else(
            || disconnected(http, "the change feed ended"),
            StoreError::Other,
        ),
    }
}

fn disconnected(http: &HttpClient, reason: &str) -> StoreError {
    StoreError::Other(http.unreachable(reason).to_string())
}

fn malformed_event(http: &HttpClient) -> StoreError {
    disconnected(http, "its change feed is not valid")
}

/// Creates the error of a server without a change feed.
pub fn none(status: StatusCode) -> ConnectionError {
    error_response::rejected(
        status,
        "The server has no change feed; reload the list to see changes",
    )
}

/// Replaces the error of an unknown path; any other error stays.
pub fn or_unsupported(error: ConnectionError) -> ConnectionError {
    const UNKNOWN: u16 = StatusCode::NOT_FOUND.as_u16();
    match error {
        ConnectionError::Server(ServerError::Refused {
            status: UNKNOWN, ..
        }) => none(StatusCode::NOT_FOUND),
        other => other,
    }
}

/// Replaces the error of a server that answers an unknown path with a web page.
pub fn or_no_api(error: ConnectionError) -> ConnectionError {
    match error {
        ConnectionError::Server(ServerError::NotTheApi { .. }) => none(StatusCode::NOT_FOUND),
        other => or_unsupported(other),
    }
}
