//! Kills a process while it rebuilds the index of a large store: the next start has everything.
//!
//! This is a separate test binary, because a process that is being started holds the locks of its parent for a moment.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use futures_util::future::join_all;

use crate::support::fixture::{open_in, save};

fn list(folder: &Path) -> Command {
    let options = crate::support::fixture::options(folder);
    let mut command = Command::new(env!("CARGO_BIN_EXE_umai"));
    command
        .args(["connections", "list", "--take", "1", "--json", "--data"])
        .arg(options.data)
        .arg("--config")
        .arg(options.config)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Large enough that the index is built while the store is in use.
const MANY: u64 = 6_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_during_index_rebuild_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_in(folder.path()).await.unwrap();
    join_all((0..MANY).map(|number| store.save(save(number, 1)))).await;
    store.close().await.unwrap();
    drop(store);
    for round in 0..12 {
        let sled = folder.path().join("data/sled");
        if round % 3 == 0 && sled.exists() {
            fs::remove_dir_all(sled).unwrap();
        }
        let mut child = list(folder.path()).spawn().unwrap();
        let (_sender, receiver) = mpsc::channel::<()>();
        let _ = receiver.recv_timeout(Duration::from_millis(crate::support::fixture::random(400)));
        let signal = ["-KILL", "-HUP", "-TERM"][round % 3];
        let id = child.id().to_string();
        Command::new("kill").args([signal, &id]).output().unwrap();
        child.wait().unwrap();
    }
    let _ = fs::remove_dir_all(folder.path().join("data/sled"));
    let listed = list(folder.path()).output().unwrap();
    let stderr = String::from_utf8(listed.stderr).unwrap();
    assert!(stderr.contains("rebuilt from the journal"), "{stderr}");
    assert!(!stderr.contains("missing"), "{stderr}");
    let store = open_in(folder.path()).await.unwrap();
    let page = store
        .list(&umai::connection::ListQuery::all(
            crate::support::fixture::EVERYTHING,
        ))
        .await
        .unwrap();
    assert_eq!(page.items.len() as u64, MANY);
    assert_eq!(store.notices(), Vec::<String>::new());
    store.close().await.unwrap();
}
