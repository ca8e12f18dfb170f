//! Backups: a restore recovers everything, and damaged or modified backups are detected.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use umai::connection::StoreError;
use umai::store::backup::file::{self, BackupFault};
use umai::store::backup::folder::BackupFolder;
use umai::store::backup::keys::AvailableKeys;
use umai::store::backup::restore::{UnsignedPolicy, prepare};
use umai::store::backup::{Backup, BackupDestination, SignatureCheck, create, verify};
use umai::store::journal::entry::{EntryWalk, JournalEntry, WalkItem};

use crate::support::fixture::{Content, content, id, open_in, options, random, save};

fn now() -> DateTime<Utc> {
    Utc::now()
}

fn backup(folder: &Path) -> Backup {
    create(&options(folder), &BackupDestination::Store, now()).unwrap()
}

fn restore(folder: &Path, backup: &Path) -> Option<PathBuf> {
    let prepared = prepare(&options(folder), backup, UnsignedPolicy::Refuse).unwrap();
    prepared.execute(now()).unwrap().aside
}

/// Creates a closed store with a few connections, one of them with two versions, and a backup of it.
async fn small_store(folder: &Path) -> (Content, PathBuf) {
    let store = open_in(folder).await.unwrap();
    for number in 0..3 {
        store.save(save(number, 1)).await.unwrap();
    }
    store.save(save(1, 2)).await.unwrap();
    let content = content(&store).await;
    store.close().await.unwrap();
    (content, backup(folder).path)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restore_recovers_content_of_backup() {
    let folder = tempfile::tempdir().unwrap();
    let mut expected = Content::new();
    let mut backups: Vec<(PathBuf, Content)> = Vec::new();
    for round in 0..12 {
        let store = open_in(folder.path()).await.unwrap();
        assert_eq!(content(&store).await, expected, "round {round}");
        assert_eq!(store.notices(), Vec::<String>::new(), "round {round}");
        let before = store.revision();
        for _ in 0..random(40) {
            let number = random(20);
            match expected.get(&number).copied() {
                None => {
                    store.save(save(number, 1)).await.unwrap();
                    expected.insert(number, 1);
                }
                Some(version) if random(4) == 0 => {
                    store.purge(id(number), version).await.unwrap();
                    expected.remove(&number);
                }
                Some(version) => {
                    store.save(save(number, version + 1)).await.unwrap();
                    expected.insert(number, version + 1);
                }
            }
        }
        if random(2) == 0 {
            // While the store is open.
            backups.push((backup(folder.path()).path, expected.clone()));
        }
        let newest = store.revision();
        store.close().await.unwrap();
        drop(store);
        if random(2) == 0 {
            backups.push((backup(folder.path()).path, expected.clone()));
        }
        if !backups.is_empty() && random(3) > 0 {
            let (path, then) = &backups[random(backups.len() as u64) as usize];
            restore(folder.path(), path).unwrap();
            expected.clone_from(then);
            let store = open_in(folder.path()).await.unwrap();
            assert!(
                store.revision() > newest.max(before),
                "a revision is used twice"
            );
            store.close().await.unwrap();
        }
    }
    let keys = AvailableKeys::find(&options(folder.path()));
    for (path, then) in &backups {
        let verified = verify(path, &keys).unwrap();
        assert_eq!(verified.signature, SignatureCheck::Valid);
        assert_eq!(verified.connections, (then.len(), 0));
        assert_eq!(verified.secrets, Some((then.len(), then.len())));
    }
}

#[tokio::test]
async fn flipped_or_truncated_backup_is_detected() {
    let folder = tempfile::tempdir().unwrap();
    let (before, path) = small_store(folder.path()).await;
    let whole = fs::read(&path).unwrap();
    let damaged = folder.path().join("damaged.backup");
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << random(8);
        fs::write(&damaged, &bytes).unwrap();
        assert!(file::read(&damaged).is_err(), "a flip in byte {at}");
    }
    for length in 0..whole.len() {
        fs::write(&damaged, &whole[..length]).unwrap();
        assert!(file::read(&damaged).is_err(), "cut to {length} bytes");
    }
    for more in [1, 127, 128, 129] {
        let mut bytes = whole.clone();
        bytes.extend(vec![0; more]);
        fs::write(&damaged, &bytes).unwrap();
        assert!(file::read(&damaged).is_err(), "{more} bytes more");
        let doubled = [&whole[..], &whole[whole.len() - more..]].concat();
        fs::write(&damaged, doubled).unwrap();
        assert!(file::read(&damaged).is_err(), "{more} bytes twice");
    }
    // None of this affected the store.
    let store = open_in(folder.path()).await.unwrap();
    assert_eq!(content(&store).await, before);
    store.close().await.unwrap();
}

/// Backup in which a text was modified without the key, with all checksums recomputed.
fn forge(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let (rows, trailer) = bytes.split_at(bytes.len() - 128);
    let mut forged = rows[..128].to_vec();
    for step in EntryWalk::new(rows, 128) {
        let WalkItem::Entry(entry) = step else {
            panic!("the backup is damaged");
        };
        let text = String::from_utf8(entry.payload.to_vec()).unwrap();
        let text = text.replace(from, to);
        let payload = text.as_bytes();
        JournalEntry { payload, ..entry }.write(&mut forged);
    }
    forged.extend(trailer);
    recompute_checksums(&mut forged);
    forged
}

/// Recomputes the checksum of the header, and those in the trailer.
fn recompute_checksums(backup: &mut [u8]) {
    let set = |part: &mut [u8]| {
        let mut sum = crc32fast::Hasher::new();
        sum.update(&part[..12]);
        sum.update(&part[16..]);
        part[12..16].copy_from_slice(&sum.finalize().to_le_bytes());
    };
    set(&mut backup[..128]);
    let (rows, trailer) = backup.split_at_mut(backup.len() - 128);
    trailer[32..64].copy_from_slice(&Sha256::digest(rows));
    set(trailer);
}

/// Removes the signature of a backup.
fn remove_signature(backup: &mut [u8]) {
    let trailer = backup.len() - 128;
    backup[trailer + 25] = 0;
    backup[trailer + 64..trailer + 104].fill(0);
    recompute_checksums(backup);
}

#[tokio::test]
async fn unsigned_backup_is_refused_when_its_key_is_available() {
    let folder = tempfile::tempdir().unwrap();
    let (before, path) = small_store(folder.path()).await;
    let options = options(folder.path());
    let mut bytes = forge(&fs::read(&path).unwrap(), "Connection 1", "Connection 9");
    remove_signature(&mut bytes);
    fs::write(&path, &bytes).unwrap();
    let Err(StoreError::Other(message)) =
        prepare(&options, &path, UnsignedPolicy::Refuse).map(drop)
    else {
        panic!("the backup was accepted");
    };
    assert!(message.contains("--allow-unsigned"), "{message}");
    let prepared = prepare(&options, &path, UnsignedPolicy::Allow).unwrap();
    assert_eq!(prepared.signature, SignatureCheck::Unsigned);
    prepared.execute(now()).unwrap();
    let store = open_in(folder.path()).await.unwrap();
    let restored = store.get(id(1)).await.unwrap().unwrap();
    assert_eq!(restored.item.name, "Connection 9, version 2");
    store.close().await.unwrap();
    // Without the key no signature can be checked anyway.
    fs::remove_file(options.config.join("umai.key")).unwrap();
    prepare(&options, &path, UnsignedPolicy::Refuse).unwrap();
    assert_eq!(before.len(), 3);
}

#[tokio::test]
async fn backup_with_the_last_possible_revision_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (before, path) = small_store(folder.path()).await;
    let options = options(folder.path());
    let mut bytes = fs::read(&path).unwrap();
    bytes[32..40].copy_from_slice(&u64::MAX.to_le_bytes());
    remove_signature(&mut bytes);
    fs::write(&path, &bytes).unwrap();
    let prepared = prepare(&options, &path, UnsignedPolicy::Allow).unwrap();
    let Err(StoreError::Other(message)) = prepared.execute(now()) else {
        panic!("the backup was restored");
    };
    assert!(message.contains("no change is possible"), "{message}");
    let store = open_in(folder.path()).await.unwrap();
    assert_eq!(content(&store).await, before);
    store.close().await.unwrap();
}

#[tokio::test]
async fn backup_modified_without_key_is_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let (before, path) = small_store(folder.path()).await;
    let forged = folder.path().join("forged.backup");
    let bytes = forge(&fs::read(&path).unwrap(), "openai", "evilai");
    fs::write(&forged, bytes).unwrap();
    let options = options(folder.path());
    assert!(file::read(&forged).is_ok(), "every checksum is right");
    let verified = verify(&forged, &AvailableKeys::find(&options)).unwrap();
    assert_eq!(verified.signature, SignatureCheck::Invalid);
    let Err(StoreError::Other(message)) =
        prepare(&options, &forged, UnsignedPolicy::Refuse).map(drop)
    else {
        panic!("the backup was accepted");
    };
    assert!(
        message.contains("was modified without the key"),
        "{message}"
    );
    // With the original trailer, whose seal belongs to other content.
    let mut other = fs::read(&forged).unwrap();
    let right = fs::read(&path).unwrap();
    let length = other.len();
    other[length - 128..].copy_from_slice(&right[right.len() - 128..]);
    fs::write(&forged, &other).unwrap();
    assert_eq!(file::read(&forged).map(drop), Err(BackupFault::Mismatch));
    let bytes = forge(&right, "openai", "evilai");
    fs::write(&forged, bytes).unwrap();
    // Without the key a modification cannot be detected, and the result reports that.
    fs::remove_file(options.config.join("umai.key")).unwrap();
    let verified = verify(&forged, &AvailableKeys::find(&options)).unwrap();
    assert_eq!(verified.signature, SignatureCheck::NoKey);
    let same = forge(&fs::read(&path).unwrap(), "openai", "openai");
    assert_eq!(
        same,
        fs::read(&path).unwrap(),
        "the forged file is otherwise identical"
    );
    assert_eq!(before.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backup_during_writes_has_acknowledged_changes() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_in(folder.path()).await.unwrap();
    let (stop, done) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let writing = {
        let (store, stop, done) = (Arc::clone(&store), Arc::clone(&stop), Arc::clone(&done));
        tokio::spawn(async move {
            let mut number = 0;
            while !stop.load(Ordering::Acquire) {
                store.save(save(number, 1)).await.unwrap();
                number += 1;
                done.store(number, Ordering::Release);
            }
        })
    };
    let mut backups = Vec::new();
    for _ in 0..10 {
        let path = folder.path().to_owned();
        let acknowledged = done.load(Ordering::Acquire);
        let made = tokio::task::spawn_blocking(move || backup(&path))
            .await
            .unwrap();
        assert!(made.label.header.digest.count >= acknowledged);
        backups.push(made);
    }
    stop.store(true, Ordering::Release);
    writing.await.unwrap();
    store.close().await.unwrap();
    for made in backups {
        restore(folder.path(), &made.path);
        let store = open_in(folder.path()).await.unwrap();
        let found = content(&store).await;
        assert_eq!(found.len() as u64, made.label.header.digest.count);
        assert!(found.keys().copied().eq(0..found.len() as u64));
        store.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restore_is_rejected_while_store_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let (before, path) = small_store(folder.path()).await;
    let store = open_in(folder.path()).await.unwrap();
    let prepared = prepare(&options(folder.path()), &path, UnsignedPolicy::Refuse).unwrap();
    let restoring = tokio::task::spawn_blocking(|| prepared.execute(now()));
    let Err(StoreError::Other(message)) = restoring.await.unwrap() else {
        panic!("the backup was restored");
    };
    assert!(message.contains("is in use by another umai"), "{message}");
    assert!(
        message.contains(&std::process::id().to_string()),
        "{message}"
    );
    assert_eq!(content(&store).await, before);
    store.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restore_is_rejected_after_later_change() {
    let folder = tempfile::tempdir().unwrap();
    let (_, path) = small_store(folder.path()).await;
    let prepared = prepare(&options(folder.path()), &path, UnsignedPolicy::Refuse).unwrap();
    let store = open_in(folder.path()).await.unwrap();
    store.save(save(7, 1)).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    let Err(StoreError::Other(message)) = prepared.execute(now()) else {
        panic!("the backup was restored");
    };
    assert!(message.contains("changed in the meantime"), "{message}");
    let store = open_in(folder.path()).await.unwrap();
    assert_eq!(content(&store).await.len(), 4);
    store.close().await.unwrap();
}

#[tokio::test]
async fn restore_reports_and_keeps_damaged_store() {
    let folder = tempfile::tempdir().unwrap();
    let (before, path) = small_store(folder.path()).await;
    let store = open_in(folder.path()).await.unwrap();
    store.save(save(8, 1)).await.unwrap();
    store.save(save(9, 1)).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    let data = options(folder.path()).data;
    let segment = data.join("journal/00000000000000000001.log");
    let mut bytes = fs::read(&segment).unwrap();
    bytes[200] ^= 1;
    fs::write(&segment, &bytes).unwrap();
    fs::remove_dir_all(data.join("sled")).unwrap();
    let prepared = prepare(&options(folder.path()), &path, UnsignedPolicy::Refuse).unwrap();
    let comparison = prepared.comparison.clone();
    let message = comparison.trouble.unwrap();
    assert!(message.contains("damaged at byte 128"), "{message}");
    let names: Vec<String> = comparison
        .only_in_store
        .into_iter()
        .map(|named| named.alias)
        .collect();
    assert_eq!(names, ["alias-8-1", "alias-9-1"]);
    let aside = prepared.execute(now()).unwrap().aside.unwrap();
    let kept = aside.join("journal/00000000000000000001.log");
    assert_eq!(fs::read(kept).unwrap(), bytes);
    let store = open_in(folder.path()).await.unwrap();
    assert_eq!(content(&store).await, before);
    store.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_creates_backup_only_after_changes() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = BackupFolder::for_store(&options(folder.path()).data);
    let store = open_in(folder.path()).await.unwrap();
    store.close().await.unwrap();
    assert_eq!(shelf.all().unwrap(), [], "an empty store needs no backup");
    let store = open_in(folder.path()).await.unwrap();
    store.save(save(1, 1)).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    let made = shelf.all().unwrap();
    assert_eq!(made.len(), 1);
    let keys = AvailableKeys::find(&options(folder.path()));
    let verified = verify(&made[0].path, &keys).unwrap();
    assert_eq!(verified.signature, SignatureCheck::Valid);
    for _ in 0..3 {
        let store = open_in(folder.path()).await.unwrap();
        store.close().await.unwrap();
    }
    assert_eq!(shelf.all().unwrap(), made);
}

#[test]
fn other_file_is_distinguished_from_damaged_backup() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.backup");
    for content in [b"".as_slice(), b"text", &[0; 4096]] {
        fs::write(&path, content).unwrap();
        assert_eq!(file::read(&path).map(drop), Err(BackupFault::Foreign));
        assert_eq!(file::label(&path), Err(BackupFault::Foreign));
    }
}
