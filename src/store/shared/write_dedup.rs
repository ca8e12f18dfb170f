//! Checks if a write without a reply was performed.
//!
//! A leader that ends may have performed a write without replying. Before the write is sent to the next leader, the changes since
//! then show if it was performed and at which revision, so it happens exactly once, even when another process changed or deleted
//! the connection afterwards. A save of the same version is recognized by its seals, which are unique, while it is the current
//! version, and by its other content later; a permanent deletion is recognized by the ID of its request, which is stored with it.

use std::convert::Infallible;

use futures_util::StreamExt;

use super::SharedStore;
use super::protocol::Write;
use crate::connection::store::{ChangeKind, ConnectionStore, Revision, SaveConnection};
use crate::connection::{Connection, MaskedSecret, SealedSecret, StoreError};

/// Returns the revision of a write if it was performed after `since`.
pub async fn find_revision(
    store: &SharedStore,
    write: &Write,
    since: Revision,
) -> Result<Option<Revision>, StoreError> {
    let mut feed = match store.changes(since).await {
        Ok(feed) => feed,
        Err(StoreError::FeedTooOld(_)) => return compare_with_stored(store, write).await,
        Err(error) => return Err(error),
    };
    let newest = store.revision();
    let mut seen = since;
    while seen < newest
        && let Some(changed) = feed.next().await
    {
        let changed = changed?;
        seen = changed.revision;
        let matches = match (write, changed.kind) {
            (Write::Save(save), ChangeKind::Saved(item)) => {
                item == save.connection.listed() && is_same_save(store, save).await?
            }
            // Moving to the trash is a save that the feed reports as a deletion.
            (Write::Save(save), ChangeKind::Deleted(id)) => {
                let item = &save.connection.item;
                item.is_deleted() && item.id == id && is_same_save(store, save).await?
            }
            (Write::Purge { request, .. }, ChangeKind::Deleted(_)) => {
                changed.request == Some(*request)
            }
            (Write::Purge { .. }, ChangeKind::Saved(_)) => false,
        };
        if matches {
            return Ok(Some(seen));
        }
    }
    Ok(None)
}

/// Returns true when a save reported by the feed is this one.
async fn is_same_save(
    store: &SharedStore,
    save: &SaveConnection<SealedSecret>,
) -> Result<bool, StoreError> {
    let (id, version) = (save.connection.item.id, save.connection.item.version);
    if let Some(stored) = store.get(id).await?
        && stored.item.version == version
    {
        return Ok(stored == save.connection);
    }
    let Some(stored_version) = store.version(id, version).await? else {
        return Ok(true);
    };
    Ok(stored_version.change == save.change && stored_version.snapshot == masked(&save.connection))
}

/// Fallback when the changes are no longer available: compares with the stored connection.
async fn compare_with_stored(
    store: &SharedStore,
    write: &Write,
) -> Result<Option<Revision>, StoreError> {
    let matches = match write {
        Write::Save(save) => {
            store.get(save.connection.item.id).await?.as_ref() == Some(&save.connection)
        }
        Write::Purge { id, .. } => store.get(*id).await?.is_none(),
    };
    Ok(matches.then(|| store.revision()))
}

/// Masks like the store, which cannot read sealed secrets: all masks are equal.
fn masked(connection: &Connection<SealedSecret>) -> Connection<MaskedSecret> {
    let masked = connection
        .clone()
        .try_map(|_, _| Ok::<_, Infallible>(MaskedSecret::Any));
    match masked {
        Ok(masked) => masked,
    }
}
