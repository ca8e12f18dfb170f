//! Conformance tests that run against every store.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt;
use futures_util::future::join_all;
use uuid::Uuid;

use super::key::Key;
use super::memory::MemoryStore;
use super::sealed::SealedStore;
use super::{StoreOptions, open};
use crate::connection::store::{Changed, ConnectionStore, Put, Revision, Save, What};
use crate::connection::{
    Change, Connection, ConnectionItem, Mask, Plain, Query, Sealed, Setting, Settings, StoreError,
    Version, Window,
};
use crate::text::fold::fold;

type Store = Arc<dyn ConnectionStore<Plain>>;

const EVERYTHING: Window = Window {
    skip: 0,
    take: usize::MAX,
};

/// Connection whose ID, name and key are derived from its alias.
fn connection(alias: &str) -> Connection<Plain> {
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
                Setting::Secret(Plain::new(format!("sk-{alias}"))),
            ),
            (
                "endpoint".to_owned(),
                Setting::Text("$OpenAI:Endpoint".into()),
            ),
            ("organization".to_owned(), Setting::Null),
            ("stream".to_owned(), Setting::Switch(true)),
        ])),
    }
}

fn new(connection: &Connection<Plain>) -> Save<Plain> {
    Save {
        connection: connection.clone(),
        put: Put::New,
        change: Change::default(),
    }
}

fn named(alias: &str, name: &str) -> Save<Plain> {
    let mut connection = connection(alias);
    connection.item.name = name.into();
    new(&connection)
}

/// Next version of the connection, after `edit`.
fn next(
    connection: &Connection<Plain>,
    edit: impl FnOnce(&mut Connection<Plain>),
) -> Connection<Plain> {
    let mut next = connection.clone();
    next.item.version += 1;
    edit(&mut next);
    next
}

fn over(before: &Connection<Plain>, after: &Connection<Plain>) -> Save<Plain> {
    Save {
        connection: after.clone(),
        put: Put::Over(before.item.version),
        change: Change {
            description: Some(format!("to version {}", after.item.version)),
            paths: vec!["name".into()],
            user_id: None,
        },
    }
}

async fn aliases(store: &Store, query: &Query) -> Vec<String> {
    let page = store.list(query).await.unwrap();
    page.items.into_iter().map(|item| item.alias).collect()
}

macro_rules! every_store_keeps {
    ($($promise:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test] async fn $promise() {
                super::$promise(std::sync::Arc::new(super::MemoryStore::default())).await;
            })*
        }
        mod sealed_in_memory {
            $(#[tokio::test] async fn $promise() {
                let folder = tempfile::tempdir().unwrap();
                super::$promise(super::sealed_in_memory_store(folder.path())).await;
            })*
        }
        mod on_disk {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)] async fn $promise() {
                let folder = tempfile::tempdir().unwrap();
                let store = super::open(&super::options(folder.path())).await.unwrap();
                super::$promise(std::sync::Arc::clone(&store)).await;
                store.close().await.unwrap();
            })*
        }
        mod as_a_guest {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)] async fn $promise() {
                let folder = tempfile::tempdir().unwrap();
                let holder = super::open(&super::options(folder.path())).await.unwrap();
                let guest = super::open(&super::options(folder.path())).await.unwrap();
                super::$promise(std::sync::Arc::clone(&guest)).await;
                holder.close().await.unwrap();
                guest.close().await.unwrap();
            })*
        }
    };
}

every_store_keeps!(
    what_was_saved_is_read_back_by_id_and_by_alias,
    what_was_never_saved_is_not_there,
    an_alias_is_found_and_taken_in_any_case,
    of_many_saves_of_one_alias_at_once_exactly_one_is_kept,
    a_new_connection_is_refused_when_its_id_is_there,
    a_save_over_another_version_is_refused,
    a_rename_frees_the_old_alias_and_takes_the_new_one,
    changing_only_the_case_of_an_alias_is_no_conflict,
    a_deleted_connection_is_gone_with_its_alias_and_versions,
    a_deleted_connection_can_come_back,
    a_delete_of_another_version_is_refused,
    the_trash_is_a_list_of_its_own,
    aliases_are_found_by_how_they_begin,
    lists_are_ordered_by_name_without_regard_to_case_then_alias,
    lists_filter_and_show_a_window_of_the_whole,
    versions_are_listed_newest_first_with_their_secrets_masked,
    every_change_is_told_once_and_in_order,
    the_feed_goes_on_from_any_revision,
    the_feed_goes_on_with_what_comes_later,
    a_feed_from_the_future_is_refused,
    many_saves_at_once_are_all_kept,
    a_closed_store_says_so_and_ends_its_feeds,
);

fn options(folder: &std::path::Path) -> StoreOptions {
    StoreOptions {
        data: folder.join("data"),
        config: folder.join("config"),
        key_file: None,
    }
}

fn sealed_in_memory_store(folder: &std::path::Path) -> Store {
    let key = Key::make(&folder.join("key")).unwrap();
    let below = MemoryStore::<Sealed>::default();
    Arc::new(SealedStore::new(below, key, Uuid::from_u128(1)))
}

async fn what_was_saved_is_read_back_by_id_and_by_alias(store: Store) {
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

async fn what_was_never_saved_is_not_there(store: Store) {
    let id = Uuid::from_u128(404);
    assert_eq!(store.get(id).await.unwrap(), None);
    assert_eq!(store.find("nobody").await.unwrap(), None);
    assert_eq!(store.version(id, 1).await.unwrap(), None);
    assert_eq!(store.versions(id, EVERYTHING).await.unwrap().total, 0);
    assert_eq!(
        store.delete(id, 1).await.unwrap_err(),
        StoreError::NotFound(id)
    );
    let first = connection("first");
    let saved = store.save(over(&first, &next(&first, |_| {}))).await;
    assert_eq!(saved.unwrap_err(), StoreError::NotFound(first.item.id));
    assert_eq!(store.revision(), Revision(0));
}

async fn an_alias_is_found_and_taken_in_any_case(store: Store) {
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

async fn of_many_saves_of_one_alias_at_once_exactly_one_is_kept(store: Store) {
    let saves = (1..=32).map(|number| {
        let mut connection = connection("wanted");
        connection.item.id = Uuid::from_u128(number);
        store.save(new(&connection))
    });
    let answers = join_all(saves).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let all = Query::all(EVERYTHING);
    assert_eq!(aliases(&store, &all).await, ["wanted"]);
    assert_eq!(store.revision(), Revision(1));
}

async fn a_new_connection_is_refused_when_its_id_is_there(store: Store) {
    let first = connection("first");
    store.save(new(&first)).await.unwrap();
    let mut second = connection("second");
    second.item.id = first.item.id;
    let refused = store.save(new(&second)).await;
    assert_eq!(refused.unwrap_err(), StoreError::IdTaken(first.item.id));
    assert_eq!(store.get(first.item.id).await.unwrap(), Some(first));
}

async fn a_save_over_another_version_is_refused(store: Store) {
    let first = connection("first");
    let second = next(&first, |second| second.item.name = "Second".into());
    store.save(new(&first)).await.unwrap();
    store.save(over(&first, &second)).await.unwrap();
    let refused = store.save(over(&first, &second)).await;
    assert_eq!(
        refused.unwrap_err(),
        StoreError::VersionMoved {
            expected: 1,
            found: 2
        }
    );
    assert_eq!(store.get(first.item.id).await.unwrap(), Some(second));
}

async fn a_rename_frees_the_old_alias_and_takes_the_new_one(store: Store) {
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

async fn changing_only_the_case_of_an_alias_is_no_conflict(store: Store) {
    let first = connection("alias");
    let louder = next(&first, |louder| louder.item.alias = "ALIAS".into());
    store.save(new(&first)).await.unwrap();
    store.save(over(&first, &louder)).await.unwrap();
    assert_eq!(store.find("alias").await.unwrap(), Some(louder));
}

async fn a_deleted_connection_is_gone_with_its_alias_and_versions(store: Store) {
    let first = connection("first");
    store.save(new(&first)).await.unwrap();
    store.delete(first.item.id, 1).await.unwrap();
    assert_eq!(store.get(first.item.id).await.unwrap(), None);
    assert_eq!(store.find("first").await.unwrap(), None);
    assert_eq!(store.version(first.item.id, 1).await.unwrap(), None);
    let versions = store.versions(first.item.id, EVERYTHING).await.unwrap();
    assert_eq!(versions.total, 0);
    assert_eq!(store.list(&Query::all(EVERYTHING)).await.unwrap().total, 0);
}

async fn a_deleted_connection_can_come_back(store: Store) {
    let first = connection("first");
    store.save(new(&first)).await.unwrap();
    store.delete(first.item.id, 1).await.unwrap();
    let again = next(&first, |_| {});
    store.save(new(&again)).await.unwrap();
    assert_eq!(store.find("first").await.unwrap(), Some(again));
    let versions = store.versions(first.item.id, EVERYTHING).await.unwrap();
    assert_eq!(versions.total, 1);
}

async fn aliases_are_found_by_how_they_begin(store: Store) {
    for alias in ["b-two", "b-one", "a-one", "b", "c"] {
        store.save(new(&connection(alias))).await.unwrap();
    }
    assert_eq!(
        store.aliases("B", 9).await.unwrap(),
        ["b", "b-one", "b-two"]
    );
    assert_eq!(store.aliases("b-", 1).await.unwrap(), ["b-one"]);
    assert_eq!(store.aliases("", 2).await.unwrap(), ["a-one", "b"]);
    assert!(store.aliases("bb", 9).await.unwrap().is_empty());
    assert!(store.aliases("b", 0).await.unwrap().is_empty());
}

async fn the_trash_is_a_list_of_its_own(store: Store) {
    let (first, second) = (connection("first"), connection("second"));
    store.save(new(&first)).await.unwrap();
    let before = store.save(new(&second)).await.unwrap();
    let in_use = Query::all(EVERYTHING);
    let trash = Query {
        is_trash: true,
        ..in_use.clone()
    };
    assert_eq!(store.list(&trash).await.unwrap().total, 0);

    let thrown = next(&first, |item| {
        item.item.date_deleted = Some(item.item.date_modified);
        item.item.alias = "first~gone".into();
    });
    let save = |connection: &Connection<Plain>| Save {
        put: Put::Over(connection.item.version - 1),
        ..new(connection)
    };
    store.save(save(&thrown)).await.unwrap();
    let (left, gone) = (
        store.list(&in_use).await.unwrap(),
        store.list(&trash).await.unwrap(),
    );
    assert_eq!((left.total, left.items), (1, vec![second.listed()]));
    assert_eq!((gone.total, gone.items), (1, vec![thrown.listed()]));
    assert_eq!(store.find("first").await.unwrap(), None);
    assert_eq!(store.aliases("", 9).await.unwrap(), ["second"]);
    assert_eq!(
        store
            .versions(first.item.id, EVERYTHING)
            .await
            .unwrap()
            .total,
        2
    );
    let mut feed = store.changes(before).await.unwrap();
    let told = feed.next().await.unwrap().unwrap();
    assert_eq!(told.what, What::Deleted(first.item.id));

    let back = next(&thrown, |item| {
        item.item.date_deleted = None;
        item.item.alias = "first".into();
    });
    store.save(save(&back)).await.unwrap();
    assert_eq!(store.list(&in_use).await.unwrap().total, 2);
    assert_eq!(store.list(&trash).await.unwrap().total, 0);
    assert_eq!(store.find("first").await.unwrap(), Some(back.clone()));
    let told = feed.next().await.unwrap().unwrap();
    assert_eq!(told.what, What::Saved(back.listed()));
}

async fn a_delete_of_another_version_is_refused(store: Store) {
    let first = connection("first");
    store.save(new(&first)).await.unwrap();
    assert_eq!(
        store.delete(first.item.id, 2).await.unwrap_err(),
        StoreError::VersionMoved {
            expected: 2,
            found: 1
        }
    );
    assert_eq!(store.get(first.item.id).await.unwrap(), Some(first));
}

async fn lists_are_ordered_by_name_without_regard_to_case_then_alias(store: Store) {
    for (alias, name) in [
        ("d", "beta"),
        ("c", "Alpha"),
        ("b", "alpha"),
        ("a", "Alpha 2"),
        ("e", "Älpha"),
        ("f", "alpha\u{0}x"),
    ] {
        store.save(named(alias, name)).await.unwrap();
    }
    let all = Query::all(EVERYTHING);
    assert_eq!(aliases(&store, &all).await, ["b", "c", "f", "a", "d", "e"]);
    let page = store.list(&all).await.unwrap();
    let mut sorted = page.items.clone();
    sorted.sort_by_key(|item| (fold(&item.name), item.alias.clone()));
    assert_eq!(page.items, sorted);
    let places = page.items.iter().map(|item| item.endpoint.as_deref());
    assert!(places.eq([Some("$OpenAI:Endpoint"); 6]));
}

async fn lists_filter_and_show_a_window_of_the_whole(store: Store) {
    for number in 0..20 {
        let mut connection = connection(&format!("c{number:02}"));
        connection.item.name = format!("Number {number:02}");
        connection.item.is_active = number % 2 == 0;
        connection.item.provider_id = ["openai", "amazon"][number % 2].into();
        store.save(new(&connection)).await.unwrap();
    }
    let window = Window { skip: 5, take: 3 };
    let mut query = Query::all(window);
    assert_eq!(aliases(&store, &query).await, ["c05", "c06", "c07"]);
    assert_eq!(store.list(&query).await.unwrap().total, 20);
    query.is_active = Some(true);
    assert_eq!(aliases(&store, &query).await, ["c10", "c12", "c14"]);
    assert_eq!(store.list(&query).await.unwrap().total, 10);
    query.is_active = None;
    query.provider_ids = Some(vec!["AMAZON".into()]);
    assert_eq!(aliases(&store, &query).await, ["c11", "c13", "c15"]);
    query.provider_ids = None;
    query.filter = Some("BER 1".into());
    assert_eq!(aliases(&store, &query).await, ["c15", "c16", "c17"]);
    assert_eq!(store.list(&query).await.unwrap().total, 10);
    query = Query::all(Window { skip: 50, take: 3 });
    let beyond = store.list(&query).await.unwrap();
    assert_eq!((beyond.items.len(), beyond.total), (0, 20));
}

async fn versions_are_listed_newest_first_with_their_secrets_masked(store: Store) {
    let mut current = connection("first");
    store.save(new(&current)).await.unwrap();
    for number in 2..=12 {
        let after = next(&current, |after| after.item.name = format!("v{number}"));
        store.save(over(&current, &after)).await.unwrap();
        current = after;
    }
    let id = current.item.id;
    let window = Window { skip: 1, take: 2 };
    let page = store.versions(id, window).await.unwrap();
    let numbers: Vec<_> = page.items.iter().map(Version::number).collect();
    assert_eq!((numbers, page.total), (vec![11, 10], 12));
    let third = store.version(id, 3).await.unwrap().unwrap();
    assert_eq!(third.snapshot.item.name, "v3");
    assert_eq!(third.change.description.as_deref(), Some("to version 3"));
    let settings = third.snapshot.settings.unwrap();
    assert_eq!(settings.get("apiKey"), Some(&Setting::Secret(Mask::Any)));
    assert_eq!(settings.get("stream"), Some(&Setting::Switch(true)));
    assert_eq!(store.version(id, 13).await.unwrap(), None);
}

async fn told(store: &Store, since: u64, count: usize) -> Vec<Changed> {
    let feed = store.changes(Revision(since)).await.unwrap();
    feed.take(count)
        .map(|changed| changed.unwrap())
        .collect()
        .await
}

async fn every_change_is_told_once_and_in_order(store: Store) {
    let first = connection("first");
    let second = next(&first, |second| second.item.name = "Second".into());
    store.save(new(&first)).await.unwrap();
    store.save(over(&first, &second)).await.unwrap();
    store.delete(first.item.id, 2).await.unwrap();
    let expected = [
        What::Saved(first.listed()),
        What::Saved(second.listed()),
        What::Deleted(first.item.id),
    ]
    .into_iter()
    .zip(1..)
    .map(|(what, revision)| Changed {
        revision: Revision(revision),
        what,
    });
    assert_eq!(told(&store, 0, 3).await, expected.collect::<Vec<_>>());
}

async fn the_feed_goes_on_from_any_revision(store: Store) {
    // More than a store keeps in memory, so that older changes are read from the journal.
    let saves = (0..1500).map(|number| store.save(new(&connection(&format!("c{number}")))));
    join_all(saves).await;
    for since in [0, 1, 700, 1499] {
        let count = usize::try_from(1500 - since).unwrap();
        let revisions = told(&store, since, count).await;
        let revisions: Vec<u64> = revisions.iter().map(|changed| changed.revision.0).collect();
        assert_eq!(revisions, (since + 1..=1500).collect::<Vec<_>>());
    }
}

async fn the_feed_goes_on_with_what_comes_later(store: Store) {
    store.save(new(&connection("before"))).await.unwrap();
    let mut feed = store.changes(store.revision()).await.unwrap();
    let writer = Arc::clone(&store);
    let writing = tokio::spawn(async move {
        for number in 0..50 {
            writer
                .save(new(&connection(&format!("c{number}"))))
                .await
                .unwrap();
        }
    });
    for revision in 2..=51 {
        let changed = feed.next().await.unwrap().unwrap();
        assert_eq!(changed.revision, Revision(revision));
        let What::Saved(item) = changed.what else {
            panic!("nothing was deleted");
        };
        assert!(store.get(item.id).await.unwrap().is_some());
    }
    writing.await.unwrap();
}

async fn a_feed_from_the_future_is_refused(store: Store) {
    let refused = store.changes(Revision(7)).await.map(drop);
    assert_eq!(refused.unwrap_err(), StoreError::FeedTooOld(7));
}

async fn many_saves_at_once_are_all_kept(store: Store) {
    let saves = (0..300).map(|number| store.save(new(&connection(&format!("c{number}")))));
    let mut revisions: Vec<u64> = join_all(saves)
        .await
        .into_iter()
        .map(|saved| saved.unwrap().0)
        .collect();
    revisions.sort_unstable();
    assert_eq!(revisions, (1..=300).collect::<Vec<_>>());
    assert_eq!(
        store.list(&Query::all(EVERYTHING)).await.unwrap().total,
        300
    );
}

async fn a_closed_store_says_so_and_ends_its_feeds(store: Store) {
    let first = connection("first");
    store.save(new(&first)).await.unwrap();
    let feed = store.changes(Revision(0)).await.unwrap();
    store.close().await.unwrap();
    assert_eq!(feed.count().await, 1);
    let read = store.get(first.item.id).await;
    assert!(matches!(read, Err(StoreError::Unusable(_))), "{read:?}");
    let saved = store.save(new(&connection("second"))).await;
    assert!(matches!(saved, Err(StoreError::Unusable(_))), "{saved:?}");
    store.close().await.unwrap();
}
