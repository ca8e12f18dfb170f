//! One store shared by many processes: changes are visible to all, another process takes over when one ends or is killed, and
//! nothing is lost or done twice.
//!
//! `UMAI_SECONDS=60` sets the duration of the last test.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    reason = "a test that cannot go on fails"
)]

#[path = "store/app.rs"]
mod app;
#[path = "store/process.rs"]
mod process;
#[path = "store/storm.rs"]
mod storm;
#[path = "store/world.rs"]
mod world;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::StreamExt;
use futures_util::future::try_join_all;
use umai::connection::store::{ChangeFeed, Revision, What};

use self::process::{Beside, PATIENCE, say, told, until_let_go};
use self::world::{Store, content, id, open_in, options, save};

async fn next(feed: &mut ChangeFeed) -> (u64, What) {
    let changed = tokio::time::timeout(PATIENCE, feed.next()).await;
    let changed = changed.unwrap().unwrap().unwrap();
    (changed.revision.0, changed.what)
}

/// Keeps the store open; run as a child process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it is another process"]
async fn the_process_that_has_the_store_open() {
    let Some((folder, number)) = told() else {
        return;
    };
    let store = open_in(&folder).await.unwrap();
    if number > 0 {
        store.save(save(number, 1)).await.unwrap();
    }
    say("open");
    until_let_go().await;
    store.close().await.unwrap();
}

fn holder(folder: &Path, number: u64) -> Beside {
    let beside = Beside::start("the_process_that_has_the_store_open", folder, number);
    assert_eq!(beside.line(), "open");
    beside
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_sees_what_the_others_do() {
    let folder = tempfile::tempdir().unwrap();
    let beside = holder(folder.path(), 1);
    let store = open_in(folder.path()).await.unwrap();
    let mut feed = store.changes(Revision(0)).await.unwrap();
    assert_eq!(next(&mut feed).await.0, 1);
    let third = open_in(folder.path()).await.unwrap();
    third.save(save(1, 2)).await.unwrap();
    let What::Saved(item) = next(&mut feed).await.1 else {
        panic!("nothing was deleted");
    };
    assert_eq!((item.id, item.version), (id(1), 2));
    assert_eq!(content(&store).await, [(1, 2)].into());
    third.close().await.unwrap();
    store.close().await.unwrap();
    beside.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_holder_is_killed_a_guest_takes_over_and_nothing_needs_a_hand() {
    let folder = tempfile::tempdir().unwrap();
    let beside = holder(folder.path(), 1);
    let store = open_in(folder.path()).await.unwrap();
    let mut feed = store.changes(Revision(1)).await.unwrap();
    // The wait starts before the leader is killed and ends after it.
    let followed = tokio::spawn(async move { (next(&mut feed).await.0, feed) });
    store.get(id(1)).await.unwrap();
    beside.kill();
    let start = Instant::now();
    store.save(save(2, 1)).await.unwrap();
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
    let (revision, mut feed) = followed.await.unwrap();
    assert_eq!(revision, 2);
    // The next process becomes a client of this one.
    let beside = holder(folder.path(), 3);
    assert_eq!(next(&mut feed).await.0, 3);
    assert_eq!(content(&store).await.len(), 3);
    store.close().await.unwrap();
    beside.end();
    assert!(!options(folder.path()).data.join("umai.sock").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_guests_one_takes_over_and_the_others_ask_it() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..5 {
        let beside = holder(folder.path(), 0);
        let opened = try_join_all((0..6).map(|_| open_in(folder.path()))).await;
        let stores = opened.unwrap();
        let from = stores[0].revision();
        let feeds = stores.iter().map(|store| store.changes(from));
        let mut feeds = try_join_all(feeds).await.unwrap();
        beside.kill();
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
async fn save_on(store: Store, first: u64, end: Instant) -> u64 {
    let mut number = first;
    while Instant::now() < end {
        store.save(save(number, 1)).await.unwrap();
        store.save(save(number, 2)).await.unwrap();
        number += 1;
    }
    number - first
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn holders_that_end_in_order_are_not_noticed_by_those_who_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut holder = open_in(folder.path()).await.unwrap();
    let guests = [
        open_in(folder.path()).await.unwrap(),
        open_in(folder.path()).await.unwrap(),
    ];
    let end = Instant::now() + Duration::from_secs(2);
    let writers: Vec<_> = (1..)
        .zip(&guests)
        .map(|(place, guest)| tokio::spawn(save_on(Arc::clone(guest), place * 1_000_000, end)))
        .collect();
    let mut feed = guests[0].changes(Revision(0)).await.unwrap();
    let mut changes = 0;
    let before_the_end = end.checked_sub(Duration::from_secs(1)).unwrap();
    while Instant::now() < before_the_end {
        // It may become the leader, or a client of a writing client.
        let other = open_in(folder.path()).await.unwrap();
        holder.close().await.unwrap();
        holder = other;
        for _ in 0..10 {
            changes += 1;
            assert_eq!(next(&mut feed).await.0, changes);
        }
    }
    let mut saved = 0;
    for writer in writers {
        saved += writer.await.unwrap();
    }
    assert_eq!(content(&holder).await.len() as u64, saved);
    while changes < saved * 2 {
        changes += 1;
        assert_eq!(next(&mut feed).await.0, changes);
    }
    for store in guests.iter().chain([&holder]) {
        store.close().await.unwrap();
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}

/// Number of timed changes, and the interval between them.
const TIMED: u64 = 200;
const APART: Duration = Duration::from_millis(5);

/// Saves connections named after the current time; run as a child process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it is another process"]
async fn the_process_that_saves_the_time() {
    let Some((folder, first)) = told() else {
        return;
    };
    let store = open_in(&folder).await.unwrap();
    let mut pace = tokio::time::interval(APART);
    for number in first..first + TIMED {
        pace.tick().await;
        let mut save = save(number, 1);
        save.connection.item.name = now().as_nanos().to_string();
        store.save(save).await.unwrap();
    }
    say("done");
    until_let_go().await;
    store.close().await.unwrap();
}

/// Latencies of changes from before their save in another process until they are in this process's feed, sorted.
async fn latencies(folder: &Path, store: &Store, first: u64) -> Vec<Duration> {
    let mut feed = store.changes(store.revision()).await.unwrap();
    let beside = Beside::start("the_process_that_saves_the_time", folder, first);
    let mut latencies = Vec::new();
    for _ in 0..TIMED {
        let What::Saved(item) = next(&mut feed).await.1 else {
            panic!("nothing was deleted");
        };
        let saved = Duration::from_nanos(item.name.parse().unwrap());
        latencies.push(now().saturating_sub(saved));
    }
    assert_eq!(beside.line(), "done");
    beside.end();
    latencies.sort();
    latencies
}

/// Held by tests that must not run concurrently.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Number of attempts when something else kept the machine busy.
const ROUNDS: u64 = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_shows_in_another_process_within_100_ms() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    for round in 1..=ROUNDS {
        let first = round * 10_000;
        let own = open_in(folder.path()).await.unwrap();
        let at_the_holder = latencies(folder.path(), &own, first).await;
        own.close().await.unwrap();
        let beside = holder(folder.path(), first + 5_000);
        let guest = open_in(folder.path()).await.unwrap();
        let at_a_guest = latencies(folder.path(), &guest, first + 1_000).await;
        guest.close().await.unwrap();
        beside.end();
        let mut is_soon = true;
        for (whose, latencies) in [("the holder", at_the_holder), ("a guest", at_a_guest)] {
            let at = |percent: usize| latencies[(latencies.len() - 1) * percent / 100];
            eprintln!(
                "a change of another guest, at {whose}: p50 {:?}, p99 {:?}, max {:?}",
                at(50),
                at(99),
                at(100)
            );
            is_soon &= at(99) < Duration::from_millis(100);
        }
        if is_soon {
            return;
        }
    }
    panic!("it takes longer in every round");
}

#[test]
fn commands_work_beside_an_open_app_and_while_it_is_stopped() {
    let home = tempfile::tempdir().unwrap();
    let create = |name: &str| {
        let answer = storm::umai(home.path(), &storm::create(name))
            .output()
            .unwrap();
        assert!(answer.status.success(), "{answer:?}");
    };
    let names = || {
        let answer = storm::umai(home.path(), &["connections", "list"])
            .output()
            .unwrap();
        assert!(answer.status.success(), "{answer:?}");
        String::from_utf8(answer.stdout).unwrap()
    };
    let mut app = app::App::start(home.path());
    app.shows("No connections yet");
    create("Beside The App");
    app.create("By The App");
    assert!(names().contains("Beside The App") && names().contains("By The App"));
    app.stop_for(|| {
        create("While It Was Stopped");
        assert!(names().contains("By The App"));
    });
    app.create("After That");
    for name in [
        "Beside The App",
        "By The App",
        "While It Was Stopped",
        "After That",
    ] {
        assert!(names().contains(name), "{name}");
    }
    assert!(app.quit());
    // The app that was suspended while another process held the store is a client now, and ends normally too.
    let beside = app::App::start(home.path());
    let mut app = app::App::start(home.path());
    app.shows("While It Was Stopped");
    app.stop_for(|| assert!(beside.quit()));
    app.create("The Last One");
    assert!(app.quit());
    assert!(names().contains("The Last One"));
}

/// Writes until it is killed; run as a child process of the stress test.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it is a process of the storm"]
async fn the_process_that_writes_in_the_storm() {
    if let Some((folder, first)) = told() {
        storm::write(&folder, first).await;
    }
}

#[test]
fn apps_commands_writers_and_kills_on_one_folder_lose_nothing() {
    let _alone = ALONE.blocking_lock();
    let seconds = std::env::var("UMAI_SECONDS").map_or(6, |text| text.parse().unwrap());
    let storm = storm::run(Duration::from_secs(seconds));
    eprintln!("{storm}");
    storm.check();
}
