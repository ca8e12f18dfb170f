//! Trash: list, restore and delete permanently.

use reqwest::Method;
use serde_json::json;

use crate::routes::fixture::Fixture;

#[tokio::test]
async fn deleted_connection_stays_in_trash_until_restored_or_purged() {
    let fixture = Fixture::new().await;
    let created = fixture.create_documented().await;
    let id = created["id"].as_str().unwrap();
    fixture.delete("/connections/openai-prod").await;
    let trash = fixture.get("/trash").await.json();
    assert_eq!(trash["total"], 1);
    assert_eq!(trash["items"][0]["alias"], "openai-prod");
    assert!(trash["items"][0]["dateDeleted"].is_string());
    assert_eq!(fixture.get("/connections").await.json()["total"], 0);
    let versions = fixture
        .get(&format!("/versions/connection/{id}?expand=snapshot"))
        .await
        .json();
    assert_eq!(versions["total"], 2, "the history is kept");
    let restored = fixture
        .ask(Method::POST, &format!("/trash/{id}/restore"))
        .await;
    assert_eq!(
        (restored.status, &restored.json()["settings"]),
        (200, &created["settings"])
    );
    assert_eq!(restored.header("etag"), Some("\"3\""));
    fixture.delete("/connections/openai-prod").await;
    let purged = fixture.delete(&format!("/trash/{id}")).await;
    assert_eq!((purged.status, purged.text.as_str()), (200, ""));
    assert_eq!(
        fixture.get("/trash").await.json(),
        json!({ "items": [], "total": 0 })
    );
    assert_eq!(
        fixture
            .get(&format!("/versions/connection/{id}"))
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn restore_with_taken_alias_accepts_another_alias() {
    let fixture = Fixture::new().await;
    let id = fixture.create_documented().await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    fixture.delete("/connections/openai-prod").await;
    fixture.create_documented().await;
    let path = format!("/trash/{id}/restore");
    let taken = fixture.ask(Method::POST, &path).await;
    assert_eq!(
        taken.refusal(),
        (
            400,
            "A connection with alias 'openai-prod' already exists".into()
        )
    );
    for (body, words) in [
        (r#"{"alias":5}"#, "Alias must be text"),
        (r#"{"alias":"Not One"}"#, "Alias can only contain"),
        (r#"{"alias":"capabilities"}"#, "is reserved"),
        ("[]", "must be a JSON object"),
    ] {
        let (status, detail) = fixture.post_json(&path, body).await.refusal();
        assert_eq!(status, 400);
        assert!(detail.contains(words), "{detail}");
    }
    let restored = fixture.post_json(&path, r#"{"alias":"back"}"#).await;
    assert_eq!(
        (restored.status, &restored.json()["alias"]),
        (200, &json!("back"))
    );
}

#[tokio::test]
async fn trash_paths_accept_only_ids() {
    let fixture = Fixture::new().await;
    let id = fixture.create_documented().await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for key in [
        id.as_str(),
        "openai-prod",
        "3fa85f64-5717-4562-b3fc-2c963f66afa6",
    ] {
        let refused = fixture.delete(&format!("/trash/{key}")).await;
        assert_eq!(
            refused.refusal(),
            (404, "Connection not found".into()),
            "an active connection is not in the trash"
        );
        let refused = fixture
            .ask(Method::POST, &format!("/trash/{key}/restore"))
            .await;
        assert_eq!(refused.status, 404);
    }
}
