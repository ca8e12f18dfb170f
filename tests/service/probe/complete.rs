//! Missing settings are reported before any request.

use std::sync::Arc;

use rstest::rstest;
use serde_json::{Value, json};
use umai::appsettings::{AppSettings, EnvironmentVariables};
use umai::connection::{
    ConnectionError, FieldReason, IdOrAlias, PlainSecret, SettingValue, Settings, TestProgress,
    TestReport, TestStage, TestSubject,
};
use umai::probe;
use umai::probe::{ProbeLimits, ProbeSubject};
use umai::provider::ProviderCatalog;
use umai::service::ConnectionService;
use wiremock::matchers::{header, method};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::probe::fixture::{
    KEY, ProbeSetup, draft_of, failure_at, service, service_with, store, tested,
};
use crate::support::draft;

/// Provider server that accepts one key.
async fn server_for(key: &str) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(header("authorization", format!("Bearer {key}").as_str()))
        .respond_with(ResponseTemplate::new(200).set_body_json(ProbeSetup::OpenAi.list()))
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(401).set_body_json(json!({"error": {"message": "no"}})))
        .mount(&server)
        .await;
    server
}

async fn is_silent(server: &MockServer) -> bool {
    server.received_requests().await.unwrap().is_empty()
}

#[tokio::test]
async fn connection_without_settings_is_incomplete() {
    let service = service("http://127.0.0.1:9");
    let body = r#"{"alias":"bare","name":"Bare","providerId":"openai"}"#;
    service.create(draft(body)).await.unwrap();
    let report = service
        .test(TestSubject::Stored(IdOrAlias::Alias("bare".into())))
        .await
        .unwrap();
    let sentence = failure_at(&report, TestStage::Settings);
    assert_eq!(sentence, "The connection has no settings");
}

#[rstest]
#[case(json!({"tenantId": "t"}), "Project Name, Client ID, Client Secret are missing")]
#[case(json!({"tenantId": "t", "clientId": "c", "clientSecret": KEY}), "Project Name is missing")]
#[case(json!({"clientSecret": KEY, "projectName": "p"}), "Tenant ID, Client ID are missing")]
#[tokio::test]
async fn missing_entra_settings_are_listed(#[case] mut settings: Value, #[case] message: &str) {
    let server = MockServer::start().await;
    settings["endpoint"] = json!(server.uri());
    let report = tested(&service(&server.uri()), "microsoft-foundry", &settings).await;
    assert_eq!(failure_at(&report, TestStage::Settings), message);
    assert!(is_silent(&server).await);
}

#[tokio::test]
async fn reference_is_resolved_once() {
    let server = server_for("$Other:Key").await;
    // The value looks like a reference but is not resolved again.
    let variables = EnvironmentVariables::from_pairs([
        ("OpenAI__ApiKey", "$Other:Key"),
        ("Other__Key", "wrong"),
    ]);
    let service = service_with(&server.uri(), ProbeLimits::default(), variables);
    let settings = json!({"apiKey": "$OpenAI:ApiKey", "endpoint": server.uri()});
    let report = tested(&service, "openai", &settings).await;
    assert!(report.success, "{report:?}");
}

#[tokio::test]
async fn escaped_dollar_is_sent_as_one() {
    let server = server_for("$literal-key-1").await;
    let service = service(&server.uri());
    let settings = json!({"apiKey": "$$literal-key-1", "endpoint": server.uri()});
    assert!(tested(&service, "openai", &settings).await.success);
}

#[tokio::test]
async fn reference_that_no_longer_resolves_is_reported() {
    let server = MockServer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("appsettings.json");
    std::fs::write(&file, r#"{"OpenAI":{"ApiKey":"sk-there-1234567890"}}"#).unwrap();
    let service: Arc<dyn ConnectionService> = Arc::new(umai::service::CoreService::new(
        Arc::new(umai::store::memory::MemoryStore::<PlainSecret>::default()),
        Arc::new(ProviderCatalog::embedded()),
        AppSettings::in_folder(folder.path(), EnvironmentVariables::from_pairs([])),
        crate::support::TestClock::new().clock(),
    ));
    let settings = json!({"apiKey": "$OpenAI:ApiKey", "endpoint": server.uri()});
    let key = store(&service, "openai", &settings).await;
    std::fs::write(&file, "{}").unwrap();
    let report = service
        .test(TestSubject::Stored(key.clone()))
        .await
        .unwrap();
    let sentence = failure_at(&report, TestStage::Settings);
    assert_eq!(
        sentence,
        "OpenAI API Key refers to $OpenAI:ApiKey, which is not found"
    );
    std::fs::write(&file, r#"{"OpenAI":{"ApiKey":"x"},"Umbraco":{"AI":{"AllowedConfigurationKeyPrefixes":["Other"]}}}"#).unwrap();
    let report = service.test(TestSubject::Stored(key)).await.unwrap();
    let sentence = failure_at(&report, TestStage::Settings);
    assert_eq!(
        sentence,
        "OpenAI API Key refers to $OpenAI:ApiKey, which may not be referenced"
    );
    assert!(is_silent(&server).await);
}

/// Tests settings that only an existing store can contain.
async fn checked(provider: &str, settings: &Settings<PlainSecret>) -> TestReport {
    let catalog = ProviderCatalog::embedded();
    let appsettings = AppSettings::default();
    let subject = ProbeSubject {
        provider_id: provider,
        provider: catalog.get(provider),
        settings: Some(settings),
        appsettings: &appsettings,
        now: std::time::SystemTime::now(),
    };
    probe::test(&subject, ProbeLimits::default(), &TestProgress::default()).await
}

#[tokio::test]
async fn undecryptable_secret_is_reported() {
    let mut settings = Settings::default();
    settings.set("apiKey", SettingValue::Secret(PlainSecret::unreadable()));
    let report = checked("openai", &settings).await;
    let sentence = failure_at(&report, TestStage::Settings);
    assert_eq!(
        sentence,
        "The stored OpenAI API Key cannot be decrypted with this encryption key"
    );
}

#[tokio::test]
async fn unknown_provider_is_reported() {
    let report = checked("gone", &Settings::default()).await;
    assert_eq!(
        failure_at(&report, TestStage::Settings),
        "Provider 'gone' not found"
    );
}

#[tokio::test]
async fn provider_without_probe_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let text = "id = \"mine\"\nname = \"Mine\"\ncapabilities = [\"Chat\"]\n";
    std::fs::write(folder.path().join("mine.toml"), text).unwrap();
    let (catalog, _) = ProviderCatalog::load(Some(folder.path()));
    let appsettings = AppSettings::default();
    let subject = ProbeSubject {
        provider_id: "mine",
        provider: catalog.get("mine"),
        settings: Some(&Settings::default()),
        appsettings: &appsettings,
        now: std::time::SystemTime::now(),
    };
    let report = probe::test(&subject, ProbeLimits::default(), &TestProgress::default()).await;
    let sentence = failure_at(&report, TestStage::Settings);
    assert_eq!(sentence, "Provider 'Mine' has no connection test");
    assert_eq!(
        report.advice.as_deref(),
        Some("Add a [probe] section to the provider file")
    );
}

#[tokio::test]
async fn invalid_header_value_is_reported_without_the_key() {
    let mut settings = Settings::default();
    settings.set(
        "apiKey",
        SettingValue::Secret(PlainSecret::new("sk-line\nbreak-secret")),
    );
    let report = checked("openai", &settings).await;
    failure_at(&report, TestStage::Settings);
    assert!(!format!("{report:?}").contains("break-secret"));
}

#[tokio::test]
async fn an_inactive_connection_can_be_tested() {
    let server = server_for(KEY).await;
    let service = service(&server.uri());
    let settings = json!({"apiKey": KEY, "endpoint": server.uri()});
    let key = store(&service, "openai", &settings).await;
    service.set_active(&key, false).await.unwrap();
    assert!(
        service
            .test(TestSubject::Stored(key))
            .await
            .unwrap()
            .success
    );
}

#[tokio::test]
async fn draft_without_name_can_be_tested() {
    let server = server_for(KEY).await;
    let service = service(&server.uri());
    let settings = json!({"apiKey": KEY, "endpoint": server.uri()});
    let body =
        json!({"name": "", "alias": "NOT AN ALIAS", "providerId": "openai", "settings": settings});
    let report = service
        .test(TestSubject::Draft(draft(&body.to_string())))
        .await
        .unwrap();
    assert!(report.success, "{report:?}");
}

#[rstest]
#[case(json!({"providerId": "openai", "settings": {"apiKey": "***"}}), "settings.apiKey")]
#[case(json!({"providerId": "openai", "settings": {}}), "settings.apiKey")]
#[case(json!({"providerId": "unknown", "settings": {}}), "providerId")]
#[case(json!({"settings": {"apiKey": KEY}}), "providerId")]
#[tokio::test]
async fn invalid_draft_is_refused_at_its_field(#[case] body: Value, #[case] path: &str) {
    let service = service("http://127.0.0.1:9");
    let error = service
        .test(TestSubject::Draft(draft(&body.to_string())))
        .await;
    let error = error.unwrap_err();
    let paths: Vec<_> = error
        .fields()
        .iter()
        .map(|error| error.field.path())
        .collect();
    assert_eq!(paths, [path], "{error:?}");
}

#[tokio::test]
async fn change_is_merged_with_stored_settings() {
    let server = server_for(KEY).await;
    let service = service(&server.uri());
    let settings = json!({"apiKey": KEY, "endpoint": format!("{}/wrong", server.uri())});
    let key = store(&service, "openai", &settings).await;
    let changed = async |settings: Value| {
        let change = draft(&json!({ "settings": settings }).to_string());
        service.test(TestSubject::Edited(key.clone(), change)).await
    };
    // The mask keeps the stored key, which may be sent to another path of the same origin.
    let kept = changed(json!({"apiKey": "sk-***", "endpoint": server.uri()}))
        .await
        .unwrap();
    assert!(kept.success, "{kept:?}");
    let other = changed(json!({"apiKey": "sk-other-1234567890"}))
        .await
        .unwrap();
    failure_at(&other, TestStage::Authentication);
    let stored = service
        .test(TestSubject::Stored(key.clone()))
        .await
        .unwrap();
    assert!(stored.success, "nothing was saved");
}

#[tokio::test]
async fn kept_key_is_not_sent_to_another_origin() {
    let (home, elsewhere) = (server_for(KEY).await, server_for(KEY).await);
    let service = service(&home.uri());
    let settings = json!({"apiKey": KEY, "endpoint": home.uri()});
    let key = store(&service, "openai", &settings).await;
    for settings in [
        json!({"apiKey": "sk-***", "endpoint": elsewhere.uri()}),
        json!({"endpoint": elsewhere.uri()}),
        json!({"endpoint": null}),
    ] {
        let change = draft(&json!({ "settings": settings }).to_string());
        let error = service.test(TestSubject::Edited(key.clone(), change)).await;
        let Err(ConnectionError::Invalid(errors)) = error else {
            panic!("{settings}")
        };
        assert_eq!(errors[0].reason, FieldReason::EndpointChanged, "{settings}");
    }
    assert!(is_silent(&home).await && is_silent(&elsewhere).await);
    let typed = json!({"settings": {"apiKey": KEY, "endpoint": elsewhere.uri()}});
    // The same key entered again is indistinguishable from the kept one, so it is treated as in an update.
    let typed = service
        .test(TestSubject::Edited(key.clone(), draft(&typed.to_string())))
        .await;
    let change = draft_of(
        "openai",
        &json!({"apiKey": KEY, "endpoint": elsewhere.uri()}),
    );
    let updated = service.update(&key, change, None).await;
    assert_eq!(typed.is_ok(), updated.is_ok());
}

#[tokio::test]
async fn unknown_connection_is_not_found() {
    let service = service("http://127.0.0.1:9");
    let unknown = IdOrAlias::Alias("unknown".into());
    let tested = service.test(TestSubject::Stored(unknown.clone())).await;
    assert_eq!(tested, Err(ConnectionError::NotFound(unknown.clone())));
    let listed = service.models(&unknown, None).await;
    assert_eq!(listed, Err(ConnectionError::NotFound(unknown)));
}

#[tokio::test]
async fn referenced_temporary_key_id_asks_for_its_session_token() {
    let server = MockServer::start().await;
    let variables = EnvironmentVariables::from_pairs([("Aws__Id", "ASIAPLANTED7EXAMPLE")]);
    let service = service_with(&server.uri(), ProbeLimits::default(), variables);
    let settings = json!({"region": "eu-central-1", "endpoint": server.uri(), "accessKeyId": "$Aws:Id", "secretAccessKey": KEY});
    let report = tested(&service, "amazon", &settings).await;
    assert_eq!(
        failure_at(&report, TestStage::Settings),
        "Session Token is missing"
    );
    assert!(is_silent(&server).await);
}
