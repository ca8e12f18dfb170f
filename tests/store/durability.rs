//! Store on disk beyond the conformance tests: unsafe folders, a limited file size, and secrets that cannot be opened.
#![allow(
    clippy::too_many_lines,
    reason = "a test tells its whole scenario in order"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use umai::connection::{Connection, SettingValue, StoreError};
use umai::store::rotation::renew;

use crate::support::child_process::{FOLDER, NUMBER, parameters, report};
use crate::support::fixture::{LONG, connection, content, id, open_in, options, save};

#[tokio::test]
async fn data_folder_writable_by_others_is_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let data = options(folder.path()).data;
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o777)).unwrap();
    let Err(StoreError::Other(message)) = open_in(folder.path()).await.map(drop) else {
        panic!("the store was opened");
    };
    assert!(message.contains("chmod go-w"), "{message}");
}

fn secret(connection: &Connection<umai::connection::PlainSecret>) -> Option<String> {
    match connection.settings.as_ref()?.get("apiKey")? {
        SettingValue::Secret(secret) => secret.expose().map(str::to_owned),
        _ => panic!("expected a secret"),
    }
}

#[tokio::test]
async fn unreadable_secret_is_kept_until_reentered() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_in(folder.path()).await.unwrap();
    store.save(save(1, 1)).await.unwrap();
    store.close().await.unwrap();
    fs::remove_file(options(folder.path()).config.join("umai.key")).unwrap();
    renew(&options(folder.path()), chrono::Utc::now()).unwrap();
    let store = open_in(folder.path()).await.unwrap();
    let found = store.get(id(1)).await.unwrap().unwrap();
    assert_eq!(secret(&found), None);
    assert_eq!(found.item, connection(1, 1).item);
    // Another name, with the unreadable secret unchanged.
    let mut renamed = save(1, 2);
    renamed.connection.settings = found.settings;
    store.save(renamed).await.unwrap();
    let found = store.get(id(1)).await.unwrap().unwrap();
    assert_eq!(found.item.version, 2);
    assert_eq!(secret(&found), None);
    // The secret is entered again.
    store.save(save(1, 3)).await.unwrap();
    let found = store.get(id(1)).await.unwrap().unwrap();
    assert_eq!(secret(&found).as_deref(), Some("sk-planted-1-3"));
    // A secret that was never stored cannot be kept.
    let mut unreadable = save(2, 1);
    unreadable.connection.settings = Some(umai::connection::Settings::from_iter([(
        "apiKey".to_owned(),
        SettingValue::Secret(umai::connection::PlainSecret::unreadable()),
    )]));
    let refused = store.save(unreadable).await;
    assert!(matches!(refused, Err(StoreError::Key(_))), "{refused:?}");
    store.close().await.unwrap();
}

/// Saves until an error, deletes, and reports the results.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs as a child process"]
async fn child_writes_with_file_size_limit() {
    let Some((folder, _)) = parameters() else {
        return;
    };
    let store = open_in(&folder).await.unwrap();
    for number in LONG..LONG + 100 {
        match store.save(save(number, 1)).await {
            Ok(_) => report(&format!("saved {number}")),
            Err(error) => {
                report(&format!("refused {error}"));
                break;
            }
        }
    }
    store.purge(id(LONG), 1).await.unwrap();
    report("deleted");
    assert_eq!(store.get(id(LONG)).await.unwrap(), None);
    store.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn file_size_limit_loses_nothing_and_permits_deletes() {
    let folder = tempfile::tempdir().unwrap();
    // In units of 512 bytes: the journal fits as it is but cannot grow.
    let limited = "trap '' XFSZ; ulimit -f 520; exec \"$0\" \"$@\"";
    let done = Command::new("sh")
        .args(["-c", limited])
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "durability::child_writes_with_file_size_limit",
            "--ignored",
            "--nocapture",
        ])
        .env(FOLDER, folder.path())
        .env(NUMBER, "0")
        .output()
        .unwrap();
    let out = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.success(), "{out}");
    let lines: Vec<&str> = out
        .lines()
        .filter_map(|line| line.strip_prefix('@'))
        .collect();
    let saved = lines
        .iter()
        .filter(|line| line.starts_with("saved"))
        .count();
    assert!(saved > 1 && lines.contains(&"deleted"), "{lines:?}");
    let refused = lines
        .iter()
        .find(|line| line.starts_with("refused"))
        .unwrap();
    assert!(refused.contains("No space left to save"), "{refused}");
    // With space available it continues.
    let store = open_in(folder.path()).await.unwrap();
    assert_eq!(content(&store).await.len(), saved - 1);
    store.save(save(1, 1)).await.unwrap();
    store.close().await.unwrap();
}
