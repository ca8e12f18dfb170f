//! A disk error that passes: the store refuses changes, reopens its journal by itself, and has exactly what it acknowledged.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::child_process::{FOLDER, NUMBER, parameters, report};
use crate::support::fixture::{Content, content, id, open_in, save};
use crate::support::strace::is_available;
use umai::connection::store::SaveConnection;
use umai::connection::{PlainSecret, StoreError};

/// Saves until one save is refused, then repeats that one until it is accepted; run as a child process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs as a child process"]
async fn child_saves_through_the_error() {
    let Some((folder, _)) = parameters() else {
        return;
    };
    let store = open_in(&folder).await.unwrap();
    let mut number = 1;
    let refusal = loop {
        match store.save(save(number, 1)).await {
            Ok(_) => number += 1,
            Err(refusal) => break refusal,
        }
    };
    assert!(matches!(refusal, StoreError::ReadOnly(_)), "{refusal}");
    assert_eq!(store.check().await, Err(refusal));
    assert_eq!(store.get(id(number)).await, Ok(None));
    while store.save(save(number, 1)).await.is_err() {}
    assert_eq!(store.check().await, Ok(()));
    store.save(save(number + 1, 1)).await.unwrap();
    let notices = store.notices().join("\n");
    assert!(notices.contains("accepts changes again"), "{notices}");
    store.close().await.unwrap();
    report(&(number + 1).to_string());
}

/// Number of the save that fills the first segment.
const FILLING: u64 = 14;

/// Save of 300 KB.
fn large(number: u64) -> SaveConnection<PlainSecret> {
    let mut save = save(number, 1);
    save.change.note = Some("x".repeat(300_000));
    save
}

/// The save that fills a segment of the journal is refused; run as a child process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs as a child process"]
async fn child_fills_a_segment_through_the_error() {
    let Some((folder, _)) = parameters() else {
        return;
    };
    let store = open_in(&folder).await.unwrap();
    for number in 1..FILLING {
        store.save(large(number)).await.unwrap();
    }
    let refusal = store.save(large(FILLING)).await.unwrap_err();
    assert!(matches!(refusal, StoreError::ReadOnly(_)), "{refusal}");
    while store.save(save(100, 1)).await.is_err() {}
    store.save(save(101, 1)).await.unwrap();
    store.close().await.unwrap();
    report("saved");
}

/// Runs a child process whose sync with this number fails; returns its output.
fn run_with_failing_sync(child: &str, folder: &Path, number: u64) -> String {
    let output = Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync"])
        .args(["-e", &format!("inject=fdatasync:error=EIO:when={number}")])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", child, "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env(NUMBER, "0")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{out}{error}");
    out
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_change_that_filled_a_segment_does_not_come_back() {
    if !is_available("inject errors") {
        return;
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let child = "passing_error::child_fills_a_segment_through_the_error";
    let out = run_with_failing_sync(child, folder.path(), FILLING);
    assert!(out.contains("@saved"), "{out}");
    // The journal alone has every acknowledged change, and no other.
    let data = folder.path().join("data");
    std::fs::remove_dir_all(data.join("sled")).unwrap();
    // Missing unless a snapshot was taken.
    let _ = std::fs::remove_dir_all(data.join("snapshots"));
    assert!(std::fs::read_dir(data.join("journal")).unwrap().count() > 1);
    let store = open_in(folder.path()).await.unwrap();
    let saved = (1..FILLING).chain([100, 101]);
    let expected: Content = saved.map(|number| (number, 1)).collect();
    assert_eq!(content(&store).await, expected, "{:?}", store.notices());
    store.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn store_accepts_changes_again_after_a_passing_error() {
    if !is_available("inject errors") {
        return;
    }
    for number in [1, 2, 5] {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let child = "passing_error::child_saves_through_the_error";
        let out = run_with_failing_sync(child, folder.path(), number);
        let saved = out.lines().find_map(|line| line.strip_prefix('@'));
        let saved: u64 = saved.unwrap().parse().unwrap();
        let store = open_in(folder.path()).await.unwrap();
        let expected: Content = (1..=saved).map(|number| (number, 1)).collect();
        assert_eq!(content(&store).await, expected);
        assert_eq!(store.notices(), Vec::<String>::new());
        store.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn removed_data_folder_stops_acknowledging() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_in(folder.path()).await.unwrap();
    store.save(save(1, 1)).await.unwrap();
    let (data, moved) = (folder.path().join("data"), folder.path().join("moved"));
    std::fs::rename(&data, &moved).unwrap();
    let refused = store.save(save(2, 1)).await.unwrap_err();
    assert!(
        refused.to_string().contains("moved or replaced"),
        "{refused}"
    );
    // Another process creates a new store in the same place, which must not be touched.
    std::fs::create_dir_all(data.join("journal")).unwrap();
    let other = data.join("journal/00000000000000000001.log");
    std::fs::write(&other, "another store").unwrap();
    let refused = store.save(save(2, 1)).await.unwrap_err();
    assert!(matches!(refused, StoreError::ReadOnly(_)), "{refused}");
    store.close().await.unwrap();
    assert_eq!(std::fs::read_to_string(&other).unwrap(), "another store");
    std::fs::remove_dir_all(&data).unwrap();
    std::fs::rename(&moved, &data).unwrap();
    let store = open_in(folder.path()).await.unwrap();
    assert_eq!(content(&store).await.len(), 1);
    store.close().await.unwrap();
}
