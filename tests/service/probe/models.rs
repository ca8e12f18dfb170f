//! Lists of models.

use rstest::rstest;
use serde_json::{Value, json};
use umai::connection::{ConnectionError, Model, TestStage};
use umai::probe::ProbeLimits;
use umai::provider::Capability::{self, Chat, Embedding};
use wiremock::matchers::{method, path, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::probe::fixture::{KEY, ProbeSetup, failure_at, service, service_with, store};

fn model(id: &str, name: &str, capability: Capability) -> Model {
    Model {
        id: id.into(),
        name: name.into(),
        capabilities: vec![capability],
    }
}

#[rstest]
#[case(ProbeSetup::OpenAi, [model("gpt-4o", "gpt-4o", Chat), model("text-embedding-3-small", "text-embedding-3-small", Embedding)])]
#[case(ProbeSetup::Anthropic, [model("claude-opus-4-6", "Claude Opus 4.6", Chat), model("claude-haiku-4-5", "Claude Haiku 4.5", Chat)])]
#[case(ProbeSetup::Google, [model("gemini-3-pro", "Gemini 3 Pro", Chat), model("gemini-embedding-001", "Gemini Embedding", Embedding)])]
#[case(ProbeSetup::Bedrock, [model("eu.anthropic.claude-sonnet-4-5", "EU Claude Sonnet 4.5", Chat), model("eu.amazon.titan-embed-text-v2:0", "EU Titan Embeddings", Embedding)])]
#[case(ProbeSetup::FoundryKey, [model("gpt-4o", "gpt-4o", Chat), model("ada-2", "ada-2", Embedding)])]
#[case(ProbeSetup::FoundryEntra, [model("chat", "chat", Chat), model("vectors", "vectors", Embedding)])]
#[case(ProbeSetup::HuggingFace, [model("gpt-4o", "gpt-4o", Chat), model("text-embedding-3-small", "text-embedding-3-small", Embedding)])]
#[tokio::test]
async fn models_have_id_name_and_capabilities(
    #[case] setup: ProbeSetup,
    #[case] expected: [Model; 2],
) {
    let server = MockServer::start().await;
    setup.prepare(&server).await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(setup.list()))
        .mount(&server)
        .await;
    let (provider, settings) = setup.settings(&server.uri());
    let service = service(&server.uri());
    let key = store(&service, provider, &settings).await;
    assert_eq!(service.models(&key, None).await.unwrap(), expected);
    let only = service.models(&key, Some(Embedding)).await.unwrap();
    assert!(only.iter().all(|model| model.capabilities == [Embedding]));
}

/// Three pages in the format of each provider, and the query parameter of the next page.
#[rstest]
#[case(ProbeSetup::Anthropic, "after_id", |id: &str, next: Option<&str>| json!({"data": [{"id": id}], "has_more": next.is_some(), "last_id": next.unwrap_or(id)}))]
#[case(ProbeSetup::Google, "pageToken", |id: &str, next: Option<&str>| json!({"models": [{"name": id}], "nextPageToken": next}))]
#[case(ProbeSetup::Bedrock, "nextToken", |id: &str, next: Option<&str>| json!({"inferenceProfileSummaries": [{"inferenceProfileId": id}], "nextToken": next}))]
#[tokio::test]
async fn all_pages_of_a_list_are_read(
    #[case] setup: ProbeSetup,
    #[case] key: &str,
    #[case] page: fn(&str, Option<&str>) -> Value,
) {
    let server = MockServer::start().await;
    let answer = |id: &str, next| ResponseTemplate::new(200).set_body_json(page(id, next));
    Mock::given(query_param_is_missing(key))
        .respond_with(answer("one", Some("t/2=")))
        .mount(&server)
        .await;
    Mock::given(query_param(key, "t/2="))
        .respond_with(answer("two", Some("t3")))
        .mount(&server)
        .await;
    Mock::given(query_param(key, "t3"))
        .respond_with(answer("three", None))
        .mount(&server)
        .await;
    let (provider, settings) = setup.settings(&server.uri());
    let service = service(&server.uri());
    let connection = store(&service, provider, &settings).await;
    let models = service.models(&connection, None).await.unwrap();
    let ids: Vec<_> = models.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, ["one", "two", "three"]);
    assert_eq!(server.received_requests().await.unwrap().len(), 3);
}

#[tokio::test]
async fn next_page_on_another_server_is_not_requested() {
    let other = MockServer::start().await;
    let server = MockServer::start().await;
    let setup = ProbeSetup::FoundryEntra;
    setup.prepare(&server).await;
    let mut list = setup.list();
    list["nextLink"] = json!(format!("{}/steal", other.uri()));
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(list))
        .mount(&server)
        .await;
    let (provider, settings) = setup.settings(&server.uri());
    let service = service(&server.uri());
    let key = store(&service, provider, &settings).await;
    let Err(ConnectionError::Provider(report)) = service.models(&key, None).await else {
        panic!("an error")
    };
    failure_at(&report, TestStage::Models);
    assert!(other.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn endless_list_is_limited() {
    let server = MockServer::start().await;
    let counter = std::sync::atomic::AtomicUsize::new(0);
    Mock::given(method("GET"))
        .respond_with(move |_: &wiremock::Request| {
            let number = counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let next = format!("t{number}");
            ResponseTemplate::new(200)
                .set_body_json(json!({"models": [{"name": next}], "nextPageToken": next}))
        })
        .mount(&server)
        .await;
    let limits = ProbeLimits {
        pages: 5,
        ..ProbeLimits::default()
    };
    let service = service_with(
        &server.uri(),
        limits,
        umai::appsettings::EnvironmentVariables::from_pairs([]),
    );
    let key = store(&service, "google", &json!({"apiKey": KEY})).await;
    assert_eq!(service.models(&key, None).await.unwrap().len(), 5);
}

#[tokio::test]
async fn repeating_page_ends_the_list() {
    let server = MockServer::start().await;
    let page = json!({"models": [{"name": "same"}], "nextPageToken": "again"});
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(page))
        .mount(&server)
        .await;
    let service = service(&server.uri());
    let key = store(&service, "google", &json!({"apiKey": KEY})).await;
    assert_eq!(service.models(&key, None).await.unwrap().len(), 1);
    assert_eq!(server.received_requests().await.unwrap().len(), 2);
}

#[tokio::test]
async fn rejected_key_returns_report_instead_of_models() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(
            ResponseTemplate::new(401).set_body_json(json!({"error": {"message": "Bad key"}})),
        )
        .mount(&server)
        .await;
    let service = service(&server.uri());
    let key = store(&service, "google", &json!({"apiKey": KEY})).await;
    let Err(ConnectionError::Provider(report)) = service.models(&key, None).await else {
        panic!("an error")
    };
    failure_at(&report, TestStage::Authentication);
    assert_eq!(report.provider_message.as_deref(), Some("Bad key"));
}

#[rstest]
#[case("togetherai", "/models", json!([{"id": "a/b", "display_name": "A B", "type": "chat"}, {"id": "c", "type": "image"}]))]
#[case("ollama", "/api/tags", json!({"models": [{"name": "llama3:latest", "model": "llama3:latest"}]}))]
#[case("mistral", "/models", json!({"object": "list", "data": [{"id": "mistral-large-latest"}]}))]
#[case("fireworks-ai", "/models", json!({"data": [{"id": "accounts/fireworks/models/x"}]}))]
#[case("openrouter", "/models", json!({"data": [{"id": "a/b", "name": "A: B"}]}))]
#[case("perplexity", "/v1/models", json!({"object": "list", "data": [{"id": "sonar"}]}))]
#[tokio::test]
async fn list_url_of_each_provider_is_requested(
    #[case] provider: &str,
    #[case] at: &str,
    #[case] list: Value,
) {
    let server = MockServer::start().await;
    let count = list.as_array().map_or(1, Vec::len);
    Mock::given(path(at))
        .respond_with(ResponseTemplate::new(200).set_body_json(list))
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"data": {"label": "key"}})))
        .mount(&server)
        .await;
    let service = service(&server.uri());
    let settings = json!({"apiKey": KEY, "endpoint": server.uri()});
    let key = store(&service, provider, &settings).await;
    assert_eq!(service.models(&key, None).await.unwrap().len(), count);
    let report = service
        .test(umai::connection::TestSubject::Stored(key))
        .await
        .unwrap();
    assert!(report.success && report.models == Some(count), "{report:?}");
}
