//! Routes for umai clients: references, aliases, notices and revisions.

use std::sync::Arc;

use serde_json::json;
use umai::appsettings::{AppSettings, EnvironmentVariables};
use umai::connection::PlainSecret;
use umai::provider::ProviderCatalog;
use umai::service::CoreService;
use umai::store::memory::MemoryStore;

use crate::routes::fixture::Fixture;

#[tokio::test]
async fn reference_lookup_omits_the_value() {
    let fixture = Fixture::new().await;
    let found = fixture.get("/appsettings/OpenAI:ApiKey").await;
    assert_eq!(found.text, r#"{"found":{"source":"appsettings.json"}}"#);
    let missing = fixture.get("/appsettings/Nothing:There").await;
    let looked_in = missing.json()["missing"]["lookedIn"].clone();
    assert!(
        looked_in
            .as_array()
            .unwrap()
            .contains(&json!("appsettings.json")),
        "{looked_in}"
    );
    let refused = fixture.get("/appsettings/ConnectionStrings:Main").await;
    assert_eq!(refused.json(), json!({ "refused": { "allowed": [] } }));
    for key in ["$A", "A::B", "A%20B", "%C3%84", "A%3A"] {
        assert_eq!(
            fixture.get(&format!("/appsettings/{key}")).await.status,
            400,
            "{key}"
        );
    }
}

#[tokio::test]
async fn notices_are_a_list() {
    let fixture = Fixture::new().await;
    assert_eq!(fixture.get("/notices").await.text, r#"{"items":[]}"#);
}

#[tokio::test]
async fn revision_grows_with_each_change() {
    let fixture = Fixture::new().await;
    assert_eq!(
        fixture.get("/changes/latest").await.text,
        r#"{"revision":0}"#
    );
    fixture.create_documented().await;
    assert_eq!(
        fixture.get("/changes/latest").await.text,
        r#"{"revision":1}"#
    );
}

#[tokio::test]
async fn aliases_are_listed_by_prefix() {
    let fixture = Fixture::new().await;
    for alias in ["team-b", "team-a", "other"] {
        let body = json!({ "alias": alias, "name": alias, "providerId": "ollama", "settings": {} });
        fixture.create(&body.to_string()).await;
    }
    let found = fixture.get("/aliases?prefix=TEAM").await;
    assert_eq!(found.text, r#"{"items":["team-a","team-b"]}"#);
    let found = fixture.get("/aliases?take=1").await;
    assert_eq!(found.text, r#"{"items":["other"]}"#);
}

#[tokio::test]
async fn configuration_keys_are_listed_without_values() {
    let fixture = Fixture::new().await;
    let listed = fixture.get("/appsettings").await;
    assert_eq!(
        listed.text,
        r#"{"items":[{"key":"OpenAI:ApiKey","source":"appsettings.json"}],"total":1}"#
    );
    for method in [reqwest::Method::POST, reqwest::Method::DELETE] {
        assert_eq!(fixture.ask(method, "/appsettings").await.status, 405);
    }
}

#[tokio::test]
async fn key_list_is_cut_with_total() {
    let many: Vec<_> = (0..1_200)
        .map(|at| format!("\"K{at}\": \"planted\""))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let settings = format!("{{ {} }}", many.join(","));
    std::fs::write(folder.path().join("appsettings.json"), settings).unwrap();
    let appsettings = AppSettings::in_folder(folder.path(), EnvironmentVariables::none());
    let fixture = Fixture::over(Arc::new(CoreService::new(
        Arc::new(MemoryStore::<PlainSecret>::default()),
        Arc::new(ProviderCatalog::embedded()),
        appsettings,
        Arc::new(chrono::Utc::now),
    )))
    .await;
    let listed = fixture.get("/appsettings").await;
    assert!(!listed.text.contains("planted"));
    assert_eq!(listed.json()["items"].as_array().unwrap().len(), 1_000);
    assert_eq!(listed.json()["total"], 1_200);
}

#[tokio::test]
async fn create_and_update_accept_change_description() {
    let fixture = Fixture::new().await;
    let body = r#"{"alias":"a","name":"A","providerId":"openai","changeDescription":"first"}"#;
    fixture.create(body).await;
    let changed = r#"{"name":"B","changeDescription":"second"}"#;
    assert_eq!(
        fixture.put_json("/connections/a", changed).await.status,
        200
    );
    let versions = fixture.get("/connections/a").await.json()["id"].clone();
    let id = versions.as_str().unwrap();
    let versions = fixture
        .get(&format!("/versions/connection/{id}"))
        .await
        .json();
    let output: Vec<_> = versions["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| version["changeDescription"].as_str().unwrap())
        .collect();
    assert_eq!(output, ["second", "first"]);
    for schema in ["NewConnection", "ConnectionChange"] {
        let properties = &fixture.document.0["components"]["schemas"][schema]["properties"];
        assert_eq!(
            properties["changeDescription"]["maxLength"], 255,
            "{schema}"
        );
    }
}

#[tokio::test]
async fn key_in_place_of_alias_is_not_repeated() {
    let fixture = Fixture::new().await;
    let planted = "sk-planted-0123456789abcdef";
    let path = format!("/connections/{planted}");
    let asked = [
        fixture.get(&path).await,
        fixture.put_json(&path, r#"{"name":"B"}"#).await,
        fixture.delete(&path).await,
        fixture.get(&format!("{path}/models")).await,
    ];
    for answer in asked {
        assert_eq!(answer.status, 404);
        assert!(!answer.text.contains("planted"), "{}", answer.text);
        assert_eq!(answer.json()["code"], "notFound");
    }
    let plain = fixture.get("/connections/no-such-alias").await.json();
    assert_eq!(plain["cause"]["notFound"]["alias"], "no-such-alias");
}
