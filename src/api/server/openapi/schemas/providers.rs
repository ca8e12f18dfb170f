//! Schemas of providers.

use serde_json::{Value, json};

use super::{boolean, list, object, schema_ref, text, text_or_null};

/// Provider schemas by name.
#[expect(
    clippy::too_many_lines,
    reason = "the schemas of the documented API in one table"
)]
pub fn all() -> Vec<(&'static str, Value)> {
    let default = || json!({ "type": ["string", "boolean", "null"] });
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
    let beyond = [
        ("rules", rules),
        ("alternatives", list(choice)),
        ("calls", list(call)),
        ("hosts", list(text())),
    ];
    let in_schema = object(
        &[
            ("key", text()),
            ("label", text()),
            ("description", text()),
            ("editorUiAlias", text()),
            ("defaultValue", default()),
            ("sortOrder", json!({ "type": "integer" })),
            ("isRequired", boolean()),
            ("isSensitive", boolean()),
            ("group", text_or_null()),
        ],
        &[],
    );
    let field = object(
        &[
            ("alias", text()),
            ("name", text()),
            ("description", text()),
            ("type", json!({ "enum": ["string", "boolean", "number"] })),
            ("isRequired", boolean()),
            ("isSensitive", boolean()),
            ("defaultValue", default()),
            ("options", list(text())),
        ],
        &[
            ("kind", json!({ "enum": ["url", "headers"] })),
            ("acceptedAs", list(text())),
            (
                "requiredWhen",
                object(&[("key", text()), ("startsWith", list(text()))], &[]),
            ),
            ("suggestions", list(text())),
            ("variables", list(text())),
            ("prefixes", list(text())),
        ],
    );
    let either = json!({ "anyOf": [schema_ref("ProviderItem"), schema_ref("Provider")] });
    vec![
        ("ProviderItem", object(&listed(), &[])),
        ("Provider", object(&described, &beyond)),
        ("Providers", list(either)),
        ("SettingsSchemaField", in_schema),
        ("SettingsField", field),
    ]
}
