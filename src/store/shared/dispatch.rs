//! Executes a request on a store.

use futures_util::{FutureExt, StreamExt};

use super::protocol::{StoreReply, StoreRequest, Write};
use crate::connection::store::{ChangeEvent, ChangeFeed};
use crate::connection::{ConnectionStore, StoreError};
use crate::store::sled::SledStore;

/// Maximum number of changes in one reply.
const MAX_CHANGES: usize = 256;

/// Returns the reply of the store.
pub async fn dispatch(store: &SledStore, request: &StoreRequest) -> Result<StoreReply, StoreError> {
    Ok(match request {
        StoreRequest::Get(id) => StoreReply::Connection(store.get(*id).await?.map(Box::new)),
        StoreRequest::Find(alias) => StoreReply::Connection(store.find(alias).await?.map(Box::new)),
        StoreRequest::List(query) => StoreReply::Items(store.list(query).await?),
        StoreRequest::Aliases { prefix, most } => {
            StoreReply::Aliases(store.aliases(prefix, *most).await?)
        }
        StoreRequest::Write(Write::Save(save)) => {
            StoreReply::Written(store.save_connection(save).await?)
        }
        StoreRequest::Write(Write::Purge {
            id,
            version,
            request,
        }) => StoreReply::Written(store.purge_for(*id, *version, Some(*request)).await?),
        StoreRequest::Versions { id, window } => {
            StoreReply::Versions(store.versions(*id, *window).await?)
        }
        StoreRequest::Version { id, number } => {
            StoreReply::Version(store.version(*id, *number).await?.map(Box::new))
        }
        StoreRequest::ChangesNow(since) => {
            let newest = store.revision();
            let feed = store.changes(*since).await?;
            if newest <= *since {
                return Ok(StoreReply::Changes(Vec::new()));
            }
            StoreReply::Changes(next(feed).await?)
        }
        StoreRequest::AwaitChanges(since) => {
            StoreReply::Changes(next(store.changes(*since).await?).await?)
        }
        StoreRequest::Ping => {
            store.check().await?;
            StoreReply::Pong
        }
    })
}

/// Returns the available changes, or waits for the first one. Empty when the feed ends.
async fn next(mut feed: ChangeFeed) -> Result<Vec<ChangeEvent>, StoreError> {
    let mut changes = Vec::new();
    let Some(first) = feed.next().await else {
        return Ok(changes);
    };
    changes.push(first?);
    while changes.len() < MAX_CHANGES
        && let Some(Some(Ok(changed))) = feed.next().now_or_never()
    {
        changes.push(changed);
    }
    Ok(changes)
}
