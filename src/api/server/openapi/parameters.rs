//! What an address, a query and headers can say.

use serde_json::{Map, Value, json};

use crate::api::server::asked::MOST_SKIP;

/// What can be said behind an address: what operations call it, its name, what it says.
fn in_query() -> [(&'static str, &'static str, &'static str, Value); 11] {
    let number = |most: usize| json!({ "type": "integer", "minimum": 0, "maximum": most });
    let texts = json!({ "type": "array", "items": text() });
    let id = json!({ "type": "string", "format": "uuid" });
    let switch = json!({ "type": "boolean" });
    let expand = |part: &str| json!({ "const": part });
    let same = |name: &'static str, says, schema| (name, name, says, schema);
    [
        same(
            "filter",
            "Only names that contain this, in any case",
            text(),
        ),
        same(
            "providerId",
            "Only connections of these providers; may be given often",
            texts,
        ),
        same(
            "prefix",
            "Only aliases that begin with this, in any case",
            text(),
        ),
        same("isActive", "Only active or only inactive ones", switch),
        same("capability", "Only what can do this", capability()),
        same(
            "skip",
            "How many to leave out at the start",
            number(MOST_SKIP),
        ),
        same(
            "take",
            "Maximum number of items; more than 10000 are clamped to 10000",
            natural(0),
        ),
        same("excludeId", "A connection to leave out of account", id),
        (
            "expandSettings",
            "expand",
            "Each provider with its settings",
            expand("settings"),
        ),
        (
            "expandSnapshot",
            "expand",
            "Each version with its snapshot",
            expand("snapshot"),
        ),
        same("since", "The revision after which to begin", natural(0)),
    ]
}

fn in_headers() -> [(&'static str, &'static str); 3] {
    [
        (
            "If-Match",
            "The version that the change was made over: its ETag",
        ),
        (
            "If-None-Match",
            "The version that is known already: its ETag",
        ),
        ("Last-Event-ID", "The revision that a reader saw last"),
    ]
}

fn in_addresses() -> [(&'static str, &'static str, Value); 7] {
    let key = json!({ "type": "string", "pattern": "^[A-Za-z0-9_.-]+(:[A-Za-z0-9_.-]+)*$" });
    [
        (
            "idOrAlias",
            "A connection's id, or its alias in any case",
            text(),
        ),
        ("id", "An id; of a connection in use also its alias", text()),
        (
            "capability",
            "What the connections should be able to do",
            capability(),
        ),
        (
            "entityType",
            "What has versions",
            json!({ "const": "connection" }),
        ),
        ("version", "The number of a version", natural(1)),
        (
            "to",
            "The number of the version to compare it to",
            natural(1),
        ),
        ("key", "A configuration key without its $", key),
    ]
}

/// Every parameter by what operations call it; those in an address have `InPath` behind their name.
pub fn all() -> Map<String, Value> {
    let query = in_query().map(|(known_as, name, says, schema)| {
        (known_as.to_owned(), parameter("query", name, says, schema))
    });
    let headers =
        in_headers().map(|(name, says)| (name.to_owned(), parameter("header", name, says, text())));
    let addresses = in_addresses().map(|(name, says, schema)| {
        (
            format!("{name}InPath"),
            parameter("path", name, says, schema),
        )
    });
    query.into_iter().chain(headers).chain(addresses).collect()
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn natural(least: u64) -> Value {
    json!({ "type": "integer", "minimum": least })
}

fn capability() -> Value {
    json!({ "$ref": "#/components/schemas/Capability" })
}

fn parameter(place: &str, name: &str, says: &str, schema: Value) -> Value {
    let mut parameter = json!({
        "name": name,
        "in": place,
        "required": place == "path",
        "description": says,
    });
    parameter["schema"] = schema;
    parameter
}

/// The names of the parameters in an address.
pub fn in_path(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}
