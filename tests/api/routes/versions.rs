//! Versions: list, show, compare and roll back.

use reqwest::Method;
use serde_json::{Value, json};

use crate::routes::fixture::Fixture;

const KEY: &str = "/versions/connection/openai-prod";

/// Creates a connection with three versions: created; renamed, with a new key; deactivated, with an endpoint.
async fn history(fixture: &Fixture) -> String {
    let created = fixture.create_documented().await;
    for body in [
        r#"{"name":"Renamed","settings":{"apiKey":"sk-planted-too"}}"#,
        r#"{"isActive":false,"settings":{"endpoint":"https://api.openai.com/v2"}}"#,
    ] {
        fixture.clock.turn(60);
        assert_eq!(
            fixture
                .put_json("/connections/openai-prod", body)
                .await
                .status,
            200
        );
    }
    created["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn supported_types_match_documentation() {
    let fixture = Fixture::new().await;
    assert_eq!(
        fixture.get("/versions/supported-types").await.text,
        r#"{"types":[{"type":"connection","displayName":"Connection","package":"umai"}]}"#
    );
}

#[tokio::test]
async fn versions_are_newest_first_with_stable_ids() {
    let fixture = Fixture::new().await;
    let id = history(&fixture).await;
    let list = fixture.get(KEY).await.json();
    assert_eq!(list["total"], 3);
    let numbers: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["version"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [3, 2, 1]);
    let mut second = list["items"][1].clone();
    let own_id = second.as_object_mut().unwrap().shift_remove("id").unwrap();
    assert_eq!(
        second,
        json!({
            "entityId": id, "entityType": "connection", "version": 2, "dateCreated": "2024-01-15T10:31:00Z",
            "createdByUserId": null, "changeDescription": null, "changedPaths": ["name", "settings.apiKey"],
        })
    );
    assert_eq!(
        uuid::Uuid::try_parse(own_id.as_str().unwrap())
            .unwrap()
            .get_version_num(),
        8
    );
    let ids: std::collections::BTreeSet<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].to_string())
        .collect();
    assert_eq!(ids.len(), 3, "every version has its own ID");
    let again = fixture
        .get(&format!("/versions/connection/{id}?skip=1&take=1"))
        .await
        .json();
    assert_eq!(again["items"][0]["id"], own_id);
    assert_eq!(
        (again["items"].as_array().unwrap().len(), &again["total"]),
        (1, &json!(3))
    );
    let expanded = fixture.get(&format!("{KEY}?expand=snapshot")).await.json();
    assert_eq!(
        expanded["items"][2]["snapshot"]["name"],
        "OpenAI Production"
    );
    assert_eq!(
        fixture
            .get(&format!("{KEY}?expand=everything"))
            .await
            .status,
        400
    );
    assert_eq!(fixture.get(&format!("{KEY}?take=x")).await.status, 400);
}

#[tokio::test]
async fn version_list_defaults_to_20() {
    let fixture = Fixture::new().await;
    fixture.create_documented().await;
    for number in 0..20 {
        let body = format!(r#"{{"name":"N{number}"}}"#);
        fixture.put_json("/connections/openai-prod", &body).await;
    }
    let list = fixture.get(KEY).await.json();
    assert_eq!(
        (list["items"].as_array().unwrap().len(), &list["total"]),
        (20, &json!(21))
    );
}

#[tokio::test]
async fn version_snapshot_has_no_secrets() {
    let fixture = Fixture::new().await;
    let id = history(&fixture).await;
    let version = fixture.get(&format!("{KEY}/1")).await;
    let snapshot = &version.json()["snapshot"];
    assert_eq!(snapshot["id"], id.as_str());
    assert_eq!(snapshot["alias"], "openai-prod");
    assert_eq!(snapshot["name"], "OpenAI Production");
    assert_eq!(snapshot["providerId"], "openai");
    assert_eq!(snapshot["isActive"], true);
    assert_eq!(
        snapshot["settings"],
        json!({ "apiKey": "***", "organization": null })
    );
    for path in ["/1", "/2", "/3", "/1/compare/3", "?expand=snapshot"] {
        let text = fixture.get(&format!("{KEY}{path}")).await.text;
        assert!(
            !text.contains("planted") && !text.contains("your-api-key"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn missing_versions_return_documented_404() {
    let fixture = Fixture::new().await;
    history(&fixture).await;
    let missing = "/versions/connection/missing";
    for (path, detail) in [
        (missing.to_owned(), "Entity not found"),
        (format!("{missing}/1"), "Entity not found"),
        (format!("{missing}/1/compare/2"), "Entity not found"),
        (format!("{KEY}/4"), "Version not found"),
        (format!("{KEY}/0"), "Version not found"),
        (
            format!("{KEY}/1/compare/4"),
            "One or both versions not found",
        ),
        (
            format!("{KEY}/9/compare/8"),
            "One or both versions not found",
        ),
    ] {
        assert_eq!(
            fixture.get(&path).await.refusal(),
            (404, detail.into()),
            "{path}"
        );
    }
    for (path, detail) in [
        (format!("{missing}/1/rollback"), "Entity not found"),
        (format!("{KEY}/4/rollback"), "Version not found"),
    ] {
        assert_eq!(
            fixture.ask(Method::POST, &path).await.refusal(),
            (404, detail.into()),
            "{path}"
        );
    }
    for path in [
        "/x",
        "/-1",
        "/1.5",
        "/1/compare/x",
        "/99999999999999999999999",
    ] {
        assert_eq!(
            fixture.get(&format!("{KEY}{path}")).await.status,
            400,
            "{path}"
        );
    }
}

#[tokio::test]
async fn unknown_entity_type_is_400_with_its_name() {
    let fixture = Fixture::new().await;
    let sentence = "Unknown entity type 'prompt'; supported: connection";
    for path in [
        "/versions/prompt/x",
        "/versions/prompt/x/1",
        "/versions/prompt/x/1/compare/2",
    ] {
        assert_eq!(fixture.get(path).await.refusal(), (400, sentence.into()));
    }
    let refused = fixture
        .ask(Method::POST, "/versions/prompt/x/1/rollback")
        .await;
    assert_eq!(refused.refusal(), (400, sentence.into()));
}

#[tokio::test]
async fn comparison_masks_secrets() {
    let fixture = Fixture::new().await;
    let id = history(&fixture).await;
    let compared = fixture.get(&format!("{KEY}/1/compare/3")).await.json();
    assert_eq!(compared["entityId"], id.as_str());
    assert_eq!(compared["entityType"], "connection");
    assert_eq!(
        (&compared["fromVersion"], &compared["toVersion"]),
        (&json!(1), &json!(3))
    );
    assert_eq!(compared["fromDate"], "2024-01-15T10:30:00Z");
    assert_eq!(compared["toDate"], "2024-01-15T10:32:00Z");
    assert_eq!(
        compared["changes"],
        json!([
            { "path": "name", "changeType": "Modified", "fromValue": "OpenAI Production", "toValue": "Renamed" },
            { "path": "isActive", "changeType": "Modified", "fromValue": true, "toValue": false },
            { "path": "settings.apiKey", "changeType": "Modified", "fromValue": "***", "toValue": "***" },
            { "path": "settings.endpoint", "changeType": "Added", "fromValue": null, "toValue": "https://api.openai.com/v2" },
        ])
    );
    assert_eq!(compared["fromSnapshot"]["name"], "OpenAI Production");
    assert_eq!(compared["toSnapshot"]["version"], 3);
    let back = fixture.get(&format!("{KEY}/3/compare/2")).await.json();
    assert_eq!(
        back["changes"][1],
        json!({ "path": "settings.endpoint", "changeType": "Removed", "fromValue": "https://api.openai.com/v2", "toValue": null })
    );
    let same = fixture.get(&format!("{KEY}/2/compare/2")).await.json();
    assert_eq!(same["changes"], json!([]));
}

#[tokio::test]
async fn rollback_creates_version_and_keeps_key() {
    let fixture = Fixture::new().await;
    let id = history(&fixture).await;
    let path = format!("{KEY}/1/rollback");
    let rolled = fixture.ask(Method::POST, &path).await;
    let body = rolled.json();
    assert_eq!(rolled.status, 200);
    assert_eq!(body["entityId"], id.as_str());
    assert_eq!(
        (
            &body["previousVersion"],
            &body["restoredFromVersion"],
            &body["newVersion"]
        ),
        (&json!(3), &json!(1), &json!(4))
    );
    assert_eq!(body["entity"]["name"], "OpenAI Production");
    assert_eq!(
        body["entity"]["settings"],
        json!({ "apiKey": "sk-***", "organization": null })
    );
    assert_eq!(
        fixture.get("/connections/openai-prod").await.json(),
        body["entity"]
    );
    let newest = fixture.get(&format!("{KEY}?take=1")).await.json()["items"][0].clone();
    assert_eq!(newest["changeDescription"], "Rollback to v1");
    assert_eq!(
        newest["changedPaths"],
        json!(["name", "isActive", "settings.endpoint"])
    );
}

#[tokio::test]
async fn rollback_accepts_one_line_description() {
    let fixture = Fixture::new().await;
    history(&fixture).await;
    let before = fixture.state().await;
    let path = format!("{KEY}/1/rollback");
    let long = "é".repeat(256);
    for description in [
        json!(5),
        json!([]),
        json!("a\nb"),
        json!("\u{202e}x"),
        json!("\u{200b}"),
        json!(long),
    ] {
        let body = json!({ "changeDescription": description });
        let refused = fixture.post_json(&path, body.to_string()).await;
        assert_eq!(refused.status, 400, "{body}");
        assert!(
            refused.refusal().1.starts_with("changeDescription must"),
            "{}",
            refused.text
        );
    }
    for body in [
        "[]",
        "{",
        r#"{"changeDescription":"a","changeDescription":"b"}"#,
    ] {
        assert_eq!(fixture.post_json(&path, body).await.status, 400, "{body}");
    }
    let request = fixture
        .request(Method::POST, &path)
        .body("changeDescription=a");
    assert_eq!(fixture.send(request).await.status, 415);
    let long = " ".repeat(256 * 1024 + 1);
    assert_eq!(fixture.post_json(&path, long).await.status, 413);
    assert_eq!(fixture.state().await, before);
    let body = json!({ "changeDescription": " The old name\u{a0}was better " }).to_string();
    assert_eq!(fixture.post_json(&path, body).await.status, 200);
    let newest = fixture.get(&format!("{KEY}?take=1")).await.json()["items"][0].clone();
    assert_eq!(newest["changeDescription"], "The old name\u{a0}was better");
    for (number, body) in [
        (2, "{}"),
        (3, r#"{"changeDescription":null}"#),
        (1, r#"{"changeDescription":" "}"#),
    ] {
        assert_eq!(
            fixture
                .post_json(&format!("{KEY}/{number}/rollback"), body)
                .await
                .status,
            200
        );
        let newest = fixture.get(&format!("{KEY}?take=1")).await.json()["items"][0].clone();
        assert_eq!(
            newest["changeDescription"],
            format!("Rollback to v{number}")
        );
    }
}

#[tokio::test]
async fn rollback_to_taken_alias_is_400() {
    let fixture = Fixture::new().await;
    fixture.create_documented().await;
    fixture
        .put_json("/connections/openai-prod", r#"{"alias":"moved"}"#)
        .await;
    fixture.create_documented().await;
    let refused = fixture
        .ask(Method::POST, "/versions/connection/moved/1/rollback")
        .await;
    assert_eq!(
        refused.refusal(),
        (
            400,
            "A connection with alias 'openai-prod' already exists".into()
        )
    );
    let Value::String(code) = &refused.json()["code"] else {
        panic!("{}", refused.text);
    };
    assert_eq!(code, "aliasTaken");
}
