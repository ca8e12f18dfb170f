//! A clipping: something people copied from elsewhere that says what a connection should be.
//!
//! A cURL command, a JSON object, lines of `NAME=value`: what is understood becomes a draft, the rest is named.

mod curl;
pub mod environment;
mod lines;

use serde_json::Value;

use super::{ConnectionDraft, Plain, Setting, Settings};
use crate::provider::{Provider, ProviderCatalog};

/// Longer ones are not looked into, in bytes.
pub const LONGEST: usize = 64 * 1024;

/// What a clipping comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Clipping {
    /// What kind of text it is.
    pub kind: ClippingKind,
    /// What it says; texts among the settings are not told apart from secrets yet.
    pub draft: ConnectionDraft,
    /// What was not understood or left out, each in a few words; never a value.
    pub left_out: Vec<String>,
}

/// What kind of text a clipping is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClippingKind {
    /// A cURL command.
    Curl,
    /// A JSON object.
    Json,
    /// Lines of `NAME=value`.
    Variables,
    /// The environment umai was started in.
    Environment,
}

impl ClippingKind {
    /// What people call it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Curl => "cURL command",
            Self::Json => "JSON",
            Self::Variables => "variables",
            Self::Environment => "environment",
        }
    }
}

impl Clipping {
    /// Reads a text; nothing when it says nothing of a connection. `wanted` is the provider of the form it goes into.
    pub fn read(text: &str, catalog: &ProviderCatalog, wanted: Option<&Provider>) -> Option<Self> {
        let text = text.trim();
        if text.len() > LONGEST {
            return None;
        }
        if text.starts_with('{') {
            return json(text, catalog, wanted);
        }
        if curl::is_command(text) {
            return curl::read(text, catalog, wanted);
        }
        let pairs = lines::read(text)?;
        Self::of_variables(pairs, ClippingKind::Variables, catalog, wanted)
    }

    /// What variables say, by their customary names: of the provider that is wanted, or of the one most of them belong to.
    pub fn of_variables(
        pairs: Vec<(String, Plain)>,
        kind: ClippingKind,
        catalog: &ProviderCatalog,
        wanted: Option<&Provider>,
    ) -> Option<Self> {
        let known = |provider: &&Provider| {
            let names = pairs.iter().map(|(name, _)| name);
            names
                .filter(|name| provider.field_of_variable(name).is_some())
                .count()
        };
        let best = || catalog.all().iter().rev().max_by_key(known);
        let provider = wanted
            .filter(|wanted| known(wanted) > 0)
            .or_else(best)
            .filter(|provider| known(provider) > 0)?;
        let mut settings: Settings<Plain> = Settings::default();
        let mut left_out = Vec::new();
        for (name, value) in pairs {
            match provider.field_of_variable(&name) {
                Some(field) if settings.get(&field.key).is_none() => {
                    settings.set(field.key.clone(), Setting::Secret(value));
                }
                Some(_) => left_out.push(format!("{name} (given already)")),
                None => left_out.push(name),
            }
        }
        Some(Self {
            kind,
            draft: draft(provider, settings),
            left_out,
        })
    }
}

fn draft(provider: &Provider, settings: Settings<Plain>) -> ConnectionDraft {
    ConnectionDraft {
        provider_id: Some(provider.id.clone()),
        settings: Some(settings),
        ..ConnectionDraft::default()
    }
}

/// A request body, or an object of settings, or one of variables.
fn json(text: &str, catalog: &ProviderCatalog, wanted: Option<&Provider>) -> Option<Clipping> {
    let draft = ConnectionDraft::from_json(text.as_bytes()).ok()?;
    if draft.misread.is_empty() && (draft.provider_id.is_some() || draft.settings.is_some()) {
        return Some(Clipping {
            kind: ClippingKind::Json,
            draft,
            left_out: Vec::new(),
        });
    }
    let Value::Object(members) = serde_json::from_str(text).ok()? else {
        return None;
    };
    let mut pairs = Vec::new();
    let mut settings: Settings<Plain> = Settings::default();
    for (name, value) in members {
        let Value::String(value) = value else {
            continue;
        };
        match wanted.and_then(|wanted| wanted.field(&name)) {
            Some(field) => settings.set(field.key.clone(), Setting::Secret(Plain::new(value))),
            None => pairs.push((name, Plain::new(value))),
        }
    }
    if let Some(wanted) = wanted.filter(|_| !settings.is_empty()) {
        return Some(Clipping {
            kind: ClippingKind::Json,
            draft: self::draft(wanted, settings),
            left_out: pairs.into_iter().map(|(name, _)| name).collect(),
        });
    }
    Clipping::of_variables(pairs, ClippingKind::Json, catalog, wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    type Clipped = (String, Vec<(String, String)>, Vec<String>);

    fn clipped(text: &str, wanted: Option<&str>) -> Option<Clipped> {
        let catalog = ProviderCatalog::embedded();
        let wanted = wanted.and_then(|id| catalog.get(id));
        let clipping = Clipping::read(text, &catalog, wanted)?;
        let settings = clipping.draft.settings.unwrap_or_default();
        let settings = settings
            .iter()
            .map(|(key, value)| (key.to_owned(), value.text().unwrap_or_default().to_owned()))
            .collect();
        Some((
            clipping.draft.provider_id.unwrap_or_default(),
            settings,
            clipping.left_out,
        ))
    }

    #[rstest]
    #[case::documented(
        "curl https://api.openai.com/v1/chat/completions \\\n  -H \"Content-Type: application/json\" \\\n  -H 'Authorization: Bearer sk-1' -d '{\"model\":\"x\"}'",
        "openai", &[("apiKey", "sk-1")]
    )]
    #[case::messages(
        "curl https://api.anthropic.com/v1/messages --header \"x-api-key: sk-ant-1\" --header 'anthropic-version: 2023-06-01'",
        "anthropic", &[("apiKey", "sk-ant-1")]
    )]
    #[case::proxy(
        "$ curl -X POST http://localhost:1234/v1/chat/completions -H 'Authorization: Bearer k'",
        "openai-compatible", &[("endpoint", "http://localhost:1234/v1"), ("apiKey", "k")]
    )]
    #[case::key_in_address(
        "curl 'https://generativelanguage.googleapis.com/v1beta/models?key=AIza1'",
        "google", &[("apiKey", "AIza1")]
    )]
    #[case::foundry(
        "curl 'https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=1' -H 'api-key: k'",
        "microsoft-foundry", &[("endpoint", "https://x.openai.azure.com"), ("apiKey", "k")]
    )]
    #[case::environment(
        "export OPENAI_API_KEY=\"sk-1\" # mine\nOPENAI_ORG_ID=org-2\n",
        "openai", &[("apiKey", "sk-1"), ("organization", "org-2")]
    )]
    #[case::powershell("$env:ANTHROPIC_API_KEY = 'sk-ant-1'", "anthropic", &[("apiKey", "sk-ant-1")])]
    #[case::several(
        "AWS_ACCESS_KEY_ID=AKIA1\nAWS_SECRET_ACCESS_KEY=s\nAWS_DEFAULT_REGION=eu-central-1",
        "amazon", &[("accessKeyId", "AKIA1"), ("secretAccessKey", "s"), ("region", "eu-central-1")]
    )]
    #[case::body(
        r#"{"alias":"a","name":"A","providerId":"openai","settings":{"apiKey":"sk-1"}}"#,
        "openai", &[("apiKey", "sk-1")]
    )]
    #[case::object_of_variables(r#"{"GEMINI_API_KEY":"AIza1"}"#, "google", &[("apiKey", "AIza1")])]
    fn a_clipping_says_what_a_connection_should_be(
        #[case] text: &str,
        #[case] provider: &str,
        #[case] settings: &[(&str, &str)],
    ) {
        let (found, values, _) = clipped(text, None).unwrap();
        assert_eq!(found, provider);
        let values: Vec<_> = values
            .iter()
            .map(|(key, value)| (&**key, &**value))
            .collect();
        assert_eq!(values, settings);
    }

    #[test]
    fn an_object_of_settings_is_of_the_provider_whose_form_it_goes_into() {
        let (provider, values, left_out) = clipped(
            r#"{"apiKey":"sk-1","organizationId":"o","else":"x"}"#,
            Some("openai"),
        )
        .unwrap();
        assert_eq!(provider, "openai");
        assert_eq!(values.len(), 2);
        assert_eq!(left_out, ["else"]);
    }

    #[rstest]
    #[case("sk-just-a-key")]
    #[case("hello = world")]
    #[case("")]
    #[case("curl")]
    #[case("curl 'unbalanced")]
    #[case("{}")]
    #[case("{\"a\":1}")]
    #[case("A=1\nno pair")]
    fn what_says_nothing_of_a_connection_is_no_clipping(#[case] text: &str) {
        assert_eq!(clipped(text, None), None);
    }

    #[test]
    fn a_placeholder_is_no_key_and_is_named() {
        let text =
            "curl https://api.openai.com/v1/models -H \"Authorization: Bearer $OPENAI_API_KEY\"";
        let (_, values, left_out) = clipped(text, None).unwrap();
        assert!(values.is_empty());
        assert_eq!(left_out.len(), 1);
    }
}
