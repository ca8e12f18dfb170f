//! Connection tests and models over HTTP; responses of providers are covered elsewhere.

use reqwest::Method;

use super::world::World;

#[tokio::test]
async fn test_returns_200_with_report() {
    let world = World::new().await;
    world
        .create(r#"{"alias":"bare","name":"B","providerId":"openai","isActive":false}"#)
        .await;
    let report = world.ask(Method::POST, "/connections/bare/test").await;
    assert_eq!(report.status, 200);
    let report = report.json();
    assert_eq!(report["success"], false);
    assert!(report["errorMessage"].is_string(), "{report}");
    assert!(report["steps"].is_array());
}

#[tokio::test]
async fn test_of_missing_connection_or_invalid_body_fails() {
    let world = World::new().await;
    let missing = world.ask(Method::POST, "/connections/missing/test").await;
    assert_eq!(missing.refusal(), (404, "Connection not found".into()));
    world
        .create(r#"{"alias":"bare","name":"B","providerId":"openai"}"#)
        .await;
    for path in ["/connections/bare/test", "/connection-tests"] {
        for body in ["[]", "{", r#"{"name":"a","name":"b"}"#] {
            assert_eq!(
                world.post_json(path, body).await.status,
                400,
                "{path} {body}"
            );
        }
        let untyped = world.request(Method::POST, path).body("{}");
        assert_eq!(world.send(untyped).await.status, 415, "{path}");
        let long = " ".repeat(256 * 1024 + 1);
        assert_eq!(world.post_json(path, long).await.status, 413, "{path}");
    }
    assert_eq!(
        world.post_json("/connection-tests", "").await.status,
        400,
        "a draft is required"
    );
}

#[tokio::test]
async fn test_leaves_store_unchanged() {
    let world = World::new().await;
    world
        .create(r#"{"alias":"bare","name":"B","providerId":"openai"}"#)
        .await;
    let before = world.state().await;
    world.ask(Method::POST, "/connections/bare/test").await;
    world
        .post_json("/connections/bare/test", r#"{"name":"Other"}"#)
        .await;
    world
        .post_json(
            "/connection-tests",
            r#"{"alias":"new","name":"N","providerId":"openai"}"#,
        )
        .await;
    assert_eq!(world.state().await, before);
    assert_eq!(world.get("/connections/bare").await.json()["name"], "B");
}

#[tokio::test]
async fn models_of_missing_connection_or_capability_fail() {
    let world = World::new().await;
    assert_eq!(
        world.get("/connections/missing/models").await.refusal(),
        (404, "Connection not found".into())
    );
    assert_eq!(
        world
            .get("/connections/missing/models?capability=x")
            .await
            .status,
        400
    );
    world
        .create(r#"{"alias":"bare","name":"B","providerId":"openai"}"#)
        .await;
    let unasked = world.get("/connections/bare/models?capability=Chat").await;
    assert_eq!(
        unasked.status, 502,
        "text of the provider must not be invented"
    );
    assert_eq!(unasked.json()["code"], "provider");
}
