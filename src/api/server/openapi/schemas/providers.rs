//! Schemas of providers.

use serde_json::{Value, json};

use super::{boolean, list, object, schema_ref, text, text_or_null};

/// Provider schemas by name.
pub fn all() -> Vec<(&'static str, Value)> {
    let listed = || {
        vec![
            ("id", text()),
            ("name", text()),
            ("capabilities", list(schema_ref("Capability"))),
        ]
    };
    let mut described = listed();
    let schema = object(&[("fields", list(schema_ref("SettingsSchemaField")))], &[]);
    described.push(("settingsSchema", schema));
    described.push(("settings", list(schema_ref("SettingsField"))));
    let either = json!({ "anyOf": [schema_ref("ProviderItem"), schema_ref("Provider")] });
    vec![
        ("ProviderItem", object(&listed(), &[])),
        ("Provider", object(&described, &extensions())),
        ("Providers", list(either)),
        ("SettingsSchemaField", schema_field()),
        ("SettingsField", settings_field()),
    ]
}

/// Optional members of a provider.
fn extensions() -> [(&'static str, Value); 4] {
    let rules = list(object(&[("anyOf", list(text()))], &[]));
    let way = object(
        &[
            ("label", text()),
            ("settings", list(text())),
            ("anyOf", list(text())),
        ],
        &[
            ("allOf", list(text())),
            ("hint", text()),
            ("preferred", boolean()),
        ],
    );
    let choice = object(
        &[("label", text()), ("ways", list(way))],
        &[("description", text()), ("group", text())],
    );
    let call = object(
        &[("address", list(text()))],
        &[("when", text()), ("models", list(text()))],
    );
    [
        ("rules", rules),
        ("alternatives", list(choice)),
        ("calls", list(call)),
        ("hosts", list(text())),
    ]
}

fn default_value() -> Value {
    json!({ "type": ["string", "boolean", "null"] })
}

fn schema_field() -> Value {
    object(
        &[
            ("key", text()),
            ("label", text()),
            ("description", text()),
            ("editorUiAlias", text()),
            ("defaultValue", default_value()),
            ("sortOrder", json!({ "type": "integer" })),
            ("isRequired", boolean()),
            ("isSensitive", boolean()),
            ("group", text_or_null()),
        ],
        &[],
    )
}

fn settings_field() -> Value {
    let required_when = object(&[("key", text()), ("startsWith", list(text()))], &[]);
    object(
        &[
            ("alias", text()),
            ("name", text()),
            ("description", text()),
            ("type", json!({ "enum": ["string", "boolean", "number"] })),
            ("isRequired", boolean()),
            ("isSensitive", boolean()),
            ("defaultValue", default_value()),
            ("options", list(text())),
        ],
        &[
            ("kind", json!({ "enum": ["url", "headers"] })),
            ("acceptedAs", list(text())),
            ("requiredWhen", required_when),
            ("suggestions", list(text())),
            ("variables", list(text())),
            ("prefixes", list(text())),
        ],
    )
}
