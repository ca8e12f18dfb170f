//! What an address, a query and headers can say.

use serde_json::{Map, Value, json};

use crate::api::server::asked::{MOST_SKIP, MOST_TAKE};

/// Every parameter by the name that operations give it; those in an address have `InPath` behind theirs.
pub fn all() -> Map<String, Value> {
    let text = || json!({ "type": "string" });
    let number = |most: usize| json!({ "type": "integer", "minimum": 0, "maximum": most });
    let revision = || json!({ "type": "integer", "minimum": 0 });
    let capability = || json!({ "$ref": "#/components/schemas/Capability" });
    let query = [
        (
            "filter",
            "filter",
            "Only names that contain this, in any case",
            text(),
        ),
        (
            "isActive",
            "isActive",
            "Only active or only inactive ones",
            json!({ "type": "boolean" }),
        ),
        (
            "capability",
            "capability",
            "Only what can do this",
            capability(),
        ),
        (
            "skip",
            "skip",
            "How many to leave out at the start",
            number(MOST_SKIP),
        ),
        (
            "take",
            "take",
            "How many to have at most",
            number(MOST_TAKE),
        ),
        (
            "excludeId",
            "excludeId",
            "A connection to leave out of account",
            json!({ "type": "string", "format": "uuid" }),
        ),
        (
            "expandSettings",
            "expand",
            "Each provider with its settings",
            json!({ "const": "settings" }),
        ),
        (
            "expandSnapshot",
            "expand",
            "Each version with its snapshot",
            json!({ "const": "snapshot" }),
        ),
        (
            "since",
            "since",
            "The revision after which to begin",
            revision(),
        ),
    ];
    let headers = [
        (
            "If-Match",
            "The version that the change was made over: its ETag",
        ),
        (
            "If-None-Match",
            "The version that is known already: its ETag",
        ),
        ("Last-Event-ID", "The revision that a reader saw last"),
    ];
    let path = [
        (
            "idOrAlias",
            "A connection's id, or its alias in any case",
            text(),
        ),
        (
            "id",
            "An id; for a connection that is in use also its alias",
            text(),
        ),
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
        (
            "version",
            "The number of a version",
            json!({ "type": "integer", "minimum": 1 }),
        ),
        (
            "to",
            "The number of the version to compare it to",
            json!({ "type": "integer", "minimum": 1 }),
        ),
        (
            "key",
            "A configuration key without its $",
            json!({ "type": "string", "pattern": "^[A-Za-z0-9_.-]+(:[A-Za-z0-9_.-]+)*$" }),
        ),
    ];
    let mut all = Map::new();
    for (known_as, name, description, schema) in query {
        all.insert(
            known_as.to_owned(),
            parameter("query", name, description, schema),
        );
    }
    let ids = json!({ "type": "array", "items": { "type": "string" } });
    let providers = parameter(
        "query",
        "providerId",
        "Only connections of these providers; may be given often",
        ids,
    );
    all.insert("providerId".to_owned(), providers);
    for (name, description) in headers {
        all.insert(
            name.to_owned(),
            parameter("header", name, description, text()),
        );
    }
    for (name, description, schema) in path {
        all.insert(
            format!("{name}InPath"),
            parameter("path", name, description, schema),
        );
    }
    all
}

fn parameter(place: &str, name: &str, description: &str, schema: Value) -> Value {
    json!({
        "name": name,
        "in": place,
        "required": place == "path",
        "description": description,
        "schema": schema,
    })
}

/// The names of the parameters in an address.
pub fn in_path(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}
