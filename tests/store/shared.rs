//! One store shared by many processes: changes are visible to all, another process takes over when one ends or is killed, and
//! nothing is lost or done twice.
//!
//! `UMAI_SECONDS=60` sets the duration of the last test.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::StreamExt;
use futures_util::future::try_join_all;
use umai::connection::store::{ChangeFeed, ChangeKind, Revision};
use umai::store::inspect::{StoreHolder, survey};

use crate::support::child_process::{ChildProcess, PATIENCE, parameters, report, wait_for_end};
use crate::support::fixture::{Store, content, id, open_in, options, save};

async fn next(feed: &mut ChangeFeed) -> (u64, ChangeKind) {
    let changed = tokio::time::timeout(PATIENCE, feed.next()).await;
    let changed = changed.unwrap().unwrap().unwrap();
    (changed.revision.0, changed.kind)
}

/// Keeps the store open; run as a child process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs as a child process"]
async fn child_holds_the_store() {
    let Some((folder, number)) = parameters() else {
        return;
    };
    let store = open_in(&folder).await.unwrap();
    if number > 0 {
        store.save(save(number, 1)).await.unwrap();
    }
    report("open");
    wait_for_end().await;
    store.close().await.unwrap();
}

fn start_leader(folder: &Path, number: u64) -> ChildProcess {
    let leader = ChildProcess::start("shared::child_holds_the_store", folder, number);
    assert_eq!(leader.line(), "open");
    leader
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_are_visible_to_all_processes() {
    let folder = tempfile::tempdir().unwrap();
    let leader = start_leader(folder.path(), 1);
    let store = open_in(folder.path()).await.unwrap();
    let mut feed = store.changes(Revision(0)).await.unwrap();
    assert_eq!(next(&mut feed).await.0, 1);
    let third = open_in(folder.path()).await.unwrap();
    third.save(save(1, 2)).await.unwrap();
    let ChangeKind::Saved(item) = next(&mut feed).await.1 else {
        panic!("expected a save");
    };
    assert_eq!((item.id, item.version), (id(1), 2));
    assert_eq!(content(&store).await, [(1, 2)].into());
    third.close().await.unwrap();
    store.close().await.unwrap();
    leader.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn process_joins_a_leader_whose_lock_file_was_removed() {
    let folder = tempfile::tempdir().unwrap();
    let leader = start_leader(folder.path(), 1);
    std::fs::remove_file(options(folder.path()).data.join("lock")).unwrap();
    let store = open_in(folder.path()).await.unwrap();
    store.save(save(2, 1)).await.unwrap();
    let holder = survey(&options(folder.path())).holder;
    let id = leader.child.id().to_string();
    assert_eq!(holder, StoreHolder::Process(id));
    let third = open_in(folder.path()).await.unwrap();
    assert_eq!(content(&third).await, [(1, 1), (2, 1)].into());
    third.close().await.unwrap();
    leader.end();
    store.save(save(3, 1)).await.unwrap();
    assert_eq!(
        content(&store).await.len(),
        3,
        "every write went to one journal"
    );
    store.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_takes_over_from_killed_leader() {
    let folder = tempfile::tempdir().unwrap();
    let leader = start_leader(folder.path(), 1);
    let store = open_in(folder.path()).await.unwrap();
    let mut feed = store.changes(Revision(1)).await.unwrap();
    // The wait starts before the leader is killed and ends after it.
    let followed = tokio::spawn(async move { (next(&mut feed).await.0, feed) });
    store.get(id(1)).await.unwrap();
    leader.kill();
    store.save(save(2, 1)).await.unwrap();
    let (revision, mut feed) = followed.await.unwrap();
    assert_eq!(revision, 2);
    // The next process becomes a client of this one.
    let leader = start_leader(folder.path(), 3);
    assert_eq!(next(&mut feed).await.0, 3);
    assert_eq!(content(&store).await.len(), 3);
    store.close().await.unwrap();
    leader.end();
    assert!(!options(folder.path()).data.join("umai.sock").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_clients_takes_over() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..5 {
        let leader = start_leader(folder.path(), 0);
        let opened = try_join_all((0..6).map(|_| open_in(folder.path()))).await;
        let stores = opened.unwrap();
        let from = stores[0].revision();
        let feeds = stores.iter().map(|store| store.changes(from));
        let mut feeds = try_join_all(feeds).await.unwrap();
        leader.kill();
        let saves = (1..)
            .zip(&stores)
            .map(|(number, store)| store.save(save(round * 10 + number, 1)));
        try_join_all(saves).await.unwrap();
        for feed in &mut feeds {
            for revision in from.0 + 1..=from.0 + 6 {
                assert_eq!(next(feed).await.0, revision);
            }
        }
        try_join_all(stores.iter().map(|store| store.close()))
            .await
            .unwrap();
    }
    let store = open_in(folder.path()).await.unwrap();
    assert_eq!(store.notices(), Vec::<String>::new());
    assert_eq!(content(&store).await.len(), 30);
    store.close().await.unwrap();
}

/// Saves versions of different connections until a time. Returns the number of connections.
async fn save_until(store: Store, first: u64, end: Instant) -> u64 {
    let mut number = first;
    while Instant::now() < end {
        store.save(save(number, 1)).await.unwrap();
        store.save(save(number, 2)).await.unwrap();
        number += 1;
    }
    number - first
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_continue_across_leader_shutdowns() {
    let folder = tempfile::tempdir().unwrap();
    let mut leader = open_in(folder.path()).await.unwrap();
    let clients = [
        open_in(folder.path()).await.unwrap(),
        open_in(folder.path()).await.unwrap(),
    ];
    let end = Instant::now() + Duration::from_secs(2);
    let writers: Vec<_> = (1..)
        .zip(&clients)
        .map(|(place, client)| tokio::spawn(save_until(Arc::clone(client), place * 1_000_000, end)))
        .collect();
    let mut feed = clients[0].changes(Revision(0)).await.unwrap();
    let mut changes = 0;
    let before_the_end = end.checked_sub(Duration::from_secs(1)).unwrap();
    while Instant::now() < before_the_end {
        // It may become the leader, or a client of a writing client.
        let other = open_in(folder.path()).await.unwrap();
        leader.close().await.unwrap();
        leader = other;
        for _ in 0..10 {
            changes += 1;
            assert_eq!(next(&mut feed).await.0, changes);
        }
    }
    let mut saved = 0;
    for writer in writers {
        saved += writer.await.unwrap();
    }
    assert_eq!(content(&leader).await.len() as u64, saved);
    while changes < saved * 2 {
        changes += 1;
        assert_eq!(next(&mut feed).await.0, changes);
    }
    for store in clients.iter().chain([&leader]) {
        store.close().await.unwrap();
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}

/// Number of timed changes, and the interval between them.
const TIMED: u64 = 200;
const INTERVAL: Duration = Duration::from_millis(5);

/// Saves connections named after the current time; run as a child process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs as a child process"]
async fn child_saves_timestamps() {
    let Some((folder, first)) = parameters() else {
        return;
    };
    let store = open_in(&folder).await.unwrap();
    let mut pace = tokio::time::interval(INTERVAL);
    for number in first..first + TIMED {
        pace.tick().await;
        let mut save = save(number, 1);
        save.connection.item.name = now().as_nanos().to_string();
        store.save(save).await.unwrap();
    }
    report("done");
    wait_for_end().await;
    store.close().await.unwrap();
}

/// Latencies of changes from before their save in another process until they are in this process's feed, sorted.
async fn latencies(folder: &Path, store: &Store, first: u64) -> Vec<Duration> {
    let mut feed = store.changes(store.revision()).await.unwrap();
    let writer = ChildProcess::start("shared::child_saves_timestamps", folder, first);
    let mut latencies = Vec::new();
    for _ in 0..TIMED {
        let ChangeKind::Saved(item) = next(&mut feed).await.1 else {
            panic!("expected a save");
        };
        let saved = Duration::from_nanos(item.name.parse().unwrap());
        latencies.push(now().saturating_sub(saved));
    }
    assert_eq!(writer.line(), "done");
    writer.end();
    latencies.sort();
    latencies
}

/// Held by tests that must not run concurrently.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Number of attempts when something else kept the machine busy.
const ROUNDS: u64 = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn change_is_visible_in_other_process_within_100_ms() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    for round in 1..=ROUNDS {
        let first = round * 10_000;
        let own = open_in(folder.path()).await.unwrap();
        let at_the_leader = latencies(folder.path(), &own, first).await;
        own.close().await.unwrap();
        let leader = start_leader(folder.path(), first + 5_000);
        let client = open_in(folder.path()).await.unwrap();
        let at_a_client = latencies(folder.path(), &client, first + 1_000).await;
        client.close().await.unwrap();
        leader.end();
        let mut is_fast = true;
        for (whose, latencies) in [("the leader", at_the_leader), ("a client", at_a_client)] {
            let at = |percent: usize| latencies[(latencies.len() - 1) * percent / 100];
            eprintln!(
                "a change of another client, seen by {whose}: p50 {:?}, p99 {:?}, max {:?}",
                at(50),
                at(99),
                at(100)
            );
            is_fast &= at(99) < Duration::from_millis(100);
        }
        if is_fast {
            return;
        }
    }
    panic!("every round was too slow");
}

#[test]
fn commands_work_while_app_is_open_or_suspended() {
    let home = tempfile::tempdir().unwrap();
    let create = |name: &str| {
        let answer =
            crate::support::stress::umai(home.path(), &crate::support::stress::create(name))
                .output()
                .unwrap();
        assert!(answer.status.success(), "{answer:?}");
    };
    let names = || {
        let answer = crate::support::stress::umai(home.path(), &["connections", "list"])
            .output()
            .unwrap();
        assert!(answer.status.success(), "{answer:?}");
        String::from_utf8(answer.stdout).unwrap()
    };
    let mut app = crate::support::app::App::start(home.path());
    app.wait_for("No connections yet");
    create("ChildProcess The App");
    app.create("By The App");
    assert!(names().contains("ChildProcess The App") && names().contains("By The App"));
    app.while_suspended(|| {
        create("While It Was Stopped");
        assert!(names().contains("By The App"));
    });
    app.create("After That");
    for name in [
        "ChildProcess The App",
        "By The App",
        "While It Was Stopped",
        "After That",
    ] {
        assert!(names().contains(name), "{name}");
    }
    assert!(app.quit());
    // The app that was suspended while another process held the store is a client now, and ends normally too.
    let leader = crate::support::app::App::start(home.path());
    let mut app = crate::support::app::App::start(home.path());
    app.wait_for("While It Was Stopped");
    app.while_suspended(|| assert!(leader.quit()));
    app.create("The Last One");
    assert!(app.quit());
    assert!(names().contains("The Last One"));
}

/// Writes until it is killed; run as a child process of the stress test.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs as a child process"]
async fn child_writes_in_stress_test() {
    if let Some((folder, first)) = parameters() {
        crate::support::stress::write(&folder, first).await;
    }
}

#[test]
fn stress_with_kills_loses_nothing() {
    let _alone = ALONE.blocking_lock();
    let seconds = std::env::var("UMAI_SECONDS").map_or(6, |text| text.parse().unwrap());
    let run = crate::support::stress::run(Duration::from_secs(seconds));
    eprintln!("{run}");
    run.check();
}
