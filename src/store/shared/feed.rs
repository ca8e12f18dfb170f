//! The change feed of a store that changes hands: it goes on from the last change seen, whoever holds the store.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use futures_util::StreamExt;

use super::guest::Unanswered;
use super::seat::Chair;
use super::seating::Seating;
use super::wire::{Reply, Request, beside_the_point};
use crate::connection::StoreError;
use crate::connection::store::{ChangeFeed, Changed, Revision};

/// Reads the feed.
struct Reader {
    /// Weak, so that a feed alone keeps no store open.
    seating: Weak<Seating>,
    seen: Revision,
    fetched: VecDeque<Changed>,
    /// The store's own feed, when it is open here.
    own: Option<ChangeFeed>,
}

/// The changes after a revision.
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
    /// Finds out whether the feed reaches back so far, and takes what is there.
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

    /// The next change and the reader after it; no reader after trouble, nothing at the end.
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

    /// The changes after those seen, as soon as there are any, unless the store is to be followed here from now on; no error
    /// when the store was closed.
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
