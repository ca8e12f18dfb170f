//! Three nodes with a store, writers that count versions, and watchers that check that each version arrives once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::future::join_all;
use tempfile::TempDir;
use tokio::sync::watch;
use umai::connection::ListQuery;
use umai::connection::StoreError;
use umai::connection::store::{ChangeKind, Revision};
use uuid::Uuid;

use super::proxy::Proxy;
use super::{is_long, open};
use crate::etcd_node::{EtcdNode, poll};
use crate::support::fixture::{EVERYTHING, Store, id, save};

const WRITERS: u64 = 8;
/// Longest time of a test.
const LIMIT: Duration = Duration::from_mins(10);
/// Number of watchers.
pub const WATCHERS: usize = 3;
/// Time without an acknowledgement that is more than a slow write.
const BREAK: Duration = Duration::from_millis(200);

/// Acknowledged writes between two faults.
fn progress() -> u64 {
    if is_long() { 200 } else { 50 }
}

/// Three nodes, and a store on them.
pub struct Cluster {
    pub nodes: [Option<EtcdNode>; 3],
    address: String,
    /// Address that the watchers use.
    watched: String,
    /// Config directory with the key.
    home: TempDir,
}

impl Cluster {
    pub fn start() -> Option<Self> {
        let nodes: [EtcdNode; 3] = EtcdNode::start_cluster()?;
        let clients: Vec<_> = nodes.iter().map(|node| node.client.as_str()).collect();
        let address = format!("etcd://{}/{}", clients.join(","), Uuid::new_v4());
        Some(Self {
            watched: address.clone(),
            address,
            nodes: nodes.map(Some),
            home: tempfile::tempdir().unwrap(),
        })
    }

    /// Opens the store as another process would.
    pub async fn open(&self) -> Store {
        open(&self.address, &self.home).await
    }

    /// Lets the watchers use a proxy in place of each node.
    pub fn watch_through(&mut self, proxies: &[Proxy]) {
        let (_, prefix) = self.address.rsplit_once('/').unwrap();
        let proxies: Vec<_> = proxies.iter().map(|proxy| proxy.address.as_str()).collect();
        self.watched = format!("etcd://{}/{prefix}", proxies.join(","));
    }

    /// Waits for a leader and returns its position.
    pub fn leader(&self) -> usize {
        let is_leader = |node: &Option<EtcdNode>| {
            node.as_ref()
                .is_some_and(|node| node.is_leader() == Some(true))
        };
        poll(|| self.nodes.iter().position(is_leader))
    }

    /// Waits until all nodes know a leader.
    pub fn wait_until_healthy(&self) {
        for node in self.nodes.iter().flatten() {
            poll(|| node.is_leader());
        }
    }

    /// Waits until a node answers that it knows no leader.
    pub fn wait_until_alone(&self, node: usize) {
        let node = self.nodes[node].as_ref().unwrap();
        poll(|| node.is_alone().then_some(()));
    }

    pub fn restart(&mut self, node: usize) {
        self.nodes[node] = self.nodes[node].take().map(EtcdNode::restart);
    }
}

/// Progress of the writers.
#[derive(Default)]
pub struct Progress {
    acknowledged: watch::Sender<u64>,
    is_over: AtomicBool,
    /// Newest acknowledgement, and the longest time without any.
    pause: Mutex<Option<(Instant, Duration)>>,
    /// Number of times that each watcher has loaded the list again.
    reloads: Arc<watch::Sender<[u64; WATCHERS]>>,
    /// Longest time of an acknowledged write.
    slowest: Mutex<Duration>,
    /// Acknowledgements after which there was none for a moment, and the one that ended this.
    breaks: Mutex<Vec<(Instant, Instant)>>,
}

impl Progress {
    fn acknowledge(&self, took: Duration) {
        let mut slowest = self.slowest.lock().unwrap();
        *slowest = took.max(*slowest);
        let mut pause = self.pause.lock().unwrap();
        let now = Instant::now();
        let (last, longest) = pause.unwrap_or((now, Duration::ZERO));
        *pause = Some((now, longest.max(now - last)));
        if now - last > BREAK {
            self.breaks.lock().unwrap().push((last, now));
        }
        self.acknowledged.send_modify(|count| *count += 1);
    }

    /// Waits for further acknowledgements.
    pub async fn wait(&self) {
        let goal = *self.acknowledged.borrow() + progress();
        let mut acknowledged = self.acknowledged.subscribe();
        acknowledged.wait_for(|count| *count >= goal).await.unwrap();
    }

    /// Returns how often each watcher has loaded the list again.
    pub fn reloads(&self) -> [u64; WATCHERS] {
        *self.reloads.borrow()
    }

    /// Waits until every watcher has loaded the list again.
    pub async fn every_reload_after(&self, before: [u64; WATCHERS]) {
        let has_reloaded = |now: &[u64; WATCHERS]| before.iter().zip(now).all(|(a, b)| b > a);
        let mut reloads = self.reloads.subscribe();
        reloads.wait_for(has_reloaded).await.unwrap();
    }

    /// Longest time of a write that was acknowledged since the last call.
    pub fn take_slowest(&self) -> Duration {
        std::mem::take(&mut *self.slowest.lock().unwrap())
    }

    /// End of the longest break since a time.
    pub fn first_after(&self, time: Instant) -> Instant {
        let breaks = self.breaks.lock().unwrap();
        let since = breaks.iter().filter(|(_, end)| *end > time);
        since
            .max_by_key(|(start, end)| *end - *start)
            .map_or(time, |(_, end)| *end)
    }

    fn longest_pause(&self) -> Duration {
        self.pause
            .lock()
            .unwrap()
            .map_or(Duration::ZERO, |(_, longest)| longest)
    }
}

/// Returns the version that is stored, when enough nodes run.
async fn stored(store: &Store, number: u64) -> Option<u64> {
    loop {
        match store.get(id(number)).await {
            Ok(found) => return found.map(|found| found.item.version),
            Err(StoreError::Unreachable(_)) => {}
            Err(error) => panic!("connection {number}: {error}"),
        }
    }
}

/// Saves one version of a connection after the other, and returns the last acknowledged one.
async fn write(store: Store, number: u64, progress: Arc<Progress>) -> u64 {
    let mut version = 0;
    while !progress.is_over.load(Ordering::Acquire) {
        let begun = Instant::now();
        match store.save(save(number, version + 1)).await {
            Ok(_) => {
                version += 1;
                progress.acknowledge(begun.elapsed());
            }
            // The outcome is unknown, and says so: it may arrive late, but only once.
            Err(StoreError::Unanswered(_)) => {
                let found = stored(&store, number).await;
                version = found.unwrap_or(version);
            }
            Err(error) => panic!("connection {number}, version {}: {error}", version + 1),
        }
    }
    version
}

/// Lists all connections; returns their versions, and a revision before which no change is missing.
async fn reload(store: &Store) -> Option<(BTreeMap<Uuid, u64>, Revision)> {
    let before = store.revision();
    let page = store.list(&ListQuery::all(EVERYTHING)).await.ok()?;
    let versions = page.items.iter().map(|item| (item.id, item.version));
    Some((versions.collect(), before))
}

/// Follows the feed until every connection has its last version, and checks that no change is missing, repeated or out of order. When
/// the changes since the last one are gone, the list is loaded again, as the app does.
async fn follow(
    store: Store,
    since: Revision,
    last: watch::Receiver<BTreeMap<Uuid, u64>>,
    (reloads, watcher): (Arc<watch::Sender<[u64; WATCHERS]>>, usize),
) {
    let mut last = last;
    let mut seen = since;
    let mut versions: BTreeMap<Uuid, u64> = BTreeMap::new();
    // What was in the list may be in the feed as well.
    let mut listed: BTreeMap<Uuid, u64> = BTreeMap::new();
    loop {
        let mut feed = match store.changes(seen).await {
            Ok(feed) => feed,
            Err(error) => {
                if matches!(error, StoreError::FeedTooOld(_))
                    && let Some(loaded) = reload(&store).await
                {
                    (versions, seen) = loaded;
                    listed = versions.clone();
                    reloads.send_modify(|reloads| reloads[watcher] += 1);
                }
                continue;
            }
        };
        loop {
            let is_complete = {
                let expected = last.borrow_and_update();
                !expected.is_empty() && *expected == versions
            };
            if is_complete {
                return;
            }
            let change = tokio::select! {
                change = feed.next() => change,
                _ = last.changed() => continue,
            };
            // A feed that ends with an error is continued after the last change, as the app does.
            let Some(Ok(change)) = change else { break };
            assert!(
                change.revision > seen,
                "{:?} after {seen:?}",
                change.revision
            );
            seen = change.revision;
            let ChangeKind::Saved(item) = change.kind else {
                panic!("nothing was deleted");
            };
            if listed
                .get(&item.id)
                .is_some_and(|listed| item.version <= *listed)
            {
                continue;
            }
            let before = versions.insert(item.id, item.version).unwrap_or(0);
            assert_eq!(item.version, before + 1, "a change is missing or repeated");
        }
    }
}

/// Runs writers and watchers while `disturb` runs, and checks everything.
pub async fn under_load(mut cluster: Cluster, disturb: impl AsyncFnOnce(&mut Cluster, &Progress)) {
    let first = cluster.open().await;
    let since = first.revision();
    let progress = Arc::new(Progress::default());
    let (last, expected) = watch::channel(BTreeMap::new());
    let mut watchers = Vec::new();
    for watcher in 0..WATCHERS {
        let store = open(&cluster.watched, &cluster.home).await;
        let reloads = Arc::clone(&progress.reloads);
        let watched = follow(store, since, expected.clone(), (reloads, watcher));
        watchers.push(tokio::spawn(watched));
    }
    let mut writers = Vec::new();
    for number in 0..WRITERS {
        let store = cluster.open().await;
        writers.push(tokio::spawn(write(store, number, Arc::clone(&progress))));
    }
    let disturbed = async {
        progress.wait().await;
        disturb(&mut cluster, &progress).await;
        progress.wait().await;
    };
    // A writer or a watcher that has failed makes no progress.
    let ended = tokio::time::timeout(LIMIT, disturbed).await;
    assert!(ended.is_ok(), "no progress any more");
    progress.is_over.store(true, Ordering::Release);
    let written = join_all(writers).await.into_iter().map(Result::unwrap);
    let written: BTreeMap<Uuid, u64> = (0..WRITERS)
        .zip(written)
        .map(|(number, version)| (id(number), version))
        .collect();
    last.send_replace(written.clone());
    for watcher in watchers {
        watcher.await.unwrap();
    }
    for (id, version) in &written {
        let stored = first.get(*id).await.unwrap().unwrap();
        assert_eq!(
            stored.item.version, *version,
            "an acknowledged write is lost"
        );
        let versions = first.versions(*id, EVERYTHING).await.unwrap();
        assert_eq!(versions.total as u64, *version, "a write was done twice");
    }
    eprintln!(
        "{} writes acknowledged, longest pause {:?}",
        written.values().sum::<u64>(),
        progress.longest_pause()
    );
}
