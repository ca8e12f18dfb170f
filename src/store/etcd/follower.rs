//! Keeps the index and the change feed up to date with one watch.
//!
//! It starts with the first list or feed: other requests need no index. After a disconnection it goes on with the changes after the
//! last one. It loads the index again if etcd no longer has these changes, or if a restored snapshot took the store back.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::backend::{EtcdBackend, read_error};
use super::call_error::{CallError, Refusal};
use super::client::Backoff;
use super::history::EtcdHistory;
use super::index::EtcdIndex;
use super::node::{EtcdNode, TRY};
use super::operations::{get, get_range};
use super::watch::{StoreWatch, WatchedChanges, WatchedConnection, to_revision};
use super::wire::RangeRequest;
use crate::connection::StoreError;
use crate::connection::store::StoreNotice;
use crate::store::change_log::ChangeLog;

/// Connections in a page of a load.
const PAGE: i64 = 500;
/// Time after which feeds end with an error, so that the app shows that it is offline.
const OFFLINE_AFTER: Duration = Duration::from_secs(5);
/// Time that a list waits for the newest change.
const LIST_PATIENCE: Duration = Duration::from_secs(2);
const MAX_NOTICES: usize = 100;

/// Index and change feed of a store.
pub struct Follower {
    backend: Arc<EtcdBackend>,
    /// Index.
    pub index: EtcdIndex,
    /// Change feed.
    pub feed: Arc<ChangeLog>,
    state: watch::Sender<FollowerState>,
    notices: Mutex<Vec<StoreNotice>>,
    started: OnceLock<()>,
    /// Notified when the index must be loaded again.
    reload: Notify,
    stop: CancellationToken,
}

/// Progress of the follower.
#[derive(Debug, Clone, Default)]
struct FollowerState {
    /// Position of the index; none until it was loaded.
    position: Option<IndexPosition>,
    /// Error that keeps it from following; none while it follows.
    error: Option<StoreError>,
}

/// State of the store that the index has.
#[derive(Debug, Clone, PartialEq, Eq)]
struct IndexPosition {
    /// Revision up to which all changes are in the index.
    applied: i64,
    /// Revision of the newest write in the index.
    written: i64,
    /// Value of the head at this revision: the request of the newest write.
    head: Vec<u8>,
}

impl Follower {
    /// Creates the follower of a store whose newest write has the revision `head`.
    pub fn new(backend: Arc<EtcdBackend>, head: i64) -> Arc<Self> {
        let history = EtcdHistory(Arc::clone(&backend));
        Arc::new(Self {
            backend,
            index: EtcdIndex::new(),
            feed: Arc::new(ChangeLog::new(history, to_revision(head).0)),
            state: watch::Sender::default(),
            notices: Mutex::default(),
            started: OnceLock::new(),
            reload: Notify::new(),
            stop: CancellationToken::new(),
        })
    }

    /// Returns the messages.
    pub fn notices(&self) -> Vec<StoreNotice> {
        self.notices
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Ends the follower and the feeds.
    pub fn close(&self) {
        self.stop.cancel();
        self.feed.close();
    }

    /// Waits until the index has everything that was written before this call, and returns the revision of the newest write. After
    /// a time limit an index with an older state is used, with a notice; fails if there is none.
    pub async fn catch_up(self: &Arc<Self>) -> Result<i64, StoreError> {
        self.start();
        let written = self.written();
        let head = self.backend.head().await?;
        if head < written {
            // A restored snapshot has taken the store back.
            self.forget_position();
        }
        let mut state = self.state.subscribe();
        let has_result = |state: &FollowerState| state.position.is_some() || state.error.is_some();
        let first = state.wait_for(has_result).await;
        let first = first.map_err(|_| closed()).map(|state| state.clone())?;
        if let (None, Some(error)) = (first.position, first.error) {
            return Err(error);
        }
        let is_current = |state: &FollowerState| {
            let position = state.position.as_ref();
            position.is_some_and(|position| position.applied >= head)
        };
        if timeout(LIST_PATIENCE, state.wait_for(is_current))
            .await
            .is_err()
        {
            self.add_notice("The list may be older than the store: etcd did not send the newest changes within 2 s".into());
        }
        Ok(head)
    }

    /// Returns the error of the watch, if it is down.
    pub fn check(&self) -> Result<(), StoreError> {
        let error = self.state.borrow().error.clone();
        error.map_or(Ok(()), Err)
    }

    /// Makes the follower load the index again.
    fn forget_position(&self) {
        self.state.send_modify(|state| state.position = None);
        self.reload.notify_one();
    }

    fn start(self: &Arc<Self>) {
        self.started.get_or_init(|| {
            let (follower, stop) = (Arc::clone(self), self.stop.clone());
            tokio::spawn(async move { stop.run_until_cancelled(follower.run()).await });
        });
    }

    async fn run(&self) {
        let mut down_since = None;
        let mut backoff = Backoff::default();
        loop {
            let node = self.backend.client.node();
            let mut has_followed = false;
            let error = self.follow(node, &mut has_followed).await;
            if matches!(error, CallError::NoAnswer(_)) {
                self.backend.client.fail_over(node);
            }
            if has_followed {
                (down_since, backoff) = (None, Backoff::default());
            }
            let since = *down_since.get_or_insert_with(Instant::now);
            if since.elapsed() >= OFFLINE_AFTER {
                self.report(read_error(error));
            }
            backoff.wait().await;
        }
    }

    /// Ends the feeds with an error, once for each outage.
    fn report(&self, error: StoreError) {
        let is_new = self.state.borrow().error.is_none();
        self.state
            .send_modify(|state| state.error = Some(error.clone()));
        if is_new {
            self.feed.interrupt(error);
        }
    }

    /// Follows until the watch ends, and returns the reason.
    async fn follow(&self, node: &EtcdNode, has_followed: &mut bool) -> CallError {
        let watched = async {
            let position = self.position(node).await?;
            let mut watch = StoreWatch::open(&self.backend, node, position.applied).await?;
            *has_followed = true;
            self.state.send_modify(|state| state.error = None);
            self.read_watch(node, &mut watch).await
        };
        match watched.await {
            Ok(never) => match never {},
            Err(error) => {
                if error == CallError::Refused(Refusal::RevisionGone) {
                    self.state.send_modify(|state| state.position = None);
                }
                error
            }
        }
    }

    async fn read_watch(
        &self,
        node: &EtcdNode,
        watch: &mut StoreWatch,
    ) -> Result<std::convert::Infallible, CallError> {
        let mut is_behind = false;
        loop {
            let changes = tokio::select! {
                changes = timeout(TRY, watch.next(&self.backend)) => changes,
                () = self.reload.notified() => return Err(Refusal::RevisionGone.into()),
            };
            if let Ok(changes) = changes {
                self.apply(changes?);
                is_behind = false;
                continue;
            }
            // Silence is normal without changes; the node must answer, and have no newer write.
            let head = get(self.backend.keys.head());
            let head = self.backend.client.range_at(node, &head).await?;
            let newest = head.into_first().map_or(0, |head| head.mod_revision);
            let was_behind = std::mem::replace(&mut is_behind, newest > self.applied());
            if was_behind && is_behind {
                return Err(CallError::NoAnswer("the watch missed a change".into()));
            }
        }
    }

    fn apply(&self, changes: WatchedChanges) {
        for error in changes.damaged {
            self.add_notice(error.to_string());
        }
        let events: Vec<_> = changes
            .connections
            .iter()
            .filter(|changed| !changed.is_damaged)
            .map(WatchedConnection::to_event)
            .collect();
        let items = changes.connections.into_iter();
        let items = items.map(|changed| (changed.id, changed.item)).collect();
        if let Err(error) = self.index.apply(items) {
            self.add_notice(error.to_string());
        }
        self.feed.announce(events);
        if let Some((applied, head)) = changes.head {
            self.feed.advance(to_revision(applied).0);
            let position = IndexPosition {
                applied,
                written: applied,
                head,
            };
            self.state
                .send_modify(|state| state.position = Some(position));
        }
    }

    fn applied(&self) -> i64 {
        let state = self.state.borrow();
        state
            .position
            .as_ref()
            .map_or(0, |position| position.applied)
    }

    fn written(&self) -> i64 {
        let state = self.state.borrow();
        state
            .position
            .as_ref()
            .map_or(0, |position| position.written)
    }

    /// Returns the position of the index; loads the index if it cannot be continued.
    async fn position(&self, node: &EtcdNode) -> Result<IndexPosition, CallError> {
        let known = self.state.borrow().position.clone();
        if let Some(position) = known
            && self.has_state(node, &position).await?
        {
            return Ok(position);
        }
        self.load(node).await
    }

    /// Returns true if etcd still has the state of the index: a restored snapshot may have taken the store back.
    async fn has_state(
        &self,
        node: &EtcdNode,
        position: &IndexPosition,
    ) -> Result<bool, CallError> {
        let head = RangeRequest {
            revision: position.applied,
            ..get(self.backend.keys.head())
        };
        match self.backend.client.range_at(node, &head).await {
            Ok(found) => Ok(found
                .into_first()
                .is_some_and(|head| head.value == position.head)),
            Err(CallError::Refused(Refusal::RevisionGone)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Loads all connections at one revision.
    async fn load(&self, node: &EtcdNode) -> Result<IndexPosition, CallError> {
        let client = &self.backend.client;
        let head = client
            .range_at(node, &get(self.backend.keys.head()))
            .await?;
        let revision = head.revision();
        let head = head.into_first();
        let mut page = RangeRequest {
            revision,
            limit: PAGE,
            ..get_range(self.backend.keys.connections())
        };
        let mut items = Vec::new();
        loop {
            let found = client.range_at(node, &page).await?;
            for record in &found.kvs {
                let Some(id) = self.backend.keys.connection_id(&record.key) else {
                    continue;
                };
                match self.backend.item_in(id, record) {
                    Ok(item) => items.push(item),
                    Err(error) => self.add_notice(error.to_string()),
                }
            }
            let Some(last) = found.kvs.last().filter(|_| found.more) else {
                break;
            };
            page.key = [last.key.as_slice(), &[0]].concat();
        }
        if let Err(error) = self.index.replace(items) {
            self.add_notice(error.to_string());
        }
        let newest = head.as_ref().map_or(0, |head| head.mod_revision);
        self.feed.restart(to_revision(newest).0);
        let position = IndexPosition {
            applied: revision,
            written: newest,
            head: head.map(|head| head.value).unwrap_or_default(),
        };
        self.state
            .send_modify(|state| state.position = Some(position.clone()));
        Ok(position)
    }

    fn add_notice(&self, notice: StoreNotice) {
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        if notices.len() < MAX_NOTICES && !notices.contains(&notice) {
            notices.push(notice);
        }
    }
}

/// Error of a store that was closed.
pub fn closed() -> StoreError {
    StoreError::Unusable("The store is closed".into())
}
