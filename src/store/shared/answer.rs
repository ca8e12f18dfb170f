//! Executes a request on a store.

use futures_util::{FutureExt, StreamExt};

use super::wire::{Reply, Request, Write};
use crate::connection::store::{ChangeFeed, Changed};
use crate::connection::{ConnectionStore, Sealed, StoreError};

/// Maximum number of changes in one reply.
const MAX_CHANGES: usize = 256;

/// Returns the reply of the store.
pub async fn answer(
    store: &dyn ConnectionStore<Sealed>,
    request: &Request,
) -> Result<Reply, StoreError> {
    Ok(match request {
        Request::Get(id) => Reply::Connection(store.get(*id).await?.map(Box::new)),
        Request::Find(alias) => Reply::Connection(store.find(alias).await?.map(Box::new)),
        Request::List(query) => Reply::Items(store.list(query).await?),
        Request::Aliases { prefix, most } => Reply::Aliases(store.aliases(prefix, *most).await?),
        Request::Write(Write::Save(save)) => Reply::Kept(store.save((**save).clone()).await?),
        Request::Write(Write::Delete { id, version }) => {
            Reply::Kept(store.delete(*id, *version).await?)
        }
        Request::Versions { id, window } => Reply::Versions(store.versions(*id, *window).await?),
        Request::Version { id, number } => {
            Reply::Version(store.version(*id, *number).await?.map(Box::new))
        }
        Request::Follow(since) => {
            let newest = store.revision();
            let feed = store.changes(*since).await?;
            if newest <= *since {
                return Ok(Reply::Changes(Vec::new()));
            }
            Reply::Changes(next(feed).await?)
        }
        Request::Next(since) => Reply::Changes(next(store.changes(*since).await?).await?),
        Request::Ping => Reply::Here,
    })
}

/// Returns the available changes, or waits for the first one. Empty when the feed ends.
async fn next(mut feed: ChangeFeed) -> Result<Vec<Changed>, StoreError> {
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
