//! Connection tests and models over HTTP; responses of providers are covered elsewhere.

use reqwest::Method;

use crate::routes::fixture::Fixture;

#[tokio::test]
async fn test_returns_200_with_report() {
    let fixture = Fixture::new().await;
    fixture
        .create(r#"{"alias":"bare","name":"B","providerId":"openai","isActive":false}"#)
        .await;
    let report = fixture.ask(Method::POST, "/connections/bare/test").await;
    assert_eq!(report.status, 200);
    let report = report.json();
    assert_eq!(report["success"], false);
    assert!(report["errorMessage"].is_string(), "{report}");
    assert!(report["steps"].is_array());
}

#[tokio::test]
async fn test_of_missing_connection_or_invalid_body_fails() {
    let fixture = Fixture::new().await;
    let missing = fixture.ask(Method::POST, "/connections/missing/test").await;
    assert_eq!(missing.refusal(), (404, "Connection not found".into()));
    fixture
        .create(r#"{"alias":"bare","name":"B","providerId":"openai"}"#)
        .await;
    for path in ["/connections/bare/test", "/connection-tests"] {
        for body in ["[]", "{", r#"{"name":"a","name":"b"}"#] {
            assert_eq!(
                fixture.post_json(path, body).await.status,
                400,
                "{path} {body}"
            );
        }
        let untyped = fixture.request(Method::POST, path).body("{}");
        assert_eq!(fixture.send(untyped).await.status, 415, "{path}");
        let long = " ".repeat(256 * 1024 + 1);
        assert_eq!(fixture.post_json(path, long).await.status, 413, "{path}");
    }
    assert_eq!(
        fixture.post_json("/connection-tests", "").await.status,
        400,
        "a draft is required"
    );
}

#[tokio::test]
async fn test_leaves_store_unchanged() {
    let fixture = Fixture::new().await;
    fixture
        .create(r#"{"alias":"bare","name":"B","providerId":"openai"}"#)
        .await;
    let before = fixture.state().await;
    fixture.ask(Method::POST, "/connections/bare/test").await;
    fixture
        .post_json("/connections/bare/test", r#"{"name":"Other"}"#)
        .await;
    fixture
        .post_json(
            "/connection-tests",
            r#"{"alias":"new","name":"N","providerId":"openai"}"#,
        )
        .await;
    assert_eq!(fixture.state().await, before);
    assert_eq!(fixture.get("/connections/bare").await.json()["name"], "B");
}

#[tokio::test]
async fn models_of_missing_connection_or_capability_fail() {
    let fixture = Fixture::new().await;
    assert_eq!(
        fixture.get("/connections/missing/models").await.refusal(),
        (404, "Connection not found".into())
    );
    assert_eq!(
        fixture
            .get("/connections/missing/models?capability=x")
            .await
            .status,
        400
    );
    fixture
        .create(r#"{"alias":"bare","name":"B","providerId":"openai"}"#)
        .await;
    let unasked = fixture
        .get("/connections/bare/models?capability=Chat")
        .await;
    assert_eq!(
        unasked.status, 502,
        "text of the provider must not be invented"
    );
    assert_eq!(unasked.json()["code"], "provider");
}
