//! Blocked addresses, and values that are hidden in displayed URLs.

use rstest::rstest;
use serde_json::json;
use umai::appsettings::EnvironmentVariables;
use umai::connection::TestStage;
use umai::probe::ProbeLimits;
use wiremock::matchers::{bearer_token, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::probe::fixture::{
    KEY, ProbeSetup, failure_at, service, service_with, short_limits, tested, tested_at,
};

#[rstest]
#[case("http://169.254.169.254/latest")]
#[case("https://169.254.169.254")]
#[case("http://[::ffff:169.254.169.254]")]
#[case("http://[::ffff:a9fe:a9fe]")]
#[case("http://2852039166")]
#[case("http://0xa9fea9fe")]
#[case("http://0251.0376.0251.0376")]
#[case("https://[fd00:ec2::254]")]
#[case("https://metadata.google.internal")]
#[case("https://metadata.google.internal.")]
#[case("http://0.0.0.0:8080")]
#[case("http://[::]")]
#[case("http://0")]
#[case("http://224.0.0.1")]
#[case("http://255.255.255.255")]
#[case("http://[fe80::1]")]
#[case("http://100.100.100.200")]
#[case("http://[64:ff9b::169.254.169.254]")]
#[tokio::test]
async fn internal_address_is_blocked(#[case] endpoint: &str) {
    let report = tested_at(endpoint, short_limits()).await;
    let sentence = failure_at(&report, TestStage::Reached);
    assert!(sentence.contains("is blocked"), "{sentence}");
    assert_eq!(report.status, None);
}

#[rstest]
#[case("http://8.8.8.8/v1")]
#[case("http://[2606:4700::1111]/v1")]
#[tokio::test]
async fn plain_http_to_public_host_is_refused(#[case] endpoint: &str) {
    let report = tested_at(endpoint, short_limits()).await;
    let sentence = failure_at(&report, TestStage::Reached);
    assert!(sentence.contains("requires https"), "{sentence}");
    assert_eq!(
        report.advice.as_deref(),
        Some("Use an endpoint that begins with https://")
    );
}

#[tokio::test]
async fn region_cannot_change_the_host() {
    let server = MockServer::start().await;
    for region in ["evil.example/", "x.evil.example#", "a@b", "a.b"] {
        let settings =
            json!({"region": region, "accessKeyId": "AKIAPLANTED", "secretAccessKey": KEY});
        let report = tested(&service(&server.uri()), "amazon", &settings).await;
        let sentence = failure_at(&report, TestStage::Settings);
        assert_eq!(
            sentence,
            "AWS Region must consist of letters, numbers and hyphens"
        );
    }
}

#[tokio::test]
async fn resolved_reference_is_not_shown_in_the_url() {
    let server = MockServer::start().await;
    let secret_path = format!("{}/hidden-path-5521", server.uri());
    let variables = EnvironmentVariables::from_pairs([
        ("My__Endpoint", secret_path.as_str()),
        ("My__Word", "no-address-7734"),
    ]);
    let service = service_with(&server.uri(), ProbeLimits::default(), variables);
    let settings = json!({"apiKey": KEY, "endpoint": "$My:Endpoint"});
    let report = tested(&service, "openai", &settings).await;
    failure_at(&report, TestStage::Reached);
    assert_eq!(report.address.as_deref(), Some("$My:Endpoint/models"));
    let shown = format!("{report:?}");
    assert!(
        !shown.contains("hidden-path") && !shown.contains("127.0.0.1"),
        "{shown}"
    );
    let settings = json!({"alias": "w", "apiKey": KEY, "endpoint": "$My:Word"});
    let draft = crate::support::draft(
        &json!({"providerId": "openai",
        "settings": {"apiKey": settings["apiKey"], "endpoint": settings["endpoint"]}})
        .to_string(),
    );
    let report = service
        .test(umai::connection::TestSubject::Draft(draft))
        .await
        .unwrap();
    assert_eq!(
        failure_at(&report, TestStage::Settings),
        "Endpoint is not an http or https URL"
    );
    assert!(!format!("{report:?}").contains("7734"));
}

#[rstest]
#[case(200)]
#[case(401)]
#[tokio::test]
async fn gateway_key_is_not_sent_to_the_provider(#[case] status: u16) {
    let own = MockServer::start().await;
    let gateway = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/models"))
        .and(bearer_token(KEY))
        .respond_with(ResponseTemplate::new(status).set_body_json(ProbeSetup::HuggingFace.list()))
        .mount(&gateway)
        .await;
    let service = service(&own.uri());
    let (provider, settings) = ProbeSetup::HuggingFace.settings(&gateway.uri());
    let report = tested(&service, provider, &settings).await;
    assert_eq!(report.success, status == 200, "{report:?}");
    assert_eq!(report.status, Some(status));
    let address = format!("{}/models", gateway.uri());
    assert_eq!(report.address.as_deref(), Some(address.as_str()));
    assert_eq!(own.received_requests().await.unwrap().len(), 0);
    assert_eq!(gateway.received_requests().await.unwrap().len(), 1);
}
