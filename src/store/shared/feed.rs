//! Change feed that survives a change of the leader: it continues after the last seen change.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use futures_util::StreamExt;

use super::client::NoReply;
use super::membership::Membership;
use super::protocol::{StoreReply, StoreRequest, unexpected_reply};
use super::role::RequestHandle;
use crate::connection::StoreError;
use crate::connection::store::{ChangeEvent, ChangeFeed, Revision};

/// Reader of the feed.
struct SharedFeedReader {
    /// Weak, so that a feed does not keep the store open.
    membership: Weak<Membership>,
    seen: Revision,
    fetched: VecDeque<ChangeEvent>,
    /// Feed of the store itself, while it is open in this process.
    local: Option<ChangeFeed>,
}

/// Returns the changes after a revision.
pub async fn since(
    membership: &Arc<Membership>,
    since: Revision,
) -> Result<ChangeFeed, StoreError> {
    let mut reader = SharedFeedReader {
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

impl SharedFeedReader {
    /// Checks that the feed reaches back far enough, and fetches the available changes.
    async fn start(&mut self, membership: &Arc<Membership>) -> Result<(), StoreError> {
        loop {
            match membership.handle().await? {
                RequestHandle::Leader(tracked) => {
                    self.local = Some(tracked.changes(self.seen).await?);
                    return Ok(());
                }
                RequestHandle::Client(client) => {
                    match client.send(&StoreRequest::ChangesNow(self.seen)).await {
                        Ok(answer) => {
                            self.fetched = changes(answer?)?;
                            return Ok(());
                        }
                        Err(NoReply::Disconnected) => {}
                        Err(NoReply::Unresponsive) => return Err(membership.not_responding()),
                    }
                }
            }
        }
    }

    /// Returns the next change and the reader; no reader after an error, `None` at the end.
    async fn next(mut self) -> Option<(Result<ChangeEvent, StoreError>, Option<Self>)> {
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
    async fn fetch(&mut self) -> Result<VecDeque<ChangeEvent>, Option<StoreError>> {
        let membership = self.membership.upgrade().ok_or(None)?;
        let handle = match membership.handle().await {
            Ok(handle) => handle,
            Err(_) if membership.is_closed() => return Err(None),
            Err(error) => return Err(Some(error)),
        };
        drop(membership);
        match handle {
            RequestHandle::Leader(tracked) => {
                self.local = Some(tracked.changes(self.seen).await?);
                Ok(VecDeque::new())
            }
            RequestHandle::Client(client) => {
                match client.send(&StoreRequest::AwaitChanges(self.seen)).await {
                    Ok(answer) => Ok(changes(answer?)?),
                    Err(NoReply::Disconnected | NoReply::Unresponsive) => Ok(VecDeque::new()),
                }
            }
        }
    }
}

fn changes(reply: StoreReply) -> Result<VecDeque<ChangeEvent>, StoreError> {
    let StoreReply::Changes(changes) = reply else {
        return Err(unexpected_reply());
    };
    Ok(changes.into())
}
