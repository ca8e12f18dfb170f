//! Change feed that survives a change of the leader: it continues after the last seen change.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use futures_util::StreamExt;

use super::guest::Unanswered;
use super::seat::Chair;
use super::seating::Seating;
use super::wire::{Reply, Request, beside_the_point};
use crate::connection::StoreError;
use crate::connection::store::{ChangeFeed, Changed, Revision};

/// Reader of the feed.
struct Reader {
    /// Weak, so that a feed does not keep the store open.
    seating: Weak<Seating>,
    seen: Revision,
    fetched: VecDeque<Changed>,
    /// Feed of the store itself, while it is open in this process.
    own: Option<ChangeFeed>,
}

/// Returns the changes after a revision.
pub async fn since(seating: &Arc<Seating>, since: Revision) -> Result<ChangeFeed, StoreError> {
    let mut reader = Reader {
        seating: Arc::downgrade(seating),
        seen: since,
        fetched: VecDeque::new(),
        own: None,
    };
    reader.begin(seating).await?;
    Ok(Box::pin(futures_util::stream::unfold(
        Some(reader),
        |reader| async move { reader?.next().await },
    )))
}

impl Reader {
    /// Checks that the feed reaches back far enough, and fetches the available changes.
    async fn begin(&mut self, seating: &Arc<Seating>) -> Result<(), StoreError> {
        loop {
            match seating.chair().await? {
                Chair::Holder(taken) => {
                    self.own = Some(taken.changes(self.seen).await?);
                    return Ok(());
                }
                Chair::Guest(guest) => match guest.ask(&Request::Follow(self.seen)).await {
                    Ok(answer) => {
                        self.fetched = changes(answer?)?;
                        return Ok(());
                    }
                    Err(Unanswered::Gone) => {}
                    Err(Unanswered::Silent) => return Err(seating.silent()),
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
            let Some(own) = &mut self.own else {
                match self.fetch().await {
                    Ok(fetched) => self.fetched = fetched,
                    Err(None) => return None,
                    Err(Some(error)) => return Some((Err(error), None)),
                }
                continue;
            };
            match own.next().await {
                Some(Ok(changed)) => self.fetched.push_back(changed),
                Some(Err(error)) => return Some((Err(error), None)),
                None => self.own = None,
            }
        }
    }

    /// Waits for the next changes, or switches to the feed of a store that is open here. `Err(None)` when the store was closed.
    async fn fetch(&mut self) -> Result<VecDeque<Changed>, Option<StoreError>> {
        let seating = self.seating.upgrade().ok_or(None)?;
        let chair = match seating.chair().await {
            Ok(chair) => chair,
            Err(_) if seating.is_closed() => return Err(None),
            Err(error) => return Err(Some(error)),
        };
        drop(seating);
        match chair {
            Chair::Holder(taken) => {
                self.own = Some(taken.changes(self.seen).await?);
                Ok(VecDeque::new())
            }
            Chair::Guest(guest) => match guest.ask(&Request::Next(self.seen)).await {
                Ok(answer) => Ok(changes(answer?)?),
                Err(Unanswered::Gone | Unanswered::Silent) => Ok(VecDeque::new()),
            },
        }
    }
}

fn changes(reply: Reply) -> Result<VecDeque<Changed>, StoreError> {
    let Reply::Changes(changes) = reply else {
        return Err(beside_the_point());
    };
    Ok(changes.into())
}
