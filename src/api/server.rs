//! Routes of the management API, over any [`ConnectionService`].
//!
//! Authentication and transport are layered around them. Every error response is problem details.

mod path_params;
pub(in crate::api) mod response;
mod query_params;
mod body;
mod capabilities;
mod changes;
mod connections;
mod openapi;
pub(in crate::api) mod outgoing_limit;
mod paths;
mod precondition;
mod connection_tests;
mod providers;
mod route;
mod meta;
mod trash;
mod versions;

use std::sync::Arc;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, HeaderValue};
use axum::middleware::{from_fn, map_response};
use axum::response::Response;
use axum::routing::get;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::BASE_PATH;
use crate::service::ConnectionService;
use outgoing_limit::OutgoingLimit;
use paths::Paths;
use response::ApiError;
use route::Route;

const HEALTH: &str = "/health";
const OPENAPI: &str = "/openapi.json";

/// Paths outside the base path that need no token, because they expose no stored data.
const OPEN: [&str; 2] = [HEALTH, OPENAPI];

/// Returns whether a path needs no token. Case and a trailing slash are ignored.
pub(in crate::api) fn is_open(path: &str) -> bool {
    let path = path.strip_suffix('/').unwrap_or(path);
    OPEN.iter().any(|open| open.eq_ignore_ascii_case(path))
}

/// State shared by all routes.
#[derive(Clone)]
struct ApiState {
    service: Arc<dyn ConnectionService>,
    outgoing: OutgoingLimit,
    /// Ends the event streams, which have no end otherwise.
    shutdown: CancellationToken,
}

/// Creates the API over a service. Event streams end when they are dropped.
pub fn router(service: Arc<dyn ConnectionService>) -> Router {
    router_until(service, CancellationToken::new())
}

/// Creates the API over a service. Event streams end when `shutdown` is cancelled, so that a graceful stop need not wait for them.
pub fn router_until(service: Arc<dyn ConnectionService>, shutdown: CancellationToken) -> Router {
    // A reserved alias is never taken.
    let reserved = format!("{BASE_PATH}/connections/capabilities/exists");
    let mounted = routes().map(|Route { operation, handler }| (operation.full_path(), handler));
    let never = get(async || response::json(&false));
    let mounted: Vec<_> = mounted.chain([(reserved, never)]).collect();
    // Shared, because the service is cloned for each request.
    let paths = Arc::new(Paths::new(mounted.iter().map(|(path, _)| path.clone())));
    let router = mounted
        .into_iter()
        .fold(Router::new(), |router, (path, handler)| {
            router.route(&path, handler)
        })
        .fallback(async || ApiError::new(404, "Path not found", "noSuchAddress"))
        .method_not_allowed_fallback(async || {
            ApiError::new(
                405,
                "Method not allowed; see the Allow header",
                "methodNotAllowed",
            )
        })
        .layer(from_fn(path_params::check))
        .layer(map_response(no_store))
        .with_state(ApiState {
            service,
            outgoing: OutgoingLimit::default(),
            shutdown,
        });
    // Wraps the router: a layer inside it would see the path only after routing.
    let normalized = router.map_request(move |request| paths.normalize(request));
    Router::new().fallback_service(normalized)
}

/// All documented routes.
fn routes() -> impl Iterator<Item = Route> {
    let groups = [
        connections::routes(),
        connection_tests::routes(),
        capabilities::routes(),
        providers::routes(),
        versions::routes(),
        trash::routes(),
        meta::routes(),
        changes::routes(),
        openapi::routes(),
    ];
    groups.into_iter().flatten()
}

/// Forbids caching of every response.
async fn no_store(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
