//! Requests of connection tests, with all headers.

use serde_json::{Value, json};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::probe::fixture::{ACCESS_KEY_ID, KEY, ProbeSetup, TOKEN, service, tested};
use crate::probe::sigv4;

/// Requests that the server receives in a test with this scheme.
async fn received(setup: ProbeSetup) -> (MockServer, Vec<Request>) {
    let server = MockServer::start().await;
    setup.prepare(&server).await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(setup.list()))
        .mount(&server)
        .await;
    let (provider, settings) = setup.settings(&server.uri());
    let report = tested(&service(&server.uri()), provider, &settings).await;
    assert!(report.success, "{report:?}");
    let requests = server.received_requests().await.unwrap();
    (server, requests)
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request
        .headers
        .get(name)
        .map(|value| value.to_str().unwrap())
}

fn target(request: &Request) -> String {
    let url = &request.url;
    url.query().map_or_else(
        || url.path().to_owned(),
        |query| format!("{}?{query}", url.path()),
    )
}

#[tokio::test]
async fn openai_request_has_bearer_and_organization() {
    let (_server, requests) = received(ProbeSetup::OpenAi).await;
    let [request] = requests.as_slice() else {
        panic!("{requests:?}")
    };
    assert_eq!(target(request), "/v1/models");
    assert_eq!(
        header(request, "authorization"),
        Some(format!("Bearer {KEY}").as_str())
    );
    assert_eq!(header(request, "openai-organization"), Some("org-1"));
    assert_eq!(
        header(request, "user-agent"),
        Some(concat!("umai/", env!("CARGO_PKG_VERSION")))
    );
    assert_eq!(header(request, "referer"), None);
}

#[tokio::test]
async fn compatible_request_has_custom_headers() {
    let (_server, requests) = received(ProbeSetup::Compatible).await;
    assert_eq!(target(&requests[0]), "/models");
    assert_eq!(header(&requests[0], "x-team"), Some("blue"));
    assert_eq!(header(&requests[0], "x-more"), Some("Bearer of-news-99"));
    assert_eq!(header(&requests[0], "openai-organization"), None);
}

#[tokio::test]
async fn compatible_request_works_without_key() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(ProbeSetup::Compatible.list()))
        .mount(&server)
        .await;
    let settings = json!({"endpoint": format!("{}/v1/?tenant=7", server.uri())});
    let report = tested(&service(&server.uri()), "openai-compatible", &settings).await;
    assert!(report.success, "{report:?}");
    let requests = server.received_requests().await.unwrap();
    assert_eq!(header(&requests[0], "authorization"), None);
    assert_eq!(
        target(&requests[0]),
        "/v1/models?tenant=7",
        "the query is preserved"
    );
    assert_eq!(
        report.address,
        Some(format!("{}/v1/models", server.uri())),
        "and not shown"
    );
}

#[tokio::test]
async fn anthropic_and_google_requests_have_key_headers() {
    let (_server, requests) = received(ProbeSetup::Anthropic).await;
    assert_eq!(target(&requests[0]), "/v1/models?limit=1000");
    assert_eq!(header(&requests[0], "x-api-key"), Some(KEY));
    assert_eq!(
        header(&requests[0], "anthropic-version"),
        Some("2023-06-01")
    );
    assert_eq!(header(&requests[0], "authorization"), None);
    let (_server, requests) = received(ProbeSetup::Google).await;
    assert_eq!(target(&requests[0]), "/v1beta/models?pageSize=1000");
    assert_eq!(header(&requests[0], "x-goog-api-key"), Some(KEY));
}

#[tokio::test]
async fn bedrock_signature_matches_reference_implementation() {
    let (server, requests) = received(ProbeSetup::Bedrock).await;
    let request = &requests[0];
    assert_eq!(target(request), "/inference-profiles?maxResults=1000");
    assert_eq!(header(request, "x-amz-date"), Some("20240115T103000Z"));
    let expected = sigv4::authorization(&sigv4::Signed {
        path: "/inference-profiles",
        query: "maxResults=1000",
        host: server.address().to_string().as_str(),
        time: "20240115T103000Z",
        region: "eu-central-1",
        service: "bedrock",
        access_key_id: ACCESS_KEY_ID,
        secret_access_key: KEY,
        session_token: None,
    });
    assert_eq!(header(request, "authorization"), Some(expected.as_str()));
}

/// Request that a Bedrock server receives for these settings.
async fn received_by_bedrock(settings: Value) -> (MockServer, Request) {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(ProbeSetup::Bedrock.list()))
        .mount(&server)
        .await;
    let mut all = json!({"region": "eu-central-1", "endpoint": server.uri()});
    for (key, value) in settings.as_object().unwrap() {
        all[key] = value.clone();
    }
    let report = tested(&service(&server.uri()), "amazon", &all).await;
    assert_eq!(
        (report.success, report.models),
        (true, Some(2)),
        "{report:?}"
    );
    let shown = format!("{report:?}");
    assert!(!shown.contains(KEY) && !shown.contains(TOKEN), "{shown}");
    let mut requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    let request = requests.remove(0);
    (server, request)
}

#[tokio::test]
async fn bedrock_signs_the_session_token_of_temporary_credentials() {
    let settings = json!({"accessKeyId": "ASIAPLANTED7EXAMPLE", "secretAccessKey": KEY, "sessionToken": TOKEN});
    let (server, request) = received_by_bedrock(settings).await;
    assert_eq!(header(&request, "x-amz-security-token"), Some(TOKEN));
    let expected = sigv4::authorization(&sigv4::Signed {
        path: "/inference-profiles",
        query: "maxResults=1000",
        host: server.address().to_string().as_str(),
        time: "20240115T103000Z",
        region: "eu-central-1",
        service: "bedrock",
        access_key_id: "ASIAPLANTED7EXAMPLE",
        secret_access_key: KEY,
        session_token: Some(TOKEN),
    });
    assert_eq!(header(&request, "authorization"), Some(expected.as_str()));
}

#[tokio::test]
async fn bedrock_api_key_is_sent_as_a_bearer_before_access_keys() {
    for settings in [
        json!({"apiKey": KEY}),
        json!({"apiKey": KEY, "accessKeyId": "ASIAPLANTED", "secretAccessKey": "s"}),
    ] {
        let (_server, request) = received_by_bedrock(settings).await;
        let bearer = format!("Bearer {KEY}");
        assert_eq!(header(&request, "authorization"), Some(bearer.as_str()));
        assert_eq!(header(&request, "x-amz-date"), None);
        assert_eq!(target(&request), "/inference-profiles?maxResults=1000");
    }
}

#[tokio::test]
async fn referenced_headers_that_frame_a_request_are_not_sent() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(ProbeSetup::Compatible.list()))
        .mount(&server)
        .await;
    let lines = "Host: evil.example; content-length: 7; Transfer-Encoding: chunked; Connection: upgrade; \
                 Upgrade: h2c; TE: trailers; Expect: 100-continue; Proxy-Authorization: Basic eDp5; X-Team: blue";
    let variables = umai::appsettings::EnvironmentVariables::from_pairs([("My__Headers", lines)]);
    let service = crate::probe::fixture::service_with(
        &server.uri(),
        umai::probe::ProbeLimits::default(),
        variables,
    );
    let settings = json!({"endpoint": server.uri(), "headers": "$My:Headers"});
    let report = tested(&service, "openai-compatible", &settings).await;
    assert!(report.success, "{report:?}");
    let requests = server.received_requests().await.unwrap();
    let request = &requests[0];
    assert_eq!(header(request, "x-team"), Some("blue"));
    assert_eq!(
        header(request, "host"),
        Some(server.address().to_string().as_str())
    );
    for name in [
        "content-length",
        "transfer-encoding",
        "upgrade",
        "te",
        "expect",
        "proxy-authorization",
    ] {
        assert_eq!(header(request, name), None, "{name}");
    }
}

#[tokio::test]
async fn foundry_uses_key_if_set_otherwise_entra() {
    let (_server, requests) = received(ProbeSetup::FoundryKey).await;
    assert_eq!(
        target(&requests[0]),
        "/openai/models?api-version=2024-10-21"
    );
    assert_eq!(header(&requests[0], "api-key"), Some(KEY));
    let (_server, requests) = received(ProbeSetup::FoundryEntra).await;
    let [token, list] = requests.as_slice() else {
        panic!("{requests:?}")
    };
    assert_eq!(
        (token.method.as_str(), target(token).as_str()),
        ("POST", "/tenant-1/oauth2/v2.0/token")
    );
    assert_eq!(
        header(token, "content-type"),
        Some("application/x-www-form-urlencoded")
    );
    let form: Vec<(String, String)> = url::form_urlencoded::parse(&token.body)
        .into_owned()
        .collect();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        form,
        [
            pair("grant_type", "client_credentials"),
            pair("client_id", "client-1"),
            pair("client_secret", KEY),
            pair("scope", "https://ai.azure.com/.default")
        ]
    );
    assert_eq!(
        target(list),
        "/api/projects/my%20project/deployments?api-version=v1"
    );
    assert_eq!(
        header(list, "authorization"),
        Some(format!("Bearer {TOKEN}").as_str())
    );
}

#[tokio::test]
async fn foundry_prefers_key_if_both_are_set() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(ProbeSetup::FoundryKey.list()))
        .mount(&server)
        .await;
    let (provider, mut settings) = ProbeSetup::FoundryEntra.settings(&server.uri());
    settings["apiKey"] = json!(KEY);
    settings["useResponsesApi"] = json!(true);
    let report = tested(&service(&server.uri()), provider, &settings).await;
    assert!(report.success, "{report:?}");
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn tests_share_no_state() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(ProbeSetup::OpenAi.list()))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    let service = service(&server.uri());
    let (provider, settings) = ProbeSetup::OpenAi.settings(&server.uri());
    let key = crate::probe::fixture::store(&service, provider, &settings).await;
    let subject = umai::connection::TestSubject::Stored(key);
    assert!(service.test(subject.clone()).await.unwrap().success);
    assert!(!service.test(subject).await.unwrap().success);
}
