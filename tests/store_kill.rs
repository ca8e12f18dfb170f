//! Kills a writer at random moments: nothing that was acknowledged is lost, and the next start works.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a test that cannot go on fails"
)]

#[path = "store/world.rs"]
mod world;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use self::world::{content_from, id, open_in, random, save};

/// So many times; 200 is what the store has to stand.
const KILLS: u64 = 200;
/// After so many kills, a new store is begun.
const KILLS_PER_STORE: u64 = 20;
const WRITERS: u64 = 6;
const FOLDER: &str = "UMAI_TEST_KILLED_STORE";
const FIRST: &str = "UMAI_TEST_FIRST_NUMBER";

/// The connections that end deleted; the others end at version 2.
const fn ends_deleted(number: u64) -> bool {
    number.is_multiple_of(3)
}

/// What was acknowledged of a connection.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Acknowledged {
    Version(u64),
    Deleted,
}

/// Writes until it is killed, and says what was acknowledged as soon as it is; run by the other test, as its own process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it is the process that the other test kills"]
async fn the_writer_that_is_killed() {
    let Ok(folder) = std::env::var(FOLDER) else {
        return;
    };
    let first: u64 = std::env::var(FIRST).unwrap().parse().unwrap();
    let store = open_in(Path::new(&folder)).await.unwrap();
    let say = |line: String| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "\n@{line}").unwrap();
        out.flush().unwrap();
    };
    say("open".into());
    let writers = (0..WRITERS).map(|writer| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for number in (first + writer..).step_by(WRITERS as usize) {
                store.save(save(number, 1)).await.unwrap();
                say(format!("{number} 1"));
                store.save(save(number, 2)).await.unwrap();
                say(format!("{number} 2"));
                if ends_deleted(number) {
                    store.delete(id(number), 2).await.unwrap();
                    say(format!("{number} deleted"));
                }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_kills_lose_nothing_that_was_acknowledged() {
    let mut lost = 0;
    let mut total = 0;
    for _ in 0..KILLS / KILLS_PER_STORE {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let mut acknowledged = BTreeMap::new();
        for kill in 0..KILLS_PER_STORE {
            let first = kill * 1_000_000;
            kill_a_writer(folder.path(), first, &mut acknowledged);
            let store = open_in(folder.path()).await.unwrap();
            assert_eq!(store.notices(), Vec::<String>::new());
            // What earlier writers wrote was looked at then; now it only must be there, and at last it is looked at again.
            let is_last = kill + 1 == KILLS_PER_STORE;
            let content = content_from(&store, if is_last { 0 } else { first }).await;
            for (number, what) in &acknowledged {
                lost += usize::from(!is_kept(*number, *what, content.get(number).copied()));
            }
            store.close().await.unwrap();
        }
        total += acknowledged.len();
    }
    assert_eq!(lost, 0, "of {total} acknowledged connections");
    assert!(total > 1_000, "only {total} connections were acknowledged");
}

/// Whether a connection is as it was acknowledged, or one change further.
fn is_kept(number: u64, acknowledged: Acknowledged, stored: Option<u64>) -> bool {
    match (acknowledged, stored) {
        (Acknowledged::Version(version), Some(stored)) => {
            stored == version || stored == version + 1
        }
        (Acknowledged::Version(version), None) => version == 2 && ends_deleted(number),
        (Acknowledged::Deleted, stored) => stored.is_none(),
    }
}

fn kill_a_writer(folder: &Path, first: u64, acknowledged: &mut BTreeMap<u64, Acknowledged>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "the_writer_that_is_killed",
            "--ignored",
            "--nocapture",
        ])
        .env(FOLDER, folder)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (told, telling) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            if let Some(line) = line.strip_prefix('@') {
                told.send(line.to_owned()).unwrap();
            }
        }
    });
    // One kill in eight falls into the opening.
    let until = if random(8) == 0 { 0 } else { 1 + random(300) };
    let mut heard: Vec<String> = telling.iter().take(until as usize).collect();
    let rest = Duration::from_micros(random(8_000));
    heard.extend(telling.recv_timeout(rest));
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap();
    heard.extend(telling.try_iter());
    for line in heard {
        let Some((number, what)) = line.split_once(' ') else {
            continue;
        };
        let what = match what {
            "deleted" => Acknowledged::Deleted,
            version => Acknowledged::Version(version.parse().unwrap()),
        };
        acknowledged.insert(number.parse().unwrap(), what);
    }
}
