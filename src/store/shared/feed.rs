//! Change feed that survives a change of the leader: it continues after the last seen change.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use futures_util::StreamExt;

use super::guest::Unanswered;
use super::seat::Chair;
use super::seating::Seating;
use super::wire::{Reply, Request, unexpected_reply};
use crate::connection::StoreError;
use crate::connection::store::{ChangeFeed, Changed, Revision};

/// Reader of the feed.
struct Reader {
    /// Weak, so that a feed does not keep the store open.
    membership: Weak<Seating>,
    seen: Revision,
    fetched: VecDeque<Changed>,
    /// Feed of the store itself, while it is open in this process.
    local: Option<ChangeFeed>,
}

/// Returns the changes after a revision.
pub async fn since(membership: &Arc<Seating>, since: Revision) -> Result<ChangeFeed, StoreError> {
    let mut reader = Reader {
        membership: Arc::downgrade(membership),
        seen: since,
        fetched: VecDeque::new(),
        local: None,
    };
    reader.start(membership).await?;
    Ok(Box::pin(futures_util::stream::unfold(
        Some(reader),
        |reader| async move { reader?.next().await },
    )))
}

impl Reader {
    /// Checks that the feed reaches back far enough, and fetches the available changes.
    async fn start(&mut self, membership: &Arc<Seating>) -> Result<(), StoreError> {
        loop {
            match membership.handle().await? {
                Chair::Leader(tracked) => {
                    self.local = Some(tracked.changes(self.seen).await?);
                    return Ok(());
                }
                Chair::Client(client) => match client.send(&Request::Follow(self.seen)).await {
                    Ok(answer) => {
                        self.fetched = changes(answer?)?;
                        return Ok(());
                    }
                    Err(Unanswered::Gone) => {}
                    Err(Unanswered::Unresponsive) => return Err(membership.not_responding()),
                },
            }
        }
    }

    /// Returns the next change and the reader; no reader after an error, `None` at the end.
    async fn next(mut self) -> Option<(Result<Changed, StoreError>, Option<Self>)> {
        loop {
            if let Some(changed) = self.fetched.pop_front() {
                self.seen = changed.revision;
                return Some((Ok(changed), Some(self)));
            }
            let Some(local) = &mut self.local else {
                match self.fetch().await {
                    Ok(fetched) => self.fetched = fetched,
                    Err(None) => return None,
                    Err(Some(error)) => return Some((Err(error), None)),
                }
                continue;
            };
            match local.next().await {
                Some(Ok(changed)) => self.fetched.push_back(changed),
                Some(Err(error)) => return Some((Err(error), None)),
                None => self.local = None,
            }
        }
    }

    /// Waits for the next changes, or switches to the feed of a store that is open here. `Err(None)` when the store was closed.
    async fn fetch(&mut self) -> Result<VecDeque<Changed>, Option<StoreError>> {
        let membership = self.membership.upgrade().ok_or(None)?;
        let handle = match membership.handle().await {
            Ok(handle) => handle,
            Err(_) if membership.is_closed() => return Err(None),
            Err(error) => return Err(Some(error)),
        };
        drop(membership);
        match handle {
            Chair::Leader(tracked) => {
                self.local = Some(tracked.changes(self.seen).await?);
                Ok(VecDeque::new())
            }
            Chair::Client(client) => match client.send(&Request::Next(self.seen)).await {
                Ok(answer) => Ok(changes(answer?)?),
                Err(Unanswered::Gone | Unanswered::Unresponsive) => Ok(VecDeque::new()),
            },
        }
    }
}

fn changes(reply: Reply) -> Result<VecDeque<Changed>, StoreError> {
    let Reply::Changes(changes) = reply else {
        return Err(unexpected_reply());
    };
    Ok(changes.into())
}
