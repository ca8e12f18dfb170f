//! Conformance tests that run against every store.

mod changes;
#[cfg(feature = "etcd")]
pub(super) mod etcd_store;
mod lists;
mod trash;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt;
use futures_util::future::join_all;
use uuid::Uuid;

use super::key::StoreKey;
use super::memory::MemoryStore;
use super::sealed::SealedStore;
use super::{StoreOptions, open};
use crate::connection::store::{ConnectionStore, Precondition, Revision, SaveConnection};
use crate::connection::{
    Connection, ConnectionItem, ListQuery, MaskedSecret, PageRequest, PlainSecret, SealedSecret,
    SettingValue, Settings, StoreError, Version, VersionChange,
};
use changes::{
    concurrent_saves_are_all_kept, feed_continues_with_new_changes,
    feed_from_future_revision_is_rejected, feed_has_every_change_once_in_order,
    feed_starts_at_any_revision,
};
use lists::{
    aliases, aliases_are_found_by_prefix, list_continues_after_a_position_that_may_be_gone,
    lists_are_filtered_and_paged, lists_are_sorted_by_name_then_alias,
};
use trash::{
    delete_of_wrong_version_is_rejected, delete_removes_alias_and_versions,
    deleted_connection_can_be_created_again, trash_is_listed_separately,
};

type Store = Arc<dyn ConnectionStore<PlainSecret>>;

const EVERYTHING: PageRequest = PageRequest {
    skip: 0,
    take: usize::MAX,
};

/// Connection whose ID, name and key are derived from its alias.
fn connection(alias: &str) -> Connection<PlainSecret> {
    let at = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::milliseconds(1_234);
    Connection {
        item: ConnectionItem {
            id: Uuid::from_u128(u128::from(crc32fast::hash(alias.as_bytes()))),
            alias: alias.into(),
            name: format!("Name of {alias}"),
            provider_id: "openai".into(),
            is_active: true,
            date_created: at,
            date_modified: at,
            version: 1,
            date_deleted: None,
            endpoint: None,
        },
        settings: Some(Settings::from_iter([
            (
                "apiKey".to_owned(),
                SettingValue::Secret(PlainSecret::new(format!("sk-{alias}"))),
            ),
            (
                "endpoint".to_owned(),
                SettingValue::Text("$OpenAI:Endpoint".into()),
            ),
            ("organization".to_owned(), SettingValue::Null),
            ("stream".to_owned(), SettingValue::Switch(true)),
        ])),
    }
}

fn new(connection: &Connection<PlainSecret>) -> SaveConnection<PlainSecret> {
    SaveConnection {
        connection: connection.clone(),
        precondition: Precondition::Absent,
        change: VersionChange::default(),
    }
}

fn new_with_name(alias: &str, name: &str) -> SaveConnection<PlainSecret> {
    let mut connection = connection(alias);
    connection.item.name = name.into();
    new(&connection)
}

/// Next version of the connection, after `edit`.
fn next(
    connection: &Connection<PlainSecret>,
    edit: impl FnOnce(&mut Connection<PlainSecret>),
) -> Connection<PlainSecret> {
    let mut next = connection.clone();
    next.item.version += 1;
    edit(&mut next);
    next
}

fn over(
    before: &Connection<PlainSecret>,
    after: &Connection<PlainSecret>,
) -> SaveConnection<PlainSecret> {
    SaveConnection {
        connection: after.clone(),
        precondition: Precondition::Version(before.item.version),
        change: VersionChange {
            note: Some(format!("to version {}", after.item.version)),
            paths: vec!["name".into()],
            user_id: None,
        },
    }
}

macro_rules! conformance_tests {
    ($($test:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test] async fn $test() {
                super::$test(std::sync::Arc::new(super::MemoryStore::default())).await;
            })*
        }
        mod sealed_in_memory {
            $(#[tokio::test] async fn $test() {
                let folder = tempfile::tempdir().unwrap();
                super::$test(super::sealed_in_memory_store(folder.path())).await;
            })*
        }
        mod on_disk {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)] async fn $test() {
                let folder = tempfile::tempdir().unwrap();
                let store = super::open(&super::options(folder.path())).await.unwrap();
                super::$test(std::sync::Arc::clone(&store)).await;
                store.close().await.unwrap();
            })*
        }
        mod as_client {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)] async fn $test() {
                let folder = tempfile::tempdir().unwrap();
                let leader = super::open(&super::options(folder.path())).await.unwrap();
                let client = super::open(&super::options(folder.path())).await.unwrap();
                super::$test(std::sync::Arc::clone(&client)).await;
                leader.close().await.unwrap();
                client.close().await.unwrap();
            })*
        }
        #[cfg(feature = "etcd")]
        mod on_etcd {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)] async fn $test() {
                if let Some(store) = super::etcd_store::new_store().await {
                    super::$test(std::sync::Arc::clone(&store)).await;
                    store.close().await.unwrap();
                }
            })*
        }
        #[cfg(feature = "etcd")]
        mod on_three_etcd_nodes {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)] async fn $test() {
                if let Some(store) = super::etcd_store::new_store_on_three_nodes().await {
                    super::$test(std::sync::Arc::clone(&store)).await;
                    store.close().await.unwrap();
                }
            })*
        }
    };
}

conformance_tests!(
    saved_connection_is_found_by_id_and_alias,
    unknown_connection_is_not_found,
    alias_is_case_insensitive,
    concurrent_saves_of_one_alias_keep_exactly_one,
    new_connection_with_existing_id_is_rejected,
    save_over_wrong_version_is_rejected,
    rename_releases_old_alias,
    changing_case_of_alias_is_allowed,
    delete_removes_alias_and_versions,
    deleted_connection_can_be_created_again,
    delete_of_wrong_version_is_rejected,
    trash_is_listed_separately,
    aliases_are_found_by_prefix,
    lists_are_sorted_by_name_then_alias,
    lists_are_filtered_and_paged,
    list_continues_after_a_position_that_may_be_gone,
    versions_are_newest_first_and_masked,
    feed_has_every_change_once_in_order,
    feed_starts_at_any_revision,
    feed_continues_with_new_changes,
    feed_from_future_revision_is_rejected,
    concurrent_saves_are_all_kept,
    closed_store_rejects_calls_and_ends_feeds,
);

pub(super) fn options(folder: &std::path::Path) -> StoreOptions {
    StoreOptions {
        data: folder.join("data"),
        config: folder.join("config"),
        key_file: None,
    }
}

fn sealed_in_memory_store(folder: &std::path::Path) -> Store {
    let key = StoreKey::generate(&folder.join("key")).unwrap();
    let below = MemoryStore::<SealedSecret>::default();
    Arc::new(SealedStore::new(below, key, Uuid::from_u128(1)))
}

async fn saved_connection_is_found_by_id_and_alias(store: Store) {
    let saved = connection("first");
    store.save(new(&saved)).await.unwrap();
    assert_eq!(store.get(saved.item.id).await.unwrap(), Some(saved.clone()));
    assert_eq!(store.find("first").await.unwrap(), Some(saved));
    let bare = Connection {
        settings: None,
        ..connection("bare")
    };
    store.save(new(&bare)).await.unwrap();
    assert_eq!(store.get(bare.item.id).await.unwrap(), Some(bare));
}

async fn unknown_connection_is_not_found(store: Store) {
    let id = Uuid::from_u128(404);
    let before = store.revision();
    assert_eq!(store.get(id).await.unwrap(), None);
    assert_eq!(store.find("unknown").await.unwrap(), None);
    assert_eq!(store.version(id, 1).await.unwrap(), None);
    assert_eq!(store.versions(id, EVERYTHING).await.unwrap().total, 0);
    assert_eq!(
        store.purge(id, 1).await.unwrap_err(),
        StoreError::NotFound(id)
    );
    let first = connection("first");
    let saved = store.save(over(&first, &next(&first, |_| {}))).await;
    assert_eq!(saved.unwrap_err(), StoreError::NotFound(first.item.id));
    assert_eq!(store.revision(), before);
}

async fn alias_is_case_insensitive(store: Store) {
    let first = connection("openai-production");
    store.save(new(&first)).await.unwrap();
    let found = store.find("OpenAI-Production").await.unwrap();
    assert_eq!(found, Some(first.clone()));
    let refused = store.save(new(&connection("OPENAI-production"))).await;
    assert_eq!(
        refused.unwrap_err(),
        StoreError::AliasTaken {
            alias: "OPENAI-production".into(),
            by: Box::new(first.listed()),
        }
    );
}

async fn concurrent_saves_of_one_alias_keep_exactly_one(store: Store) {
    let saves = (1..=32).map(|number| {
        let mut connection = connection("wanted");
        connection.item.id = Uuid::from_u128(number);
        store.save(new(&connection))
    });
    let results = join_all(saves).await;
    let revisions: Vec<Revision> = results.into_iter().filter_map(Result::ok).collect();
    assert_eq!(revisions.len(), 1);
    let all = ListQuery::all(EVERYTHING);
    assert_eq!(aliases(&store, &all).await, ["wanted"]);
    assert_eq!(store.revision(), revisions[0]);
}

async fn new_connection_with_existing_id_is_rejected(store: Store) {
    let first = connection("first");
    store.save(new(&first)).await.unwrap();
    let mut second = connection("second");
    second.item.id = first.item.id;
    let refused = store.save(new(&second)).await;
    assert_eq!(refused.unwrap_err(), StoreError::IdTaken(first.item.id));
    assert_eq!(store.get(first.item.id).await.unwrap(), Some(first));
}

async fn save_over_wrong_version_is_rejected(store: Store) {
    let first = connection("first");
    let second = next(&first, |second| second.item.name = "Second".into());
    store.save(new(&first)).await.unwrap();
    store.save(over(&first, &second)).await.unwrap();
    let refused = store.save(over(&first, &second)).await;
    assert_eq!(
        refused.unwrap_err(),
        StoreError::VersionConflict {
            expected: 1,
            found: 2
        }
    );
    assert_eq!(store.get(first.item.id).await.unwrap(), Some(second));
}

async fn rename_releases_old_alias(store: Store) {
    let first = connection("old");
    let renamed = next(&first, |renamed| renamed.item.alias = "new".into());
    store.save(new(&first)).await.unwrap();
    store.save(over(&first, &renamed)).await.unwrap();
    assert_eq!(store.find("old").await.unwrap(), None);
    assert_eq!(store.find("new").await.unwrap(), Some(renamed));
    let mut other = connection("old");
    other.item.id = Uuid::from_u128(2);
    store.save(new(&other)).await.unwrap();
    assert_eq!(store.find("old").await.unwrap(), Some(other));
}

async fn changing_case_of_alias_is_allowed(store: Store) {
    let first = connection("alias");
    let upper = next(&first, |upper| upper.item.alias = "ALIAS".into());
    store.save(new(&first)).await.unwrap();
    store.save(over(&first, &upper)).await.unwrap();
    assert_eq!(store.find("alias").await.unwrap(), Some(upper));
}

async fn versions_are_newest_first_and_masked(store: Store) {
    let mut current = connection("first");
    store.save(new(&current)).await.unwrap();
    for number in 2..=12 {
        let after = next(&current, |after| after.item.name = format!("v{number}"));
        store.save(over(&current, &after)).await.unwrap();
        current = after;
    }
    let id = current.item.id;
    let window = PageRequest { skip: 1, take: 2 };
    let page = store.versions(id, window).await.unwrap();
    let numbers: Vec<_> = page.items.iter().map(Version::number).collect();
    assert_eq!((numbers, page.total), (vec![11, 10], 12));
    let third = store.version(id, 3).await.unwrap().unwrap();
    assert_eq!(third.snapshot.item.name, "v3");
    assert_eq!(third.change.note.as_deref(), Some("to version 3"));
    let settings = third.snapshot.settings.unwrap();
    assert_eq!(
        settings.get("apiKey"),
        Some(&SettingValue::Secret(MaskedSecret::Any))
    );
    assert_eq!(settings.get("stream"), Some(&SettingValue::Switch(true)));
    assert_eq!(store.version(id, 13).await.unwrap(), None);
}

async fn closed_store_rejects_calls_and_ends_feeds(store: Store) {
    let first = connection("first");
    store.save(new(&first)).await.unwrap();
    let feed = store.changes(Revision(0)).await.unwrap();
    store.close().await.unwrap();
    assert_eq!(feed.count().await, 1);
    let read = store.get(first.item.id).await;
    assert!(matches!(read, Err(StoreError::Other(_))), "{read:?}");
    let saved = store.save(new(&connection("second"))).await;
    assert!(matches!(saved, Err(StoreError::Other(_))), "{saved:?}");
    store.close().await.unwrap();
}
