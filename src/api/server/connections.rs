//! `/connections`: create, list, show, update and delete.

use axum::extract::State;
use axum::http::header::{HeaderValue, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use serde_json::json as object;

use super::body::JsonBody;
use super::path_params::PathParams;
use super::query_params::{QueryParams, excerpt};
use super::response::{ApiError, ApiResult, etag, json, json_with};
use super::route::ResponseKind::Json;
use super::route::{self, Route};
use super::{ApiState, precondition};
use crate::api::BASE_PATH;
use crate::connection::{Command, ConnectionDraft, ConnectionError, IdOrAlias, ListQuery, Outcome};

/// Default page size.
pub const TAKE: usize = 100;

/// Error code of a missing connection.
const NOT_FOUND: &str = "notFound";

/// Parses a path segment as an ID or an alias.
pub fn id_or_alias(text: &str) -> IdOrAlias {
    let Ok(key) = text.parse();
    key
}

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    let list_connections = route::get(
        "/connections",
        "listConnections",
        "List connections by name",
        Json("ConnectionPage"),
    )
    .with_parameters(&[
        "filter",
        "providerId",
        "capability",
        "isActive",
        "skip",
        "take",
        "afterName",
        "afterAlias",
    ]);
    let create_connection = route::post(
        "/connections",
        "createConnection",
        "Create a connection",
        Json("Connection"),
    )
    .with_body("NewConnection")
    .created()
    .with_headers(&["Location", "ETag"])
    .with_errors(&[413, 415]);
    let list_aliases = route::get(
        "/aliases",
        "listAliases",
        "List the aliases with a prefix, in alphabetical order",
        Json("Aliases"),
    )
    .with_parameters(&["prefix", "take"]);
    let mut routes = vec![
        list_connections.handled_by(list),
        create_connection.handled_by(create),
    ];
    routes.extend(routes_of_a_connection());
    routes.push(list_aliases.handled_by(aliases));
    routes
}

/// Routes with the ID or alias of a connection in their paths.
fn routes_of_a_connection() -> [Route; 5] {
    let get_connection = route::get(
        "/connections/{idOrAlias}",
        "getConnection",
        "Get a connection, with its secrets masked",
        Json("Connection"),
    )
    .with_parameters(&["If-None-Match"])
    .with_headers(&["ETag"])
    .with_errors(&[404]);
    let update_connection = route::put(
        "/connections/{idOrAlias}",
        "updateConnection",
        "Update a connection; absent members stay unchanged",
        Json("Connection"),
    )
    .with_parameters(&["If-Match"])
    .with_body("ConnectionChange")
    .with_headers(&["ETag"])
    .with_errors(&[404, 412, 413, 415]);
    let delete_connection = route::delete(
        "/connections/{idOrAlias}",
        "deleteConnection",
        "Move a connection to the trash",
    )
    .with_parameters(&["If-Match"])
    .with_errors(&[404, 412]);
    let connection_exists = route::get(
        "/connections/{idOrAlias}/exists",
        "connectionExists",
        "Check whether an alias is in use",
        Json("Exists"),
    )
    .with_parameters(&["excludeId"]);
    let duplicate_connection = route::post(
        "/connections/{idOrAlias}/duplicate",
        "duplicateConnection",
        "Duplicate a connection, including its secrets; members of the body replace those of the original",
        Json("Connection"),
    )
    .with_body("ConnectionCopy")
    .created()
    .with_headers(&["Location", "ETag"])
    .with_errors(&[404, 413, 415]);
    [
        get_connection.handled_by(show),
        update_connection.handled_by(update),
        delete_connection.handled_by(delete),
        connection_exists.handled_by(exists),
        duplicate_connection.handled_by(duplicate),
    ]
}

pub async fn list(State(api): State<ApiState>, asked: QueryParams) -> ApiResult {
    let query = ListQuery {
        filter: asked.text("filter")?.map(str::to_owned),
        provider_ids: asked.texts("providerId"),
        capability: asked.capability()?,
        is_active: asked.boolean("isActive")?,
        is_trash: false,
        window: asked.window(TAKE)?,
        after: asked.cursor()?,
    };
    Ok(json(&api.service.list(query).await?))
}

pub async fn create(State(api): State<ApiState>, JsonBody(body): JsonBody) -> ApiResult {
    let draft = ConnectionDraft::from_json(&body)?;
    created(api.service.commit(Command::create(draft)).await?)
}

fn created(outcome: Outcome) -> ApiResult {
    let created = outcome.connection()?;
    let location = format!("{BASE_PATH}/connections/{}", created.item.id);
    let location = HeaderValue::try_from(location)
        .map_err(|_| ApiError::new(500, "The new connection has no valid URL", "trouble"))?;
    let headers = [(LOCATION, location), etag(created.item.version)];
    Ok(json_with(StatusCode::CREATED, headers, &created))
}

/// Copies the original with its secrets. An endpoint of another origin needs the secrets again.
pub async fn duplicate(
    State(api): State<ApiState>,
    PathParams(key): PathParams<String>,
    JsonBody(body): JsonBody,
) -> ApiResult {
    let (key, draft) = (id_or_alias(&key), ConnectionDraft::from_json(&body)?);
    created(
        api.service
            .commit(Command::Duplicate { key, draft })
            .await?,
    )
}

pub async fn show(
    State(api): State<ApiState>,
    PathParams(key): PathParams<String>,
    headers: HeaderMap,
) -> ApiResult {
    let found = api.service.get(&id_or_alias(&key)).await?;
    let version = found.item.version;
    if precondition::is_not_modified(&headers, version)? {
        return Ok((StatusCode::NOT_MODIFIED, [etag(version)]).into_response());
    }
    Ok(json_with(StatusCode::OK, [etag(version)], &found))
}

pub async fn update(
    State(api): State<ApiState>,
    PathParams(key): PathParams<String>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> ApiResult {
    let key = id_or_alias(&key);
    let draft = ConnectionDraft::from_json(&body)?;
    let expected_version = precondition::if_match(&headers, &*api.service, &key).await?;
    let command = match (status_only(&draft), expected_version) {
        (Some(active), None) => Command::SetActive { key, active },
        (_, expected_version) => Command::Update {
            key,
            draft,
            expected_version,
        },
    };
    saved(api.service.commit(command).await?)
}

/// Responds with the saved connection and its version.
pub fn saved(outcome: Outcome) -> ApiResult {
    let saved = outcome.connection()?;
    let headers = [etag(saved.item.version)];
    Ok(json_with(StatusCode::OK, headers, &saved))
}

/// Returns the status when a draft changes nothing else. Such a draft skips validation, so that a connection can always be
/// deactivated.
fn status_only(draft: &ConnectionDraft) -> Option<bool> {
    let alone = ConnectionDraft {
        is_active: draft.is_active,
        ..ConnectionDraft::default()
    };
    draft.is_active.filter(|_| *draft == alone)
}

pub async fn delete(
    State(api): State<ApiState>,
    PathParams(key): PathParams<String>,
    headers: HeaderMap,
) -> ApiResult {
    let key = id_or_alias(&key);
    let deleted = match precondition::if_match(&headers, &*api.service, &key).await {
        Ok(expected_version) => {
            let command = Command::Delete {
                key: key.clone(),
                expected_version,
            };
            api.service.commit(command).await.map_err(ApiError::from)
        }
        Err(refusal) => Err(refusal),
    };
    match deleted {
        Ok(_) => Ok(StatusCode::OK.into_response()),
        Err(ApiError(problem)) => Err(match problem.code.as_deref() {
            // The documented API words the 404 of a deletion in this way.
            Some(NOT_FOUND) => {
                let sentence = format!(
                    "Connection with ID '{}' not found",
                    excerpt(&key.to_string())
                );
                ApiError::with_detail(ConnectionError::NotFound(key), &sentence)
            }
            _ => ApiError(problem),
        }),
    }
}

pub async fn aliases(State(api): State<ApiState>, asked: QueryParams) -> ApiResult {
    let prefix = asked.text("prefix")?.unwrap_or_default();
    let most = asked.window(TAKE)?.take;
    let found = api.service.aliases(prefix, most).await?;
    Ok(json(&object!({ "items": found })))
}

pub async fn exists(
    State(api): State<ApiState>,
    PathParams(alias): PathParams<String>,
    asked: QueryParams,
) -> ApiResult {
    let except = asked.id("excludeId")?;
    let owner = api.service.alias_owner(&alias, except).await?;
    Ok(json(&owner.is_some()))
}
