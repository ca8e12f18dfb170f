//! Conformance tests of deletes and the trash.

use futures_util::StreamExt;

use super::{EVERYTHING, Store, connection, new, next};
use crate::connection::store::{ChangeKind, Precondition, SaveConnection};
use crate::connection::{Connection, ListQuery, PlainSecret, StoreError};

pub(super) async fn delete_removes_alias_and_versions(store: Store) {
    let first = connection("first");
    store.save(new(&first)).await.unwrap();
    store.purge(first.item.id, 1).await.unwrap();
    assert_eq!(store.get(first.item.id).await.unwrap(), None);
    assert_eq!(store.find("first").await.unwrap(), None);
    assert_eq!(store.version(first.item.id, 1).await.unwrap(), None);
    let versions = store.versions(first.item.id, EVERYTHING).await.unwrap();
    assert_eq!(versions.total, 0);
    assert_eq!(
        store.list(&ListQuery::all(EVERYTHING)).await.unwrap().total,
        0
    );
}

pub(super) async fn deleted_connection_can_be_created_again(store: Store) {
    let first = connection("first");
    store.save(new(&first)).await.unwrap();
    store.purge(first.item.id, 1).await.unwrap();
    let again = next(&first, |_| {});
    store.save(new(&again)).await.unwrap();
    assert_eq!(store.find("first").await.unwrap(), Some(again));
    let versions = store.versions(first.item.id, EVERYTHING).await.unwrap();
    assert_eq!(versions.total, 1);
}

pub(super) async fn trash_is_listed_separately(store: Store) {
    let (first, second) = (connection("first"), connection("second"));
    store.save(new(&first)).await.unwrap();
    let before = store.save(new(&second)).await.unwrap();
    let in_use = ListQuery::all(EVERYTHING);
    let trash = ListQuery {
        is_trash: true,
        ..in_use.clone()
    };
    assert_eq!(store.list(&trash).await.unwrap().total, 0);

    let trashed = next(&first, |item| {
        item.item.date_deleted = Some(item.item.date_modified);
        item.item.alias = "first~gone".into();
    });
    let save = |connection: &Connection<PlainSecret>| SaveConnection {
        precondition: Precondition::Version(connection.item.version - 1),
        ..new(connection)
    };
    store.save(save(&trashed)).await.unwrap();
    let (left, gone) = (
        store.list(&in_use).await.unwrap(),
        store.list(&trash).await.unwrap(),
    );
    assert_eq!((left.total, left.items), (1, vec![second.listed()]));
    assert_eq!((gone.total, gone.items), (1, vec![trashed.listed()]));
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
    let changed = feed.next().await.unwrap().unwrap();
    assert_eq!(changed.kind, ChangeKind::Deleted(first.item.id));

    let back = next(&trashed, |item| {
        item.item.date_deleted = None;
        item.item.alias = "first".into();
    });
    store.save(save(&back)).await.unwrap();
    assert_eq!(store.list(&in_use).await.unwrap().total, 2);
    assert_eq!(store.list(&trash).await.unwrap().total, 0);
    assert_eq!(store.find("first").await.unwrap(), Some(back.clone()));
    let changed = feed.next().await.unwrap().unwrap();
    assert_eq!(changed.kind, ChangeKind::Saved(back.listed()));
}

pub(super) async fn delete_of_wrong_version_is_rejected(store: Store) {
    let first = connection("first");
    store.save(new(&first)).await.unwrap();
    assert_eq!(
        store.purge(first.item.id, 2).await.unwrap_err(),
        StoreError::VersionConflict {
            expected: 2,
            found: 1
        }
    );
    assert_eq!(store.get(first.item.id).await.unwrap(), Some(first));
}
