//! Tells of a write that was not answered whether it was done.
//!
//! A holder that ends may have kept a write without saying so. Before it is asked of the next holder, the changes since then
//! tell whether it was done, and at which revision; so it is done once, even where someone else changed or deleted the
//! connection after it. That a save of the same version is this one and not another is seen by its seals, which are never
//! alike, as long as it is the newest version, and later by everything else that it says.

use std::convert::Infallible;

use futures_util::StreamExt;
use uuid::Uuid;

use super::SharedStore;
use super::wire::Write;
use crate::connection::store::{ConnectionStore, Revision, Save, What};
use crate::connection::{Connection, Mask, Sealed, StoreError};

/// The revision that a write made, when it was done after `since`.
pub async fn was_done(
    store: &SharedStore,
    write: &Write,
    since: Revision,
) -> Result<Option<Revision>, StoreError> {
    let mut feed = match store.changes(since).await {
        Ok(feed) => feed,
        Err(StoreError::FeedTooOld(_)) => return is_as_written(store, write).await,
        Err(error) => return Err(error),
    };
    let newest = store.revision();
    let mut seen = since;
    while seen < newest
        && let Some(changed) = feed.next().await
    {
        let changed = changed?;
        seen = changed.revision;
        let is_done = match (write, changed.what) {
            (Write::Save(save), What::Saved(item)) => {
                item == save.connection.listed() && is_ours(store, save).await?
            }
            // What goes to the trash is saved, and is told as gone.
            (Write::Save(save), What::Deleted(id)) => {
                let item = &save.connection.item;
                item.is_deleted() && item.id == id && is_ours(store, save).await?
            }
            (Write::Delete { id, version }, What::Deleted(gone)) => {
                *id == gone && is_forgotten(store, *id, *version).await?
            }
            (Write::Delete { .. }, What::Saved(_)) => false,
        };
        if is_done {
            return Ok(Some(seen));
        }
    }
    Ok(None)
}

/// Whether the save that the feed tells of is this one.
async fn is_ours(store: &SharedStore, save: &Save<Sealed>) -> Result<bool, StoreError> {
    let (id, version) = (save.connection.item.id, save.connection.item.version);
    if let Some(stored) = store.get(id).await?
        && stored.item.version == version
    {
        return Ok(stored == save.connection);
    }
    let Some(kept) = store.version(id, version).await? else {
        return Ok(true);
    };
    Ok(kept.change == save.change && kept.snapshot == masked(&save.connection))
}

/// Whether a connection that was at this version is no more; one that is in the trash is there, at a later version.
async fn is_forgotten(store: &SharedStore, id: Uuid, version: u64) -> Result<bool, StoreError> {
    let stored = store.get(id).await?;
    Ok(stored.is_none_or(|stored| stored.item.version < version))
}

/// The same question, where the changes are no longer kept: by what is stored.
async fn is_as_written(store: &SharedStore, write: &Write) -> Result<Option<Revision>, StoreError> {
    let is_done = match write {
        Write::Save(save) => {
            store.get(save.connection.item.id).await?.as_ref() == Some(&save.connection)
        }
        Write::Delete { id, .. } => store.get(*id).await?.is_none(),
    };
    Ok(is_done.then(|| store.revision()))
}

/// As the store masks, which cannot look into a secret: all masks are alike.
fn masked(connection: &Connection<Sealed>) -> Connection<Mask> {
    let masked = connection
        .clone()
        .try_map(|_, _| Ok::<_, Infallible>(Mask::Any));
    match masked {
        Ok(masked) => masked,
    }
}
