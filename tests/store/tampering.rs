//! Someone who can write the data directory, but has no key, changes the store: no key is sent elsewhere, and nothing that was
//! changed is used.

use std::fs;
use std::path::{Path, PathBuf};

use umai::connection::store::Revision;
use umai::connection::{PlainSecret, SettingValue, Settings, StoreError};
use umai::store::backup::restore::{UnsignedPolicy, prepare};
use umai::store::backup::{BackupDestination, SignatureCheck, create};
use umai::store::inspect::survey;
use umai::store::journal::entry::{EntryWalk, JournalEntry, WalkItem};
use umai::store::journal::header::{self, FORMAT, FileHeader};
use umai::store::journal::segment::Segment;
use umai::store::rotation::rotate;

use crate::support::fixture::{Content, content, id, open_in, options, save};
use crate::support::folders::copy;
use crate::support::forgery::{replaced, rewrite_entries, store_files};
use crate::support::index_rows;

const CONNECTIONS: u64 = 3;
const EVIL: &str = "https://evil.example";

/// Creates a closed store; connection 1 has two versions.
async fn store_in(folder: &Path) -> Content {
    let store = open_in(folder).await.unwrap();
    for number in 0..CONNECTIONS {
        store.save(save(number, 1)).await.unwrap();
    }
    store.save(save(1, 2)).await.unwrap();
    let content = content(&store).await;
    store.close().await.unwrap();
    content
}

fn data(folder: &Path) -> PathBuf {
    options(folder).data
}

fn segment(folder: &Path) -> PathBuf {
    store_files(&data(folder)).remove(0)
}

fn remove_index(folder: &Path) {
    fs::remove_dir_all(data(folder).join("sled")).unwrap();
}

fn moved(json: &[u8]) -> Vec<u8> {
    replaced(json, "https://api.example", EVIL)
}

fn text<'a>(settings: &'a Settings<PlainSecret>, key: &str) -> Option<&'a str> {
    settings.get(key).and_then(SettingValue::text)
}

/// Content and notices of a store that still opens.
async fn reopened(folder: &Path) -> (Content, String) {
    let store = open_in(folder).await.unwrap();
    let found = content(&store).await;
    let notices = store.notices().join("\n");
    // The store works normally.
    store.save(save(9, 1)).await.unwrap();
    store.close().await.unwrap();
    let store = open_in(folder).await.unwrap();
    assert_eq!(content(&store).await.len(), found.len() + 1);
    store.close().await.unwrap();
    (found, notices)
}

/// Offsets of the entries of a segment.
fn entries(path: &Path) -> Vec<(usize, usize)> {
    let bytes = fs::read(path).unwrap();
    let mut from = header::LENGTH;
    let mut walk = EntryWalk::new(&bytes, from);
    let mut found = Vec::new();
    while let Some(WalkItem::Entry(_)) = walk.next() {
        found.push((from, walk.at()));
        from = walk.at();
    }
    found
}

#[tokio::test]
async fn endpoint_changed_in_one_entry_loses_that_change_only() {
    let folder = tempfile::tempdir().unwrap();
    let mut expected = store_in(folder.path()).await;
    remove_index(folder.path());
    let path = segment(folder.path());
    rewrite_entries(&path, |entry| match entry.revision {
        3 => moved(entry.payload),
        _ => entry.payload.to_vec(),
    });
    let report = survey(&options(folder.path()));
    let (from, _) = entries(&path)[2];
    let damage = report.damage.unwrap().join("\n");
    assert!(damage.contains(&format!("at byte {from}")), "{damage}");
    let (found, notices) = reopened(folder.path()).await;
    expected.remove(&2);
    assert_eq!(found, expected, "{notices}");
    assert!(
        notices.contains(&format!(
            "was changed without the key in {} at byte {from}",
            path.display()
        )),
        "{notices}"
    );
}

#[tokio::test]
async fn endpoints_changed_in_journal_are_not_used() {
    let folder = tempfile::tempdir().unwrap();
    store_in(folder.path()).await;
    remove_index(folder.path());
    rewrite_entries(&segment(folder.path()), |entry| moved(entry.payload));
    let (found, notices) = reopened(folder.path()).await;
    assert_eq!(found, Content::new());
    assert!(notices.contains("lost"), "{notices}");
}

#[tokio::test]
async fn index_wins_over_changed_journal() {
    let folder = tempfile::tempdir().unwrap();
    let before = store_in(folder.path()).await;
    rewrite_entries(&segment(folder.path()), |entry| moved(entry.payload));
    let (found, notices) = reopened(folder.path()).await;
    assert_eq!(found, before);
    assert!(notices.contains("Nothing is lost"), "{notices}");
}

#[tokio::test]
async fn changed_snapshot_is_replaced_by_its_copy() {
    let folder = tempfile::tempdir().unwrap();
    let before = store_in(folder.path()).await;
    rotate(&options(folder.path())).unwrap();
    remove_index(folder.path());
    let snapshots = store_files(&data(folder.path())).split_off(1);
    assert_eq!(snapshots.len(), 2, "a snapshot and its copy");
    rewrite_entries(&snapshots[1], |entry| moved(entry.payload));
    let (found, notices) = reopened(folder.path()).await;
    assert_eq!(found, before, "{notices}");
    let name = snapshots[1].display().to_string();
    assert!(notices.contains(&name), "{name}: {notices}");
}

#[tokio::test]
async fn changed_snapshots_are_not_used() {
    let folder = tempfile::tempdir().unwrap();
    store_in(folder.path()).await;
    rotate(&options(folder.path())).unwrap();
    remove_index(folder.path());
    for path in store_files(&data(folder.path())).split_off(1) {
        rewrite_entries(&path, |entry| moved(entry.payload));
    }
    let (found, notices) = reopened(folder.path()).await;
    assert_eq!(found, Content::new());
    assert!(notices.contains("are lost"), "{notices}");
}

/// Replaces the endpoint in a block by another one of the same length.
fn replaced_bytes(block: &[u8]) -> Vec<u8> {
    let (from, to) = (b"https://api.example", b"https://evil.exampl");
    let mut changed = block.to_vec();
    let places: Vec<_> = (0..block.len() - from.len())
        .filter(|at| block[*at..].starts_with(from))
        .collect();
    assert!(!places.is_empty());
    for at in places {
        changed[at..at + to.len()].copy_from_slice(to);
    }
    changed
}

#[tokio::test]
async fn changed_index_is_rebuilt_from_journal() {
    let folder = tempfile::tempdir().unwrap();
    let before = store_in(folder.path()).await;
    let data = data(folder.path());
    for (key, value) in index_rows::blocks(&data, "r") {
        // Of the same length, so that only the code is wrong.
        index_rows::plant(&data, &key, Some(replaced_bytes(&value)));
    }
    let (found, notices) = reopened(folder.path()).await;
    assert_eq!(found, before);
    assert!(notices.contains("changed without the key"), "{notices}");
    assert!(notices.contains("rebuilt from the journal"), "{notices}");
}

#[tokio::test]
async fn older_index_row_put_back_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_in(folder.path()).await.unwrap();
    store.save(save(0, 1)).await.unwrap();
    store.close().await.unwrap();
    let data = data(folder.path());
    let (key, older) = index_rows::blocks(&data, "r").remove(0);
    let store = open_in(folder.path()).await.unwrap();
    store.save(save(0, 2)).await.unwrap();
    store.close().await.unwrap();
    index_rows::plant(&data, &key, Some(older));
    let (found, notices) = reopened(folder.path()).await;
    assert_eq!(found, Content::from([(0, 2)]));
    assert!(notices.contains("rebuilt from the journal"), "{notices}");
}

/// Replaces the entries of a segment by those at these places.
fn rearrange(path: &Path, places: &[usize]) {
    let bytes = fs::read(path).unwrap();
    let found = entries(path);
    let mut changed = bytes[..header::LENGTH].to_vec();
    for place in places {
        let (from, to) = found[*place];
        changed.extend_from_slice(&bytes[from..to]);
    }
    fs::write(path, changed).unwrap();
}

#[tokio::test]
async fn older_entry_put_back_is_refused() {
    // The last entry saves version 2 of connection 1; the second one saved its version 1.
    for places in [&[0, 1, 2, 3, 1][..], &[0, 1, 2, 1], &[0, 2, 1]] {
        let folder = tempfile::tempdir().unwrap();
        store_in(folder.path()).await;
        remove_index(folder.path());
        rearrange(&segment(folder.path()), places);
        let (found, notices) = reopened(folder.path()).await;
        let is_intact = found.get(&1) == Some(&2);
        assert_eq!(is_intact, places.contains(&3), "{places:?}: {found:?}");
        assert!(
            notices.contains("changed without the key"),
            "{places:?}: {notices}"
        );
    }
}

#[tokio::test]
async fn older_key_in_newer_entry_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    store_in(folder.path()).await;
    remove_index(folder.path());
    let path = segment(folder.path());
    let bytes = fs::read(&path).unwrap();
    let (from, to) = entries(&path)[1];
    let older = JournalEntry::read(&bytes[from..to]).unwrap();
    rewrite_entries(&path, |entry| match entry.revision {
        4 => older.payload.to_vec(),
        _ => entry.payload.to_vec(),
    });
    let (found, notices) = reopened(folder.path()).await;
    assert_eq!(found.get(&1), Some(&1), "the last authentic version");
    assert!(notices.contains("changed without the key"), "{notices}");
    assert!(notices.contains("Change 4"), "{notices}");
}

#[tokio::test]
async fn entry_without_codes_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    store_in(folder.path()).await;
    let path = segment(folder.path());
    let bytes = fs::read(&path).unwrap();
    let (from, to) = entries(&path)[3];
    let last = JournalEntry::read(&bytes[from..to]).unwrap();
    let mut changed = bytes[..to].to_vec();
    JournalEntry {
        revision: 5,
        codes: None,
        ..last
    }
    .write_in_group(&mut changed);
    fs::write(&path, changed).unwrap();
    let (found, notices) = reopened(folder.path()).await;
    assert_eq!(found.len(), 3);
    assert!(notices.contains("changed without the key"), "{notices}");
}

#[tokio::test]
async fn entries_of_another_connection_or_store_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    copy(folder.path(), other.path());
    store_in(folder.path()).await;
    // Another store with the same key.
    copy(
        &options(folder.path()).config,
        &options(other.path()).config,
    );
    store_in(other.path()).await;
    remove_index(folder.path());
    let path = segment(folder.path());
    let bytes = fs::read(&path).unwrap();
    let foreign = fs::read(segment(other.path())).unwrap();
    let mixed = [&bytes[..header::LENGTH], &foreign[header::LENGTH..]].concat();
    fs::write(&path, mixed).unwrap();
    let (found, notices) = reopened(folder.path()).await;
    assert_eq!(found, Content::new());
    assert!(notices.contains("lost"), "{notices}");
}

#[tokio::test]
async fn key_follows_endpoint_changed_through_the_store() {
    let folder = tempfile::tempdir().unwrap();
    store_in(folder.path()).await;
    let store = open_in(folder.path()).await.unwrap();
    let mut change = save(0, 2);
    let settings = change.connection.settings.as_mut().unwrap();
    settings.set("endpoint", SettingValue::Text("http://localhost:1".into()));
    store.save(change).await.unwrap();
    store.close().await.unwrap();
    let store = open_in(folder.path()).await.unwrap();
    let settings = store.get(id(0)).await.unwrap().unwrap().settings.unwrap();
    assert_eq!(text(&settings, "endpoint"), Some("http://localhost:1"));
    assert_eq!(text(&settings, "apiKey"), Some("sk-planted-0-2"));
    assert_eq!(store.notices(), Vec::<String>::new());
    store.close().await.unwrap();
}

/// Removes the codes of a segment or snapshot, and gives it the format before them.
fn remove_codes(path: &Path) {
    let bytes = fs::read(path).unwrap();
    let mut head = FileHeader::read(&bytes).unwrap();
    head.identity = head.identity.without_codes();
    let mut changed = head.to_bytes().to_vec();
    for item in EntryWalk::new(&bytes, header::LENGTH) {
        let WalkItem::Entry(entry) = item else {
            panic!("{item:?}");
        };
        let payload = moved(entry.payload);
        JournalEntry {
            payload: &payload,
            codes: None,
            ..entry
        }
        .write(&mut changed);
    }
    fs::write(path, changed).unwrap();
}

#[tokio::test]
async fn store_in_format_without_codes_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    store_in(folder.path()).await;
    remove_index(folder.path());
    remove_codes(&segment(folder.path()));
    let Err(StoreError::Other(why)) = open_in(folder.path()).await.map(drop) else {
        panic!("the store was opened");
    };
    assert!(why.contains("earlier format"), "{why}");
    // On a machine that never had the store it is converted, with secrets that nothing opens for the other endpoint.
    fs::remove_file(options(folder.path()).config.join("umai.stores")).unwrap();
    let store = open_in(folder.path()).await.unwrap();
    for number in 0..CONNECTIONS {
        let found = store.get(id(number)).await.unwrap().unwrap();
        let settings = found.settings.unwrap();
        assert_eq!(text(&settings, "endpoint"), Some(EVIL));
        assert_eq!(text(&settings, "apiKey"), None);
    }
    store.close().await.unwrap();
}

#[tokio::test]
async fn planted_header_of_earlier_format_does_not_replace_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let before = store_in(folder.path()).await;
    let planted = data(folder.path()).join("journal/00000000000000009999.log");
    let header =
        fs::read(segment(folder.path())).unwrap()[..umai::store::journal::header::LENGTH].to_vec();
    fs::write(&planted, header).unwrap();
    remove_codes(&planted);
    assert_eq!(reopened(folder.path()).await.0, before);
    let store = open_in(folder.path()).await.unwrap();
    store.close().await.unwrap();
}

#[tokio::test]
async fn snapshot_without_codes_among_others_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let before = store_in(folder.path()).await;
    rotate(&options(folder.path())).unwrap();
    remove_index(folder.path());
    let files = store_files(&data(folder.path()));
    let snapshots = &files[1..];
    remove_codes(&snapshots[1]);
    let (found, notices) = reopened(folder.path()).await;
    assert_eq!(found, before, "the other snapshot is used");
    let name = snapshots[1].display().to_string();
    assert!(notices.contains(&name), "{name}: {notices}");
}

#[tokio::test]
async fn store_restored_without_its_key_is_authenticated_once_the_key_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let before = store_in(folder.path()).await;
    let options = options(folder.path());
    let backup = create(&options, &BackupDestination::Store, chrono::Utc::now()).unwrap();
    let key = options.config.join("umai.key");
    let kept = folder.path().join("kept.key");
    fs::rename(&key, &kept).unwrap();
    let prepared = prepare(&options, &backup.path, UnsignedPolicy::Refuse).unwrap();
    assert_eq!(prepared.signature, SignatureCheck::NoKey);
    prepared.execute(chrono::Utc::now()).unwrap();
    assert!(matches!(
        open_in(folder.path()).await.map(drop),
        Err(StoreError::Key(_))
    ));
    fs::rename(&kept, &key).unwrap();
    let (found, notices) = reopened(folder.path()).await;
    assert_eq!(found, before);
    assert!(notices.contains("converted to the format"), "{notices}");
    let segment = Segment::all(&options.data.join("journal"))
        .unwrap()
        .remove(0);
    let (_, head) = segment.read(None).unwrap();
    assert_eq!(head.unwrap().identity.format, FORMAT);
}

#[tokio::test]
async fn garbage_named_as_snapshot_does_not_decide_the_revision() {
    for number in [500, u64::MAX] {
        for planted in ["garbage", "header"] {
            let folder = tempfile::tempdir().unwrap();
            let before = store_in(folder.path()).await;
            let options = options(folder.path());
            remove_index(folder.path());
            let (_, head) = Segment::all(&options.data.join("journal")).unwrap()[0]
                .read(None)
                .unwrap();
            let forged = FileHeader {
                revision: number,
                ..head.unwrap()
            };
            let bytes = match planted {
                "garbage" => [7; header::LENGTH],
                _ => forged.to_bytes(),
            };
            let snapshots = options.data.join("snapshots");
            fs::create_dir_all(&snapshots).unwrap();
            fs::write(snapshots.join(format!("{number:020}.snapshot")), bytes).unwrap();
            let place = BackupDestination::File(folder.path().join("a.backup"));
            let made = create(&options, &place, chrono::Utc::now()).unwrap();
            assert_eq!(made.label.header.revision, 4, "{number} {planted}");
            let store = open_in(folder.path()).await.unwrap();
            assert_eq!(store.revision(), Revision(4), "{number} {planted}");
            store.close().await.unwrap();
            let (found, notices) = reopened(folder.path()).await;
            assert_eq!(found, before, "{number} {planted}");
            assert!(!notices.contains("lost"), "{notices}");
            // Without the key everything that has a checksum counts, but nothing overflows.
            fs::remove_file(options.config.join("umai.key")).unwrap();
            let _ = survey(&options);
        }
    }
}

#[tokio::test]
async fn backup_is_not_signed_for_files_that_were_not_authenticated() {
    let folder = tempfile::tempdir().unwrap();
    store_in(folder.path()).await;
    let options = options(folder.path());
    rotate(&options).unwrap();
    let mut files = store_files(&options.data);
    fs::remove_file(files.remove(0)).unwrap();
    for snapshot in &files {
        rewrite_entries(snapshot, |entry| moved(entry.payload));
    }
    // The newest snapshot by name has an earlier format, which has no codes, and no content.
    let mut head = FileHeader::for_path(&files[0]).unwrap().unwrap();
    head.identity.format = FORMAT - 1;
    let planted = options
        .data
        .join("snapshots")
        .join(format!("0{}.snapshot", head.revision));
    fs::write(planted, head.to_bytes()).unwrap();
    let refused = create(&options, &BackupDestination::Store, chrono::Utc::now());
    let Err(StoreError::Other(why)) = refused else {
        panic!("{refused:?}");
    };
    // The header does not make the store one of the earlier format, and nothing else in it is authentic.
    assert!(why.contains("no readable store"), "{why}");
}
