//! Concurrent operations on a store on three etcd nodes, whose leader is killed: the results are linearizable.
//!
//! `UMAI_ETCD_KILLS=20` runs the long form.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use futures_util::future::join_all;
use tokio::sync::watch;

use crate::etcd_faults::{Cluster, kills};
use crate::linearizability::{OPERATIONS, any, operation};
use crate::support::fixture::Store;
use crate::support::linear_checker::{Execution, is_linearizable};

/// Number of stores, each opened as another process would.
const STORES: u64 = 3;
/// Number of concurrent clients per store.
const CLIENTS: u64 = 2;
/// Operations between two faults.
const PROGRESS: u64 = 150;

/// Progress of the clients.
#[derive(Default)]
struct Progress {
    ended: watch::Sender<u64>,
    is_over: AtomicBool,
}

impl Progress {
    async fn wait(&self) {
        let goal = *self.ended.borrow() + PROGRESS;
        let mut ended = self.ended.subscribe();
        ended.wait_for(|count| *count >= goal).await.unwrap();
    }
}

/// Executes operations, and returns them with their rounds.
async fn execute(store: Store, begun: Instant, progress: Arc<Progress>) -> Vec<(u64, Execution)> {
    let mut executions = Vec::new();
    for number in 0.. {
        let round = number / OPERATIONS;
        if number % OPERATIONS == 0 && progress.is_over.load(Ordering::Acquire) {
            break;
        }
        let chosen = any(round);
        let start = begun.elapsed().as_nanos();
        let outcome = operation(&store, chosen).await;
        let execution = Execution {
            start,
            end: outcome.map_or(u128::MAX, |_| begun.elapsed().as_nanos()),
            operation: chosen,
            outcome,
        };
        executions.push((round, execution));
        progress.ended.send_modify(|count| *count += 1);
    }
    executions
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn operations_are_linearizable_while_leaders_are_killed() {
    let Some(mut cluster) = Cluster::start() else {
        return;
    };
    let begun = Instant::now();
    let progress = Arc::new(Progress::default());
    let mut clients = Vec::new();
    for _ in 0..STORES {
        let store = cluster.open().await;
        for _ in 0..CLIENTS {
            let (store, progress) = (Arc::clone(&store), Arc::clone(&progress));
            clients.push(tokio::spawn(execute(store, begun, progress)));
        }
    }
    for _ in 0..kills() {
        cluster.wait_until_healthy();
        progress.wait().await;
        let leader = cluster.leader();
        cluster.nodes[leader].as_ref().unwrap().kill();
        progress.wait().await;
        cluster.restart(leader);
    }
    progress.is_over.store(true, Ordering::Release);
    let mut rounds: BTreeMap<u64, Vec<Execution>> = BTreeMap::new();
    let mut unanswered = 0;
    for executions in join_all(clients).await {
        for (round, execution) in executions.unwrap() {
            unanswered += u64::from(execution.outcome.is_none());
            rounds.entry(round).or_default().push(execution);
        }
    }
    let count: usize = rounds.values().map(Vec::len).sum();
    for (round, history) in &mut rounds {
        history.sort_by_key(|execution| execution.start);
        assert!(is_linearizable(history), "round {round}: {history:#?}");
    }
    eprintln!(
        "{count} operations, {unanswered} without a result, in {} rounds; the leader was killed {} times",
        rounds.len(),
        kills()
    );
}
