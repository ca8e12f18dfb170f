//! The documented request and its responses, byte for byte.

use crate::routes::fixture::Fixture;
use crate::support::DOCUMENTED;

const BODY: &str = "{\n  \"alias\": \"openai-prod\",\n  \"name\": \"OpenAI Production\",\n  \"providerId\": \"openai\",\n  \"isActive\": true,\n  \"settings\": {\n    \"apiKey\": \"sk-your-api-key\",\n    \"organization\": null\n  }\n}";

#[tokio::test]
async fn documented_create_returns_documented_201() {
    for body in [DOCUMENTED, BODY] {
        let fixture = Fixture::new().await;
        let answer = fixture.post_json("/connections", body).await;
        assert_eq!(answer.status, 201);
        let id = answer.json()["id"].as_str().unwrap().to_owned();
        assert_eq!(
            answer.text,
            format!(
                r#"{{"id":"{id}","alias":"openai-prod","name":"OpenAI Production","providerId":"openai","isActive":true,"dateCreated":"2024-01-15T10:30:00Z","dateModified":"2024-01-15T10:30:00Z","version":1,"settings":{{"apiKey":"sk-***","organization":null}}}}"#
            )
        );
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("etag"), Some("\"1\""));
        let location = answer.header("location").unwrap();
        assert_eq!(
            location,
            format!("/umbraco/ai/management/api/v1/connections/{id}")
        );
        let found = fixture.get(location).await;
        assert_eq!(found.text, answer.text, "the created connection is stored");
        let by_alias = fixture.get("/connections/OpenAI-Prod").await;
        assert_eq!(by_alias.text, answer.text);
    }
}

#[tokio::test]
async fn missing_alias_returns_documented_400() {
    let fixture = Fixture::new().await;
    let answer = fixture.post_json("/connections", "{}").await;
    let documented = r#"{"type":"https://tools.ietf.org/html/rfc7231#section-6.5.1","title":"Bad Request","status":400,"detail":"Alias is required""#;
    let (head, extensions) = answer.text.split_at(documented.len());
    assert_eq!(head, documented);
    assert_eq!(
        extensions,
        r#","code":"required","errors":{"alias":["Alias is required"],"name":["Name is required"],"providerId":["ProviderId is required"]},"cause":{"invalid":[{"field":"alias","reason":{"code":"required"}},{"field":"name","reason":{"code":"required"}},{"field":"providerId","reason":{"code":"required"}}]}}"#
    );
}

#[tokio::test]
async fn documented_errors_have_documented_details() {
    let fixture = Fixture::new().await;
    fixture.create_documented().await;
    for (body, detail) in [
        (r#"{"name":"A","providerId":"openai"}"#, "Alias is required"),
        (r#"{"alias":"a","providerId":"openai"}"#, "Name is required"),
        (r#"{"alias":"a","name":"A"}"#, "ProviderId is required"),
        (
            DOCUMENTED,
            "A connection with alias 'openai-prod' already exists",
        ),
        (
            r#"{"alias":"a","name":"A","providerId":"invalid-provider"}"#,
            "Provider 'invalid-provider' not found",
        ),
        (
            r#"{"alias":"a","name":"A","providerId":"openai","settings":{"apiKey":"$Open:Nothing"}}"#,
            "Configuration key 'Open:Nothing' not found",
        ),
    ] {
        let answer = fixture.post_json("/connections", body).await;
        assert_eq!(answer.refusal(), (400, detail.to_owned()));
        let problem = answer.json();
        assert_eq!(
            problem["type"],
            "https://tools.ietf.org/html/rfc7231#section-6.5.1"
        );
        assert_eq!(problem["title"], "Bad Request");
        let first = problem["errors"]
            .as_object()
            .unwrap()
            .values()
            .next()
            .unwrap();
        assert_eq!(first[0], detail, "the first error is the detail");
    }
}

#[tokio::test]
async fn concurrent_creates_of_one_alias_return_one_201() {
    let fixture = Fixture::new().await;
    let creates = (0..32).map(|_| fixture.post_json("/connections", DOCUMENTED));
    let answers = futures_util::future::join_all(creates).await;
    let kept = answers.iter().filter(|answer| answer.status == 201).count();
    let refused = answers.iter().filter(|answer| {
        answer.status == 400
            && answer.refusal().1 == "A connection with alias 'openai-prod' already exists"
    });
    assert_eq!((kept, refused.count()), (1, 31));
    assert_eq!(fixture.state().await.0, 1);
}
