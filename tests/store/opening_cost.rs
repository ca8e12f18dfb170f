//! Counts what one command reads of a large store: it must not grow with the number of connections.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use futures_util::future::join_all;

use crate::support::fixture::{open_in, options, save};
use crate::support::strace;

/// Connections in two journal segments.
const MANY: u64 = 10_000;
/// Reads of the index file by one create: a segment header for each half megabyte, and the pages on the way to a few rows.
const MAX_READS: usize = 250;

/// Creates a connection with the binary, and returns the calls that read files of the store.
fn reads_of_create(folder: &Path, alias: &str) -> Vec<String> {
    let log = folder.join("reads.log");
    let secret = folder.join("secret");
    fs::write(&secret, "sk-planted-key").unwrap();
    let options = options(folder);
    let mut command = Command::new("strace");
    command
        .args(["-f", "-qq", "-y", "-s", "0", "-e", "signal=none"])
        .args(["-e", "trace=read,pread64", "-o"])
        .arg(&log)
        .arg(env!("CARGO_BIN_EXE_umai"))
        .args(["connections", "create", "--provider", "openai"])
        .args(["--name", alias, "--alias", alias])
        .arg("--secret-file")
        .arg(format!("apiKey={}", secret.display()))
        .arg("--data")
        .arg(&options.data)
        .arg("--config")
        .arg(&options.config)
        .current_dir(folder)
        .stdin(Stdio::null());
    let done = command.output().unwrap();
    assert!(done.status.success(), "{done:?}");
    let log = fs::read_to_string(&log).unwrap();
    let data = options.data.display().to_string();
    let calls = log.lines().filter(|line| line.contains(&data));
    calls.map(str::to_owned).collect()
}

fn count(calls: &[String], file: &str) -> usize {
    calls.iter().filter(|call| call.contains(file)).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn create_does_not_read_the_whole_store() {
    if !strace::is_available("count the reads of a command") {
        return;
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let store = open_in(folder.path()).await.unwrap();
    join_all((0..MANY).map(|number| store.save(save(number, 1)))).await;
    store.close().await.unwrap();
    drop(store);
    let mut segments: Vec<_> = fs::read_dir(folder.path().join("data/journal"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    segments.sort();
    assert!(segments.len() >= 2, "{segments:?}");
    // The second command relies on what the first one left.
    for alias in ["first", "second"] {
        let calls = reads_of_create(folder.path(), alias);
        let of_index = count(&calls, "/sled/db>");
        assert!(
            (1..MAX_READS).contains(&of_index),
            "{alias}: {of_index} reads of the index"
        );
        let finished = count(&calls, &segments[0]);
        assert_eq!(
            finished, 1,
            "{alias}: only the header of a finished segment"
        );
    }
    let store = open_in(folder.path()).await.unwrap();
    for alias in ["first", "second"] {
        assert!(store.find(alias).await.unwrap().is_some());
    }
    assert_eq!(store.notices(), Vec::<String>::new());
    store.close().await.unwrap();
}
