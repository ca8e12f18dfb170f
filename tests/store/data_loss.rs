//! Stores with intact but incomplete snapshots and indexes: the store is recovered from other files, or the loss is reported.

use std::fs;
use std::path::{Path, PathBuf};

use futures_util::future::join_all;
use umai::store::journal::digest::{StateDigest, record_hash, version_hash};
use umai::store::journal::entry::{EntryKind, EntryWalk, JournalEntry, WalkItem};
use umai::store::journal::header::{self, FileHeader, NewFile};
use umai::store::journal::segment::{ActiveSegment, Segment};
use umai::store::journal::{retention, snapshot};

use crate::support::fixture::{Content, content, open_in, save};
use crate::support::index_rows::{self, auth};

const CONNECTIONS: u64 = 40;

/// Creates a closed store with connections in their first version.
async fn store_in(folder: &Path) -> Content {
    let store = open_in(folder).await.unwrap();
    join_all((0..CONNECTIONS).map(|number| store.save(save(number, 1)))).await;
    let content = content(&store).await;
    store.close().await.unwrap();
    content
}

/// Revision, connection and payload of a change.
type JournaledChange = (u64, uuid::Uuid, Vec<u8>);

/// Reads the only segment of a store: a header for its end, and the changes.
fn journal(data: &Path) -> (FileHeader, Vec<JournaledChange>) {
    let segment = Segment::all(&data.join("journal")).unwrap().remove(0);
    let (bytes, read) = segment.read(None).unwrap();
    let mut head = read.unwrap();
    let mut changes = Vec::new();
    for step in EntryWalk::new(&bytes, header::LENGTH) {
        if let WalkItem::Entry(entry) = step {
            head.revision = entry.revision;
            head.digest = entry.digest;
            changes.push((entry.revision, entry.id, entry.payload.to_vec()));
        }
    }
    (head, changes)
}

/// Writes a snapshot at the end of the journal that has only the first connections.
fn write_snapshot(
    data: &Path,
    head: &FileHeader,
    has: usize,
    payload: fn(&[u8]) -> Vec<u8>,
) -> PathBuf {
    let (_, changes) = journal(data);
    let rows = |writer: &mut snapshot::SnapshotWriter<'_>| {
        for (revision, id, json) in &changes[..has] {
            writer.add(&JournalEntry {
                kind: EntryKind::Record,
                revision: *revision,
                id: *id,
                number: 1,
                digest: StateDigest::default(),
                payload: &payload(json),
                codes: None,
            })?;
        }
        Ok(())
    };
    let auth = auth(data);
    let file = NewFile {
        head,
        auth: Some(&auth),
    };
    snapshot::write(data, file, rows, |_| Ok(())).unwrap();
    data.join(format!("snapshots/{:020}.snapshot", head.revision))
}

/// Digest of the first connections.
fn digest_of(data: &Path, has: usize) -> StateDigest {
    let (_, changes) = journal(data);
    changes[..has]
        .iter()
        .map(|(revision, id, _)| record_hash(*id, *revision, version_hash(*id, 1, *revision)))
        .fold(StateDigest::default(), StateDigest::with)
}

/// Reduces an index to the first connections and makes it consistent.
fn reduce_index(data: &Path, head: &FileHeader, has: usize) {
    let (_, changes) = journal(data);
    let lost: Vec<uuid::Uuid> = changes[has..].iter().map(|change| change.1).collect();
    for (key, value) in index_rows::rows(data, "") {
        let id = match key[0] {
            b'r' => uuid::Uuid::from_slice(&key[1..17]).unwrap(),
            b'a' => uuid::Uuid::from_slice(&value[4..20]).unwrap(),
            b'o' => uuid::Uuid::from_slice(&value[12..28]).unwrap(),
            _ => continue,
        };
        if lost.contains(&id) {
            index_rows::remove(data, &key);
        }
    }
    let (key, mut applied) = index_rows::rows(data, "m").remove(0);
    applied[12..20].copy_from_slice(&head.digest.count.to_le_bytes());
    applied[20..28].copy_from_slice(&head.digest.sum.to_le_bytes());
    let mut sum = crc32fast::Hasher::new();
    sum.update(&key);
    sum.update(&applied[4..]);
    applied[..4].copy_from_slice(&sum.finalize().to_le_bytes());
    index_rows::insert(data, (key, applied));
}

/// Starts a new segment and removes the journal before it.
fn remove_journal_start(data: &Path, end: &FileHeader) {
    fs::remove_dir_all(data.join("journal")).unwrap();
    fs::create_dir(data.join("journal")).unwrap();
    let next = FileHeader {
        revision: end.revision + 1,
        ..end.clone()
    };
    let auth = auth(data);
    let file = NewFile {
        head: &next,
        auth: Some(&auth),
    };
    ActiveSegment::create(&data.join("journal"), file).unwrap();
}

#[tokio::test]
async fn incomplete_snapshot_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let before = store_in(folder.path()).await;
    let data = folder.path().join("data");
    let (head, _) = journal(&data);
    let path = write_snapshot(&data, &head, 25, <[u8]>::to_vec);
    fs::remove_dir_all(data.join("sled")).unwrap();
    let store = open_in(folder.path()).await.unwrap();
    assert_eq!(content(&store).await, before);
    let notices = store.notices().join(" ");
    assert!(notices.contains("nothing is lost"), "{notices}");
    store.close().await.unwrap();
    assert!(!path.exists());
    assert!(
        data.join("damaged")
            .join(path.file_name().unwrap())
            .exists()
    );
    let store = open_in(folder.path()).await.unwrap();
    assert_eq!(store.notices(), Vec::<String>::new());
    store.close().await.unwrap();
}

#[tokio::test]
async fn snapshot_with_malformed_rows_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let before = store_in(folder.path()).await;
    let data = folder.path().join("data");
    let (head, _) = journal(&data);
    write_snapshot(&data, &head, 40, |_| b"{\"alias\":\"x\"}".to_vec());
    fs::remove_dir_all(data.join("sled")).unwrap();
    let store = open_in(folder.path()).await.unwrap();
    assert_eq!(content(&store).await, before);
    store.close().await.unwrap();
}

#[tokio::test]
async fn incomplete_index_and_snapshot_are_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let before = store_in(folder.path()).await;
    let data = folder.path().join("data");
    let (mut head, _) = journal(&data);
    head.digest = digest_of(&data, 25);
    write_snapshot(&data, &head, 25, <[u8]>::to_vec);
    reduce_index(&data, &head, 25);
    let store = open_in(folder.path()).await.unwrap();
    assert_eq!(content(&store).await, before);
    let notices = store.notices().join(" ");
    assert!(notices.contains("rebuilt from the journal"), "{notices}");
    store.close().await.unwrap();
}

#[tokio::test]
async fn data_loss_is_reported_at_every_start() {
    let folder = tempfile::tempdir().unwrap();
    store_in(folder.path()).await;
    let data = folder.path().join("data");
    let (head, _) = journal(&data);
    let path = write_snapshot(&data, &head, 25, <[u8]>::to_vec);
    let damaged = path.with_extension("copy");
    fs::write(&damaged, "damaged").unwrap();
    remove_journal_start(&data, &head);
    fs::remove_dir_all(data.join("sled")).unwrap();
    for more in 0..3 {
        let store = open_in(folder.path()).await.unwrap();
        let notices = store.notices().join(" ");
        assert!(notices.contains("records 40 connections"), "{notices}");
        assert!(notices.contains("15 are missing"), "{notices}");
        store.save(save(1_000 + more, 1)).await.unwrap();
        assert_eq!(content(&store).await.len() as u64, 26 + more);
        store.close().await.unwrap();
        assert!(path.exists());
        assert!(!notices.contains("nothing is lost"), "{notices}");
        assert_eq!(snapshot::all(&data).unwrap().len(), 2);
        if more < 2 {
            // As when a later process finds no index.
            fs::remove_dir_all(data.join("sled")).unwrap();
        }
    }
    fs::remove_file(&damaged).unwrap();
    fs::remove_file(data.join("damaged/missing.txt")).unwrap();
    let store = open_in(folder.path()).await.unwrap();
    assert_eq!(store.notices(), Vec::<String>::new());
    assert_eq!(content(&store).await.len(), 28);
    store.close().await.unwrap();
}

#[tokio::test]
async fn incomplete_snapshot_is_completed_from_damaged_index() {
    let folder = tempfile::tempdir().unwrap();
    let before = store_in(folder.path()).await;
    let data = folder.path().join("data");
    let (head, changes) = journal(&data);
    write_snapshot(&data, &head, 25, <[u8]>::to_vec);
    remove_journal_start(&data, &head);
    let known = [b"r".as_slice(), changes[3].1.as_bytes()].concat();
    index_rows::remove(&data, &known);
    let store = open_in(folder.path()).await.unwrap();
    assert_eq!(content(&store).await, before);
    let notices = store.notices().join(" ");
    assert!(notices.contains("rebuilt"), "{notices}");
    assert!(!notices.contains("missing"), "{notices}");
    store.close().await.unwrap();
}

#[tokio::test]
async fn unverified_snapshot_is_not_published() {
    let folder = tempfile::tempdir().unwrap();
    store_in(folder.path()).await;
    let data = folder.path().join("data");
    let (head, _) = journal(&data);
    let refused = snapshot::write(
        &data,
        NewFile {
            head: &head,
            auth: None,
        },
        |_| Ok(()),
        |written| {
            assert!(written.exists());
            Err(std::io::Error::other("not verified"))
        },
    );
    assert!(refused.is_err());
    assert_eq!(fs::read_dir(data.join("snapshots")).unwrap().count(), 0);
}

#[tokio::test]
async fn verified_snapshot_is_kept_despite_newer_unverified_ones() {
    let folder = tempfile::tempdir().unwrap();
    store_in(folder.path()).await;
    let data = folder.path().join("data");
    let (mut head, _) = journal(&data);
    write_snapshot(&data, &head, 40, <[u8]>::to_vec);
    for _ in 0..3 {
        head.revision += 1;
        write_snapshot(&data, &head, 1, <[u8]>::to_vec);
    }
    retention::prune(&data, head.revision - 3).unwrap();
    assert_eq!(snapshot::all(&data).unwrap().len(), 4);
}
