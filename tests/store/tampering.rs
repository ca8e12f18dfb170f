//! Someone who can write the data directory, but has no key, changes the store: no key is sent elsewhere.

use std::fs;
use std::path::Path;

use umai::connection::{PlainSecret, SettingValue, Settings};
use umai::store::rotation::rotate;

use crate::support::fixture::{Store, id, open_in, options, save};
use crate::support::forgery::{replaced, rewrite_entries, rewrite_records, store_files};

const CONNECTIONS: u64 = 3;
const EVIL: &str = "https://evil.example";

async fn store_in(folder: &Path) {
    let store = open_in(folder).await.unwrap();
    for number in 0..CONNECTIONS {
        store.save(save(number, 1)).await.unwrap();
    }
    store.close().await.unwrap();
}

fn moved(json: &[u8]) -> Vec<u8> {
    replaced(json, "https://api.example", EVIL)
}

fn text<'a>(settings: &'a Settings<PlainSecret>, key: &str) -> Option<&'a str> {
    settings.get(key).and_then(SettingValue::text)
}

/// Number of connections with the changed endpoint; panics when one of them has a readable key.
async fn moved_connections(store: &Store) -> u64 {
    let mut moved = 0;
    for number in 0..CONNECTIONS {
        let Some(found) = store.get(id(number)).await.unwrap() else {
            continue;
        };
        let settings = found.settings.unwrap();
        if text(&settings, "endpoint") == Some(EVIL) {
            moved += 1;
            assert_eq!(text(&settings, "apiKey"), None, "the key would be sent");
            let notices = store.notices().join("\n");
            assert!(notices.contains(&found.item.name), "{notices}");
        }
    }
    moved
}

#[tokio::test]
async fn key_is_not_sent_to_endpoint_changed_in_journal() {
    let folder = tempfile::tempdir().unwrap();
    store_in(folder.path()).await;
    let data = options(folder.path()).data;
    fs::remove_dir_all(data.join("sled")).unwrap();
    for path in store_files(&data) {
        rewrite_entries(&path, |entry| moved(entry.payload));
    }
    let store = open_in(folder.path()).await.unwrap();
    assert_eq!(moved_connections(&store).await, CONNECTIONS);
    store.close().await.unwrap();
}

#[tokio::test]
async fn key_is_not_sent_to_endpoint_changed_in_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    store_in(folder.path()).await;
    rotate(&options(folder.path())).unwrap();
    let data = options(folder.path()).data;
    fs::remove_dir_all(data.join("sled")).unwrap();
    let paths = store_files(&data);
    assert_eq!(paths.len(), 3, "a segment, a snapshot and its copy");
    for path in paths {
        rewrite_entries(&path, |entry| moved(entry.payload));
    }
    let store = open_in(folder.path()).await.unwrap();
    assert_eq!(moved_connections(&store).await, CONNECTIONS);
    store.close().await.unwrap();
}

#[tokio::test]
async fn key_is_not_sent_to_endpoint_changed_in_index() {
    let folder = tempfile::tempdir().unwrap();
    store_in(folder.path()).await;
    rewrite_records(&options(folder.path()).data.join("sled"), moved);
    let store = open_in(folder.path()).await.unwrap();
    assert_eq!(moved_connections(&store).await, CONNECTIONS);
    // A save does not make the key readable again.
    let before = store.get(id(0)).await.unwrap().unwrap();
    let mut change = save(0, 2);
    change.connection.settings = before.settings;
    store.save(change).await.unwrap();
    assert_eq!(moved_connections(&store).await, CONNECTIONS);
    store.close().await.unwrap();
}

#[tokio::test]
async fn key_follows_endpoint_changed_through_the_store() {
    let folder = tempfile::tempdir().unwrap();
    store_in(folder.path()).await;
    let store = open_in(folder.path()).await.unwrap();
    let mut change = save(0, 2);
    let settings = change.connection.settings.as_mut().unwrap();
    settings.set("endpoint", SettingValue::Text("http://localhost:1".into()));
    store.save(change).await.unwrap();
    store.close().await.unwrap();
    let store = open_in(folder.path()).await.unwrap();
    let settings = store.get(id(0)).await.unwrap().unwrap().settings.unwrap();
    assert_eq!(text(&settings, "endpoint"), Some("http://localhost:1"));
    assert_eq!(text(&settings, "apiKey"), Some("sk-planted-0-2"));
    assert_eq!(store.notices(), Vec::<String>::new());
    store.close().await.unwrap();
}
