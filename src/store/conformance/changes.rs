//! Conformance tests of the change feed.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::join_all;

use super::{EVERYTHING, Store, connection, new, next, over};
use crate::connection::store::{ChangeEvent, ChangeKind, Revision};
use crate::connection::{ListQuery, StoreError};

async fn changes_since(store: &Store, since: Revision, count: usize) -> Vec<ChangeEvent> {
    let feed = store.changes(since).await.unwrap();
    feed.take(count)
        .map(|changed| ChangeEvent {
            request: None,
            ..changed.unwrap()
        })
        .collect()
        .await
}

pub(super) async fn feed_has_every_change_once_in_order(store: Store) {
    let before = store.revision();
    let first = connection("first");
    let second = next(&first, |second| second.item.name = "Second".into());
    let revisions = [
        store.save(new(&first)).await.unwrap(),
        store.save(over(&first, &second)).await.unwrap(),
        store.purge(first.item.id, 2).await.unwrap(),
    ];
    assert!(revisions.is_sorted_by(|earlier, later| earlier < later));
    let expected = [
        ChangeKind::Saved(first.listed()),
        ChangeKind::Saved(second.listed()),
        ChangeKind::Deleted(first.item.id),
    ]
    .into_iter()
    .zip(revisions)
    .map(|(kind, revision)| ChangeEvent {
        revision,
        kind,
        request: None,
    });
    assert_eq!(
        changes_since(&store, before, 3).await,
        expected.collect::<Vec<_>>()
    );
}

/// Saves connections at the same time and returns the revisions in order, after the one before.
async fn saved_revisions(store: &Store, count: usize) -> Vec<Revision> {
    let mut revisions = vec![store.revision()];
    let saves = (0..count).map(|number| store.save(new(&connection(&format!("c{number}")))));
    revisions.extend(join_all(saves).await.into_iter().map(Result::unwrap));
    revisions.sort_unstable();
    let is_increasing = revisions.is_sorted_by(|earlier, later| earlier < later);
    assert!(is_increasing, "a revision was used twice");
    revisions
}

pub(super) async fn feed_starts_at_any_revision(store: Store) {
    // More than a store keeps in memory, so that older changes are read from its history.
    let saved = saved_revisions(&store, 1500).await;
    for since in [0, 1, 700, 1499] {
        let found = changes_since(&store, saved[since], 1500 - since).await;
        let found: Vec<Revision> = found.iter().map(|changed| changed.revision).collect();
        assert_eq!(found, saved[since + 1..]);
    }
}

pub(super) async fn feed_continues_with_new_changes(store: Store) {
    store.save(new(&connection("before"))).await.unwrap();
    let mut feed = store.changes(store.revision()).await.unwrap();
    let writer = Arc::clone(&store);
    let writing = tokio::spawn(async move {
        let mut revisions = Vec::new();
        for number in 0..50 {
            let save = new(&connection(&format!("c{number}")));
            revisions.push(writer.save(save).await.unwrap());
        }
        revisions
    });
    let mut found = Vec::new();
    for _ in 0..50 {
        let changed = feed.next().await.unwrap().unwrap();
        found.push(changed.revision);
        let ChangeKind::Saved(item) = changed.kind else {
            panic!("expected a save");
        };
        assert!(store.get(item.id).await.unwrap().is_some());
    }
    assert_eq!(found, writing.await.unwrap());
}

pub(super) async fn feed_from_future_revision_is_rejected(store: Store) {
    let future = Revision(store.revision().0 + 7);
    let refused = store.changes(future).await.map(drop);
    assert_eq!(refused.unwrap_err(), StoreError::FeedTooOld(future.0));
}

pub(super) async fn concurrent_saves_are_all_kept(store: Store) {
    let saved = saved_revisions(&store, 300).await;
    assert_eq!(saved.last(), Some(&store.revision()));
    assert_eq!(
        store.list(&ListQuery::all(EVERYTHING)).await.unwrap().total,
        300
    );
}
