//! Converts a provider in a server response to a [`Provider`].

use serde::Deserialize;

use super::{
    AlternativeGroup, Capability, DefaultValue, FieldKind, ProbeUrls, Provider, RequiredWhen,
    SettingsField, SettingsRule, ValueType, sensitivity, validate,
};

/// Provider in a server response. An umai server sends everything under `settings`; other servers send a part of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Received {
    /// ID in connections.
    pub id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    capabilities: Vec<String>,
    #[serde(default)]
    settings_schema: Option<ReceivedSchema>,
    #[serde(default)]
    settings: Option<Vec<ReceivedSetting>>,
    #[serde(default)]
    rules: Option<Vec<SettingsRule>>,
    #[serde(default)]
    alternatives: Vec<AlternativeGroup>,
    #[serde(default)]
    calls: Vec<ProbeUrls>,
    #[serde(default)]
    hosts: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct ReceivedSchema {
    #[serde(default)]
    fields: Vec<ReceivedSetting>,
}

/// Setting, with the member names of both formats.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReceivedSetting {
    #[serde(alias = "key")]
    alias: String,
    #[serde(default, alias = "label")]
    name: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default, rename = "type")]
    json_type: Option<String>,
    #[serde(default)]
    editor_ui_alias: Option<String>,
    #[serde(default)]
    is_required: bool,
    /// Absent if the server does not support it.
    #[serde(default)]
    is_sensitive: Option<bool>,
    #[serde(default)]
    default_value: Option<serde_json::Value>,
    #[serde(default)]
    options: Option<Vec<String>>,
    #[serde(default)]
    kind: Option<FieldKind>,
    #[serde(default)]
    accepted_as: Vec<String>,
    #[serde(default)]
    required_when: Option<RequiredWhen>,
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    suggestions: Vec<String>,
    #[serde(default)]
    variables: Vec<String>,
    #[serde(default)]
    prefixes: Vec<String>,
}

impl Received {
    /// Returns whether the server is umai; other servers have no rules over several settings.
    pub const fn is_from_umai(&self) -> bool {
        self.rules.is_some()
    }

    /// Returns whether the response contains settings.
    pub fn is_described(&self) -> bool {
        self.settings.is_some() || self.settings_schema.is_some()
    }

    /// Converts the response; missing parts come from the known provider with this ID. The error is a message.
    pub fn into_provider(self, known: Option<&Provider>) -> Result<Provider, String> {
        let is_ours = self.is_from_umai();
        let known = known.filter(|_| !is_ours);
        let schema = self
            .settings_schema
            .map_or_else(Vec::new, |schema| schema.fields);
        let facts = match self.settings {
            None => schema,
            Some(mut facts) => {
                for fact in &mut facts {
                    let same = schema.iter().find(|field| field.alias == fact.alias);
                    fact.group = same.and_then(|field| field.group.clone());
                    let declared = same.and_then(|field| field.is_sensitive);
                    fact.is_sensitive = fact.is_sensitive.or(declared);
                }
                facts
            }
        };
        let settings = facts.into_iter().map(|fact| {
            let known = known.and_then(|known| known.field_in_any_case(&fact.alias));
            fact.into_field(known, is_ours)
        });
        let mut settings: Vec<SettingsField> = settings.collect();
        let keys: Vec<_> = settings.iter().map(|field| field.key.clone()).collect();
        for field in &mut settings {
            // The condition of the known provider may use a setting that this server does not have.
            field.required_when = field
                .required_when
                .take()
                .filter(|when| keys.contains(&when.key));
        }
        let alternative_groups = known.map_or(self.alternatives, |known| fitting(known, &settings));
        let provider = Provider {
            name: self.name.unwrap_or_else(|| self.id.clone()),
            capabilities: self
                .capabilities
                .iter()
                .filter_map(|word| Capability::from_name(word))
                .collect(),
            settings,
            rules: self.rules.unwrap_or_default(),
            alternative_groups,
            // The server runs the connection tests itself.
            probe: Vec::new(),
            reported_probe_urls: self.calls,
            hosts: known.map_or(self.hosts, |known| known.hosts.clone()),
            id: self.id,
        };
        match validate::error_at(&provider) {
            None => Ok(provider),
            Some(sentence) => Err(sentence),
        }
    }
}

/// Returns the alternatives of the known provider whose settings all exist and are optional on the server.
fn fitting(known: &Provider, settings: &[SettingsField]) -> Vec<AlternativeGroup> {
    let has = |key: &String| {
        settings
            .iter()
            .any(|field| field.key == *key && !field.required)
    };
    let groups = known.alternative_groups.iter().filter(|group| {
        let mut keys = group
            .alternatives
            .iter()
            .flat_map(|alternative| &alternative.settings);
        keys.all(has)
    });
    groups.cloned().collect()
}

impl ReceivedSetting {
    /// The field. A umai server declares which fields are URLs; other servers do not.
    fn into_field(self, known: Option<&SettingsField>, is_ours: bool) -> SettingsField {
        let is_edited_with = |kind: &str| {
            let editor = self.editor_ui_alias.as_deref();
            editor.is_some_and(|editor| editor.ends_with(kind))
        };
        let is_switch = self.json_type.as_deref() == Some("boolean") || is_edited_with(".Toggle");
        let is_number = matches!(self.json_type.as_deref(), Some("number" | "integer"))
            || is_edited_with(".Integer")
            || is_edited_with(".Decimal");
        // The web backoffice sends translation keys instead of texts.
        let words = |text: Option<String>| text.filter(|text| !text.starts_with('#'));
        let is_address = !is_ours
            && sensitivity::names_address(&self.alias)
            && self.default_value.as_ref().is_none_or(may_be_address);
        let kind = self.kind.unwrap_or(match known {
            Some(known) => known.kind,
            None if is_switch => FieldKind::Switch,
            None if is_number => FieldKind::Number,
            None if is_address => FieldKind::Url,
            None => FieldKind::Text,
        });
        let default = self.default_value.and_then(|value| match value {
            serde_json::Value::Bool(on) => Some(DefaultValue::Switch(on)),
            serde_json::Value::String(text) if text.is_empty() => None,
            serde_json::Value::String(text) => Some(DefaultValue::Text(text)),
            serde_json::Value::Number(number) => Some(DefaultValue::Text(number.to_string())),
            serde_json::Value::Null
            | serde_json::Value::Array(_)
            | serde_json::Value::Object(_) => None,
        });
        // An invalid default would make the provider unusable.
        let default = default.filter(|default| kind.accepts_default(default));
        // A boolean cannot hold a secret.
        let is_sensitive = kind.value_type() != ValueType::Switch
            && sensitivity::for_field(self.is_sensitive, known, &self.alias, default.is_some());
        SettingsField {
            label: words(self.name)
                .or_else(|| known.map(|known| known.label.clone()))
                .unwrap_or_else(|| self.alias.clone()),
            description: words(self.description)
                .or_else(|| known.map(|known| known.description.clone()))
                .unwrap_or_default(),
            kind,
            required: self.is_required,
            required_when: known.map_or(self.required_when, |known| known.required_when.clone()),
            sensitive: is_sensitive,
            default: default.filter(|_| !is_sensitive),
            group: words(self.group),
            accepted_as: known.map_or(self.accepted_as, |known| other_names(known, &self.alias)),
            options: self.options.filter(|_| !is_sensitive).unwrap_or_default(),
            suggestions: known.map_or(self.suggestions, |known| known.suggestions.clone()),
            variables: known.map_or(self.variables, |known| known.variables.clone()),
            prefixes: known.map_or(self.prefixes, |known| known.prefixes.clone()),
            key: self.alias,
        }
    }
}

/// Names of a known field besides the one that a server uses.
fn other_names(known: &SettingsField, alias: &str) -> Vec<String> {
    let names = known.names().filter(|name| *name != alias);
    names.map(str::to_owned).collect()
}

/// Returns whether a default can be an address.
fn may_be_address(default: &serde_json::Value) -> bool {
    match default {
        serde_json::Value::Null => true,
        serde_json::Value::String(text) => text.is_empty() || text.starts_with("http"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::ProviderCatalog;

    fn received(json: &str) -> Received {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn embedded_providers_round_trip() {
        for provider in ProviderCatalog::embedded().all() {
            let json = serde_json::to_string(&provider.described()).unwrap();
            let received = received(&json);
            assert!(received.is_from_umai() && received.is_described());
            let mut expected = provider.clone();
            expected.reported_probe_urls = expected.probe_urls().into_owned();
            expected.probe.clear();
            assert_eq!(received.into_provider(None).unwrap(), expected);
        }
    }

    #[test]
    fn umai_response_is_not_completed_locally() {
        let catalog = ProviderCatalog::embedded();
        let mut changed = catalog.get("openai").unwrap().clone();
        for field in &mut changed.settings {
            field.kind = FieldKind::Text;
            field.description.clear();
            field.group = Some("Everything".into());
        }
        let json = serde_json::to_string(&changed.described()).unwrap();
        let back = received(&json).into_provider(catalog.get("openai"));
        changed.reported_probe_urls = changed.probe_urls().into_owned();
        changed.probe.clear();
        assert_eq!(back.unwrap(), changed);
    }

    #[test]
    fn third_party_response_is_completed_locally() {
        let json = r##"{"id":"openai","name":"OpenAI","capabilities":["Chat","Dance"],"settingsSchema":{"type":"x","fields":[
            {"key":"apiKey","label":"#fields_apiKey","isRequired":true,"isSensitive":true,"sortOrder":1,"defaultValue":null,"more":{}},
            {"key":"endpoint","label":"#x","description":"#y"},
            {"key":"dance","label":"Dance","editorUiAlias":"Umb.PropertyEditorUi.Toggle","defaultValue":true}]}}"##;
        let catalog = ProviderCatalog::embedded();
        let provider = received(json).into_provider(catalog.get("openai")).unwrap();
        assert_eq!(provider.capabilities, [Capability::Chat]);
        let key = provider.field("apiKey").unwrap();
        assert!(key.required && key.sensitive && !key.label.starts_with('#'));
        assert_eq!(provider.field("endpoint").unwrap().kind, FieldKind::Url);
        assert_eq!(provider.field("dance").unwrap().kind, FieldKind::Switch);
    }

    #[test]
    fn absent_sensitivity_is_decided_by_field_default_and_name() {
        let json = r##"{"id":"acme","name":"Acme","capabilities":["Chat"],"settingsSchema":{"type":"x","fields":[
            {"key":"accessToken","label":"#a","editorUiAlias":"Umb.PropertyEditorUi.TextBox","defaultValue":null},
            {"key":"serviceUrl","label":"#b"},
            {"key":"style","label":"#c","defaultValue":"vivid"},
            {"key":"blank","label":"#d","defaultValue":""},
            {"key":"retries","label":"#e","editorUiAlias":"Umb.PropertyEditorUi.Integer","defaultValue":3},
            {"key":"stream","label":"#f","editorUiAlias":"Umb.PropertyEditorUi.Toggle"}]}}"##;
        let provider = received(json).into_provider(None).unwrap();
        let sensitive: Vec<_> = provider
            .settings
            .iter()
            .filter(|field| field.sensitive)
            .map(|field| field.key.as_str())
            .collect();
        assert_eq!(sensitive, ["accessToken", "blank"]);
        assert_eq!(provider.field("retries").unwrap().kind, FieldKind::Number);

        let json = r##"{"id":"openai","name":"OpenAI","capabilities":["Chat"],"settingsSchema":{"fields":[
            {"key":"ApiKey","label":"#a"},{"key":"Endpoint","label":"#b"}]}}"##;
        let catalog = ProviderCatalog::embedded();
        let openai = received(json).into_provider(catalog.get("openai")).unwrap();
        assert!(openai.field("ApiKey").unwrap().sensitive);
        assert!(!openai.field("Endpoint").unwrap().sensitive);
    }

    #[test]
    fn third_party_bedrock_has_only_the_settings_of_its_schema() {
        let field = |key: &str, is_required: bool| serde_json::json!({"key": key, "label": key, "isRequired": is_required});
        let stock = ["region", "accessKeyId", "secretAccessKey"].map(|key| field(key, true));
        let with_token = [
            field("accessKeyId", false),
            field("secretAccessKey", false),
            field("sessionToken", false),
        ];
        let catalog = ProviderCatalog::embedded();
        let read = |fields: &[serde_json::Value]| {
            let json = serde_json::json!({"id": "amazon", "name": "Amazon", "capabilities": ["Chat"],
                "settingsSchema": {"fields": fields}});
            received(&json.to_string()).into_provider(catalog.get("amazon"))
        };
        let provider = read(&stock).unwrap();
        assert!(provider.field("sessionToken").is_none() && provider.field("apiKey").is_none());
        assert!(provider.alternative_groups.is_empty() && provider.rules.is_empty());
        let provider = read(&with_token).unwrap();
        assert!(
            provider
                .field("sessionToken")
                .unwrap()
                .required_when
                .is_some()
        );
        let provider = read(&with_token[2..]).unwrap();
        assert!(
            provider
                .field("sessionToken")
                .unwrap()
                .required_when
                .is_none()
        );
        let all = catalog.get("amazon").unwrap().settings.iter();
        let all: Vec<_> = all
            .map(|known| field(&known.key, known.key == "accessKeyId"))
            .collect();
        assert!(read(&all).unwrap().alternative_groups.is_empty());
    }

    #[test]
    fn third_party_field_is_accepted_under_the_names_of_the_known_one() {
        let json = r##"{"id":"openai","name":"OpenAI","capabilities":["Chat"],"settingsSchema":{"fields":[
            {"key":"organizationId","label":"#a"},{"key":"serviceUrl","label":"#b"}]}}"##;
        let catalog = ProviderCatalog::embedded();
        let provider = received(json).into_provider(catalog.get("openai")).unwrap();
        let field = provider.field_in_any_case("organization").unwrap();
        assert_eq!(field.key, "organizationId");
        assert_eq!(provider.field("serviceUrl").unwrap().kind, FieldKind::Url);
    }
    #[test]
    fn invalid_provider_is_refused() {
        for json in [
            r#"{"id":"Bad Id","name":"A","capabilities":["Chat"]}"#,
            r#"{"id":"a","name":"\u001b[31m","capabilities":["Chat"]}"#,
            r#"{"id":"a","name":"A","capabilities":[]}"#,
            r#"{"id":"a","name":"A","capabilities":["Chat"],"settings":[{"alias":"k","name":"K\n"}]}"#,
        ] {
            assert!(received(json).into_provider(None).is_err(), "{json}");
        }
    }
}
