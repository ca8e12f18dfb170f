//! Path, query and header parameters.

use serde_json::{Map, Value, json};

use crate::api::server::query_params::MAX_SKIP;

/// Query parameters: key in `components`, name, description and schema.
#[expect(clippy::too_many_lines, reason = "one entry for each parameter")]
fn in_query() -> [(&'static str, &'static str, &'static str, Value); 13] {
    let number = |most: usize| json!({ "type": "integer", "minimum": 0, "maximum": most });
    let texts = json!({ "type": "array", "items": text() });
    let id = json!({ "anyOf": [{ "type": "string", "format": "uuid" }, { "const": "" }] });
    let capability = json!({ "anyOf": [capability(), { "const": "" }] });
    let switch = json!({ "type": "boolean" });
    let expand = |part: &str| json!({ "const": part });
    let same = |name: &'static str, description, schema| (name, name, description, schema);
    [
        same(
            "filter",
            "Name contains this text (case-insensitive)",
            text(),
        ),
        same(
            "providerId",
            "Provider ID; repeat it for several providers. An empty value is ignored",
            texts,
        ),
        same(
            "prefix",
            "Alias begins with this text (case-insensitive)",
            text(),
        ),
        same(
            "isActive",
            "Only active (true) or inactive (false) connections",
            switch,
        ),
        same(
            "capability",
            "Only connections or models with this capability. An empty value is ignored",
            capability,
        ),
        same("skip", "Number of items to skip", number(MAX_SKIP)),
        same(
            "take",
            "Maximum number of items; more than 10000 are clamped to 10000",
            natural(0),
        ),
        same(
            "afterName",
            "Name of the item to start after instead of skipping items; needs afterAlias, and no filter",
            text(),
        ),
        same(
            "afterAlias",
            "Alias of the item to start after; the item may no longer exist",
            text(),
        ),
        same(
            "excludeId",
            "ID of a connection to ignore. An empty value is ignored",
            id,
        ),
        (
            "expandSettings",
            "expand",
            "Include the settings of each provider",
            expand("settings"),
        ),
        (
            "expandSnapshot",
            "expand",
            "Include the snapshot of each version",
            expand("snapshot"),
        ),
        same("since", "Revision to start after", natural(0)),
    ]
}

fn in_headers() -> [(&'static str, &'static str); 3] {
    [
        (
            "If-Match",
            "ETag of the version that the change is based on",
        ),
        (
            "If-None-Match",
            "ETag of the version that the client already has",
        ),
        ("Last-Event-ID", "Last revision that the client received"),
    ]
}

fn in_paths() -> [(&'static str, &'static str, Value); 7] {
    let key = json!({ "type": "string", "pattern": "^[A-Za-z0-9_.-]+(:[A-Za-z0-9_.-]+)*$" });
    [
        (
            "idOrAlias",
            "ID of a connection, or its alias (case-insensitive)",
            text(),
        ),
        (
            "id",
            "ID; for connections that are not in the trash also the alias",
            text(),
        ),
        ("capability", "Capability of the connections", capability()),
        (
            "entityType",
            "Entity type",
            json!({ "const": "connection" }),
        ),
        ("version", "Version number", natural(1)),
        ("to", "Version number to compare with", natural(1)),
        ("key", "Configuration key without the leading $", key),
    ]
}

/// Parameters by their key in `components`. Keys of path parameters end in `InPath`.
pub fn all() -> Map<String, Value> {
    let query = in_query().map(|(known_as, name, description, schema)| {
        (
            known_as.to_owned(),
            parameter("query", name, description, schema),
        )
    });
    let headers = in_headers().map(|(name, description)| {
        (
            name.to_owned(),
            parameter("header", name, description, nonempty()),
        )
    });
    let addresses = in_paths().map(|(name, description, schema)| {
        (
            format!("{name}InPath"),
            parameter("path", name, description, schema),
        )
    });
    query.into_iter().chain(headers).chain(addresses).collect()
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn nonempty() -> Value {
    json!({ "type": "string", "minLength": 1 })
}

fn natural(least: u64) -> Value {
    json!({ "type": "integer", "minimum": least })
}

fn capability() -> Value {
    json!({ "$ref": "#/components/schemas/Capability" })
}

fn parameter(place: &str, name: &str, description: &str, schema: Value) -> Value {
    let mut parameter = json!({
        "name": name,
        "in": place,
        "required": place == "path",
        "description": description,
    });
    parameter["schema"] = schema;
    parameter
}

/// Returns the parameter names of a path template.
pub fn in_path(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}
