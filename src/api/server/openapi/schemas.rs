//! JSON Schemas of request and response bodies.

mod providers;
mod versions;

use serde_json::{Map, Value, json};

use crate::connection::TestStage;
use crate::connection::alias::MAX_LENGTH;
use crate::connection::test_report::SettingsFlaw;
use crate::connection::validate::MAX_NAME;
use crate::provider::Capability;

/// Every schema by name.
pub fn all() -> Map<String, Value> {
    let mut all = Map::new();
    for (name, schema) in connections()
        .into_iter()
        .chain(requests())
        .chain(tests())
        .chain(meta())
        .chain(providers::all())
        .chain(versions::all())
    {
        all.insert(name.to_owned(), schema);
    }
    all
}

/// Returns a reference to a schema.
fn schema_ref(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// Returns the schema of an object with these members.
fn object(required: &[(&str, Value)], optional: &[(&str, Value)]) -> Value {
    let names: Vec<_> = required.iter().map(|(name, _)| *name).collect();
    let members = required.iter().chain(optional);
    let members = members.map(|(name, schema)| ((*name).to_owned(), schema.clone()));
    json!({
        "type": "object",
        "required": names,
        "properties": members.collect::<Map<_, _>>(),
    })
}

fn list(of: Value) -> Value {
    let mut list = json!({ "type": "array" });
    list["items"] = of;
    list
}

fn page(name: &str) -> Value {
    object(
        &[("items", list(schema_ref(name))), ("total", unsigned())],
        &[],
    )
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn text_or_null() -> Value {
    json!({ "type": ["string", "null"] })
}

fn unsigned() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn boolean() -> Value {
    json!({ "type": "boolean" })
}

fn id() -> Value {
    json!({ "type": "string", "format": "uuid" })
}

fn date() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

/// Members of a connection without its settings.
fn item() -> Vec<(&'static str, Value)> {
    vec![
        ("id", id()),
        ("alias", alias()),
        ("name", text()),
        ("providerId", text()),
        ("isActive", boolean()),
        ("dateCreated", date()),
        ("dateModified", date()),
        ("version", json!({ "type": "integer", "minimum": 1 })),
    ]
}

fn alias() -> Value {
    json!({ "type": "string", "pattern": "^[a-z0-9-]+$", "maxLength": MAX_LENGTH })
}

fn connections() -> Vec<(&'static str, Value)> {
    let setting = json!({ "type": ["string", "boolean", "number", "null"] });
    let settings = json!({
        "type": ["object", "null"],
        "description": "Settings by the provider's keys. Secrets are masked as sk-*** or ***; references such as $OpenAI:ApiKey are shown unchanged",
        "additionalProperties": setting,
    });
    let deleted = [("dateDeleted", date())];
    let endpoint = json!({
        "type": "string",
        "description": "Endpoint from the settings: a URL, a region, or both; only in lists and in the change feed",
    });
    let in_lists = [("dateDeleted", date()), ("endpoint", endpoint)];
    let mut whole = item();
    whole.push(("settings", schema_ref("Settings")));
    vec![
        ("Settings", settings),
        ("ConnectionItem", object(&item(), &in_lists)),
        ("ConnectionPage", page("ConnectionItem")),
        ("Connection", object(&whole, &deleted)),
        ("Exists", boolean()),
    ]
}

fn requests() -> Vec<(&'static str, Value)> {
    let name = json!({ "type": "string", "minLength": 1, "maxLength": MAX_NAME });
    let description = || json!({ "type": ["string", "null"], "maxLength": 255 });
    let flexible = [
        ("isActive", json!({ "type": "boolean", "default": true })),
        ("settings", schema_ref("Settings")),
        ("changeDescription", description()),
    ];
    let new = object(
        &[
            ("alias", alias()),
            ("name", name.clone()),
            ("providerId", json!({ "type": "string", "minLength": 1 })),
        ],
        &flexible,
    );
    let copy = object(
        &[("alias", alias()), ("name", name.clone())],
        &[
            ("isActive", boolean()),
            ("settings", schema_ref("Settings")),
            ("changeDescription", description()),
        ],
    );
    let change = object(
        &[],
        &[
            ("alias", alias()),
            ("name", name),
            ("providerId", text()),
            ("isActive", boolean()),
            ("settings", schema_ref("Settings")),
            ("changeDescription", description()),
        ],
    );
    vec![
        ("NewConnection", new),
        ("ConnectionChange", change),
        ("ConnectionCopy", copy),
        (
            "RollbackRequest",
            object(&[], &[("changeDescription", description())]),
        ),
        (
            "RestoreRequest",
            object(&[], &[("alias", json!({ "type": ["string", "null"] }))]),
        ),
    ]
}

fn tests() -> Vec<(&'static str, Value)> {
    let stages: Vec<_> = TestStage::ALL.iter().map(|stage| json!(stage)).collect();
    let step = object(
        &[("stage", json!({ "enum": stages })), ("passed", boolean())],
        &[("detail", text())],
    );
    let report = object(
        &[
            ("success", boolean()),
            ("errorMessage", text_or_null()),
            ("steps", list(schema_ref("TestStep"))),
        ],
        &[
            ("advice", text()),
            ("said", text()),
            ("address", text()),
            ("status", unsigned()),
            ("latencyMs", unsigned()),
            ("isBlocked", boolean()),
            ("models", unsigned()),
            ("settingsFlaw", json!({ "enum": SettingsFlaw::ALL })),
        ],
    );
    let model = object(
        &[
            ("id", text()),
            ("name", text()),
            ("capabilities", list(schema_ref("Capability"))),
        ],
        &[],
    );
    vec![
        ("TestStep", step),
        ("TestReport", report),
        ("Model", model),
        (
            "Models",
            object(&[("items", list(schema_ref("Model")))], &[]),
        ),
        ("Capability", json!({ "enum": Capability::ALL })),
        ("CapabilityList", list(schema_ref("Capability"))),
        (
            "Capabilities",
            object(&[("items", list(schema_ref("Capability")))], &[]),
        ),
    ]
}

fn meta() -> Vec<(&'static str, Value)> {
    let problem = object(
        &[
            ("type", json!({ "type": "string", "format": "uri" })),
            ("title", text()),
            (
                "status",
                json!({ "type": "integer", "minimum": 400, "maximum": 599 }),
            ),
            ("detail", text()),
        ],
        &[
            ("code", text()),
            (
                "errors",
                json!({ "type": "object", "additionalProperties": list(text()) }),
            ),
            (
                "cause",
                json!({ "description": "The error in machine-readable form, for umai clients" }),
            ),
            ("parameter", text()),
        ],
    );
    let found = object(&[("source", text())], &[]);
    let missing = object(&[("lookedIn", list(text()))], &[]);
    let refused = object(&[("allowed", list(text()))], &[]);
    let lookup = json!({ "anyOf": [
        object(&[("found", found)], &[]),
        object(&[("missing", missing)], &[]),
        object(&[("refused", refused)], &[]),
    ] });
    vec![
        ("Problem", problem),
        ("Lookup", lookup),
        ("Aliases", object(&[("items", list(text()))], &[])),
        (
            "ConfigurationKey",
            object(&[("key", text()), ("source", text())], &[]),
        ),
        ("ConfigurationKeys", page("ConfigurationKey")),
        ("Notices", object(&[("items", list(text()))], &[])),
        ("Revision", object(&[("revision", unsigned())], &[])),
        (
            "Health",
            object(&[("status", json!({ "const": "ok" }))], &[]),
        ),
        (
            "Document",
            json!({ "type": "object", "additionalProperties": true }),
        ),
    ]
}
