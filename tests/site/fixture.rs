//! State of the test server: connections with raw settings, and their versions.

use serde_json::{Map, Value, json};
use uuid::Uuid;

/// Mode of the test server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Plaintext secrets, built-in providers.
    Stock,
    /// `********` instead of secrets, as documented by the product.
    Masking,
    /// Plaintext secrets, and a provider that umai does not know.
    Extra,
}

pub const MODES: [Mode; 3] = [Mode::Stock, Mode::Masking, Mode::Extra];

/// Part of every secret of the test server.
pub const PLANTED: &str = "planted";
/// Number of an undeclared setting that must not be shown; longer than any group of a UUID, so that none contains it.
pub const PIN: &str = "4711471147114";

/// Mask of the masking mode.
pub const MASK: &str = "********";

/// The keys that hold secrets, lower case.
const SECRETS: [&str; 4] = ["apikey", "accesstoken", "legacytoken", "pin"];

/// Returns whether a key holds a secret.
pub fn is_secret(key: &str) -> bool {
    SECRETS.contains(&key.to_lowercase().as_str())
}

#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    pub id: Uuid,
    pub alias: String,
    pub name: String,
    pub provider_id: String,
    pub is_active: bool,
    /// Raw settings, byte for byte.
    pub settings: Option<String>,
    pub version: u64,
}

impl Stored {
    pub fn new(alias: &str, name: &str, provider_id: &str, settings: Option<&str>) -> Self {
        Self {
            id: Uuid::now_v7(),
            alias: alias.into(),
            name: name.into(),
            provider_id: provider_id.into(),
            is_active: true,
            settings: settings.map(str::to_owned),
            version: 1,
        }
    }

    /// Returns the settings for a response.
    fn shown(&self, mode: Mode) -> String {
        let Some(settings) = &self.settings else {
            return "null".into();
        };
        if mode != Mode::Masking {
            return settings.clone();
        }
        let mut shown: Map<String, Value> = serde_json::from_str(settings).unwrap();
        for (key, value) in &mut shown {
            let is_text = value.as_str().is_some_and(|text| !text.starts_with('$'));
            if is_text && is_secret(key) {
                *value = json!(MASK);
            }
        }
        Value::Object(shown).to_string()
    }

    /// Returns the item for lists.
    pub fn item(&self) -> Value {
        json!({
            "alias": self.alias,
            "dateCreated": "2026-04-01T10:00:00.000Z",
            "dateModified": "2026-04-02T11:00:00.000Z",
            "id": self.id,
            "isActive": self.is_active,
            "name": self.name,
            "providerId": self.provider_id,
            "version": self.version,
        })
    }

    /// Returns the connection with its settings.
    pub fn body(&self, mode: Mode) -> String {
        let item = self.item().to_string();
        let (before, after) = item.split_once(",\"version\"").unwrap();
        format!(
            "{before},\"settings\":{},\"version\"{after}",
            self.shown(mode)
        )
    }
}

/// Connections at the start of each test.
pub fn connections(mode: Mode) -> Vec<Stored> {
    let mut connections = vec![
        Stored::new(
            "openai-prod",
            "OpenAI Production",
            "openai",
            Some(
                r#"{"apiKey":"sk-planted-one-0123456789abcdef","organization":"org-1","endpoint":"https://api.openai.com/v1"}"#,
            ),
        ),
        Stored::new(
            "pascal",
            "Pascal Case",
            "openai",
            Some(
                r#"{"ApiKey":"planted-two-0123456789","Organization":null,"big":12345678901234567890123,"ratio":1.50,"list":[1,{"b":"x"}],"later":{"a":null},"legacyToken":"planted-three"}"#,
            ),
        ),
        Stored::new(
            "referring",
            "Referring",
            "anthropic",
            Some(r#"{"apiKey":"$Umbraco:AI:Secrets:Anthropic"}"#),
        ),
        Stored::new("bare", "Bare", "openai", None),
        Stored {
            is_active: false,
            ..Stored::new(
                "resting",
                "Resting",
                "mistral",
                Some(r#"{"apiKey":"planted-four-0123456789"}"#),
            )
        },
    ];
    if mode == Mode::Extra {
        connections.push(Stored::new(
            "acme",
            "Acme",
            "acme",
            Some(
                r#"{"accessToken":"planted-five-0123456789","serviceUrl":"https://acme.example","retries":3,"pin":4711471147114,"tags":["a","b"],"stream":null}"#,
            ),
        ));
        connections.push(Stored::new(
            "gone",
            "Gone Provider",
            "no-longer-installed",
            Some(r#"{"secretThing":"planted-six","region":"eu"}"#),
        ));
    }
    connections
}

fn field(key: &str, editor: &str, default: &Value, is_required: bool) -> Value {
    json!({
        "defaultValue": default,
        "description": format!("#uaiFields_{key}Description"),
        "editorConfig": null,
        "editorUiAlias": format!("Umb.PropertyEditorUi.{editor}"),
        "group": null,
        "isRequired": is_required,
        "key": key,
        "label": format!("#uaiFields_{key}Label"),
        "sortOrder": 0,
    })
}

/// The providers, with their settings.
pub fn providers(mode: Mode) -> Vec<Value> {
    let provider = |id: &str, name: &str, fields: Vec<Value>| {
        json!({
            "capabilities": ["Chat", "Embedding"],
            "id": id,
            "name": name,
            "settingsSchema": {"fields": fields, "type": "Settings"},
        })
    };
    let key = || field("apiKey", "TextBox", &Value::Null, true);
    let mut providers = vec![
        provider("anthropic", "Anthropic", vec![key()]),
        provider("mistral", "Mistral", vec![key()]),
        provider(
            "openai",
            "OpenAI",
            vec![
                key(),
                field("organization", "TextBox", &Value::Null, false),
                field(
                    "endpoint",
                    "TextBox",
                    &json!("https://api.openai.com/v1"),
                    false,
                ),
            ],
        ),
    ];
    if mode == Mode::Extra {
        providers.insert(
            0,
            provider(
                "acme",
                "Acme",
                vec![
                    field("accessToken", "TextBox", &Value::Null, true),
                    field("serviceUrl", "TextBox", &Value::Null, false),
                    field("retries", "Integer", &json!(3), false),
                    field("pin", "Integer", &Value::Null, false),
                    field("stream", "Toggle", &Value::Null, false),
                ],
            ),
        );
    }
    providers
}
