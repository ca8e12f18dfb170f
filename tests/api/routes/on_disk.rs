//! The API over a store on disk.

use std::path::Path;
use std::sync::Arc;

use reqwest::Method;
use serde_json::json;
use umai::appsettings::AppSettings;
use umai::provider::ProviderCatalog;
use umai::service::CoreService;
use umai::store::{StoreOptions, open};

use crate::routes::fixture::Fixture;
use crate::support::{DOCUMENTED, TestClock};

/// Starts a server over a store in a folder.
async fn over(folder: &Path) -> Fixture {
    let options = StoreOptions {
        data: folder.join("data"),
        config: folder.join("config"),
        key_file: None,
    };
    let store = open(&options).await.unwrap();
    let catalog = Arc::new(ProviderCatalog::embedded());
    let clock = TestClock::new();
    let service = CoreService::new(store, catalog, AppSettings::default(), clock.clock());
    Fixture::over(Arc::new(service)).await
}

/// Returns the contents of all files in a folder.
fn bytes_of(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            bytes.extend(bytes_of(&path));
        } else {
            bytes.extend(std::fs::read(path).unwrap_or_default());
        }
    }
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_creates_of_one_alias_store_one_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = over(folder.path()).await;
    let creates = (0..32).map(|_| fixture.post_json("/connections", DOCUMENTED));
    let answers = futures_util::future::join_all(creates).await;
    let with = |status: u16| {
        answers
            .iter()
            .filter(|answer| answer.status == status)
            .count()
    };
    assert_eq!((with(201), with(400)), (1, 31));
    assert_eq!(fixture.state().await, (json!(1), json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn disk_store_answers_like_memory_without_plain_keys() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = over(folder.path()).await;
    let planted = DOCUMENTED.replace("sk-your-api-key", "sk-planted-5c0d");
    let created = fixture.create(&planted).await;
    let id = created["id"].as_str().unwrap();
    let change = r#"{"name":"B","settings":{"apiKey":"sk-planted-5c0d-2"}}"#;
    assert_eq!(
        fixture
            .put_json("/connections/openai-prod", change)
            .await
            .status,
        200
    );
    let versions = format!("/versions/connection/{id}");
    let compared = fixture.get(&format!("{versions}/1/compare/2")).await.json();
    assert_eq!(compared["changes"].as_array().unwrap().len(), 2);
    let rolled = fixture
        .ask(Method::POST, &format!("{versions}/1/rollback"))
        .await
        .json();
    assert_eq!(rolled["entity"]["name"], "OpenAI Production");
    assert_eq!(
        fixture.get("/connections?filter=openai").await.json()["total"],
        1
    );
    assert_eq!(
        fixture.delete(&format!("/connections/{id}")).await.status,
        200
    );
    assert_eq!(fixture.get("/trash").await.json()["total"], 1);
    let restored = fixture
        .ask(Method::POST, &format!("/trash/{id}/restore"))
        .await;
    assert_eq!(restored.json()["settings"]["apiKey"], "sk-***");
    assert_eq!(fixture.get(&versions).await.json()["total"], 5);
    let gone = fixture.get("/changes?since=99").await;
    assert_eq!(gone.status, 410);
    let kept = bytes_of(folder.path());
    assert!(kept.len() > 1000);
    assert!(
        !kept.windows(7).any(|bytes| bytes == b"planted"),
        "sealed at rest"
    );
}
