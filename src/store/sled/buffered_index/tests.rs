//! Tests of an index with changes in memory.

use std::time::Instant;

use proptest::prelude::*;
use tempfile::TempDir;

use super::super::block_index::in_write_order;
use super::super::index::ConnectionIndex;
use super::super::test_store::{open, save, unlocked};
use super::super::verify::{VerifyResult, verify};
use super::super::{SledStore, rebuild};
use super::*;
use crate::connection::store::{ConnectionStore, Precondition, SaveConnection};
use crate::connection::{ConnectionItem, ListQuery, PageRequest, SealedSecret};

fn empty() -> (TempDir, BufferedIndex) {
    let folder = tempfile::tempdir().unwrap();
    let auth = unlocked().access().auth;
    let index = BufferedIndex::open(folder.path(), auth.as_ref()).unwrap();
    (folder, index)
}

fn insert(key: &str, value: &str) -> RowChange {
    (key.as_bytes().to_vec(), Some(value.as_bytes().to_vec()))
}

fn remove(key: &str) -> RowChange {
    (key.as_bytes().to_vec(), None)
}

fn rows(index: &BufferedIndex) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let mut rows = Vec::new();
    let mut take = |key: &[u8], value: Result<&[u8], UnusableIndex>| {
        let value = value.map_or_else(|why| why.0, text);
        rows.push(format!("{}={value}", text(key)));
        true
    };
    index.walk(Bound::Included(b""), b"", &mut take).unwrap();
    rows
}

#[test]
fn newest_changes_are_above_those_in_a_write_and_both_above_sled() {
    let (_folder, index) = empty();
    let all = ["ra", "rb", "rc", "rd"].map(|key| insert(key, "stored"));
    index.apply(all.to_vec()).unwrap();
    index.flush().unwrap();
    index
        .apply(vec![
            insert("rb", "written"),
            remove("rc"),
            insert("re", "written"),
        ])
        .unwrap();
    // As while a thread writes them.
    index.lock_buffer().move_to_write();
    index
        .apply(vec![insert("rc", "new"), remove("rd"), remove("re")])
        .unwrap();
    assert_eq!(rows(&index), ["ra=stored", "rb=written", "rc=new"]);
    let get = |key: &str| index.get(key.as_bytes()).unwrap();
    let values = ["ra", "rb", "rc", "rd", "re", "rf"].map(get);
    let text = |value: &IVec| String::from_utf8(value.to_vec()).unwrap();
    let values = values.each_ref().map(|value| value.as_ref().map(text));
    let values = values.each_ref().map(Option::as_deref);
    let expected = [
        Some("stored"),
        Some("written"),
        Some("new"),
        None,
        None,
        None,
    ];
    assert_eq!(values, expected);
}

#[test]
fn changes_in_memory_are_written_when_the_index_is_closed() {
    let (folder, index) = empty();
    index
        .apply(vec![insert("ra", "1"), insert("rb", "1")])
        .unwrap();
    index.apply(vec![remove("ra")]).unwrap();
    assert_eq!(rows(&index), ["rb=1"]);
    index.close().unwrap();
    let auth = unlocked().access().auth;
    let again = BufferedIndex::open(folder.path(), auth.as_ref()).unwrap();
    assert_eq!(rows(&again), ["rb=1"]);
}

#[tokio::test]
async fn idle_store_writes_its_changes() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    let store = open(data);
    store.save(save(1)).await.unwrap();
    let started = Instant::now();
    loop {
        let current = store.applier.index.current();
        let ConnectionIndex::Sled(index) = &*current else {
            panic!("not in sled");
        };
        let is_written = {
            let buffer = index.lock_buffer();
            buffer.newest.is_empty() && buffer.in_write.is_empty()
        };
        if is_written {
            break;
        }
        assert!(started.elapsed() < Duration::from_mins(1), "not written");
        std::thread::park_timeout(Duration::from_millis(10));
    }
    // A killed process leaves these files.
    let left = data.join("left");
    copy_folder(&data.join(rebuild::FOLDER), &left);
    let auth = unlocked().access().auth;
    let left = ConnectionIndex::open(&left, auth.as_ref()).unwrap();
    let applied = left.applied().unwrap().unwrap();
    assert_eq!(applied.revision, store.revision().0);
    store.close().await.unwrap();
}

/// A value so large that some rows of it are written at once.
fn large() -> String {
    "x".repeat(MAX_BYTES / 3)
}

#[test]
fn failed_write_is_reported_and_its_rows_stay_readable() {
    let (_folder, index) = empty();
    index.apply(vec![insert("ra", "1")]).unwrap();
    index.flush().unwrap();
    let damage = |db: &Db| {
        let (key, mut stored) = db.first().unwrap().unwrap();
        stored[3] ^= 1;
        db.insert(key, stored).unwrap();
        Ok(())
    };
    index.opened.call(damage).unwrap();
    for key in ["rb", "rc"] {
        index.apply(vec![insert(key, &large())]).unwrap();
    }
    // It starts the write, which may have failed already.
    let _ = index.apply(vec![insert("rd", &large())]);
    // Each of them, or else the changes of the failed write were lost.
    for _ in 0..2 {
        let why = index.flush().unwrap_err();
        assert!(why.0.contains("damaged"), "{why:?}");
        assert_eq!(index.apply(vec![insert("re", "1")]), Err(why));
    }
    let found = index.get(b"rb").unwrap().unwrap();
    assert_eq!(found, large().as_bytes());
}

#[test]
fn walk_during_writes_misses_no_row() {
    let (_folder, index) = empty();
    let is_over = std::sync::atomic::AtomicBool::new(false);
    let written = std::sync::atomic::AtomicUsize::new(0);
    let order = std::sync::atomic::Ordering::SeqCst;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(order) {
                let before = written.load(order);
                let mut keys = Vec::new();
                let mut take = |key: &[u8], value: Result<&[u8], UnusableIndex>| {
                    keys.push(String::from_utf8(key.to_vec()).unwrap());
                    value.is_ok()
                };
                index.walk(Bound::Included(b"r"), b"r", &mut take).unwrap();
                // Rows that were added during the walk may be in it or not.
                assert!(keys.is_sorted_by(|one, other| one < other));
                let all = (0..before).map(|number| format!("r{number:06}"));
                assert!(all.eq(keys.iter().take(before).cloned()));
            }
        });
        for number in 0..1_500 {
            let row = insert(&format!("r{number:06}"), &"x".repeat(100));
            index.apply(vec![row]).unwrap();
            written.store(number + 1, order);
            if number % 20 == 0 {
                index.await_write().unwrap();
                index.start_write().unwrap();
            }
        }
        is_over.store(true, order);
    });
}

/// Change of one of a few connections with few names and aliases.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Creates or updates it.
    Save {
        number: u64,
        alias: u64,
        is_deleted: bool,
    },
    /// Deletes it permanently.
    Purge { number: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let saved = (0..4_u64, 0..5_u64, any::<bool>());
    let saved = saved.prop_map(|(number, alias, is_deleted)| Step::Save {
        number,
        alias,
        is_deleted,
    });
    prop_oneof![4 => saved, 1 => (0..4_u64).prop_map(|number| Step::Purge { number })]
}

async fn perform(store: &SledStore, step: Step) {
    let (Step::Save { number, .. } | Step::Purge { number }) = step;
    let new = save(number);
    let found = store.get(new.connection.item.id).await.unwrap();
    let version = found.map(|found| found.item.version);
    // An alias that another connection has, and a connection that is absent, are refused.
    let _ = match (step, version) {
        (
            Step::Save {
                alias, is_deleted, ..
            },
            _,
        ) => {
            let item = ConnectionItem {
                alias: format!("alias-{alias}"),
                name: format!("Name {}", alias % 2),
                version: version.map_or(1, |version| version + 1),
                date_deleted: is_deleted.then_some(new.connection.item.date_created),
                ..new.connection.item
            };
            let mut changed: SaveConnection<SealedSecret> = save(number);
            changed.connection.item = item;
            changed.precondition = version.map_or(Precondition::Absent, Precondition::Version);
            store.save(changed).await.map(drop)
        }
        (Step::Purge { .. }, Some(version)) => {
            store.purge(new.connection.item.id, version).await.map(drop)
        }
        (Step::Purge { .. }, None) => Ok(()),
    };
}

async fn items(store: &SledStore) -> Vec<ConnectionItem> {
    let page = PageRequest { skip: 0, take: 100 };
    let mut items = Vec::new();
    for is_trash in [false, true] {
        let query = ListQuery {
            is_trash,
            ..ListQuery::all(page)
        };
        items.extend(store.list(&query).await.unwrap().items);
    }
    items
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, target) = entry
            .map(|entry| (entry.path(), to.join(entry.file_name())))
            .unwrap();
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

/// Opens a store whose process was killed while it wrote a buffer: of its rows, the index has this share.
async fn check_interrupted_write(before: &[Step], buffered: &[Step], percent: usize) {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    let store = open(data);
    for step in before {
        perform(&store, *step).await;
    }
    store.close().await.unwrap();
    let folder = data.join(rebuild::FOLDER);
    let earlier = data.join("earlier");
    copy_folder(&folder, &earlier);

    let store = open(data);
    for step in buffered {
        perform(&store, *step).await;
    }
    let expected = items(&store).await;
    let changes = {
        let current = store.applier.index.current();
        let ConnectionIndex::Sled(index) = &*current else {
            panic!("not in sled");
        };
        Arc::clone(&index.lock_buffer().newest)
    };
    store.close().await.unwrap();

    std::fs::remove_dir_all(&folder).unwrap();
    std::fs::rename(earlier, &folder).unwrap();
    let auth = unlocked().access().auth;
    let interrupted = OpenIndex::open(&folder, auth.as_ref()).unwrap();
    let count = changes.len() * percent / 100;
    interrupted
        .call(|db| {
            let rows = in_write_order(rows_of(&changes)).into_iter();
            Blocks::new(db, &interrupted).apply(rows.take(count).collect())
        })
        .unwrap();
    interrupted.close().unwrap();

    let store = open(data);
    assert_eq!(items(&store).await, expected);
    assert_eq!(store.notices(), Vec::<String>::new());
    let index = store.applier.index.current();
    let digest = index.applied().unwrap().unwrap().digest;
    assert_eq!(verify(&index, digest, || true), VerifyResult::Valid);
    drop(index);
    store.close().await.unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn start_completes_an_interrupted_write(
        before in prop::collection::vec(step(), 0..12),
        buffered in prop::collection::vec(step(), 1..24),
        percent in 0..100_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(check_interrupted_write(&before, &buffered, percent));
    }
}
