//! An index of an earlier version of umai is converted without a loss, also of what only it has; one of a newer version is not read.

use std::fs;
use std::path::{Path, PathBuf};

use futures_util::future::join_all;
use rstest::rstest;
use umai::connection::{ListQuery, StoreError};
use umai::store::sled::index_header::LAYOUT;

use crate::support::fixture::{Content, EVERYTHING, content, id, open_in, save};
use crate::support::folders::{self, files};
use crate::support::index_rows;

/// Creates a closed store with connections in several versions, of which one was purged.
async fn store_in(folder: &Path) -> Content {
    let store = open_in(folder).await.unwrap();
    join_all((0..30).map(|number| store.save(save(number, 1)))).await;
    for version in 2..=3 {
        store.save(save(5, version)).await.unwrap();
    }
    store.purge(id(7), 1).await.unwrap();
    store.save(save(8, 2)).await.unwrap();
    let content = content(&store).await;
    store.close().await.unwrap();
    content
}

/// Calculates the checksum at the beginning of a row.
fn with_checksum(key: &[u8], body: &[u8]) -> Vec<u8> {
    let sum = crc32fast::hash(&[key, body].concat());
    [&sum.to_le_bytes()[..], body].concat()
}

/// Returns the rows with list entries that this version cannot read, and a header with another layout at its end.
fn rows_of(data: &Path, layout: &[u8]) -> Vec<index_rows::Row> {
    let mut rows = index_rows::rows(data, "");
    for (key, row) in &mut rows {
        let end = row.len();
        match key[0] {
            b'o' => *row = with_checksum(key, &[&row[4..28], b"{}"].concat()),
            b'm' => *row = with_checksum(key, &[&row[4..end - 1], layout].concat()),
            _ => {}
        }
    }
    rows
}

/// Changes the index to one of another layout.
fn make_layout(data: &Path, layout: &[u8]) {
    for row in rows_of(data, layout) {
        index_rows::insert(data, row);
    }
}

/// Changes the index to one of the version before layout 1.
fn make_layout_0(data: &Path) {
    make_layout(data, &[]);
}

pub fn make_previous_layout(data: &Path) {
    make_layout(data, &[LAYOUT - 1]);
}

/// Changes the index to one of umai 0.2, where each row is a value of sled.
fn make_single_rows(data: &Path) {
    let rows = rows_of(data, &[]);
    fs::remove_dir_all(data.join("sled")).unwrap();
    let auth = index_rows::auth(data);
    let db = sled::open(data.join("sled")).unwrap();
    for (key, row) in rows {
        let code = auth.code("row", &[&key, &row]);
        db.insert(key, [&row[..], &code].concat()).unwrap();
    }
}

fn make_newer(data: &Path) {
    make_layout(data, &[LAYOUT + 1]);
}

fn change_journal(data: &Path, change: impl FnOnce(&mut Vec<u8>, usize)) {
    let segment = files(&data.join("journal")).remove(0);
    let mut bytes = fs::read(&segment).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    change(&mut bytes, used);
    fs::write(segment, bytes).unwrap();
}

pub fn remove_journal(data: &Path) {
    fs::remove_dir_all(data.join("journal")).unwrap();
    // A small store may have none.
    let _ = fs::remove_dir_all(data.join("snapshots"));
}

/// Checks the content after a start and after another one, and returns the notices of the first.
async fn check(folder: &Path, before: &Content) -> String {
    let store = open_in(folder).await.unwrap();
    assert_eq!(content(&store).await, *before);
    let listed = store.list(&ListQuery::all(EVERYTHING)).await.unwrap().items;
    let endpoints = listed.iter().map(|item| item.endpoint.as_deref());
    assert!(endpoints.eq(listed.iter().map(|_| Some("https://api.example"))));
    let versions = store.versions(id(5), EVERYTHING);
    assert_eq!(versions.await.unwrap().items.len(), 3);
    let notices = store.notices().join("\n");
    store.close().await.unwrap();
    let data = folder.join("data");
    let (_, header) = index_rows::rows(&data, "m").remove(0);
    assert_eq!(header.last(), Some(&LAYOUT));
    for name in ["sled.new", "sled.earlier"] {
        assert!(!data.join(name).exists(), "{name}");
    }
    let store = open_in(folder).await.unwrap();
    assert_eq!(content(&store).await, *before);
    store.close().await.unwrap();
    notices
}

type Make = fn(&Path);

#[rstest]
#[case::single_rows(make_single_rows)]
#[case::layout_0(make_layout_0)]
#[case::previous_layout(make_previous_layout)]
#[tokio::test]
async fn index_of_an_earlier_version_is_converted(#[case] make: Make) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let before = store_in(folder.path()).await;
    make(&data);
    assert_eq!(check(folder.path(), &before).await, "");
    assert!(!data.join("damaged").exists());
}

#[rstest]
#[case::single_rows(make_single_rows)]
#[case::layout_0(make_layout_0)]
#[tokio::test]
async fn converted_index_has_what_the_journal_lost(#[case] make: Make) {
    for at in [3, 2] {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let before = store_in(folder.path()).await;
        make(&data);
        change_journal(&data, |bytes, used| bytes[used * at / 4] ^= 1);
        let notices = check(folder.path(), &before).await;
        assert!(notices.contains("damaged"), "{notices}");
        assert!(!notices.contains("lost:"), "{notices}");
    }
}

#[rstest]
#[case::single_rows(make_single_rows)]
#[case::layout_0(make_layout_0)]
#[tokio::test]
async fn converted_index_has_the_lost_end_of_the_journal(#[case] make: Make) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let before = store_in(folder.path()).await;
    make(&data);
    change_journal(&data, |bytes, used| bytes[used / 2..].fill(0));
    let notices = check(folder.path(), &before).await;
    assert!(notices.contains("Nothing is lost"), "{notices}");
}

#[rstest]
#[case::single_rows(make_single_rows)]
#[case::layout_0(make_layout_0)]
#[tokio::test]
async fn index_of_an_earlier_version_is_all_that_is_left(#[case] make: Make) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let before = store_in(folder.path()).await;
    make(&data);
    remove_journal(&data);
    let notices = check(folder.path(), &before).await;
    assert!(notices.contains("The journal was not found"), "{notices}");
}

#[tokio::test]
async fn damaged_index_of_an_earlier_version_is_rebuilt() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let before = store_in(folder.path()).await;
    make_single_rows(&data);
    index_rows::plant(&data, b"aalias-9-1", Some(b"damaged".to_vec()));
    let notices = check(folder.path(), &before).await;
    assert!(notices.contains("rebuilt from the journal"), "{notices}");
    let why = "earlier version of umai and cannot be converted: a row is damaged";
    assert!(notices.contains(why), "{notices}");
}

#[tokio::test]
async fn damaged_index_of_an_earlier_version_is_not_used_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    store_in(folder.path()).await;
    make_single_rows(&data);
    remove_journal(&data);
    index_rows::plant(&data, b"aalias-9-1", Some(b"damaged".to_vec()));
    let Err(StoreError::Other(why)) = open_in(folder.path()).await.map(drop) else {
        panic!("an index with a row that is not authentic was used");
    };
    assert!(why.contains("no readable journal"), "{why}");
    assert!(why.contains("(a row is damaged"), "{why}");
    assert!(why.contains("Restore a backup"), "{why}");
    assert!(!why.contains("disk"), "{why}");
    assert!(data.join("sled").exists());
}

#[tokio::test]
async fn index_of_a_newer_version_is_rebuilt_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let before = store_in(folder.path()).await;
    make_newer(&data);
    let notices = check(folder.path(), &before).await;
    assert!(notices.contains("newer version of umai"), "{notices}");
    assert!(notices.contains("rebuilt from the journal"), "{notices}");
    assert!(data.join("damaged/sled-1").exists());
}

/// Fills everything after the header of the journal with zeros.
fn empty_journal(data: &Path) {
    change_journal(data, |bytes, _| bytes[200..].fill(0));
}

fn cut_journal(data: &Path) {
    change_journal(data, |bytes, used| bytes[used / 2..].fill(0));
}

fn zero_journal(data: &Path) {
    change_journal(data, |bytes, _| bytes.fill(0));
}

fn shorten_journal(data: &Path) {
    change_journal(data, |bytes, _| bytes.clear());
}

#[rstest]
#[case::missing(remove_journal)]
#[case::empty(empty_journal)]
#[case::cut(cut_journal)]
#[case::zero(zero_journal)]
#[case::shortened(shorten_journal)]
#[tokio::test]
async fn index_of_a_newer_version_is_left_alone_where_the_journal_lost_changes(
    #[case] damage: Make,
) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    store_in(folder.path()).await;
    make_newer(&data);
    damage(&data);
    let Err(StoreError::Other(why)) = open_in(folder.path()).await.map(drop) else {
        panic!("an index of a newer version was used");
    };
    assert!(why.contains("newer version of umai"), "{why}");
    assert!(data.join("sled").exists());
    assert!(!data.join("damaged").exists());
}

/// Damages the entry in the middle of the journal.
fn damage_middle(data: &Path) {
    change_journal(data, |bytes, used| bytes[used / 2] ^= 1);
}

/// Returns the paths and contents of the files that umai may not change.
fn untouched_files(data: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let folders = ["journal", "snapshots"].map(|name| data.join(name));
    let present = folders.iter().filter(|folder| folder.exists());
    let paths = present.flat_map(|folder| files(folder));
    paths
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

#[tokio::test]
async fn index_of_a_newer_version_is_left_alone_where_an_entry_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    store_in(folder.path()).await;
    make_newer(&data);
    damage_middle(&data);
    let before = untouched_files(&data);
    for _ in 0..2 {
        let Err(StoreError::Other(why)) = open_in(folder.path()).await.map(drop) else {
            panic!("an index of a newer version was replaced");
        };
        assert!(why.contains("cannot be read. The index may have"), "{why}");
        assert!(why.contains("newer version of umai"), "{why}");
        assert!(why.contains("nothing was changed"), "{why}");
    }
    assert_eq!(untouched_files(&data), before);
    assert_eq!(
        index_rows::rows(&data, "m")[0].1.last(),
        Some(&(LAYOUT + 1))
    );
    assert!(!data.join("damaged").exists());
}

/// Takes a snapshot of a closed store, which has every change.
async fn take_snapshot(folder: &Path) {
    // Damage in the journal causes a snapshot.
    damage_middle(&folder.join("data"));
    let store = open_in(folder).await.unwrap();
    store.close().await.unwrap();
    assert!(!files(&folder.join("data/snapshots")).is_empty());
}

#[tokio::test]
async fn index_of_a_newer_version_is_rebuilt_from_a_snapshot_of_a_damaged_entry() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let before = store_in(folder.path()).await;
    take_snapshot(folder.path()).await;
    make_newer(&data);
    fs::remove_dir_all(data.join("damaged")).unwrap();
    let notices = check(folder.path(), &before).await;
    assert!(notices.contains("newer version of umai"), "{notices}");
    assert!(data.join("damaged/sled-1").exists());
}

#[tokio::test]
async fn index_of_a_newer_version_without_the_lost_change_is_rebuilt() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    store_in(folder.path()).await;
    let earlier = folder.path().join("earlier");
    folders::copy(&data.join("sled"), &earlier);
    let store = open_in(folder.path()).await.unwrap();
    store.save(save(9, 2)).await.unwrap();
    store.close().await.unwrap();
    fs::remove_dir_all(data.join("sled")).unwrap();
    folders::copy(&earlier, &data.join("sled"));
    make_newer(&data);
    change_journal(&data, |bytes, used| bytes[used] ^= 1);
    let store = open_in(folder.path()).await.unwrap();
    let notices = store.notices().join("\n");
    assert!(notices.contains("newer version of umai"), "{notices}");
    assert!(notices.contains(" is lost: "), "{notices}");
    assert_eq!(content(&store).await[&9], 1);
    store.close().await.unwrap();
    assert!(data.join("damaged/sled-1").exists());
}
