//! `/versions`: history, comparison and rollback.

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json as object;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::ApiState;
use super::body::OptionalJsonBody;
use super::connections::id_or_alias;
use super::path_params::PathParams;
use super::query_params::{self, QueryParams, excerpt};
use super::response::{ApiError, ApiResult, json};
use super::route::ResponseKind::Json;
use super::route::{self, Route};
use crate::connection::diff::ENTITY_TYPE;
use crate::connection::strict_json::{StrictJson, read_object, with_known_names};
use crate::connection::{Command, Connection, ConnectionError, IdOrAlias, Page, Version};
use crate::text;

/// Default page size.
const TAKE: usize = 20;

/// Maximum length of a note, in characters.
const MAX_NOTE_LENGTH: usize = 255;

/// A version in a response.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VersionRecord<'a> {
    id: Uuid,
    entity_id: Uuid,
    entity_type: &'static str,
    version: u64,
    date_created: DateTime<Utc>,
    created_by_user_id: Option<Uuid>,
    #[serde(rename = "changeDescription")]
    note: Option<&'a str>,
    changed_paths: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<&'a Connection>,
}

/// Optional part of a version record.
#[derive(Clone, Copy)]
enum VersionPart {
    Snapshot,
    Nothing,
}

impl<'a> VersionRecord<'a> {
    fn from_version(version: &'a Version, with: VersionPart) -> Self {
        let item = &version.snapshot.item;
        Self {
            id: version_id(item.id, item.version),
            entity_id: item.id,
            entity_type: ENTITY_TYPE,
            version: item.version,
            date_created: item.date_modified,
            created_by_user_id: version.change.user_id,
            note: version.change.note.as_deref(),
            changed_paths: &version.change.paths,
            snapshot: match with {
                VersionPart::Snapshot => Some(&version.snapshot),
                VersionPart::Nothing => None,
            },
        }
    }
}

/// Derives the ID of a version: the first 16 bytes of the SHA-256 of the connection's ID and the version number, as a UUID of
/// version 8.
///
/// The ID is not stored, and every process derives the same one.
fn version_id(connection: Uuid, number: u64) -> Uuid {
    let mut digest = Sha256::new();
    digest.update(connection.as_bytes());
    digest.update(number.to_be_bytes());
    let mut bytes = [0; 16];
    for (byte, digested) in bytes.iter_mut().zip(digest.finalize()) {
        *byte = digested;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        route::get(
            "/versions/supported-types",
            "listVersionedTypes",
            "List the entity types that have versions",
            Json("VersionedTypes"),
        )
        .handled_by(types),
        route::get(
            "/versions/{entityType}/{id}",
            "listVersions",
            "List the versions of a connection, newest first",
            Json("VersionPage"),
        )
        .with_parameters(&["skip", "take", "expandSnapshot"])
        .with_errors(&[404])
        .handled_by(list),
        route::get(
            "/versions/{entityType}/{id}/{version}",
            "getVersion",
            "Get a version with its snapshot",
            Json("Version"),
        )
        .with_errors(&[404])
        .handled_by(show),
        route::get(
            "/versions/{entityType}/{id}/{version}/compare/{to}",
            "compareVersions",
            "Compare two versions",
            Json("Comparison"),
        )
        .with_errors(&[404])
        .handled_by(compare),
        route::post(
            "/versions/{entityType}/{id}/{version}/rollback",
            "rollBack",
            "Roll back to a version; stored secrets are kept",
            Json("Rollback"),
        )
        .with_optional_body("RollbackRequest")
        .with_errors(&[404, 413, 415])
        .handled_by(roll_back),
    ]
}

pub async fn types() -> ApiResult {
    let connection = object!({
        "type": ENTITY_TYPE,
        "displayName": "Connection",
        "package": env!("CARGO_PKG_NAME"),
    });
    Ok(json(&object!({ "types": [connection] })))
}

pub async fn list(
    State(api): State<ApiState>,
    PathParams((entity_type, id)): PathParams<(String, String)>,
    asked: QueryParams,
) -> ApiResult {
    let key = parse_entity(&entity_type, &id)?;
    let with = if asked.expands("snapshot")? {
        VersionPart::Snapshot
    } else {
        VersionPart::Nothing
    };
    let page = api.service.versions(&key, asked.window(TAKE)?).await;
    let page = page.map_err(|error| versions_error(error, "Version not found"))?;
    let items = page
        .items
        .iter()
        .map(|version| VersionRecord::from_version(version, with));
    Ok(json(&Page {
        items: items.collect(),
        total: page.total,
    }))
}

pub async fn show(
    State(api): State<ApiState>,
    PathParams((entity_type, id, number)): PathParams<(String, String, String)>,
) -> ApiResult {
    let key = parse_entity(&entity_type, &id)?;
    let version = api
        .service
        .version(&key, parse_version("version", &number)?)
        .await;
    let version = version.map_err(|error| versions_error(error, "Version not found"))?;
    Ok(json(&VersionRecord::from_version(
        &version,
        VersionPart::Snapshot,
    )))
}

pub async fn compare(
    State(api): State<ApiState>,
    PathParams((entity_type, id, from, to)): PathParams<(String, String, String, String)>,
) -> ApiResult {
    let key = parse_entity(&entity_type, &id)?;
    let (from, to) = (parse_version("version", &from)?, parse_version("to", &to)?);
    let comparison = api.service.compare(&key, from, to).await;
    let comparison =
        comparison.map_err(|error| versions_error(error, "One or both versions not found"))?;
    Ok(json(&comparison))
}

pub async fn roll_back(
    State(api): State<ApiState>,
    PathParams((entity_type, id, number)): PathParams<(String, String, String)>,
    OptionalJsonBody(body): OptionalJsonBody,
) -> ApiResult {
    let key = parse_entity(&entity_type, &id)?;
    let version = parse_version("version", &number)?;
    let note = match body {
        None => None,
        Some(body) => description(&body)?,
    };
    let outcome = api
        .service
        .commit(Command::Rollback { key, version, note })
        .await;
    let outcome = outcome.map_err(|error| versions_error(error, "Version not found"))?;
    Ok(json(&outcome.rollback()?))
}

/// Returns the connection of a versions path; no other entity type has versions.
fn parse_entity(entity_type: &str, id: &str) -> Result<IdOrAlias, ApiError> {
    if entity_type.eq_ignore_ascii_case(ENTITY_TYPE) {
        return Ok(id_or_alias(id));
    }
    let sentence = format!(
        "Unknown entity type '{}'; supported: {ENTITY_TYPE}",
        excerpt(entity_type)
    );
    Err(ApiError::new(400, sentence, "unknownEntityType"))
}

fn parse_version(name: &str, text: &str) -> Result<u64, ApiError> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| is_digits);
    number.ok_or_else(|| {
        query_params::invalid_parameter(name, &format!("{name} must be a version number"))
    })
}

/// Converts an error to the documented texts of the versions routes.
fn versions_error(error: ConnectionError, version_not_found: &str) -> ApiError {
    match error {
        error @ ConnectionError::NotFound(_) => ApiError::with_detail(error, "Entity not found"),
        error @ ConnectionError::VersionNotFound(_) => {
            ApiError::with_detail(error, version_not_found)
        }
        error => error.into(),
    }
}

/// Parses `changeDescription`: one line; none when it is empty.
fn description(body: &[u8]) -> Result<Option<String>, ApiError> {
    let refused = |sentence: &str| {
        Err(query_params::invalid_parameter(
            "changeDescription",
            sentence,
        ))
    };
    let members = with_known_names(read_object(body)?, &["changeDescription"])?;
    let given = members
        .into_iter()
        .find(|(member, _)| member == "changeDescription")
        .map_or(StrictJson::Null, |(_, value)| value);
    let given = match given {
        StrictJson::Null => return Ok(None),
        StrictJson::Text(given) => given.trim().to_owned(),
        _ => {
            return refused("changeDescription must be text");
        }
    };
    if given.is_empty() {
        return Ok(None);
    }
    if given.chars().count() > MAX_NOTE_LENGTH {
        return refused(&format!(
            "changeDescription must not exceed {MAX_NOTE_LENGTH} characters"
        ));
    }
    if given.chars().any(text::is_unprintable) || !text::is_visible_text(&given) {
        return refused(
            "changeDescription must be one line of visible text, without control or direction characters",
        );
    }
    Ok(Some(given))
}
