//! Follows the change feed from the revision at which the list was loaded, and reconnects after interruptions.
//!
//! The feed may end when a server stops or another process becomes the leader. It is opened again from the last change, with
//! growing pauses; an open feed uses no timer.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::mpsc::Sender;
use tokio::time::Instant;

use super::tree::ItemChange;
use crate::connection::store::{ChangeEvent, ChangeFeed, ChangeKind, Revision};
use crate::connection::{ConnectionError, StoreError};
use crate::search::TreeItem;
use crate::service::ConnectionService;

/// Limit of changes in one event; a frame is drawn in between.
const BATCH: usize = 500;

/// Pause before the first reconnect; each further pause is twice as long.
const SHORTEST: Duration = Duration::from_millis(250);

/// Longest pause, and the time that a feed must stay open to reset the pauses.
const LONGEST: Duration = Duration::from_secs(5);

/// Changes, or a change of the feed's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedEvent {
    /// Changes in order.
    Changes(Vec<ItemChange>),
    /// The feed ended: later changes are not known.
    Disconnected,
    /// Reconnecting failed, with the reason; sent once for each interruption.
    ReconnectFailed(String),
    /// Changes were missed and cannot be retrieved: the list must be reloaded.
    ReloadNeeded,
    /// All changes since the interruption were sent.
    CaughtUp,
}

/// The receiver was dropped.
struct ReceiverDropped;

/// Sends the changes after `since` until the receiver is dropped; an error instead of a revision is the reason why it is
/// unknown.
pub async fn follow(
    service: Arc<dyn ConnectionService>,
    since: Result<Revision, ConnectionError>,
    sender: Sender<FeedEvent>,
) {
    let (seen, problem) = match since {
        Ok(seen) => (Some(seen), None),
        Err(problem) => (None, Some(problem)),
    };
    let mut following = FeedSubscription {
        service,
        sender,
        seen,
        is_interruption_reported: false,
        is_reason_reported: false,
    };
    // A dropped receiver means that the app has ended.
    let _ = following.run(problem).await;
}

struct FeedSubscription {
    service: Arc<dyn ConnectionService>,
    sender: Sender<FeedEvent>,
    /// Last sent change, or the revision of a reloaded list; `None` if unknown.
    seen: Option<Revision>,
    /// True if the interruption was reported.
    is_interruption_reported: bool,
    /// True if its reason was reported.
    is_reason_reported: bool,
}

impl FeedSubscription {
    async fn run(&mut self, mut problem: Option<ConnectionError>) -> Result<(), ReceiverDropped> {
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
            self.report_disconnect().await?;
            match ended {
                Ok(Some(StoreError::FeedTooOld(_)))
                | Err(ConnectionError::Store(StoreError::FeedTooOld(_))) => self.seen = None,
                Err(problem) if !self.is_reason_reported => {
                    self.is_reason_reported = true;
                    self.send(FeedEvent::ReconnectFailed(problem.to_string()))
                        .await?;
                }
                Ok(_) | Err(_) => {}
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.sender.closed() => return Err(ReceiverDropped),
            }
            pause = (pause * 2).min(LONGEST);
        }
    }

    /// Opens the feed at the last change, or from now on with a reload of the list. Returns the newest revision.
    async fn open(&mut self) -> Result<(ChangeFeed, Revision), ConnectionError> {
        let newest = self.service.revision().await?;
        let feed = self.service.changes(self.seen.unwrap_or(newest)).await?;
        Ok((feed, newest))
    }

    /// Sends changes until the feed ends; returns the reason, if known.
    async fn listen(
        &mut self,
        feed: ChangeFeed,
        newest: Revision,
    ) -> Result<Option<StoreError>, ReceiverDropped> {
        if self.seen.is_none() {
            self.seen = Some(newest);
            self.send(FeedEvent::ReloadNeeded).await?;
        }
        self.report_caught_up(newest).await?;
        let mut feed = feed.ready_chunks(BATCH);
        loop {
            let some = tokio::select! {
                some = feed.next() => some,
                () = self.sender.closed() => return Err(ReceiverDropped),
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
                self.send(FeedEvent::Changes(compact(changes))).await?;
                self.report_caught_up(newest).await?;
            }
            if broken.is_some() {
                return Ok(broken);
            }
        }
    }

    async fn report_disconnect(&mut self) -> Result<(), ReceiverDropped> {
        if !self.is_interruption_reported {
            self.is_interruption_reported = true;
            self.send(FeedEvent::Disconnected).await?;
        }
        Ok(())
    }

    /// Reports that all changes up to the reconnect were sent.
    async fn report_caught_up(&mut self, newest: Revision) -> Result<(), ReceiverDropped> {
        if self.is_interruption_reported && self.seen >= Some(newest) {
            (self.is_interruption_reported, self.is_reason_reported) = (false, false);
            self.send(FeedEvent::CaughtUp).await?;
        }
        Ok(())
    }

    async fn send(&self, feed_event: FeedEvent) -> Result<(), ReceiverDropped> {
        self.sender
            .send(feed_event)
            .await
            .map_err(|_| ReceiverDropped)
    }
}

/// Reduces changes to what the tree shows, here and not in `update`, so that no key waits for it. Provider IDs are shared.
fn compact(changes: Vec<ChangeEvent>) -> Vec<ItemChange> {
    let mut providers: HashMap<String, Arc<str>> = HashMap::new();
    let compacted = changes.into_iter().map(|changed| match changed.kind {
        ChangeKind::Deleted(id) => ItemChange::Deleted(id),
        // A connection in the trash is not in the list.
        ChangeKind::Saved(item) if item.is_deleted() => ItemChange::Deleted(item.id),
        ChangeKind::Saved(item) => {
            let provider = providers
                .entry(item.provider_id.clone())
                .or_insert_with(|| Arc::from(item.provider_id.as_str()));
            ItemChange::Saved(TreeItem::new(&item, Arc::clone(provider)))
        }
    });
    compacted.collect()
}
