//! Service with providers on a test server, for every authentication scheme.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use umai::appsettings::{AppSettings, EnvironmentVariables};
use umai::connection::{
    ConnectionDraft, IdOrAlias, PlainSecret, TestReport, TestStage, TestSubject,
};
use umai::probe::ProbeLimits;
use umai::provider::ProviderCatalog;
use umai::service::{ConnectionService, CoreService};
use umai::store::memory::MemoryStore;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{TestClock, draft};

/// Authentication schemes, by a provider that uses them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeSetup {
    OpenAi,
    Compatible,
    Anthropic,
    Google,
    Bedrock,
    FoundryKey,
    FoundryEntra,
    HuggingFace,
}

pub const KEY: &str = "sk-planted-Zq8/Tr+4Wm2xLc7Vb9N0aY";
pub const ACCESS_KEY_ID: &str = "AKIAPLANTED7EXAMPLE";
pub const TOKEN: &str = "eyJplanted.token.Kf83hLw02mQpZx";

impl ProbeSetup {
    /// Provider ID and settings, including secrets.
    pub fn settings(self, uri: &str) -> (&'static str, Value) {
        match self {
            Self::OpenAi => (
                "openai",
                json!({"apiKey": KEY, "organization": "org-1", "endpoint": format!("{uri}/v1")}),
            ),
            Self::Compatible => (
                "openai-compatible",
                json!({"apiKey": KEY, "endpoint": uri, "headers": "X-Team: blue; X-More: Bearer of-news-99"}),
            ),
            Self::Anthropic => ("anthropic", json!({"apiKey": KEY, "endpoint": uri})),
            Self::Google => ("google", json!({"apiKey": KEY})),
            Self::Bedrock => (
                "amazon",
                json!({"region": "eu-central-1", "accessKeyId": ACCESS_KEY_ID, "secretAccessKey": KEY, "endpoint": uri}),
            ),
            Self::FoundryKey => ("microsoft-foundry", json!({"endpoint": uri, "apiKey": KEY})),
            Self::FoundryEntra => (
                "microsoft-foundry",
                json!({"endpoint": uri, "projectName": "my project", "tenantId": "tenant-1", "clientId": "client-1", "clientSecret": KEY}),
            ),
            Self::HuggingFace => ("huggingface", json!({"apiKey": KEY, "endpoint": uri})),
        }
    }

    /// List of two models in the format of the provider.
    pub fn list(self) -> Value {
        match self {
            Self::OpenAi | Self::Compatible | Self::HuggingFace => {
                json!({"object": "list", "data": [{"id": "gpt-4o"}, {"id": "text-embedding-3-small"}]})
            }
            Self::Anthropic => json!({"data": [
                {"id": "claude-opus-4-6", "display_name": "Claude Opus 4.6", "type": "model"},
                {"id": "claude-haiku-4-5", "display_name": "Claude Haiku 4.5", "type": "model"}],
                "has_more": false, "first_id": "claude-opus-4-6", "last_id": "claude-haiku-4-5"}),
            Self::Google => json!({"models": [
                {"name": "models/gemini-3-pro", "displayName": "Gemini 3 Pro", "supportedGenerationMethods": ["generateContent", "countTokens"]},
                {"name": "models/gemini-embedding-001", "displayName": "Gemini Embedding", "supportedGenerationMethods": ["embedContent"]}]}),
            Self::Bedrock => json!({"inferenceProfileSummaries": [
                {"inferenceProfileId": "eu.anthropic.claude-sonnet-4-5", "inferenceProfileName": "EU Claude Sonnet 4.5"},
                {"inferenceProfileId": "eu.amazon.titan-embed-text-v2:0", "inferenceProfileName": "EU Titan Embeddings"}]}),
            Self::FoundryKey => json!({"data": [
                {"id": "gpt-4o", "capabilities": {"inference": true, "chat_completion": true, "embeddings": false}},
                {"id": "ada-2", "capabilities": {"inference": true, "chat_completion": false, "embeddings": true}}]}),
            Self::FoundryEntra => json!({"value": [
                {"name": "chat", "type": "ModelDeployment", "modelName": "gpt-4o"},
                {"name": "vectors", "type": "ModelDeployment", "modelName": "text-embedding-3-large"}]}),
        }
    }

    /// Mounts the token endpoint, if the scheme needs one.
    pub async fn prepare(self, server: &MockServer) {
        if self == Self::FoundryEntra {
            let token = json!({"token_type": "Bearer", "expires_in": 3599, "access_token": TOKEN});
            Mock::given(method("POST"))
                .respond_with(ResponseTemplate::new(200).set_body_json(token))
                .mount(server)
                .await;
        }
    }
}

/// Custom provider files with every fixed host replaced by the test server.
pub fn folder(uri: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text, host) in [
        (
            "google.toml",
            include_str!("../../../assets/providers/google.toml"),
            "https://generativelanguage.googleapis.com",
        ),
        (
            "foundry.toml",
            include_str!("../../../assets/providers/microsoft-foundry.toml"),
            "https://login.microsoftonline.com",
        ),
        (
            "hf.toml",
            include_str!("../../../assets/providers/huggingface.toml"),
            "https://huggingface.co",
        ),
    ] {
        assert!(text.contains(host), "{name}");
        let text = text.replace(host, uri);
        let text = text.replace("https://router.huggingface.co", uri);
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// Service whose providers use `uri` instead of fixed hosts.
pub fn service_with(
    uri: &str,
    limits: ProbeLimits,
    variables: EnvironmentVariables,
) -> Arc<dyn ConnectionService> {
    let folder = folder(uri);
    let (catalog, problems) = ProviderCatalog::load(Some(folder.path()));
    assert!(problems.is_empty(), "{problems:?}");
    let service = CoreService::new(
        Arc::new(MemoryStore::<PlainSecret>::default()),
        Arc::new(catalog),
        AppSettings::in_folder(folder.path(), variables),
        TestClock::new().clock(),
    );
    Arc::new(service.with_limits(limits))
}

pub fn service(uri: &str) -> Arc<dyn ConnectionService> {
    service_with(
        uri,
        ProbeLimits::default(),
        EnvironmentVariables::from_pairs([]),
    )
}

/// Limits with a short timeout.
pub fn short_limits() -> ProbeLimits {
    ProbeLimits {
        time: Duration::from_millis(400),
        ..ProbeLimits::default()
    }
}

pub fn draft_of(provider: &str, settings: &Value) -> ConnectionDraft {
    let body =
        json!({"alias": "tested", "name": "Tested", "providerId": provider, "settings": settings});
    draft(&body.to_string())
}

/// Stores a connection.
pub async fn store(
    service: &Arc<dyn ConnectionService>,
    provider: &str,
    settings: &Value,
) -> IdOrAlias {
    let connection = service.create(draft_of(provider, settings)).await.unwrap();
    connection.item.id.into()
}

/// Stores a connection and tests it.
pub async fn tested(
    service: &Arc<dyn ConnectionService>,
    provider: &str,
    settings: &Value,
) -> TestReport {
    let key = store(service, provider, settings).await;
    service.test(TestSubject::Stored(key)).await.unwrap()
}

/// Tests an OpenAI connection at an address.
pub async fn tested_at(uri: &str, limits: ProbeLimits) -> TestReport {
    let service = service_with(uri, limits, EnvironmentVariables::from_pairs([]));
    tested(&service, "openai", &json!({"apiKey": KEY, "endpoint": uri})).await
}

/// Returns the failed stage of a report, if any.
pub fn stopped_at(report: &TestReport) -> Option<TestStage> {
    let (last, before) = report.steps.split_last().expect("at least one step");
    assert!(before.iter().all(|step| step.passed), "{report:?}");
    let stages: Vec<_> = report.steps.iter().map(|step| step.stage).collect();
    assert_eq!(stages, TestStage::ALL[..stages.len()], "{report:?}");
    (!last.passed).then_some(last.stage)
}

/// Asserts the failed stage, its message and advice; returns the message.
pub fn failure_at(report: &TestReport, stage: TestStage) -> String {
    assert!(!report.success, "{report:?}");
    assert_eq!(stopped_at(report), Some(stage), "{report:?}");
    let sentence = report.error_message.clone().expect("a sentence");
    assert_eq!(
        report.steps.last().unwrap().detail.as_ref(),
        Some(&sentence)
    );
    assert!(
        report
            .advice
            .as_ref()
            .is_some_and(|advice| advice.len() > 10),
        "{report:?}"
    );
    assert_eq!(report.models, None);
    sentence
}
