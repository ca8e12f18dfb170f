//! Damages the files of a store: everything recoverable is kept, and the damage is reported.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use futures_util::future::join_all;
use rstest::rstest;
use umai::connection::StoreError;
use umai::store::journal::header::{FORMAT, LENGTH};

use crate::support::fixture::{Content, Store, content, id, open_in, options, random, save};
use crate::support::folders::{copy, files};
use crate::support::index_rows;

const CONNECTIONS: u64 = 60;

/// Creates a closed store with connections in one, two and three versions, some of them deleted.
async fn store_in(folder: &Path) -> Content {
    let store = open_in(folder).await.unwrap();
    fill(&store, CONNECTIONS).await;
    let content = content(&store).await;
    store.close().await.unwrap();
    content
}

async fn fill(store: &Store, connections: u64) {
    let filling = (0..connections).map(|number| async move {
        for version in 1..=1 + number % 3 {
            store.save(save(number, version)).await.unwrap();
        }
        if number % 10 == 3 {
            store.purge(id(number), 1 + number % 3).await.unwrap();
        }
    });
    join_all(filling).await;
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1 << random(8);
    fs::write(path, bytes).unwrap();
}

fn shorten(path: &Path, length: u64) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(length).unwrap();
}

/// Random offset of a nonzero byte; most of a sled file is zeros.
fn used_byte(path: &Path) -> Option<usize> {
    let bytes = fs::read(path).unwrap();
    let used: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
    let chosen = random(used.len().max(1) as u64) as usize;
    used.get(chosen).copied()
}

/// Damages the sled folder. Returns a description, and true when the store must notice the damage.
fn damage_index(sled: &Path, kind: u64) -> (String, bool) {
    let files: Vec<PathBuf> = files(sled)
        .into_iter()
        .filter(|path| fs::metadata(path).unwrap().len() > 0)
        .collect();
    let file = &files[random(files.len() as u64) as usize];
    let length = fs::metadata(file).unwrap().len();
    match kind {
        0 => {
            fs::remove_dir_all(sled).unwrap();
            ("deleted".into(), true)
        }
        1 => {
            fs::remove_dir_all(sled).unwrap();
            fs::create_dir(sled).unwrap();
            ("emptied".into(), true)
        }
        2 => {
            let to = random(length);
            shorten(file, to);
            (
                format!("{} cut from {length} to {to}", file.display()),
                false,
            )
        }
        _ => {
            let at = used_byte(file).unwrap();
            flip(file, at);
            (format!("{} flipped at {at}", file.display()), false)
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_index_is_rebuilt_and_reported() {
    let original = tempfile::tempdir().unwrap();
    let before = store_in(original.path()).await;
    let mut rebuilds = 0;
    for round in 0..40 {
        let folder = tempfile::tempdir().unwrap();
        copy(original.path(), folder.path());
        let (damage, must_notice) = damage_index(&folder.path().join("data/sled"), round % 4);
        let store = open_in(folder.path())
            .await
            .unwrap_or_else(|error| panic!("{damage}: {error}"));
        assert_eq!(content(&store).await, before, "{damage}");
        let notices = store.notices().join(" ");
        if must_notice {
            assert!(
                notices.contains("rebuilt from the journal"),
                "{damage}: {notices}"
            );
        }
        rebuilds += usize::from(notices.contains("rebuilt from the journal"));
        // The store works normally.
        store.save(save(1_000, 1)).await.unwrap();
        store.close().await.unwrap();
        let store = open_in(folder.path()).await.unwrap();
        assert_eq!(content(&store).await.len(), before.len() + 1, "{damage}");
        assert_eq!(store.notices(), Vec::<String>::new(), "{damage}");
        store.close().await.unwrap();
    }
    // Some bits have no effect.
    assert!(rebuilds >= 22, "{rebuilds} of 40 were noticed");
}

/// Damage of an index that sled does not notice.
#[derive(Debug, Clone, Copy)]
enum LostRow {
    Row,
    Block,
    BlockChanged,
}

/// Damages random rows of a kind.
fn lose_row(folder: &Path, kind: &str, lost: LostRow) {
    let data = folder.join("data");
    let found = match lost {
        LostRow::Row => index_rows::rows(&data, kind),
        LostRow::Block | LostRow::BlockChanged => index_rows::blocks(&data, kind),
    };
    let (key, mut value) = found[random(found.len() as u64) as usize].clone();
    match lost {
        LostRow::Row => index_rows::remove(&data, &key),
        LostRow::Block => index_rows::plant(&data, &key, None),
        LostRow::BlockChanged => {
            *value.last_mut().unwrap() ^= 1;
            index_rows::plant(&data, &key, Some(value));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn index_with_lost_row_is_rebuilt() {
    let original = tempfile::tempdir().unwrap();
    let before = store_in(original.path()).await;
    for kind in ["a", "o", "r", "v"] {
        for lost in [LostRow::Row, LostRow::Block, LostRow::BlockChanged] {
            let folder = tempfile::tempdir().unwrap();
            copy(original.path(), folder.path());
            lose_row(folder.path(), kind, lost);
            let store = open_in(folder.path()).await.unwrap();
            assert_eq!(content(&store).await, before, "{kind} {lost:?}");
            let notices = store.notices().join(" ");
            assert!(
                notices.contains("rebuilt from the journal"),
                "{kind} {lost:?}: {notices}"
            );
            store.close().await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_index_with_lost_alias_rejects_duplicate() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_in(folder.path()).await.unwrap();
    // More connections than are verified before the store is used.
    join_all((0..6_000).map(|number| store.save(save(number, 1)))).await;
    store.close().await.unwrap();
    drop(store);
    index_rows::remove(&folder.path().join("data"), b"aalias-77-1");
    let store = open_in(folder.path()).await.unwrap();
    let found = store.find("alias-77-1").await.unwrap();
    assert!(
        found.is_some(),
        "a missing alias is not reported before the index was verified"
    );
    let mut twin = save(9_999, 1);
    twin.connection.item.alias = "alias-77-1".into();
    let refused = store.save(twin).await;
    assert!(
        matches!(refused, Err(StoreError::AliasTaken { .. })),
        "{refused:?}"
    );
    assert_eq!(content(&store).await.len(), 6_000);
    let notices = store.notices().join(" ");
    assert!(notices.contains("rebuilt from the journal"), "{notices}");
    store.close().await.unwrap();
}

/// Connections with long names, so that few of them fill the journal.
async fn long_journal_in(folder: &Path) -> usize {
    let store = open_in(folder).await.unwrap();
    let saves = (0..4_000).map(|number| {
        let mut long = save(number, 1);
        long.connection.item.name = format!("{number:04000}");
        store.save(long)
    });
    join_all(saves).await;
    store.close().await.unwrap();
    // Closing may have cancelled the last snapshot; the next writes take another one.
    let store = open_in(folder).await.unwrap();
    assert_eq!(store.notices(), Vec::<String>::new());
    let total = total(&store).await;
    store.close().await.unwrap();
    total
}

async fn total(store: &Store) -> usize {
    let query = umai::connection::ListQuery::all(crate::support::fixture::EVERYTHING);
    let page = store.list(&query).await.unwrap();
    assert_eq!(page.items.len(), page.total);
    page.total
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn store_is_rebuilt_from_snapshots_of_long_journal() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(long_journal_in(folder.path()).await, 4_000);
    let snapshots = folder.path().join("data/snapshots");
    assert!(!files(&snapshots).is_empty(), "no snapshot was taken");
    // Without the index; then with the newest snapshot damaged too.
    for damaged in [false, true] {
        fs::remove_dir_all(folder.path().join("data/sled")).unwrap();
        if damaged {
            let newest = files(&snapshots).pop().unwrap();
            flip(&newest, 5_000);
        }
        let store = open_in(folder.path()).await.unwrap();
        assert_eq!(total(&store).await, 4_000, "snapshot damaged: {damaged}");
        let notices = store.notices().join(" ");
        assert!(notices.contains("rebuilt from the journal"), "{notices}");
        store.close().await.unwrap();
    }
}

/// Path of the only segment of a small store.
fn segment(folder: &Path) -> PathBuf {
    let mut segments = files(&folder.join("data/journal"));
    assert_eq!(segments.len(), 1);
    segments.remove(0)
}

/// Offsets of the entries in a segment.
fn entries(path: &Path) -> Vec<usize> {
    let bytes = fs::read(path).unwrap();
    (0..bytes.len())
        .filter(|at| bytes[*at..].starts_with(&[0xFE, b'u', b'm', 0xED]))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flipped_byte_in_journal_is_reported() {
    let original = tempfile::tempdir().unwrap();
    let before = store_in(original.path()).await;
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        copy(original.path(), folder.path());
        let path = segment(folder.path());
        let entries = entries(&path);
        let at = entries[0] + random((entries[entries.len() - 1] - entries[0]) as u64) as usize;
        flip(&path, at);
        let store = open_in(folder.path()).await.unwrap();
        assert_eq!(content(&store).await, before, "byte {at}");
        let notices = store.notices().join(" ");
        assert!(notices.contains("is damaged in"), "byte {at}: {notices}");
        store.save(save(1_000, 1)).await.unwrap();
        store.close().await.unwrap();
        let store = open_in(folder.path()).await.unwrap();
        assert_eq!(content(&store).await.len(), before.len() + 1);
        assert_eq!(
            store.notices(),
            Vec::<String>::new(),
            "the notice is repeated"
        );
        store.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn last_change_survives_damage_in_journal() {
    let original = tempfile::tempdir().unwrap();
    let before = store_in(original.path()).await;
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        copy(original.path(), folder.path());
        let path = segment(folder.path());
        let last = *entries(&path).last().unwrap();
        flip(&path, last + random(300) as usize);
        let store = open_in(folder.path()).await.unwrap();
        assert_eq!(content(&store).await, before);
        let notices = store.notices().join(" ");
        assert!(notices.contains("damaged"), "{notices}");
        let newest = store.revision();
        assert!(store.save(save(1_000, 1)).await.unwrap() > newest);
        store.close().await.unwrap();
        let store = open_in(folder.path()).await.unwrap();
        assert_eq!(content(&store).await.len(), before.len() + 1);
        store.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_change_without_index_loses_no_other() {
    let original = tempfile::tempdir().unwrap();
    let before = store_in(original.path()).await;
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        copy(original.path(), folder.path());
        let path = segment(folder.path());
        let entries = entries(&path);
        let hit = entries[random(entries.len() as u64 - 1) as usize];
        flip(&path, hit + 100);
        fs::remove_dir_all(folder.path().join("data/sled")).unwrap();
        let store = open_in(folder.path()).await.unwrap();
        let notices = store.notices().join(" ");
        assert!(notices.contains("rebuilt"), "{notices}");
        assert!(notices.contains("is damaged in"), "{notices}");
        let page = store
            .list(&umai::connection::ListQuery::all(
                crate::support::fixture::EVERYTHING,
            ))
            .await
            .unwrap();
        let differ = before
            .iter()
            .filter(|(number, version)| {
                !page
                    .items
                    .iter()
                    .any(|item| item.id == id(**number) && item.version == **version)
            })
            .count();
        assert!(differ <= 1, "{differ} connections differ");
        store.close().await.unwrap();
        let store = open_in(folder.path()).await.unwrap();
        assert_eq!(
            store.notices(),
            Vec::<String>::new(),
            "the notice is repeated"
        );
        store.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unfinished_write_is_truncated() {
    let original = tempfile::tempdir().unwrap();
    let before = store_in(original.path()).await;
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        copy(original.path(), folder.path());
        let path = segment(folder.path());
        let bytes = fs::read(&path).unwrap();
        let entries = entries(&path);
        let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        // The start of another entry after the last one.
        let mut torn = bytes[..end].to_vec();
        let piece = 1 + random(120) as usize;
        torn.extend_from_slice(&bytes[entries[0]..entries[0] + piece]);
        torn.resize(bytes.len(), 0);
        fs::write(&path, torn).unwrap();
        let store = open_in(folder.path()).await.unwrap();
        assert_eq!(content(&store).await, before);
        assert_eq!(store.notices(), Vec::<String>::new());
        store.save(save(1_000, 1)).await.unwrap();
        store.close().await.unwrap();
        let store = open_in(folder.path()).await.unwrap();
        assert_eq!(content(&store).await.len(), before.len() + 1);
        assert_eq!(store.notices(), Vec::<String>::new());
        store.close().await.unwrap();
    }
}

#[tokio::test]
async fn index_without_journal_is_recovered() {
    let folder = tempfile::tempdir().unwrap();
    let before = store_in(folder.path()).await;
    fs::remove_dir_all(folder.path().join("data/journal")).unwrap();
    let store = open_in(folder.path()).await.unwrap();
    assert_eq!(content(&store).await, before);
    let notices = store.notices().join(" ");
    assert!(notices.contains("The journal was not found"), "{notices}");
    store.close().await.unwrap();
    // The new journal is complete without the index.
    fs::remove_dir_all(folder.path().join("data/sled")).unwrap();
    let store = open_in(folder.path()).await.unwrap();
    assert_eq!(content(&store).await, before);
    store.close().await.unwrap();
}

/// Damages a file without which sled does not open.
fn damage_sled(sled: &Path) {
    flip(&sled.join("conf"), 0);
}

/// Damages the block with the position.
fn damage_position(sled: &Path) {
    let data = sled.parent().unwrap();
    let (key, _) = index_rows::blocks(data, "m").remove(0);
    index_rows::plant(data, &key, Some(b"damaged".to_vec()));
}

fn remove_position(sled: &Path) {
    index_rows::remove(sled.parent().unwrap(), b"m");
}

/// Leaves the rows of an index of umai 0.2, without their position.
fn keep_single_rows(sled: &Path) {
    let rows = index_rows::rows(sled.parent().unwrap(), "r");
    fs::remove_dir_all(sled).unwrap();
    let db = sled::open(sled).unwrap();
    for (key, row) in rows {
        db.insert(key, row).unwrap();
    }
}

#[rstest]
#[case::sled(damage_sled)]
#[case::position(damage_position)]
#[case::without_position(remove_position)]
#[case::single_rows_without_position(keep_single_rows)]
#[tokio::test]
async fn unreadable_index_beside_an_empty_journal_is_kept(#[case] damage: fn(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    store_in(folder.path()).await;
    let data = folder.path().join("data");
    let sled = data.join("sled");
    damage(&sled);
    shorten(&segment(folder.path()), LENGTH as u64);
    let before = fs::read(sled.join("db")).unwrap();
    let used = before.iter().rposition(|byte| *byte != 0).unwrap();
    let newest = &before[used - 100..used];
    let store = open_in(folder.path()).await.unwrap();
    let notices = store.notices().join("\n");
    let kept = data.join("damaged/sled-1");
    let place = format!("kept in {}", kept.display());
    assert!(notices.contains(&place), "{notices}");
    assert!(content(&store).await.is_empty());
    store.close().await.unwrap();
    // sled writes when it opens, so the rest may differ.
    let db = fs::read(kept.join("db")).unwrap();
    assert!(db.windows(newest.len()).any(|bytes| bytes == newest));
}

#[tokio::test]
async fn unreadable_store_is_not_replaced_by_new_one() {
    let folder = tempfile::tempdir().unwrap();
    store_in(folder.path()).await;
    fs::remove_dir_all(folder.path().join("data/journal")).unwrap();
    for file in files(&folder.path().join("data/sled")) {
        shorten(&file, 0);
    }
    let Err(StoreError::Other(notices)) = open_in(folder.path()).await.map(drop) else {
        panic!("the store was opened");
    };
    assert!(notices.contains("nothing was changed"), "{notices}");
}

#[tokio::test]
async fn newer_format_is_rejected() {
    let folder = tempfile::tempdir().unwrap();
    store_in(folder.path()).await;
    let path = segment(folder.path());
    let mut bytes = fs::read(&path).unwrap();
    bytes[8] = u8::try_from(FORMAT + 1).unwrap();
    let mut sum = crc32fast::Hasher::new();
    sum.update(&bytes[..12]);
    sum.update(&bytes[16..128]);
    bytes[12..16].copy_from_slice(&sum.finalize().to_le_bytes());
    fs::write(&path, bytes).unwrap();
    let Err(StoreError::Other(notices)) = open_in(folder.path()).await.map(drop) else {
        panic!("the store was opened");
    };
    assert!(notices.contains("newer umai (format "), "{notices}");
}

#[tokio::test]
async fn missing_or_wrong_key_is_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let before = store_in(folder.path()).await;
    let key = options(folder.path()).config.join("umai.key");
    let right = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    let refused = open_in(folder.path()).await.map(drop);
    assert!(matches!(refused, Err(StoreError::Key(_))), "{refused:?}");
    assert!(!key.exists());
    fs::write(&key, [9; 32]).unwrap();
    let refused = open_in(folder.path()).await.map(drop);
    assert!(matches!(refused, Err(StoreError::Key(_))), "{refused:?}");
    fs::write(&key, right).unwrap();
    let store = open_in(folder.path()).await.unwrap();
    assert_eq!(content(&store).await, before);
    store.close().await.unwrap();
}

#[tokio::test]
async fn store_files_are_private_and_contain_no_secret() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    store_in(folder.path()).await;
    for file in files(folder.path()) {
        let bytes = fs::read(&file).unwrap();
        let secret = b"sk-secret";
        assert!(
            !bytes.windows(secret.len()).any(|piece| piece == secret),
            "{}",
            file.display()
        );
        let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
        let above = fs::metadata(file.parent().unwrap()).unwrap();
        assert_eq!(above.permissions().mode() & 0o777, 0o700);
    }
}
