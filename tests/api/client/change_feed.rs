//! Change feed of a remote server.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use umai::connection::StoreError;
use umai::connection::store::{ChangeEvent, ChangeFeed, ChangeKind, Revision};

use crate::support::server::Server;
use crate::support::{DOCUMENTED, draft, remote, service};

async fn next(feed: &mut ChangeFeed) -> Option<Result<ChangeEvent, StoreError>> {
    tokio::time::timeout(Duration::from_secs(20), feed.next())
        .await
        .expect("no event was received in time")
}

#[tokio::test]
async fn feed_resumes_after_revision_and_follows() {
    let store = service();
    let server = Server::over(Arc::clone(&store)).await;
    let remote = remote(&server.origin).await;
    let made = store.create(draft(DOCUMENTED)).await.unwrap();
    let first = remote.revision().await.unwrap();
    store.set_active(&made.item.id.into(), false).await.unwrap();
    let mut feed = remote.changes(first).await.unwrap();
    let changed = next(&mut feed).await.unwrap().unwrap();
    assert!(
        matches!(&changed.kind, ChangeKind::Saved(item) if !item.is_active && item.version == 2)
    );
    assert!(changed.revision > first);
    remote.delete(&made.item.id.into(), None).await.unwrap();
    let deleted = next(&mut feed).await.unwrap().unwrap();
    assert_eq!(deleted.kind, ChangeKind::Deleted(made.item.id));
    assert_eq!(deleted.revision, store.revision().await.unwrap());

    let mut again = remote.changes(Revision(0)).await.unwrap();
    let created = next(&mut again).await.unwrap().unwrap();
    assert_eq!(created.revision, first, "each change follows its revision");
}

#[tokio::test]
async fn feed_ends_with_one_error_on_disconnect() {
    let server = Server::over(service()).await;
    let remote = remote(&server.origin).await;
    let mut feed = remote.changes(Revision(0)).await.unwrap();
    let origin = server.origin.clone();
    server.end();
    let error = next(&mut feed).await.unwrap().unwrap_err().to_string();
    assert!(
        error.contains(&origin) && error.contains("connection lost"),
        "{error}"
    );
    assert_eq!(next(&mut feed).await, None);
}
