//! cURL command that creates a connection, without its secrets.

use serde_json::{Map, Value, json};

use crate::connection::{Connection, MaskedSecret, SettingValue};
use crate::text::shell_quoted;

/// Documented default URL of the management API.
pub const DOCUMENTED: &str = "https://localhost:44331/umbraco/ai/management/api/v1";

/// Returns the command that creates this connection at an API, with placeholders for secrets.
pub fn create(connection: &Connection, api: &str) -> String {
    let item = &connection.item;
    let settings = connection.settings.as_ref().map(|settings| {
        let values = settings.iter();
        let values = values.map(|(key, value)| (key.to_owned(), json_value(key, value)));
        Value::Object(values.collect::<Map<_, _>>())
    });
    let body = json!({
        "alias": item.alias,
        "name": item.name,
        "providerId": item.provider_id,
        "isActive": item.is_active,
        "settings": settings,
    });
    format!(
        "curl -X POST {} \\\n  -H \"Authorization: Bearer $UMAI_TOKEN\" \\\n  -H 'Content-Type: application/json' \\\n  -d {}",
        shell_quoted(&format!("{api}/connections")),
        shell_quoted(&format!("{body:#}")),
    )
}

fn json_value(key: &str, value: &SettingValue<MaskedSecret>) -> Value {
    match value {
        SettingValue::Null => Value::Null,
        SettingValue::Switch(on) => json!(on),
        SettingValue::Number(number) => Value::Number(number.clone()),
        SettingValue::Text(text) => json!(text),
        SettingValue::Secret(MaskedSecret::OpenAiStyle) => {
            json!(format!("sk-your-{}", kebab_case(key)))
        }
        SettingValue::Secret(MaskedSecret::Undecryptable | MaskedSecret::Any) => {
            json!(format!("your-{}", kebab_case(key)))
        }
    }
}

/// Converts `apiKey` to `api-key`.
fn kebab_case(key: &str) -> String {
    let mut words = String::new();
    for character in key.chars() {
        if character.is_uppercase() && !words.is_empty() {
            words.push('-');
        }
        words.extend(character.to_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_is_the_documented_request_without_secrets() {
        let json = r#"{"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"openai-prod","name":"Zoë's","providerId":"openai","isActive":true,"dateCreated":"2024-01-15T10:30:00Z","dateModified":"2024-01-15T10:30:00Z","version":1,"settings":{"apiKey":"sk-***","secretAccessKey":"***","endpoint":"$OpenAI:Endpoint","organization":null}}"#;
        let connection: Connection = serde_json::from_str(json).unwrap();
        let wanted = r#"curl -X POST 'https://localhost:44331/umbraco/ai/management/api/v1/connections' \
  -H "Authorization: Bearer $UMAI_TOKEN" \
  -H 'Content-Type: application/json' \
  -d '{
  "alias": "openai-prod",
  "name": "Zoë'\''s",
  "providerId": "openai",
  "isActive": true,
  "settings": {
    "apiKey": "sk-your-api-key",
    "secretAccessKey": "your-secret-access-key",
    "endpoint": "$OpenAI:Endpoint",
    "organization": null
  }
}'"#;
        assert_eq!(create(&connection, DOCUMENTED), wanted);
    }
}
