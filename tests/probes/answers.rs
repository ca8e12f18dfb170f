//! What each answer means, for every way of signing.

use rstest::rstest;
use serde_json::json;
use umai::connection::TestStage;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::stage::{Way, is_told, service, stopped_at, tested};

const WORDS: &str = "These are the provider's words";

fn html(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw("<!DOCTYPE html><h1>No such page</h1>", "text/html")
}

fn error(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status)
        .set_body_json(json!({"error": {"message": WORDS, "code": "nope"}}))
}

#[rstest]
#[tokio::test]
async fn a_list_of_models_is_success(
    #[values(
        Way::OpenAi,
        Way::Compatible,
        Way::Anthropic,
        Way::Google,
        Way::Bedrock,
        Way::FoundryKey,
        Way::FoundryEntra,
        Way::HuggingFace
    )]
    way: Way,
) {
    let server = MockServer::start().await;
    way.prepare(&server).await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(way.list()))
        .mount(&server)
        .await;
    let (provider, settings) = way.settings(&server.uri());
    let report = tested(&service(&server.uri()), provider, &settings).await;
    assert!(report.success, "{report:?}");
    assert_eq!(stopped_at(&report), None);
    assert_eq!(report.steps.len(), TestStage::ALL.len());
    assert_eq!((report.models, report.status), (Some(2), Some(200)));
    assert_eq!(
        (report.error_message, report.advice, report.said),
        (None, None, None)
    );
    assert!(report.latency_ms.is_some());
    assert!(report.address.unwrap().starts_with(&server.uri()));
}

#[rstest]
#[case::unauthorized(
    error(401),
    TestStage::SignedIn,
    "does not accept the credentials (401)",
    true
)]
#[case::a_page_for_401(
    html(401),
    TestStage::SignedIn,
    "does not accept the credentials (401)",
    false
)]
#[case::payment(error(402), TestStage::Permitted, "wants to be paid first (402)", true)]
#[case::forbidden(
    error(403),
    TestStage::Permitted,
    "does not permit it this (403)",
    true
)]
#[case::a_page_for_403(html(403), TestStage::Reached, "a web page that refuses (403)", false)]
#[case::a_page_for_404(html(404), TestStage::Reached, "There is no such API at", false)]
#[case::not_found(error(404), TestStage::Reached, "There is no such API at", true)]
#[case::too_often(error(429), TestStage::Permitted, "was asked too often (429)", true)]
#[case::trouble(error(500), TestStage::SignedIn, "has trouble of its own (500)", true)]
#[case::a_gateway(
    html(502),
    TestStage::Reached,
    "has trouble and gives no API's answer (502)",
    false
)]
#[case::misunderstood(
    error(422),
    TestStage::SignedIn,
    "does not take the request (422)",
    true
)]
#[case::a_page(
    html(200),
    TestStage::Reached,
    "something else than an API does",
    false
)]
#[case::other_json(ResponseTemplate::new(200).set_body_json(json!({"hello": "world"})), TestStage::Reached, "is not", false)]
#[case::nothing(
    ResponseTemplate::new(204),
    TestStage::Reached,
    "something else than an API does",
    false
)]
#[tokio::test]
async fn each_answer_is_told_from_the_others(
    #[case] answer: ResponseTemplate,
    #[case] stage: TestStage,
    #[case] said: &str,
    #[case] has_words: bool,
    #[values(
        Way::OpenAi,
        Way::Compatible,
        Way::Anthropic,
        Way::Google,
        Way::Bedrock,
        Way::FoundryKey,
        Way::FoundryEntra
    )]
    way: Way,
) {
    let server = MockServer::start().await;
    way.prepare(&server).await;
    Mock::given(method("GET"))
        .respond_with(answer)
        .mount(&server)
        .await;
    let (provider, settings) = way.settings(&server.uri());
    let report = tested(&service(&server.uri()), provider, &settings).await;
    let sentence = is_told(&report, stage);
    assert!(sentence.contains(said), "{sentence}");
    assert_eq!(report.said.as_deref(), has_words.then_some(WORDS));
    assert!(report.status.is_some() && report.latency_ms.is_some());
}

#[rstest]
#[case::google(Way::Google, 400, json!({"error": {"code": 400, "message": "API key not valid. Please pass a valid API key.", "status": "INVALID_ARGUMENT",
    "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]}}), TestStage::SignedIn, "API key not valid. Please pass a valid API key.")]
#[case::google_place(Way::Google, 400, json!({"error": {"code": 400, "message": "User location is not supported for the API use.", "status": "FAILED_PRECONDITION"}}),
    TestStage::Permitted, "User location is not supported for the API use.")]
#[case::google_permission(Way::Google, 403, json!({"error": {"code": 403, "message": "Blocked.", "status": "PERMISSION_DENIED"}}), TestStage::Permitted, "Blocked.")]
#[case::anthropic(Way::Anthropic, 401, json!({"type": "error", "error": {"type": "authentication_error", "message": "invalid x-api-key"}}), TestStage::SignedIn, "invalid x-api-key")]
#[case::openai_quota(Way::OpenAi, 429, json!({"error": {"message": "You exceeded your current quota, please check your plan and billing details.", "code": "insufficient_quota"}}),
    TestStage::Permitted, "You exceeded your current quota, please check your plan and billing details.")]
#[case::azure(Way::FoundryKey, 401, json!({"error": {"code": "401", "message": "Access denied due to invalid subscription key."}}), TestStage::SignedIn, "Access denied due to invalid subscription key.")]
#[case::a_plain_detail(Way::Compatible, 403, json!({"detail": "No access"}), TestStage::Permitted, "No access")]
#[case::a_plain_error(Way::Compatible, 401, json!({"error": "Unauthorized"}), TestStage::SignedIn, "Unauthorized")]
#[tokio::test]
async fn providers_own_shapes_are_understood(
    #[case] way: Way,
    #[case] status: u16,
    #[case] body: serde_json::Value,
    #[case] stage: TestStage,
    #[case] said: &str,
) {
    let server = MockServer::start().await;
    way.prepare(&server).await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(status).set_body_json(body))
        .mount(&server)
        .await;
    let (provider, settings) = way.settings(&server.uri());
    let report = tested(&service(&server.uri()), provider, &settings).await;
    let sentence = is_told(&report, stage);
    assert_eq!(
        sentence.contains("does not accept the credentials"),
        stage == TestStage::SignedIn,
        "{sentence}"
    );
    assert_eq!(report.said.as_deref(), Some(said));
}

#[rstest]
#[case(
    "UnrecognizedClientException",
    "The security token included in the request is invalid.",
    TestStage::SignedIn
)]
#[case(
    "InvalidSignatureException:http://internal.amazon.com/",
    "The signature does not match.",
    TestStage::SignedIn
)]
#[case(
    "aws.auth#SignatureDoesNotMatch",
    "The signature does not match.",
    TestStage::SignedIn
)]
#[case("ExpiredTokenException", "The token is expired.", TestStage::SignedIn)]
#[case(
    "AccessDeniedException",
    "User is not authorized to perform: bedrock:ListInferenceProfiles",
    TestStage::Permitted
)]
#[tokio::test]
async fn aws_says_sign_in_with_a_403(
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
    let (provider, settings) = Way::Bedrock.settings(&server.uri());
    let report = tested(&service(&server.uri()), provider, &settings).await;
    let sentence = is_told(&report, stage);
    assert_eq!(
        sentence.contains("does not accept the credentials"),
        stage == TestStage::SignedIn,
        "{sentence}"
    );
    assert_eq!(report.said.as_deref(), Some(words));
}

#[tokio::test]
async fn a_wrong_clock_is_told_from_a_wrong_key() {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(403)
        .insert_header("x-amzn-errortype", "InvalidSignatureException")
        .set_body_json(json!({"message": "Signature expired: 20240115T103000Z is now earlier than 20240115T104500Z"}));
    Mock::given(method("GET"))
        .respond_with(answer)
        .mount(&server)
        .await;
    let (provider, settings) = Way::Bedrock.settings(&server.uri());
    let report = tested(&service(&server.uri()), provider, &settings).await;
    is_told(&report, TestStage::SignedIn);
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
async fn a_token_that_is_not_given_is_a_matter_of_signing_in(
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
    let (provider, settings) = Way::FoundryEntra.settings(&server.uri());
    let report = tested(&service(&server.uri()), provider, &settings).await;
    is_told(&report, TestStage::SignedIn);
    assert!(report.said.unwrap().starts_with(&description[..20]));
    assert!(report.advice.unwrap().contains("client secret"));
    assert_eq!(
        server.received_requests().await.unwrap().len(),
        1,
        "nothing is sent after it"
    );
}

#[tokio::test]
async fn a_public_list_proves_no_key() {
    let server = MockServer::start().await;
    let whoami = wiremock::matchers::path("/api/whoami-v2");
    let unknown = json!({"error": "Invalid credentials in Authorization header"});
    Mock::given(whoami)
        .respond_with(ResponseTemplate::new(401).set_body_json(unknown))
        .mount(&server)
        .await;
    Mock::given(wiremock::matchers::path("/models"))
        .respond_with(ResponseTemplate::new(200).set_body_json(Way::HuggingFace.list()))
        .mount(&server)
        .await;
    let (provider, settings) = Way::HuggingFace.settings(&server.uri());
    let report = tested(&service(&server.uri()), provider, &settings).await;
    is_told(&report, TestStage::SignedIn);
}

#[tokio::test]
async fn a_key_that_works_is_success_though_the_list_is_not_there() {
    let server = MockServer::start().await;
    let whoami = wiremock::matchers::path("/api/whoami-v2");
    Mock::given(whoami)
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"name": "me"})))
        .mount(&server)
        .await;
    let (provider, settings) = Way::HuggingFace.settings(&server.uri());
    let report = tested(&service(&server.uri()), provider, &settings).await;
    assert!(
        report.success && report.error_message.is_none(),
        "{report:?}"
    );
    assert_eq!(stopped_at(&report), Some(TestStage::Models));
    assert!(report.advice.is_some());
}

#[rstest]
#[case::openai(Way::OpenAi, json!({"object": "list", "data": null}))]
#[case::compatible(Way::Compatible, json!({"models": null}))]
#[case::anthropic(Way::Anthropic, json!({"data": null}))]
#[case::google(Way::Google, json!({"models": null}))]
#[case::bedrock(Way::Bedrock, json!({"inferenceProfileSummaries": null}))]
#[case::foundry_key(Way::FoundryKey, json!({"data": null}))]
#[case::foundry_entra(Way::FoundryEntra, json!({"value": null}))]
#[case::huggingface(Way::HuggingFace, json!({"data": null}))]
#[tokio::test]
async fn null_is_an_empty_list(#[case] way: Way, #[case] body: serde_json::Value) {
    let server = MockServer::start().await;
    way.prepare(&server).await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(body))
        .mount(&server)
        .await;
    let (provider, settings) = way.settings(&server.uri());
    let report = tested(&service(&server.uri()), provider, &settings).await;
    assert_eq!(
        (report.success, report.models),
        (true, Some(0)),
        "{report:?}"
    );
}

#[rstest]
#[tokio::test]
async fn bare_and_wrapped_lists_are_read_for_every_openai_like_provider(
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
    let settings = json!({"apiKey": crate::stage::KEY, "endpoint": server.uri()});
    let key = crate::stage::store(&service, provider, &settings).await;
    let models = service.models(&key, None).await.unwrap();
    let ids: Vec<_> = models.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, ["a", "b", "c"]);
}

#[rstest]
#[case::refused(400, json!([{"error": {"code": 400, "message": WORDS, "status": "INVALID_ARGUMENT"}}]), TestStage::SignedIn)]
#[case::unknown_key(400, json!([{"error": {"message": WORDS, "details": [{"reason": "API_KEY_INVALID"}]}}]), TestStage::SignedIn)]
#[case::good_status(200, json!([{"error": {"message": WORDS}}]), TestStage::Reached)]
#[case::good_status_null_list(200, json!({"error": {"message": WORDS}, "data": null}), TestStage::Reached)]
#[case::good_status_unknown_key(200, json!({"error": {"message": WORDS, "code": "invalid_api_key"}, "data": []}), TestStage::SignedIn)]
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
    let (provider, settings) = Way::Compatible.settings(&server.uri());
    let report = tested(&service(&server.uri()), provider, &settings).await;
    is_told(&report, stage);
    assert_eq!(report.said.as_deref(), Some(WORDS));
}
