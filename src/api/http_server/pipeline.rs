//! Request pipeline: host check, authentication, routes, and access log.

use std::any::Any;
use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body as AnyBody;
use axum::response::{IntoResponse, Response};
use futures_util::{FutureExt, StreamExt};
use http::header::{ALLOW, AUTHORIZATION, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Request};
use hyper::body::{Body, Incoming};
use tokio::time::Instant;
use tower::ServiceExt;

use super::access_log::AccessEntry;
use super::allowed_hosts::AllowedHosts;
use super::auth::{AuthError, Authentication};
use super::connection_state::{TcpConnectionPhase, TcpConnectionState};
use super::limits::ServerLimits;
use super::request_id::{REQUEST_ID, RequestId};
use super::summary_log::SummaryLog;
use super::timed_body::{TimedRequestBody, TrackedResponseBody};
use crate::api::Problem;
use crate::api::server::outgoing_limit::TokenName;
use crate::api::server::response::ApiError;
use crate::api::token::{StoredToken, TOKEN_SCOPE};

/// TCP connection of a request.
#[derive(Clone)]
pub struct TcpConnectionInfo {
    /// Address of the client.
    pub peer: SocketAddr,
    /// Local address of the connection.
    pub local: IpAddr,
    /// State of the TCP connection.
    pub state: TcpConnectionState,
    /// Log of requests from clients that never sent a valid token.
    pub summary: SummaryLog,
}

impl TcpConnectionInfo {
    /// Writes an entry to the access log.
    pub fn log(&self, entry: &AccessEntry<'_>) {
        if self.state.is_authenticated() {
            entry.log();
        } else {
            self.summary.log(entry);
        }
    }
}

/// The request pipeline.
pub struct RequestPipeline {
    router: Router,
    hosts: AllowedHosts,
    auth: Authentication,
    time_limit: Duration,
}

impl RequestPipeline {
    /// Creates the pipeline in front of the routes.
    pub fn new(
        router: Router,
        hosts: AllowedHosts,
        auth: Authentication,
        limits: &ServerLimits,
    ) -> Self {
        Self {
            router,
            hosts,
            auth,
            time_limit: limits.body_timeout,
        }
    }

    /// Answers a request; a panic becomes a 500.
    pub async fn respond(
        self: Arc<Self>,
        mut request: Request<Incoming>,
        connection: TcpConnectionInfo,
    ) -> http::Response<TrackedResponseBody> {
        connection.state.set_phase(TcpConnectionPhase::Responding);
        let begun = Instant::now();
        let id = RequestId::from_request(request.headers());
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let given = request.headers().get(AUTHORIZATION).cloned();
        let (token, mut response) = match self.authenticate(&request, &connection) {
            Ok(token) => {
                if token.is_some() || self.auth.is_disabled() {
                    connection.state.set_authenticated();
                }
                let (name, scope) = token.map(|token| (token.name, token.scope)).unzip();
                request.extensions_mut().insert(TokenName(name.clone()));
                let mut response = self.route(request, &connection).await;
                if let Some(scope) = scope {
                    let scope = HeaderValue::from_static(scope.as_str());
                    response.headers_mut().insert(TOKEN_SCOPE, scope);
                }
                (name, response)
            }
            Err(refused) => (None, *refused),
        };
        finish(&mut response, &id);
        let entry = AccessEntry {
            request: Some((method.as_str(), uri.path())),
            status: response.status().as_u16(),
            duration: begun.elapsed(),
            bytes: response.body().size_hint().exact(),
            token: token.as_deref(),
            peer: connection.peer,
            id: &id,
        };
        connection.log(&entry);
        if is_stream(response.headers()) {
            connection.state.set_phase(TcpConnectionPhase::Streaming);
            response = self.while_authorized(response, given);
            // The client opens a new connection after a stream, so this one is closed with it.
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        response.map(|body| TrackedResponseBody::new(body, connection.state))
    }

    /// Ends a stream when its token is revoked or expires: before the next event, at the latest with the next keep-alive.
    fn while_authorized(
        self: Arc<Self>,
        response: Response,
        given: Option<HeaderValue>,
    ) -> Response {
        response.map(|body| {
            let pieces = body.into_data_stream();
            AnyBody::from_stream(
                pieces.take_while(move |_| {
                    std::future::ready(self.auth.is_still_valid(given.as_ref()))
                }),
            )
        })
    }

    /// Checks host, origin and token. Returns the token, if the request needs one.
    fn authenticate(
        &self,
        request: &Request<Incoming>,
        connection: &TcpConnectionInfo,
    ) -> Result<Option<StoredToken>, Box<Response>> {
        let refused = |problem: Box<Problem>| Box::new(ApiError((*problem).into()).into_response());
        self.hosts
            .check(request, connection.local)
            .map_err(refused)?;
        if request.uri().path() == "*" {
            let mut response = ApiError::new(
                405,
                "OPTIONS * is not supported; send requests to a path",
                "methodNotAllowed",
            )
            .into_response();
            let methods = HeaderValue::from_static("GET, HEAD, POST, PUT, DELETE");
            response.headers_mut().insert(ALLOW, methods);
            return Err(Box::new(response));
        }
        let admitted = self.auth.authenticate(request, connection.peer.ip());
        admitted.map_err(|refused| Box::new(unauthorized(&refused)))
    }

    async fn route(&self, request: Request<Incoming>, connection: &TcpConnectionInfo) -> Response {
        let request = request.map(|body| {
            if body.is_end_stream() {
                AnyBody::empty()
            } else {
                AnyBody::new(TimedRequestBody::new(
                    body,
                    self.time_limit,
                    connection.state.clone(),
                ))
            }
        });
        let answered = AssertUnwindSafe(self.router.clone().oneshot(request)).catch_unwind();
        match answered.await {
            Ok(Ok(response)) => response,
            Err(broken) => panic_response(&broken),
        }
    }
}

/// Creates a 500. The panic message is neither sent nor logged, because it can contain secrets.
fn panic_response(_: &Box<dyn Any + Send>) -> Response {
    ApiError::new(500, "Internal server error", "brokeDown").into_response()
}

fn unauthorized(refused: &AuthError) -> Response {
    let (problem, challenge, wait) = match *refused {
        AuthError::Unknown { is_token } => (
            Problem::new(
                401,
                if is_token {
                    "The token is unknown, revoked or expired"
                } else {
                    "A token is required: Authorization: Bearer umai_…"
                },
                "unauthorized",
            ),
            Some(if is_token {
                "Bearer realm=\"umai\", error=\"invalid_token\""
            } else {
                "Bearer realm=\"umai\""
            }),
            None,
        ),
        AuthError::ReadOnly => (
            Problem::new(
                403,
                "The token has scope read; this request needs scope write",
                "forbidden",
            ),
            Some("Bearer realm=\"umai\", error=\"insufficient_scope\", scope=\"write\""),
            None,
        ),
        AuthError::TooManyAttempts(wait) => (
            Problem::new(
                429,
                "Too many requests without a valid token from this address",
                "tooManyTries",
            ),
            None,
            Some(wait),
        ),
        AuthError::Unreadable => (
            Problem::new(
                503,
                "The server cannot read its tokens; see its log",
                "tokensUnreadable",
            ),
            None,
            None,
        ),
    };
    let mut response = ApiError(problem.into()).into_response();
    let headers = response.headers_mut();
    if let Some(challenge) = challenge {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    if let Some(wait) = wait {
        headers.insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
    }
    response
}

/// Adds the headers of every response.
fn finish(response: &mut Response, id: &RequestId) {
    let status = response.status();
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, id.header());
    headers.insert(
        "x-content-type-options",
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        http::header::CACHE_CONTROL,
        HeaderValue::from_static("no-store"),
    );
    // The rest of a late body is not read.
    if status == http::StatusCode::REQUEST_TIMEOUT {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
}

fn is_stream(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_some_and(|media| media.as_bytes().starts_with(b"text/event-stream"))
}
