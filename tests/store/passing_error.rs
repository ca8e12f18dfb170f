//! A disk error that passes: the store refuses changes, reopens its journal by itself, and has exactly what it acknowledged.

use std::process::{Command, Stdio};

use crate::support::child_process::{FOLDER, NUMBER, parameters, report};
use crate::support::fixture::{Content, content, id, open_in, save};
use crate::support::strace::is_available;
use umai::connection::StoreError;

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn store_accepts_changes_again_after_a_passing_error() {
    if !is_available("inject errors") {
        return;
    }
    for number in [1, 2, 5] {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let output = Command::new("strace")
            .args([
                "-f",
                "-qq",
                "-o",
                "/dev/null",
                "-e",
                "trace=fdatasync",
                "-e",
            ])
            .arg(format!("inject=fdatasync:error=EIO:when={number}"))
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "passing_error::child_saves_through_the_error"])
            .args(["--ignored", "--nocapture"])
            .env(FOLDER, folder.path())
            .env(NUMBER, "0")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{out}{error}");
        let saved = out.lines().find_map(|line| line.strip_prefix('@'));
        let saved: u64 = saved.unwrap().parse().unwrap();
        let store = open_in(folder.path()).await.unwrap();
        let expected: Content = (1..=saved).map(|number| (number, 1)).collect();
        assert_eq!(content(&store).await, expected);
        assert_eq!(store.notices(), Vec::<String>::new());
        store.close().await.unwrap();
    }
}
