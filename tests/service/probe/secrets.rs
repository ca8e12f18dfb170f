//! Reports never contain a secret, even if the provider returns it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rstest::rstest;
use serde_json::{Value, json};
use umai::connection::TestSubject;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use umai::appsettings::EnvironmentVariables;
use umai::connection::TestStage;
use umai::probe::ProbeLimits;

use crate::probe::fixture::{
    ACCESS_KEY_ID, KEY, ProbeSetup, TOKEN, failure_at, service, service_with, store, tested,
};

const HEADER_SECRET: &str = "of-news-99";

fn hex(text: &str) -> String {
    text.bytes()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|sign| char::from_digit(sign.into(), 16))
        .collect()
}

/// A secret in eight encodings.
fn encodings(secret: &str) -> [String; 8] {
    let json = Value::from(secret).to_string();
    [
        secret.to_owned(),
        STANDARD.encode(secret),
        url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        hex(secret),
        json.trim_matches('"').to_owned(),
        secret.chars().rev().collect(),
        secret.chars().flat_map(|sign| [sign, '\0']).collect(),
        secret.to_lowercase(),
    ]
}

/// Asserts that a text contains no secret and no eight consecutive characters of one.
fn holds_none(shown: &str) {
    let lowered = shown.to_lowercase().replace('\0', "");
    for secret in [KEY, ACCESS_KEY_ID, TOKEN, HEADER_SECRET] {
        for written in encodings(secret) {
            let written = written.to_lowercase().replace('\0', "");
            let signs: Vec<char> = written.chars().collect();
            for run in signs.windows(8) {
                let run: String = run.iter().collect();
                assert!(!lowered.contains(&run), "{run} of {written} in {shown}");
            }
        }
    }
}

/// Responds with the whole request in every encoding.
struct Echo {
    status: u16,
    body: fn(&str) -> Value,
    encoding: usize,
}

impl Respond for Echo {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let sent: Vec<String> = request
            .headers
            .values()
            .filter_map(|value| value.to_str().ok())
            .map(str::to_owned)
            .chain([KEY, ACCESS_KEY_ID, TOKEN, HEADER_SECRET].map(str::to_owned))
            .collect();
        let echoed: Vec<String> = sent
            .iter()
            .map(|text| encodings(text)[self.encoding].clone())
            .collect();
        ResponseTemplate::new(self.status).set_body_json((self.body)(&echoed.join(" and ")))
    }
}

#[rstest]
#[tokio::test]
async fn echoed_secret_is_redacted(
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
    #[values(0, 1, 2, 3, 4, 5, 6, 7)] encoding: usize,
    #[values(401, 403, 429, 500)] status: u16,
) {
    let server = MockServer::start().await;
    setup.prepare(&server).await;
    let body = |text: &str| json!({"error": {"message": format!("You sent {text}"), "code": text}});
    Mock::given(method("GET"))
        .respond_with(Echo {
            status,
            body,
            encoding,
        })
        .mount(&server)
        .await;
    let (provider, settings) = setup.settings(&server.uri());
    let service = service(&server.uri());
    let key = store(&service, provider, &settings).await;
    let report = service
        .test(TestSubject::Stored(key.clone()))
        .await
        .unwrap();
    assert!(!report.success);
    assert!(
        report
            .provider_message
            .as_ref()
            .is_some_and(|message| message.contains("***")),
        "{report:?}"
    );
    // Only the secrets of this request are redacted; the other three were not sent.
    let own: &[&str] = match setup {
        ProbeSetup::Bedrock => &[KEY, ACCESS_KEY_ID],
        ProbeSetup::FoundryEntra => &[KEY, TOKEN],
        ProbeSetup::Compatible => &[KEY, HEADER_SECRET],
        _ => &[KEY],
    };
    let mut shown = serde_json::to_string(&report).unwrap();
    for foreign in [KEY, ACCESS_KEY_ID, TOKEN, HEADER_SECRET] {
        if !own.contains(&foreign) {
            for written in encodings(foreign) {
                shown = shown.replace(&written.replace('\0', ""), "");
            }
        }
    }
    holds_none(&shown);
    let error = service.models(&key, None).await.unwrap_err();
    assert!(!format!("{error:?}{error}").contains(KEY));
}

#[rstest]
#[tokio::test]
async fn key_echoed_in_model_list_is_redacted(#[values(0, 1, 2, 3, 4, 5, 7)] encoding: usize) {
    let server = MockServer::start().await;
    let body = |text: &str| json!({"data": [{"id": text}, {"id": "gpt-4o"}]});
    Mock::given(method("GET"))
        .respond_with(Echo {
            status: 200,
            body,
            encoding,
        })
        .mount(&server)
        .await;
    let (provider, settings) = ProbeSetup::OpenAi.settings(&server.uri());
    let service = service(&server.uri());
    let key = store(&service, provider, &settings).await;
    let models = service.models(&key, None).await.unwrap();
    let ids: Vec<_> = models.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, ["gpt-4o"]);
}

#[tokio::test]
async fn key_in_endpoint_path_is_redacted() {
    let server = MockServer::start().await;
    let service = service(&server.uri());
    let endpoint = format!(
        "{}/gateway/{}/v1?key={}",
        server.uri(),
        "planted0Path0Secret",
        KEY
    );
    let settings = json!({"apiKey": "planted0Path0Secret", "endpoint": endpoint});
    let key = store(&service, "openai", &settings).await;
    let report = service.test(TestSubject::Stored(key)).await.unwrap();
    let shown = format!("{report:?}");
    assert!(!shown.contains("planted"), "{shown}");
}

#[tokio::test]
async fn entra_token_is_redacted() {
    let server = MockServer::start().await;
    ProbeSetup::FoundryEntra.prepare(&server).await;
    let message = json!({"error": {"message": format!("The bearer {TOKEN} may not")}});
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(403).set_body_json(message))
        .mount(&server)
        .await;
    let (provider, settings) = ProbeSetup::FoundryEntra.settings(&server.uri());
    let service = service(&server.uri());
    let key = store(&service, provider, &settings).await;
    let report = service.test(TestSubject::Stored(key)).await.unwrap();
    assert_eq!(
        report.provider_message.as_deref(),
        Some("The bearer *** may not")
    );
}

/// Tests a connection whose key is a reference with this value.
async fn tested_with(server: &MockServer, value: &str) -> umai::connection::TestReport {
    let variables = EnvironmentVariables::from_pairs([("OpenAI__ApiKey", value)]);
    let service = service_with(&server.uri(), ProbeLimits::default(), variables);
    let settings = json!({"apiKey": "$OpenAI:ApiKey", "endpoint": server.uri()});
    tested(&service, "openai", &settings).await
}

#[rstest]
#[case(" planted-ref-1\n")]
#[case("\u{feff}planted-ref-1\u{200b}")]
#[tokio::test]
async fn resolved_key_is_trimmed_before_it_is_sent(#[case] value: &str) {
    let server = MockServer::start().await;
    let key = wiremock::matchers::header("authorization", "Bearer planted-ref-1");
    Mock::given(key)
        .respond_with(ResponseTemplate::new(200).set_body_json(ProbeSetup::OpenAi.list()))
        .mount(&server)
        .await;
    let report = tested_with(&server, value).await;
    assert!(report.success, "{report:?}");
}

#[rstest]
#[case("planted\u{200b}ref", "contains an invisible character (U+200B)")]
#[case("Bearer planted", "begins with 'Bearer '")]
#[case("'planted'", "is in quotes")]
#[case("OPENAI_API_KEY=planted", "begins with 'OPENAI_API_KEY='")]
#[case("ENC:planted", "is encrypted by Umbraco (ENC:…)")]
#[tokio::test]
async fn resolved_value_that_is_not_a_key_is_not_sent(#[case] value: &str, #[case] words: &str) {
    let server = MockServer::start().await;
    let report = tested_with(&server, value).await;
    let sentence = failure_at(&report, TestStage::Settings);
    let expected = format!("OpenAI API Key refers to $OpenAI:ApiKey, whose value {words}");
    assert_eq!(sentence, expected);
    assert!(!format!("{report:?}").contains("planted"), "{report:?}");
    assert!(server.received_requests().await.unwrap().is_empty());
}
