//! Reads a provider back from what a management API says of it.
//!
//! Why through the shape of a catalogue's file: that shape has one reader and one check, and a server is trusted no further
//! than a file is.

use serde_json::{Map, Value, json};

use super::super::{Provider, check};

impl Provider {
    /// The provider that [`Provider::described`] told of; a server of another making tells less, then fields are plain text.
    pub fn read(described: &Value) -> Result<Self, String> {
        let provider: Self = serde_json::from_value(as_file(described))
            .map_err(|error| format!("The provider cannot be read: {error}"))?;
        match check::flaw(&provider) {
            None => Ok(provider),
            Some(sentence) => Err(format!("The provider cannot be read: {sentence}")),
        }
    }
}

/// The members that a catalogue's file has; those that are not told are left to their defaults.
fn as_file(described: &Value) -> Value {
    let schema = described["settingsSchema"]["fields"].as_array();
    let settings = described["settings"].as_array().into_iter().flatten();
    let settings: Vec<_> = settings
        .map(|fact| {
            let mut fields = schema.into_iter().flatten();
            let in_schema = fields.find(|field| field["key"] == fact["alias"]);
            field(fact, in_schema)
        })
        .collect();
    json!({
        "id": described["id"],
        "name": described["name"],
        "capabilities": described["capabilities"],
        "settings": settings,
        "rules": described.get("rules").unwrap_or(&json!([])),
    })
}

fn field(fact: &Value, in_schema: Option<&Value>) -> Value {
    let kind = match fact["type"].as_str() {
        Some("boolean") => json!("switch"),
        Some(_) | None => json!("text"),
    };
    let members = [
        ("key", fact.get("alias")),
        ("label", fact.get("name")),
        ("description", fact.get("description")),
        ("kind", fact.get("kind").or(Some(&kind))),
        ("required", fact.get("isRequired")),
        ("sensitive", fact.get("isSensitive")),
        ("default", fact.get("defaultValue")),
        ("group", in_schema.and_then(|field| field.get("group"))),
        ("acceptedAs", fact.get("acceptedAs")),
        ("options", fact.get("options")),
    ];
    let told = members.into_iter().filter_map(|(name, value)| {
        let value = value.filter(|value| !value.is_null())?;
        Some((name.to_owned(), value.clone()))
    });
    told.collect::<Map<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use super::super::super::{FieldKind, ProviderCatalog};
    use super::*;

    #[test]
    fn what_is_described_is_read_back_without_loss() -> Result<(), String> {
        for known in ProviderCatalog::embedded().all() {
            let described = serde_json::to_value(known.described()).map_err(|e| e.to_string())?;
            let read = Provider::read(&described)?;
            assert_eq!(read.settings, known.settings);
            assert_eq!(read.rules, known.rules);
            assert_eq!((&read.id, &read.name), (&known.id, &known.name));
            assert_eq!(read.capabilities, known.capabilities);
        }
        Ok(())
    }

    #[test]
    fn a_server_of_another_making_tells_less_and_is_understood() -> Result<(), String> {
        let described = json!({
            "id": "other", "name": "Other", "capabilities": ["Chat"],
            "settings": [
                { "alias": "apiKey", "name": "API Key", "description": null, "type": "string", "isRequired": true, "isSensitive": true, "defaultValue": null, "options": [] },
                { "alias": "on", "name": "On", "type": "boolean", "isRequired": false, "isSensitive": false, "defaultValue": true },
            ],
        });
        let read = Provider::read(&described)?;
        assert_eq!(read.settings[0].kind, FieldKind::Text);
        assert!(read.settings[0].sensitive && read.settings[0].required);
        assert_eq!(read.settings[1].kind, FieldKind::Switch);
        Ok(())
    }

    #[test]
    fn what_no_form_could_show_is_refused() {
        for described in [
            json!(null),
            json!([]),
            json!({ "id": "a", "name": "A\u{202e}", "capabilities": ["Chat"] }),
            json!({ "id": "A b", "name": "A", "capabilities": ["Chat"] }),
            json!({ "id": "a", "name": "A", "capabilities": ["Telepathy"] }),
            json!({ "id": "a", "name": "A", "capabilities": ["Chat"], "settings": [{ "alias": "x", "name": "a\nb" }] }),
        ] {
            assert!(Provider::read(&described).is_err(), "{described}");
        }
    }
}
