//! Classification of each response, for every authentication scheme.

use std::sync::{Arc, Mutex};

use rstest::rstest;
use serde_json::json;
use umai::connection::{TestProgress, TestStage, TestSubject};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::probe::fixture::{ProbeSetup, draft_of, failure_at, service, stopped_at, tested};

const MESSAGE: &str = "Message of the provider";

fn html(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw("<!DOCTYPE html><h1>No such page</h1>", "text/html")
}

fn error(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status)
        .set_body_json(json!({"error": {"message": MESSAGE, "code": "nope"}}))
}

#[rstest]
#[tokio::test]
async fn model_list_is_success(
    #[values(
        ProbeSetup::OpenAi,
        ProbeSetup::Compatible,
        ProbeSetup::Anthropic,
        ProbeSetup::Google,
        ProbeSetup::Bedrock,
        ProbeSetup::FoundryKey,
        ProbeSetup::FoundryEntra,
        ProbeSetup::HuggingFace
    )]
    setup: ProbeSetup,
) {
    let server = MockServer::start().await;
    setup.prepare(&server).await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(setup.list()))
        .mount(&server)
        .await;
    let (provider, settings) = setup.settings(&server.uri());
    let report = tested(&service(&server.uri()), provider, &settings).await;
    assert!(report.success, "{report:?}");
    assert_eq!(stopped_at(&report), None);
    assert_eq!(report.steps.len(), TestStage::ALL.len());
    assert_eq!((report.models, report.status), (Some(2), Some(200)));
    assert_eq!(
        (report.error_message, report.advice, report.provider_message),
        (None, None, None)
    );
    assert!(report.latency_ms.is_some());
    assert!(report.address.unwrap().starts_with(&server.uri()));
}

#[rstest]
#[case::unauthorized(
    error(401),
    TestStage::Authentication,
    "does not accept the credentials (401)",
    true
)]
#[case::page_with_401(
    html(401),
    TestStage::Authentication,
    "does not accept the credentials (401)",
    false
)]
#[case::payment(error(402), TestStage::Permission, "requires payment (402)", true)]
#[case::forbidden(
    error(403),
    TestStage::Permission,
    "the key lacks permission (403)",
    true
)]
#[case::page_with_403(
    html(403),
    TestStage::Reached,
    "returned a web page instead of an API response (403)",
    false
)]
#[case::page_with_404(html(404), TestStage::Reached, "No API found at", false)]
#[case::not_found(error(404), TestStage::Reached, "No API found at", true)]
#[case::rate_limit(error(429), TestStage::Permission, "rate limit reached (429)", true)]
#[case::server_error(
    error(500),
    TestStage::Authentication,
    "returned a server error (500); the key could not be checked",
    true
)]
#[case::gateway(
    html(502),
    TestStage::Reached,
    "returned a server error without an API response (502)",
    false
)]
#[case::unprocessable(
    error(422),
    TestStage::Authentication,
    "rejected the request (422)",
    true
)]
#[case::page(html(200), TestStage::Reached, "did not return JSON", false)]
#[case::other_json(ResponseTemplate::new(200).set_body_json(json!({"hello": "world"})), TestStage::Reached, "return", false)]
#[case::no_content(
    ResponseTemplate::new(204),
    TestStage::Reached,
    "did not return JSON",
    false
)]
#[tokio::test]
async fn each_response_is_classified(
    #[case] answer: ResponseTemplate,
    #[case] stage: TestStage,
    #[case] message: &str,
    #[case] has_message: bool,
    #[values(
        ProbeSetup::OpenAi,
        ProbeSetup::Compatible,
        ProbeSetup::Anthropic,
        ProbeSetup::Google,
        ProbeSetup::Bedrock,
        ProbeSetup::FoundryKey,
        ProbeSetup::FoundryEntra
    )]
    setup: ProbeSetup,
) {
    let server = MockServer::start().await;
    setup.prepare(&server).await;
    Mock::given(method("GET"))
        .respond_with(answer)
        .mount(&server)
        .await;
    let (provider, settings) = setup.settings(&server.uri());
    let report = tested(&service(&server.uri()), provider, &settings).await;
    let sentence = failure_at(&report, stage);
    assert!(sentence.contains(message), "{sentence}");
    assert_eq!(
        report.provider_message.as_deref(),
        has_message.then_some(MESSAGE)
    );
    assert!(report.status.is_some() && report.latency_ms.is_some());
}

#[rstest]
#[case::google(ProbeSetup::Google, 400, json!({"error": {"code": 400, "message": "API key not valid. Please pass a valid API key.", "status": "INVALID_ARGUMENT",
    "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]}}), TestStage::Authentication, "API key not valid. Please pass a valid API key.")]
#[case::google_location(ProbeSetup::Google, 400, json!({"error": {"code": 400, "message": "User location is not supported for the API use.", "status": "FAILED_PRECONDITION"}}),
    TestStage::Permission, "User location is not supported for the API use.")]
#[case::google_permission(ProbeSetup::Google, 403, json!({"error": {"code": 403, "message": "Blocked.", "status": "PERMISSION_DENIED"}}), TestStage::Permission, "Blocked.")]
#[case::anthropic(ProbeSetup::Anthropic, 401, json!({"type": "error", "error": {"type": "authentication_error", "message": "invalid x-api-key"}}), TestStage::Authentication, "invalid x-api-key")]
#[case::openai_quota(ProbeSetup::OpenAi, 429, json!({"error": {"message": "You exceeded your current quota, please check your plan and billing details.", "code": "insufficient_quota"}}),
    TestStage::Permission, "You exceeded your current quota, please check your plan and billing details.")]
#[case::azure(ProbeSetup::FoundryKey, 401, json!({"error": {"code": "401", "message": "Access denied due to invalid subscription key."}}), TestStage::Authentication, "Access denied due to invalid subscription key.")]
#[case::plain_detail(ProbeSetup::Compatible, 403, json!({"detail": "No access"}), TestStage::Permission, "No access")]
#[case::plain_error(ProbeSetup::Compatible, 401, json!({"error": "Unauthorized"}), TestStage::Authentication, "Unauthorized")]
#[tokio::test]
async fn error_formats_of_providers_are_understood(
    #[case] setup: ProbeSetup,
    #[case] status: u16,
    #[case] body: serde_json::Value,
    #[case] stage: TestStage,
    #[case] message: &str,
) {
    let server = MockServer::start().await;
    setup.prepare(&server).await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(status).set_body_json(body))
        .mount(&server)
        .await;
    let (provider, settings) = setup.settings(&server.uri());
    let report = tested(&service(&server.uri()), provider, &settings).await;
    let sentence = failure_at(&report, stage);
    assert_eq!(
        sentence.contains("does not accept the credentials"),
        stage == TestStage::Authentication,
        "{sentence}"
    );
    assert_eq!(report.provider_message.as_deref(), Some(message));
}

#[rstest]
#[case(
    "UnrecognizedClientException",
    "The security token included in the request is invalid.",
    TestStage::Authentication
)]
#[case(
    "InvalidSignatureException:http://internal.amazon.com/",
    "The signature does not match.",
    TestStage::Authentication
)]
#[case(
    "aws.auth#SignatureDoesNotMatch",
    "The signature does not match.",
    TestStage::Authentication
)]
#[case(
    "ExpiredTokenException",
    "The token is expired.",
    TestStage::Authentication
)]
#[case(
    "AccessDeniedException",
    "User is not authorized to perform: bedrock:ListInferenceProfiles",
    TestStage::Permission
)]
#[tokio::test]
async fn aws_403_with_credential_error_is_authentication(
    #[case] word: &str,
    #[case] words: &str,
    #[case] stage: TestStage,
) {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(403)
        .insert_header("x-amzn-errortype", word)
        .set_body_json(json!({"message": words}));
    Mock::given(method("GET"))
        .respond_with(answer)
        .mount(&server)
        .await;
    let (provider, settings) = ProbeSetup::Bedrock.settings(&server.uri());
    let report = tested(&service(&server.uri()), provider, &settings).await;
    let sentence = failure_at(&report, stage);
    assert_eq!(
        sentence.contains("does not accept the credentials"),
        stage == TestStage::Authentication,
        "{sentence}"
    );
    assert_eq!(report.provider_message.as_deref(), Some(words));
}

#[tokio::test]
async fn wrong_clock_is_distinguished_from_wrong_key() {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(403)
        .insert_header("x-amzn-errortype", "InvalidSignatureException")
        .set_body_json(json!({"message": "Signature expired: 20240115T103000Z is now earlier than 20240115T104500Z"}));
    Mock::given(method("GET"))
        .respond_with(answer)
        .mount(&server)
        .await;
    let (provider, settings) = ProbeSetup::Bedrock.settings(&server.uri());
    let report = tested(&service(&server.uri()), provider, &settings).await;
    failure_at(&report, TestStage::Authentication);
    assert_eq!(
        report.advice.as_deref(),
        Some("Check this computer's clock")
    );
}

#[rstest]
#[case(
    401,
    "invalid_client",
    "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 1"
)]
#[case(
    400,
    "unauthorized_client",
    "AADSTS700016: Application was not found.\r\nTrace ID: 2"
)]
#[case(
    400,
    "invalid_request",
    "AADSTS90002: Tenant was not found.\r\nTrace ID: 3"
)]
#[tokio::test]
async fn refused_token_request_fails_at_authentication(
    #[case] status: u16,
    #[case] error: &str,
    #[case] description: &str,
) {
    let server = MockServer::start().await;
    let body = json!({"error": error, "error_description": description});
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(status).set_body_json(body))
        .mount(&server)
        .await;
    let (provider, settings) = ProbeSetup::FoundryEntra.settings(&server.uri());
    let report = tested(&service(&server.uri()), provider, &settings).await;
    failure_at(&report, TestStage::Authentication);
    assert!(
        report
            .provider_message
            .unwrap()
            .starts_with(&description[..20])
    );
    assert!(report.advice.unwrap().contains("client secret"));
    assert_eq!(
        server.received_requests().await.unwrap().len(),
        1,
        "no request follows the token request"
    );
}

#[tokio::test]
async fn public_model_list_does_not_prove_a_key() {
    let server = MockServer::start().await;
    let whoami = wiremock::matchers::path("/api/whoami-v2");
    let unknown = json!({"error": "Invalid credentials in Authorization header"});
    Mock::given(whoami)
        .respond_with(ResponseTemplate::new(401).set_body_json(unknown))
        .mount(&server)
        .await;
    Mock::given(wiremock::matchers::path("/models"))
        .respond_with(ResponseTemplate::new(200).set_body_json(ProbeSetup::HuggingFace.list()))
        .mount(&server)
        .await;
    let (provider, settings) = ProbeSetup::HuggingFace.settings(&server.uri());
    let report = tested(&service(&server.uri()), provider, &settings).await;
    failure_at(&report, TestStage::Authentication);
}

#[tokio::test]
async fn working_key_without_model_list_is_success() {
    let server = MockServer::start().await;
    let whoami = wiremock::matchers::path("/api/whoami-v2");
    Mock::given(whoami)
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"name": "me"})))
        .mount(&server)
        .await;
    let (provider, settings) = ProbeSetup::HuggingFace.settings(&server.uri());
    let report = tested(&service(&server.uri()), provider, &settings).await;
    assert!(
        report.success && report.error_message.is_none(),
        "{report:?}"
    );
    assert_eq!(stopped_at(&report), Some(TestStage::Models));
    assert!(report.advice.is_some());
}

#[rstest]
#[case::openai(ProbeSetup::OpenAi, json!({"object": "list", "data": null}))]
#[case::compatible(ProbeSetup::Compatible, json!({"models": null}))]
#[case::anthropic(ProbeSetup::Anthropic, json!({"data": null}))]
#[case::google(ProbeSetup::Google, json!({"models": null}))]
#[case::bedrock(ProbeSetup::Bedrock, json!({"inferenceProfileSummaries": null}))]
#[case::foundry_key(ProbeSetup::FoundryKey, json!({"data": null}))]
#[case::foundry_entra(ProbeSetup::FoundryEntra, json!({"value": null}))]
#[case::huggingface(ProbeSetup::HuggingFace, json!({"data": null}))]
#[tokio::test]
async fn null_is_an_empty_list(#[case] setup: ProbeSetup, #[case] body: serde_json::Value) {
    let server = MockServer::start().await;
    setup.prepare(&server).await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(body))
        .mount(&server)
        .await;
    let (provider, settings) = setup.settings(&server.uri());
    let report = tested(&service(&server.uri()), provider, &settings).await;
    assert_eq!(
        (report.success, report.models),
        (true, Some(0)),
        "{report:?}"
    );
}

#[rstest]
#[tokio::test]
async fn bare_and_wrapped_lists_are_read_for_compatible_providers(
    #[values(
        "openai",
        "openai-compatible",
        "mistral",
        "deepseek",
        "togetherai",
        "fireworks-ai",
        "alibaba",
        "moonshot",
        "zai",
        "ollama"
    )]
    provider: &str,
    #[values(
        json!([{"id": "a"}, {"name": "b"}, {"model": "c"}]),
        json!({"data": [{"id": "a"}, {"name": "b"}, {"model": "c"}]}),
        json!({"models": [{"id": "a"}, {"name": "b"}, {"model": "c"}]})
    )]
    body: serde_json::Value,
) {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(body))
        .mount(&server)
        .await;
    let service = service(&server.uri());
    let settings = json!({"apiKey": crate::probe::fixture::KEY, "endpoint": server.uri()});
    let key = crate::probe::fixture::store(&service, provider, &settings).await;
    let models = service.models(&key, None).await.unwrap();
    let ids: Vec<_> = models.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, ["a", "b", "c"]);
}

#[rstest]
#[case::refused(400, json!([{"error": {"code": 400, "message": MESSAGE, "status": "INVALID_ARGUMENT"}}]), TestStage::Authentication)]
#[case::unknown_key(400, json!([{"error": {"message": MESSAGE, "details": [{"reason": "API_KEY_INVALID"}]}}]), TestStage::Authentication)]
#[case::good_status(200, json!([{"error": {"message": MESSAGE}}]), TestStage::Reached)]
#[case::good_status_null_list(200, json!({"error": {"message": MESSAGE}, "data": null}), TestStage::Reached)]
#[case::good_status_unknown_key(200, json!({"error": {"message": MESSAGE, "code": "invalid_api_key"}, "data": []}), TestStage::Authentication)]
#[tokio::test]
async fn providers_message_is_shown_from_a_list_of_errors(
    #[case] status: u16,
    #[case] body: serde_json::Value,
    #[case] stage: TestStage,
) {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(status).set_body_json(body))
        .mount(&server)
        .await;
    let (provider, settings) = ProbeSetup::Compatible.settings(&server.uri());
    let report = tested(&service(&server.uri()), provider, &settings).await;
    failure_at(&report, stage);
    assert_eq!(report.provider_message.as_deref(), Some(MESSAGE));
}

#[rstest]
#[case::accepted(200, &[TestStage::Settings, TestStage::Reached, TestStage::Permission])]
#[case::refused(401, &[TestStage::Settings])]
#[tokio::test]
async fn stages_are_reported_while_the_test_runs(
    #[values(ProbeSetup::OpenAi, ProbeSetup::FoundryEntra)] setup: ProbeSetup,
    #[case] status: u16,
    #[case] expected: &[TestStage],
) {
    let server = MockServer::start().await;
    setup.prepare(&server).await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(status).set_body_json(setup.list()))
        .mount(&server)
        .await;
    let (provider, settings) = setup.settings(&server.uri());
    let draft = draft_of(provider, &settings);
    let stages = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&stages);
    let progress = TestProgress::new(move |stage| seen.lock().unwrap().push(stage));
    let service = service(&server.uri());
    let tested = service.test_with_progress(TestSubject::Draft(draft), &progress);
    assert_eq!(tested.await.unwrap().success, status == 200);
    assert_eq!(*stages.lock().unwrap(), expected);
}
