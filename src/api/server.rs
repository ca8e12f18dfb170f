//! The routes of the management API, over any service.
//!
//! Who may ask, and how requests come in, is decided around them. Every answer that is no success is problem details.

mod address;
pub(in crate::api) mod answer;
mod asked;
mod body;
mod capabilities;
mod changes;
mod connections;
mod openapi;
mod paths;
mod precondition;
mod probing;
mod providers;
mod surroundings;
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
use crate::connection::ConnectionService;
use answer::Refusal;
use paths::Paths;

const HEALTH: &str = "/health";
const OPENAPI: &str = "/openapi.json";

/// The paths outside the base path. They show nothing of what is stored, so they can be read without a token.
const OPEN: [&str; 2] = [HEALTH, OPENAPI];

/// Whether a path, in any case and with or without a trailing slash, can be read without a token.
pub(in crate::api) fn is_open(path: &str) -> bool {
    let path = path.strip_suffix('/').unwrap_or(path);
    OPEN.iter().any(|open| open.eq_ignore_ascii_case(path))
}

/// What every route knows.
#[derive(Clone)]
struct Api {
    service: Arc<dyn ConnectionService>,
    /// Ends the streams that would otherwise go on for as long as somebody listens.
    ending: CancellationToken,
}

/// The whole API over a service; its streams end when they are dropped.
pub fn router(service: Arc<dyn ConnectionService>) -> Router {
    router_until(service, CancellationToken::new())
}

/// The whole API over a service; its streams end when `ending` is cancelled, so that a graceful stop need not wait for them.
pub fn router_until(service: Arc<dyn ConnectionService>, ending: CancellationToken) -> Router {
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
        .route(HEALTH, get(surroundings::health))
        .route(OPENAPI, get(openapi::document))
        .fallback(async || Refusal::new(404, "There is nothing at this address", "noSuchAddress"))
        .method_not_allowed_fallback(async || {
            Refusal::new(
                405,
                "This address does not know the method; Allow names those it knows",
                "methodNotAllowed",
            )
        })
        .layer(from_fn(address::check))
        .layer(map_response(unstored))
        .with_state(Api { service, ending });
    // Around the routes: a layer of theirs would see the path after they were chosen by it.
    let normalized = router.map_request(move |request| paths.normalize(request));
    Router::new().fallback_service(normalized)
}

/// Every address below the base path, and what answers there.
fn routes() -> Vec<(&'static str, MethodRouter<Api>)> {
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
        // An alias cannot be reserved and taken: asked for, it is as free as it will ever be.
        (
            "/connections/capabilities/exists",
            get(async || answer::json(&false)),
        ),
        ("/connections/capabilities", get(capabilities::all)),
        (
            "/connections/capabilities/{capability}",
            get(capabilities::who_can),
        ),
        (
            "/connections/{idOrAlias}/capabilities",
            get(capabilities::of_one),
        ),
        (
            "/connections/{idOrAlias}/duplicate",
            post(connections::duplicate),
        ),
        ("/connections/{idOrAlias}/test", post(probing::test)),
        ("/connection-tests", post(probing::test_draft)),
        ("/connections/{idOrAlias}/models", get(probing::models)),
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
        ("/appsettings", get(surroundings::keys)),
        ("/appsettings/{key}", get(surroundings::look_up)),
        ("/notices", get(surroundings::notices)),
        ("/changes", get(changes::follow)),
        ("/changes/latest", get(changes::latest)),
    ]
}

/// No answer is kept by anyone in between.
async fn unstored(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
