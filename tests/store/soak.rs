//! Uses one store in every way for a while: nothing is lost, and the leader's memory and number of open files do not grow.
//!
//! `UMAI_SOAK_SECONDS=3600` sets the duration.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use umai::connection::ListQuery;
use umai::store::backup::file;
use umai::store::backup::folder::BackupFolder;

use crate::support::child_process::{ChildProcess, parameters, report, wait_for_end};
use crate::support::fixture::{EVERYTHING, Store, content, id, open_in, options, random, save};

const WRITERS: u64 = 4;
/// Number of connections per writer, and of versions per connection before it is deleted.
const KEPT: u64 = 20;
const VERSIONS: u64 = 4;
/// Permitted growth of memory and open files after the first half.
const MORE_KIB: u64 = 16 * 1024;
const MORE_FILES: usize = 4;

fn seconds() -> u64 {
    std::env::var("UMAI_SOAK_SECONDS").map_or(5, |text| text.parse().unwrap())
}

/// Keeps the store open and writes until the parent ends it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs as a child process"]
async fn child_writes_during_soak() {
    let Some((folder, _)) = parameters() else {
        return;
    };
    let store = open_in(&folder).await.unwrap();
    report("open");
    let stop = Arc::new(AtomicBool::new(false));
    let writers = (0..WRITERS).map(|writer| {
        let (store, stop) = (Arc::clone(&store), Arc::clone(&stop));
        tokio::spawn(async move {
            while !stop.load(Ordering::Acquire) {
                write(&store, writer * 1_000, &stop).await;
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    wait_for_end().await;
    stop.store(true, Ordering::Release);
    for writer in writers {
        writer.await.unwrap();
    }
    let changes = store.revision().0;
    let content = content(&store).await;
    assert_eq!(store.notices(), Vec::<String>::new());
    report(&format!("{changes} {}", content.len()));
    store.close().await.unwrap();
}

/// Creates, changes, reads and deletes, checking every result; leaves some connections when stopped.
async fn write(store: &Store, first: u64, stop: &AtomicBool) {
    for number in first..first + KEPT {
        if let Some(left) = store.get(id(number)).await.unwrap() {
            store.purge(id(number), left.item.version).await.unwrap();
        }
        for version in 1..=VERSIONS {
            store.save(save(number, version)).await.unwrap();
            let found = store.get(id(number)).await.unwrap().unwrap();
            assert_eq!(found.item.version, version);
            if stop.load(Ordering::Acquire) {
                return;
            }
        }
    }
    let page = store.list(&ListQuery::all(EVERYTHING)).await.unwrap();
    let ours = page.items.iter().filter(|item| {
        let number = item.id.as_u64_pair().1;
        (first..first + KEPT).contains(&number)
    });
    assert_eq!(ours.count() as u64, KEPT);
}

/// Memory in KiB and number of open files of a process.
fn sizes(process: u32) -> (u64, usize) {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    let memory = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    let files = fs::read_dir(format!("/proc/{process}/fd")).unwrap().count();
    (memory, files)
}

fn umai(folder: &Path, arguments: &[&str]) {
    let options = options(folder);
    let done = Command::new(env!("CARGO_BIN_EXE_umai"))
        .args(arguments)
        .arg("--data")
        .arg(options.data)
        .arg("--config")
        .arg(options.config)
        .env("Soak__Key", "sk-of-the-soak")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(done.status.success(), "{arguments:?}: {done:?}");
}

/// Runs one short-lived operation next to the process that has the store open.
async fn run_one_operation(folder: &Path, number: u64) {
    match random(5) {
        0 => {
            let name = format!("Soak {number}");
            let alias = format!("soak-{number}");
            umai(
                folder,
                &[
                    "connections",
                    "create",
                    "--provider",
                    "openai",
                    "--name",
                    &name,
                    "--set",
                    "apiKey=$Soak:Key",
                ],
            );
            umai(folder, &["connections", "delete", &alias, "--yes"]);
            umai(folder, &["connections", "purge", &alias, "--yes"]);
        }
        1 => umai(folder, &["connections", "list"]),
        2 => {
            umai(folder, &["backup", "create"]);
            // Manual backups are kept; a soak test creates more than a user would.
            for found in BackupFolder::for_store(&options(folder).data)
                .all()
                .unwrap()
                .iter()
                .skip(5)
            {
                fs::remove_file(&found.path).unwrap();
            }
        }
        _ => {
            // A client that follows the feed for a while.
            let client = open_in(folder).await.unwrap();
            let mut feed = client.changes(client.revision()).await.unwrap();
            for _ in 0..random(200) {
                feed.next().await.unwrap().unwrap();
            }
            client.close().await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_loses_nothing_and_does_not_grow() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let leader = ChildProcess::start("soak::child_writes_during_soak", folder.path(), 0);
    assert_eq!(leader.line(), "open");
    let time = Duration::from_secs(seconds());
    let start = Instant::now();
    let (mut number, mut half, mut most) = (0, None, (0, 0));
    while start.elapsed() < time {
        number += 1;
        run_one_operation(folder.path(), number).await;
        let now = sizes(leader.child.id());
        if start.elapsed() > time / 2 {
            half.get_or_insert(now);
            most = (most.0.max(now.0), most.1.max(now.1));
        }
    }
    let half = half.unwrap_or(most);
    let mut leader = leader;
    drop(leader.child.stdin.take());
    let line = leader.line();
    leader.end();
    eprintln!(
        "{number} operations; changes and connections: {line}; half-way {half:?} (KiB, files), then at most {most:?}"
    );
    assert!(
        most.0 <= half.0 + MORE_KIB,
        "grew from {half:?} to {most:?}"
    );
    assert!(
        most.1 <= half.1 + MORE_FILES,
        "grew from {half:?} to {most:?}"
    );
    for found in BackupFolder::for_store(&options(folder.path()).data)
        .all()
        .unwrap()
    {
        assert!(file::read(&found.path).is_ok(), "{}", found.path.display());
    }
    let store = open_in(folder.path()).await.unwrap();
    assert_eq!(store.notices(), Vec::<String>::new());
    let count = content(&store).await.len().to_string();
    assert_eq!(line.split(' ').nth(1), Some(count.as_str()));
    store.close().await.unwrap();
}
