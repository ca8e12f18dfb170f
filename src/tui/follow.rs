//! Follows what happens to the connections, wherever it is done: from the point the list was read at, over every break.
//!
//! Why: the feed may break off when a server goes away or another process takes over the store. It is opened again from the
//! last change seen, with longer and longer pauses, and only while it is broken: while it stands, nothing wakes up.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::mpsc::Sender;
use tokio::time::Instant;

use super::tree::{Item, News};
use crate::connection::store::{ChangeFeed, Changed, Revision, What};
use crate::connection::{ConnectionError, ConnectionService, StoreError};

/// The most changes that are told at once; a frame is drawn between.
const BATCH: usize = 500;

/// The pause before the first try to open a broken feed again; each one is twice as long as the one before.
const SHORTEST: Duration = Duration::from_millis(250);

/// The longest pause, and how long a feed must have stood for the pauses to begin from the shortest again.
const LONGEST: Duration = Duration::from_secs(5);

/// What is heard of the connections, and of the line on which it is heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// These things happened, in this order.
    News(Vec<News>),
    /// The feed broke off: from now on things may happen that are not heard of.
    Broken,
    /// It could not be opened again either, for this reason; said once for each break.
    Lost(String),
    /// Changes were missed that nobody can tell any more: the list is to be read again.
    Missed,
    /// All that happened meanwhile was told.
    CaughtUp,
}

/// Nobody listens any more.
struct Unheard;

/// Tells what happens after `since`, until nobody listens; an error instead of it says why the point is not known.
pub async fn follow(
    service: Arc<dyn ConnectionService>,
    since: Result<Revision, ConnectionError>,
    ears: Sender<Heard>,
) {
    let (seen, problem) = match since {
        Ok(seen) => (Some(seen), None),
        Err(problem) => (None, Some(problem)),
    };
    let mut following = Following {
        service,
        ears,
        seen,
        is_broken: false,
        is_lost: false,
    };
    // That nobody listens any more is the end, and no trouble.
    let _ = following.go_on(problem).await;
}

struct Following {
    service: Arc<dyn ConnectionService>,
    ears: Sender<Heard>,
    /// The last change that was told, or after which everything is read; none when that is not known.
    seen: Option<Revision>,
    /// Whether it was told that the feed is broken.
    is_broken: bool,
    /// Whether it was told why.
    is_lost: bool,
}

impl Following {
    async fn go_on(&mut self, mut problem: Option<ConnectionError>) -> Result<(), Unheard> {
        let mut pause = SHORTEST;
        loop {
            let opened = Instant::now();
            let ended = match problem.take() {
                Some(problem) => Err(problem),
                None => match self.open().await {
                    Ok((feed, newest)) => Ok(self.listen(feed, newest).await?),
                    Err(problem) => Err(problem),
                },
            };
            if ended.is_ok() && opened.elapsed() > LONGEST {
                pause = SHORTEST;
            }
            self.tell_broken().await?;
            match ended {
                Ok(Some(StoreError::FeedTooOld(_)))
                | Err(ConnectionError::Store(StoreError::FeedTooOld(_))) => self.seen = None,
                Err(problem) if !self.is_lost => {
                    self.is_lost = true;
                    self.tell(Heard::Lost(problem.to_string())).await?;
                }
                Ok(_) | Err(_) => {}
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.ears.closed() => return Err(Unheard),
            }
            pause = (pause * 2).min(LONGEST);
        }
    }

    /// Opens the feed where it broke off; where that is not known, the list is read again from here. Answers the newest change.
    async fn open(&mut self) -> Result<(ChangeFeed, Revision), ConnectionError> {
        let newest = self.service.revision().await?;
        let feed = self.service.changes(self.seen.unwrap_or(newest)).await?;
        Ok((feed, newest))
    }

    /// Tells what the feed tells, until it breaks off; answers why, where that is known.
    async fn listen(
        &mut self,
        feed: ChangeFeed,
        newest: Revision,
    ) -> Result<Option<StoreError>, Unheard> {
        if self.seen.is_none() {
            self.seen = Some(newest);
            self.tell(Heard::Missed).await?;
        }
        self.tell_caught_up(newest).await?;
        let mut feed = feed.ready_chunks(BATCH);
        loop {
            let some = tokio::select! {
                some = feed.next() => some,
                () = self.ears.closed() => return Err(Unheard),
            };
            let Some(some) = some else { return Ok(None) };
            let mut broken = None;
            let mut changes = Vec::with_capacity(some.len());
            for change in some {
                match change {
                    Ok(change) => changes.push(change),
                    Err(error) => {
                        broken = Some(error);
                        break;
                    }
                }
            }
            if let Some(last) = changes.last() {
                self.seen = Some(last.revision);
                self.tell(Heard::News(compact(changes))).await?;
                self.tell_caught_up(newest).await?;
            }
            if broken.is_some() {
                return Ok(broken);
            }
        }
    }

    async fn tell_broken(&mut self) -> Result<(), Unheard> {
        if !self.is_broken {
            self.is_broken = true;
            self.tell(Heard::Broken).await?;
        }
        Ok(())
    }

    /// Once everything was told that had happened when the feed was opened again.
    async fn tell_caught_up(&mut self, newest: Revision) -> Result<(), Unheard> {
        if self.is_broken && self.seen >= Some(newest) {
            (self.is_broken, self.is_lost) = (false, false);
            self.tell(Heard::CaughtUp).await?;
        }
        Ok(())
    }

    async fn tell(&self, heard: Heard) -> Result<(), Unheard> {
        self.ears.send(heard).await.map_err(|_| Unheard)
    }
}

/// Only what the tree shows, here and not in `update`, so that a key never waits for it. Provider ids are shared.
fn compact(changes: Vec<Changed>) -> Vec<News> {
    let mut providers: HashMap<String, Arc<str>> = HashMap::new();
    let compacted = changes.into_iter().map(|changed| match changed.what {
        What::Deleted(id) => News::Deleted(id),
        // What is in the trash is no longer among the connections.
        What::Saved(item) if item.is_deleted() => News::Deleted(item.id),
        What::Saved(item) => {
            let provider = providers
                .entry(item.provider_id.clone())
                .or_insert_with(|| Arc::from(item.provider_id.as_str()));
            News::Saved(Item::new(&item, Arc::clone(provider)))
        }
    });
    compacted.collect()
}
