//! Keeps the index and the change feed up to date with one watch.
//!
//! It starts with the first list or feed: other requests need no index. After a disconnection it goes on with the changes after the
//! last one. It loads the index again if etcd no longer has these changes, or if a restored snapshot took the store back.

mod load;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::backend::{EtcdBackend, read_error};
use super::call_error::{CallError, Refusal};
use super::client::Backoff;
use super::history::EtcdHistory;
use super::index::EtcdIndex;
use super::node::{ATTEMPT_TIMEOUT, EtcdNode};
use super::saved_index::{IndexPosition, SavedIndex};
use super::watch::{StoreWatch, WatchedChanges, WatchedConnection, to_revision};
use crate::connection::StoreError;
use crate::connection::store::StoreNotice;
use crate::store::change_log::ChangeLog;
use crate::store::sled::index::ConnectionIndex;

/// Time after which feeds end with an error, so that the app shows that it is offline.
const OFFLINE_AFTER: Duration = Duration::from_secs(5);
/// Time that a list waits for the newest change.
const LIST_PATIENCE: Duration = Duration::from_secs(2);
/// Time that the first list waits for the next connections.
const LOAD_PATIENCE: Duration = Duration::from_secs(20);
/// Time after which the index is loaded and followed without a list: commands end before.
const START_AFTER: Duration = Duration::from_secs(1);
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
    /// True after the saved index was used or rejected, or found missing.
    has_tried_saved: AtomicBool,
    /// True if the index lacks damaged connections. It is not saved, so that the next process finds and reports them as well.
    is_incomplete: AtomicBool,
    /// Notified when the index must be loaded again.
    reload: Notify,
    stop: CancellationToken,
}

/// Progress of the follower.
#[derive(Debug, Clone, Default)]
struct FollowerState {
    /// Position of the index; none until it was loaded.
    position: Option<IndexPosition>,
    /// Number of connections that the current load has read.
    loaded: usize,
    /// Error that keeps it from following; none while it follows.
    error: Option<StoreError>,
}

impl Follower {
    /// Creates the follower of a store whose newest write has the revision `head`.
    pub fn new(backend: Arc<EtcdBackend>, head: i64, saved: Option<SavedIndex>) -> Arc<Self> {
        let history = EtcdHistory(Arc::clone(&backend));
        Arc::new(Self {
            backend,
            index: EtcdIndex::new(saved),
            feed: Arc::new(ChangeLog::new(history, to_revision(head).0)),
            state: watch::Sender::default(),
            notices: Mutex::default(),
            started: OnceLock::new(),
            has_tried_saved: AtomicBool::new(false),
            is_incomplete: AtomicBool::new(false),
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

    /// Saves the index for the next process, if there is one.
    pub fn save_index(&self) {
        let position = self.state.borrow().position.clone();
        if let Some(position) = position
            && !self.is_incomplete.load(Ordering::Acquire)
        {
            self.index.save(&position);
        }
    }

    /// Drops a saved index that turned out to be damaged, and makes the follower load one from etcd. Returns false if `used` is no
    /// saved index and still in use.
    pub fn leave_damaged(&self, used: &Arc<ConnectionIndex>) -> bool {
        if !Arc::ptr_eq(used, &self.index.rows.current()) {
            return true;
        }
        let is_discarded = self.index.discard_saved();
        if is_discarded {
            self.forget_position();
        }
        is_discarded
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
        wait_until_loaded(&mut state).await?;
        let is_current = |state: &FollowerState| {
            let position = state.position.as_ref();
            position.is_some_and(|position| position.applied >= head)
        };
        if timeout(LIST_PATIENCE, state.wait_for(is_current))
            .await
            .is_err()
        {
            self.add_notice(
                "The list may be older than the store: etcd did not send all changes within 2 s"
                    .into(),
            );
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

    /// Starts to follow soon, unless the store is closed before.
    pub fn start_soon(self: &Arc<Self>) {
        let (follower, stop) = (Arc::clone(self), self.stop.clone());
        tokio::spawn(async move {
            if stop.run_until_cancelled(sleep(START_AFTER)).await.is_some() {
                follower.start();
            }
        });
    }

    fn start(self: &Arc<Self>) {
        self.started.get_or_init(|| {
            let (follower, stop) = (Arc::clone(self), self.stop.clone());
            tokio::spawn(async move { Box::pin(stop.run_until_cancelled(follower.run())).await });
        });
    }

    async fn run(&self) {
        let mut down_since = None;
        let mut backoff = Backoff::default();
        loop {
            let node = self.backend.client.node();
            let mut has_followed = false;
            let error = self.follow(node, &mut has_followed).await;
            if error == CallError::Refused(Refusal::StoreReplaced) {
                self.report(read_error(error));
                return;
            }
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
                biased;
                () = self.reload.notified() => return Err(Refusal::RevisionGone.into()),
                changes = timeout(ATTEMPT_TIMEOUT, watch.next(&self.backend)) => changes,
            };
            if let Ok(changes) = changes {
                self.apply(changes?)?;
                is_behind = false;
                continue;
            }
            // Silence is normal without changes; the node must answer, and have no newer write.
            let newest = self.newest_at(node).await?;
            let was_behind = std::mem::replace(&mut is_behind, newest > self.applied());
            if was_behind && is_behind {
                return Err(CallError::NoAnswer("the watch missed a change".into()));
            }
        }
    }

    /// Applies changes. Fails if the index must be loaded again.
    fn apply(&self, changes: WatchedChanges) -> Result<(), CallError> {
        for error in &changes.damaged {
            self.add_damaged(error);
        }
        let events: Vec<_> = changes
            .connections
            .iter()
            .filter(|changed| !changed.is_damaged)
            .map(WatchedConnection::to_event)
            .collect();
        let items = changes.connections.into_iter();
        let items = items.map(|changed| (changed.id, changed.item)).collect();
        let is_applied = self.index.apply(items);
        self.feed.announce(events);
        if let Err(error) = is_applied {
            if self.index.discard_saved() {
                return Err(Refusal::RevisionGone.into());
            }
            self.add_notice(error.to_string());
        }
        if let Some((applied, head)) = changes.head {
            self.feed.advance(to_revision(applied).0);
            self.set_position(&IndexPosition { applied, head });
        }
        Ok(())
    }

    fn set_position(&self, position: &IndexPosition) {
        self.state
            .send_modify(|state| state.position = Some(position.clone()));
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
            .map_or(0, |position| position.head.revision)
    }

    /// Reports a connection that cannot be listed.
    fn add_damaged(&self, error: &StoreError) {
        self.is_incomplete.store(true, Ordering::Release);
        self.add_notice(error.to_string());
    }

    fn add_notice(&self, notice: StoreNotice) {
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        if notices.len() < MAX_NOTICES && !notices.contains(&notice) {
            notices.push(notice);
        }
    }
}

/// Waits until there is an index, as long as connections arrive.
async fn wait_until_loaded(state: &mut watch::Receiver<FollowerState>) -> Result<(), StoreError> {
    loop {
        let found = state.borrow_and_update().clone();
        match (found.position, found.error) {
            (Some(_), _) => return Ok(()),
            (None, Some(error)) => return Err(error),
            (None, None) => {}
        }
        match timeout(LOAD_PATIENCE, state.changed()).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(StoreError::closed()),
            Err(_) => {
                return Err(StoreError::Unreachable(format!(
                    "etcd sent no connections for {} s; try again",
                    LOAD_PATIENCE.as_secs()
                )));
            }
        }
    }
}
