//! Kills processes that use a store at random moments: nothing acknowledged is lost, and the next start works.
//!
//! The processes create, change and delete connections concurrently, close and open the store, or run umai commands: create,
//! update, delete, list, backup, key rotation. `UMAI_KILLS=2000` kills 2,000 times.
#![allow(
    clippy::too_many_lines,
    reason = "a test tells its whole scenario in order"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use umai::connection::ListQuery;
use umai::store::backup::file;
use umai::store::backup::folder::BackupFolder;

use crate::support::fixture::{
    EVERYTHING, LONG, Store, content_from, id, open_in, options, random, save,
};

/// Number of kills before a new store is created.
const KILLS_PER_STORE: u64 = 20;
const WRITERS: u64 = 6;
const FOLDER: &str = "UMAI_TEST_KILLED_STORE";
const FIRST: &str = "UMAI_TEST_FIRST_NUMBER";

fn kills() -> u64 {
    std::env::var("UMAI_KILLS").map_or(20, |text| text.parse().unwrap())
}

/// Connections that end deleted; the others end at version 2.
const fn ends_deleted(number: u64) -> bool {
    number.is_multiple_of(3)
}

/// Acknowledged state of a connection.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Acknowledged {
    Version(u64),
    Deleted,
}

fn report(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n@{line}").unwrap();
    out.flush().unwrap();
}

/// Writes until it is killed, reporting each acknowledgement immediately; run as a child process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs as a child process"]
async fn child_writes_until_killed() {
    let Ok(folder) = std::env::var(FOLDER) else {
        return;
    };
    let first: u64 = std::env::var(FIRST).unwrap().parse().unwrap();
    let store = open_in(Path::new(&folder)).await.unwrap();
    report("open");
    let writers = (0..WRITERS).map(|writer| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for number in (first + writer..).step_by(WRITERS as usize) {
                store.save(save(number, 1)).await.unwrap();
                report(&format!("{number} 1"));
                store.save(save(number, 2)).await.unwrap();
                report(&format!("{number} 2"));
                if ends_deleted(number) {
                    store.purge(id(number), 2).await.unwrap();
                    report(&format!("{number} deleted"));
                }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
}

/// Opens the store, writes a few connections, closes it, and repeats until it is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs as a child process"]
async fn child_reopens_until_killed() {
    let Ok(folder) = std::env::var(FOLDER) else {
        return;
    };
    let first: u64 = std::env::var(FIRST).unwrap().parse().unwrap();
    for round in (first..).step_by(3) {
        let store = open_in(Path::new(&folder)).await.unwrap();
        for number in round..round + 3 {
            store.save(save(number, 1)).await.unwrap();
            report(&format!("{number} 1"));
        }
        store.close().await.unwrap();
    }
}

/// Acknowledged content of a store.
#[derive(Default)]
struct Record {
    /// Connections written by number.
    numbers: BTreeMap<u64, Acknowledged>,
    /// Connections created by umai: true when they exist; `None` when the command was interrupted.
    names: BTreeMap<String, Option<bool>>,
    /// Number of backups.
    backups: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lose_nothing_acknowledged() {
    let (mut acknowledged, mut rebuilds) = (0, 0);
    let mut done: BTreeMap<&str, u64> = BTreeMap::new();
    for _ in 0..kills().div_ceil(KILLS_PER_STORE) {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let mut record = Record::default();
        for kill in 0..KILLS_PER_STORE {
            let first = kill * 1_000_000;
            let process = kill_random_process(folder.path(), first, &mut record);
            *done.entry(process).or_default() += 1;
            let store = open_in(folder.path()).await.unwrap();
            // A kill during a write of sled may damage the index, which is rebuilt without a loss.
            let notices = store.notices();
            let is_rebuild_notice = |notice: &String| {
                notice.starts_with("The index of the connections could not be used")
            };
            assert!(
                notices.iter().all(is_rebuild_notice),
                "{process} was killed: {notices:?}"
            );
            rebuilds += notices.len();
            // Connections of earlier writers were checked then. Now they must only exist; at the end they are checked again.
            let is_last = kill + 1 == KILLS_PER_STORE;
            check(&store, &record, if is_last { 0 } else { first }, process).await;
            store.close().await.unwrap();
        }
        acknowledged += record.numbers.len() + record.names.len();
        let shelf = BackupFolder::for_store(&options(folder.path()).data)
            .all()
            .unwrap();
        for backup in &shelf {
            assert!(
                file::read(&backup.path).is_ok(),
                "{}",
                backup.path.display()
            );
        }
        assert!(shelf.len() >= record.backups);
    }
    eprintln!(
        "killed {done:?}; all {acknowledged} acknowledged connections are present; the index was rebuilt {rebuilds} times"
    );
    assert!(
        acknowledged as u64 > kills(),
        "only {acknowledged} connections were acknowledged"
    );
}

/// Checks that everything acknowledged exists.
async fn check(store: &Store, record: &Record, from: u64, process: &str) {
    let content = content_from(store, from).await;
    for (number, what) in &record.numbers {
        let stored = content.get(number).copied();
        assert!(
            is_expected(*number, *what, stored),
            "{process} was killed: {number} was acknowledged as {what:?} and is {stored:?}"
        );
    }
    let page = store.list(&ListQuery::all(EVERYTHING)).await.unwrap();
    let there: Vec<&str> = page.items.iter().map(|item| item.name.as_str()).collect();
    for (name, what) in &record.names {
        let count = there.iter().filter(|there| *there == name).count();
        let is_expected = match what {
            Some(true) => count == 1,
            Some(false) => count == 0,
            None => count <= 1,
        };
        assert!(
            is_expected,
            "{process} was killed: {name} was acknowledged as {what:?} and exists {count} times"
        );
    }
}

fn kill_random_process(folder: &Path, first: u64, record: &mut Record) -> &'static str {
    match random(10) {
        0..=2 => {
            // Long rows are soon enough to be written into the index.
            let first = first + LONG * random(2);
            kill_writer(
                "sigkill::child_writes_until_killed",
                folder,
                first,
                &mut record.numbers,
            );
            "the writer"
        }
        3 => {
            kill_writer(
                "sigkill::child_reopens_until_killed",
                folder,
                first,
                &mut record.numbers,
            );
            "the reopening writer"
        }
        4 => {
            if kill_umai(folder, &["backup", "create"]) {
                record.backups += 1;
            }
            "umai backup create"
        }
        5 => {
            kill_umai(folder, &["key", "rotate"]);
            "umai key rotate"
        }
        6 => {
            kill_umai(folder, &["connections", "list"]);
            "umai connections list"
        }
        7 => {
            let there = record.names.iter().find(|(_, what)| **what == Some(true));
            let Some((name, _)) = there else {
                return kill_random_process(folder, first, record);
            };
            let name = name.clone();
            record.names.insert(name.clone(), None);
            let alias = name.to_lowercase().replace(' ', "-");
            if kill_umai(folder, &["connections", "delete", &alias, "--yes"]) {
                record.names.insert(name, Some(false));
            }
            "umai connections delete"
        }
        _ => {
            let name = format!("Kill {first}");
            let reference = "apiKey=$Kill:Key";
            let create = [
                "connections",
                "create",
                "--provider",
                "openai",
                "--name",
                &name,
                "--set",
                reference,
            ];
            let is_done = kill_umai(folder, &create);
            record.names.insert(name, is_done.then_some(true));
            "umai connections create"
        }
    }
}

/// Runs umai and kills it after a random time. Returns true when it had completed.
fn kill_umai(folder: &Path, arguments: &[&str]) -> bool {
    let options = options(folder);
    let mut child = Command::new(env!("CARGO_BIN_EXE_umai"))
        .args(arguments)
        .arg("--data")
        .arg(options.data)
        .arg("--config")
        .arg(options.config)
        .env("Kill__Key", "sk-of-the-kill")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let end = Instant::now() + Duration::from_micros(random(250_000));
    while Instant::now() < end {
        if let Some(ended) = child.try_wait().unwrap() {
            return ended.success();
        }
        std::thread::park_timeout(Duration::from_micros(500));
    }
    child.kill().unwrap();
    child.wait().unwrap().success()
}

/// Returns true when a connection is in the acknowledged state or one change further.
fn is_expected(number: u64, acknowledged: Acknowledged, stored: Option<u64>) -> bool {
    match (acknowledged, stored) {
        (Acknowledged::Version(version), Some(stored)) => {
            stored == version || stored == version + 1
        }
        (Acknowledged::Version(version), None) => version == 2 && ends_deleted(number),
        (Acknowledged::Deleted, stored) => stored.is_none(),
    }
}

fn kill_writer(
    test: &str,
    folder: &Path,
    first: u64,
    acknowledged: &mut BTreeMap<u64, Acknowledged>,
) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (sender, receiver) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            if let Some(line) = line.strip_prefix('@') {
                sender.send(line.to_owned()).unwrap();
            }
        }
    });
    // One kill in eight happens while the store opens.
    let until = if random(8) == 0 { 0 } else { 1 + random(300) };
    let mut lines: Vec<String> = receiver.iter().take(until as usize).collect();
    let rest = Duration::from_micros(random(8_000));
    lines.extend(receiver.recv_timeout(rest));
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap();
    lines.extend(receiver.try_iter());
    for line in lines {
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
