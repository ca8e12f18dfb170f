//! Store on a disk that is full, has no free inodes, or is read-only.
#![allow(
    clippy::too_many_lines,
    reason = "a test tells its whole scenario in order"
)]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};

use umai::connection::StoreError;
use umai::store::{StoreOptions, open};

use crate::index_layout::{make_previous_layout, remove_journal};
use crate::support::fixture::{content, id, save};

/// Small mounted disk, if mounting is permitted.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn new() -> Option<Self> {
        let disk = Self(tempfile::tempdir().unwrap());
        if disk.mount("size=16m,mode=700,nr_inodes=300") {
            return Some(disk);
        }
        eprintln!("NOT CHECKED: not permitted to mount a small file system");
        // Nothing to unmount.
        std::mem::forget(disk);
        None
    }

    fn mount(&self, options: &str) -> bool {
        Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(self.0.path())
            .output()
            .is_ok_and(|done| done.status.success())
    }

    fn set_read_only(&self, is_read_only: bool) {
        assert!(self.mount(if is_read_only {
            "remount,ro"
        } else {
            "remount,rw"
        }));
    }

    fn options(&self, config: &Path) -> StoreOptions {
        StoreOptions {
            data: self.0.path().join("data"),
            config: config.to_owned(),
            key_file: None,
        }
    }

    fn fill_inodes(&self) {
        let mut numbers = 0..1_000;
        let created = |number| fs::File::create(self.0.path().join(format!("file-{number}")));
        assert!(numbers.any(|number| created(number).is_err()));
    }

    fn fill(&self) {
        let mut ballast = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.0.path().join("ballast"))
            .unwrap();
        while ballast.write_all(&[1; 4096]).is_ok() {}
    }

    /// Fills the disk except for this number of bytes.
    fn fill_except(&self, free: u64) {
        self.fill();
        let ballast = fs::OpenOptions::new()
            .write(true)
            .open(self.0.path().join("ballast"))
            .unwrap();
        let length = ballast.metadata().unwrap().len();
        ballast.set_len(length - free).unwrap();
    }

    fn free_space(&self) {
        fs::remove_file(self.0.path().join("ballast")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(self.0.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()));
    }
}

/// Runs umai. Returns its success and its stderr.
fn umai(options: &StoreOptions, arguments: &[&str]) -> (bool, String) {
    let done = output(options, arguments);
    (
        done.status.success(),
        String::from_utf8(done.stderr).unwrap(),
    )
}

/// Findings of `umai doctor`.
fn doctor(options: &StoreOptions) -> String {
    String::from_utf8(output(options, &["doctor"]).stdout).unwrap()
}

fn output(options: &StoreOptions, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_umai"))
        .args(arguments)
        .arg("--data")
        .arg(&options.data)
        .arg("--config")
        .arg(&options.config)
        .env("Full__Key", "sk-of-the-full-disk")
        .output()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn full_disk_permits_reads_and_deletes() {
    let Some(disk) = SmallDisk::new() else {
        return;
    };
    let config = tempfile::tempdir().unwrap();
    let options = disk.options(config.path());
    let store = open(&options).await.unwrap();
    for number in 0..50 {
        store.save(save(number, 1)).await.unwrap();
    }
    disk.fill();
    let mut number = 50;
    let refused = loop {
        match store.save(save(number, 1)).await {
            Ok(_) => number += 1,
            Err(error) => break error,
        }
        assert!(number < 5_000, "the disk did not fill up");
    };
    let StoreError::Other(message) = &refused else {
        panic!("{refused}");
    };
    assert!(message.contains("No space left to save"), "{message}");
    assert_eq!(content(&store).await.len() as u64, number);
    for number in 0..20 {
        store.purge(id(number), 1).await.unwrap();
    }
    assert_eq!(content(&store).await.len() as u64, number - 20);
    store.close().await.unwrap();
    // The next start finds the disk full; commands work too.
    drop(store);
    let (done, message) = umai(&options, &["connections", "list"]);
    assert!(done && message.contains("Nothing is lost"), "{message}");
    let (done, message) = umai(
        &options,
        &[
            "connections",
            "create",
            "--provider",
            "openai",
            "--name",
            "New",
            "--set",
            "apiKey=$Full:Key",
        ],
    );
    assert!(
        !done && message.contains("No space left to save"),
        "{message}"
    );
    let (done, message) = umai(&options, &["backup", "create"]);
    assert!(!done && message.contains("No space left"), "{message}");
    let store = open(&options).await.unwrap();
    assert_eq!(content(&store).await.len() as u64, number - 20);
    for number in 20..40 {
        store.purge(id(number), 1).await.unwrap();
    }
    assert!(store.save(save(number, 1)).await.is_err());
    disk.free_space();
    store.save(save(number, 1)).await.unwrap();
    assert_eq!(content(&store).await.len() as u64, number - 39);
    store.close().await.unwrap();
    let store = open(&options).await.unwrap();
    assert_eq!(content(&store).await.len() as u64, number - 39);
    store.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disk_without_inodes_permits_reads_and_deletes() {
    let Some(disk) = SmallDisk::new() else {
        return;
    };
    let config = tempfile::tempdir().unwrap();
    let options = disk.options(config.path());
    let store = open(&options).await.unwrap();
    for number in 0..5 {
        store.save(save(number, 1)).await.unwrap();
    }
    store.close().await.unwrap();
    disk.fill_inodes();
    let (done, message) = umai(&options, &["connections", "list"]);
    assert!(done && message.contains("has no free inodes"), "{message}");
    let findings = doctor(&options);
    assert!(findings.contains("has no free inodes"), "{findings}");
    let store = open(&options).await.unwrap();
    store.purge(id(0), 1).await.unwrap();
    store.save(save(5, 1)).await.unwrap();
    assert_eq!(content(&store).await.len(), 5);
    store.close().await.unwrap();
    let store = open(&options).await.unwrap();
    assert_eq!(content(&store).await.len(), 5);
    store.close().await.unwrap();
}

#[test]
fn doctor_reports_a_store_that_cannot_be_created() {
    let Some(disk) = SmallDisk::new() else {
        return;
    };
    let config = tempfile::tempdir().unwrap();
    let mut options = disk.options(config.path());
    options.data = disk.0.path().join("new/data");
    assert!(doctor(&options).contains("does not exist yet; created when needed"));
    disk.set_read_only(true);
    let findings = doctor(&options);
    assert!(
        findings.contains("does not exist and cannot be created"),
        "{findings}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_only_disk_permits_reads_only() {
    let Some(disk) = SmallDisk::new() else {
        return;
    };
    let config = tempfile::tempdir().unwrap();
    let options = disk.options(config.path());
    let store = open(&options).await.unwrap();
    for number in 0..5 {
        store.save(save(number, 1)).await.unwrap();
    }
    store.close().await.unwrap();
    disk.set_read_only(true);
    let store = open(&options).await.unwrap();
    // A second process reads it at the same time.
    let (done, message) = umai(&options, &["connections", "list"]);
    assert!(done, "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(message.contains("can be read but not changed"), "{message}");
    let findings = doctor(&options);
    assert!(findings.contains("is read-only"), "{findings}");
    let refused = store.save(save(5, 1)).await.unwrap_err();
    assert!(refused.to_string().contains("is read-only"), "{refused}");
    assert_eq!(content(&store).await.len(), 5);
    disk.set_read_only(false);
    // Another process may have read the store at the same time, so this one must not write it.
    assert!(store.save(save(5, 1)).await.is_err());
    store.close().await.unwrap();
    let store = open(&options).await.unwrap();
    store.save(save(5, 1)).await.unwrap();
    assert_eq!(content(&store).await.len(), 6);
    store.close().await.unwrap();
}

#[tokio::test]
async fn earlier_index_without_journal_is_converted_once_there_is_space() {
    let Some(disk) = SmallDisk::new() else {
        return;
    };
    let options = disk.options(&disk.0.path().join("config"));
    let store = open(&options).await.unwrap();
    store.save(save(1, 1)).await.unwrap();
    store.close().await.unwrap();
    make_previous_layout(&options.data);
    remove_journal(&options.data);
    let database = fs::metadata(options.data.join("sled/db")).unwrap().len();
    // Enough for sled to open the index, but not for another one.
    disk.fill_except((4 << 20) + database / 2);
    let Err(StoreError::Other(why)) = open(&options).await.map(drop) else {
        panic!("an index was converted without space");
    };
    assert!(why.contains("(the disk is almost full)"), "{why}");
    assert!(why.contains("Free some disk space"), "{why}");
    disk.free_space();
    let store = open(&options).await.unwrap();
    assert_eq!(content(&store).await.len(), 1);
    store.close().await.unwrap();
}

#[tokio::test]
async fn index_without_journal_on_an_unusable_disk_is_not_called_damaged() {
    let Some(disk) = SmallDisk::new() else {
        return;
    };
    let options = disk.options(&disk.0.path().join("config"));
    let store = open(&options).await.unwrap();
    store.save(save(1, 1)).await.unwrap();
    store.close().await.unwrap();
    remove_journal(&options.data);
    disk.fill();
    let Err(StoreError::Other(why)) = open(&options).await.map(drop) else {
        panic!("an index was opened on a full disk");
    };
    assert!(why.contains(" is full; nothing was changed"), "{why}");
    assert!(why.contains("Free some space"), "{why}");
    disk.free_space();
    disk.set_read_only(true);
    let Err(StoreError::Other(why)) = open(&options).await.map(drop) else {
        panic!("an index was opened on a read-only disk");
    };
    assert!(why.contains(" is read-only; nothing was changed"), "{why}");
    assert!(!why.contains("backup"), "{why}");
    disk.set_read_only(false);
    let store = open(&options).await.unwrap();
    assert_eq!(content(&store).await.len(), 1);
    store.close().await.unwrap();
}
