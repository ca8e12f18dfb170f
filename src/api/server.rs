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
mod paths;
mod precondition;
mod connection_tests;
mod providers;
mod meta;
mod trash;
mod versions;

use std::sync::Arc;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, HeaderValue};
use axum::middleware::{from_fn, map_response};
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get, post};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::BASE_PATH;
use crate::service::ConnectionService;
use paths::Paths;
use response::ApiError;

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
    /// Ends the event streams, which have no end otherwise.
    shutdown: CancellationToken,
}

/// Creates the API over a service. Event streams end when they are dropped.
pub fn router(service: Arc<dyn ConnectionService>) -> Router {
    router_until(service, CancellationToken::new())
}

/// Creates the API over a service. Event streams end when `shutdown` is cancelled, so that a graceful stop need not wait for them.
pub fn router_until(service: Arc<dyn ConnectionService>, shutdown: CancellationToken) -> Router {
    let managed = routes();
    let below = managed.iter().map(|(path, _)| format!("{BASE_PATH}{path}"));
    let paths = Paths::new(below.chain(OPEN.map(str::to_owned)));
    let managed = managed
        .into_iter()
        .fold(Router::new(), |router, (path, methods)| {
            router.route(path, methods)
        });
    let router = Router::new()
        .nest(BASE_PATH, managed)
        .route(HEALTH, get(meta::health))
        .route(OPENAPI, get(openapi::document))
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
        .with_state(ApiState { service, shutdown });
    // Wraps the router: a layer inside it would see the path only after routing.
    let normalized = router.map_request(move |request| paths.normalize(request));
    Router::new().fallback_service(normalized)
}

/// Routes below the base path.
#[expect(clippy::too_many_lines, reason = "one row for each route")]
fn routes() -> Vec<(&'static str, MethodRouter<ApiState>)> {
    let one_provider = || get(providers::show);
    let all_providers = || get(providers::list);
    vec![
        (
            "/connections",
            get(connections::list).post(connections::create),
        ),
        (
            "/connections/{idOrAlias}",
            get(connections::show)
                .put(connections::update)
                .delete(connections::delete),
        ),
        ("/connections/{idOrAlias}/exists", get(connections::exists)),
        // A reserved alias is never taken.
        (
            "/connections/capabilities/exists",
            get(async || response::json(&false)),
        ),
        ("/connections/capabilities", get(capabilities::all)),
        (
            "/connections/capabilities/{capability}",
            get(capabilities::connections_with),
        ),
        (
            "/connections/{idOrAlias}/capabilities",
            get(capabilities::for_connection),
        ),
        (
            "/connections/{idOrAlias}/duplicate",
            post(connections::duplicate),
        ),
        (
            "/connections/{idOrAlias}/test",
            post(connection_tests::test),
        ),
        ("/connection-tests", post(connection_tests::test_draft)),
        (
            "/connections/{idOrAlias}/models",
            get(connection_tests::models),
        ),
        ("/providers", all_providers()),
        ("/providers/{id}", one_provider()),
        ("/provider", all_providers()),
        ("/provider/{id}", one_provider()),
        ("/trash", get(trash::list)),
        ("/trash/{id}", delete(trash::purge)),
        ("/trash/{id}/restore", post(trash::restore)),
        ("/versions/supported-types", get(versions::types)),
        ("/versions/{entityType}/{id}", get(versions::list)),
        ("/versions/{entityType}/{id}/{version}", get(versions::show)),
        (
            "/versions/{entityType}/{id}/{version}/compare/{to}",
            get(versions::compare),
        ),
        (
            "/versions/{entityType}/{id}/{version}/rollback",
            post(versions::roll_back),
        ),
        ("/aliases", get(connections::aliases)),
        ("/appsettings", get(meta::keys)),
        ("/appsettings/{key}", get(meta::lookup)),
        ("/notices", get(meta::notices)),
        ("/changes", get(changes::follow)),
        ("/changes/latest", get(changes::latest)),
    ]
}

/// Forbids caching of every response.
async fn no_store(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
