//! Tests of the blocks of an index.

use std::collections::BTreeMap;

use proptest::prelude::*;
use uuid::Uuid;

use super::super::index::ConnectionIndex;
use super::*;
use crate::store::key::{StoreAuthenticator, StoreKey};

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

fn auth() -> StoreAuthenticator {
    StoreKey::random().unwrap().authenticator(Uuid::nil())
}

fn walked(index: &ConnectionIndex, start: Bound<&[u8]>, prefix: &[u8]) -> Vec<Vec<u8>> {
    let mut keys = Vec::new();
    index
        .walk_from(start, prefix, |key, _| {
            keys.push(key.to_vec());
            true
        })
        .unwrap();
    keys
}

fn rows(index: &ConnectionIndex) -> Rows {
    let mut rows = Rows::new();
    index
        .walk(b"", |key, value| {
            let is_new = rows.insert(key.to_vec(), value.to_vec()).is_none();
            assert!(is_new, "a row was visited twice");
            true
        })
        .unwrap();
    rows
}

fn call<T>(index: &ConnectionIndex, call: impl FnOnce(&Db) -> T) -> T {
    let ConnectionIndex::Sled(opened) = index else {
        panic!("not in sled");
    };
    opened.call(|db| Ok(call(db))).unwrap()
}

fn blocks(index: &ConnectionIndex) -> Vec<SledPair> {
    call(index, |db| db.iter().map(Result::unwrap).collect())
}

/// Rows of all kinds; their numbers are in few blocks or in many.
fn change() -> impl Strategy<Value = RowChange> {
    let kind = prop::sample::select(b"amorv".to_vec());
    let value = prop::option::weighted(0.7, 1_usize..900);
    (kind, 0_u16..400, value).prop_map(|(kind, number, size)| {
        let key = [&[kind], format!("{number:03}").as_bytes()].concat();
        (key, size.map(|size| vec![number.to_le_bytes()[0]; size]))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn blocks_have_the_rows_of_a_map(
        groups in prop::collection::vec(prop::collection::vec(change(), 1..60), 1..20),
        start in 0_u16..400,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let auth = auth();
        let index = ConnectionIndex::open(folder.path(), Some(&auth)).unwrap();
        let mut expected = Rows::new();
        for group in groups {
            for (key, value) in group.clone() {
                match value {
                    Some(value) => expected.insert(key, value),
                    None => expected.remove(&key),
                };
            }
            index.apply(group).unwrap();
        }
        prop_assert_eq!(&rows(&index), &expected);
        for (key, value) in &expected {
            let found = index.get(key).unwrap();
            prop_assert_eq!(found.as_deref(), Some(&value[..]));
        }
        prop_assert_eq!(index.get(b"o4").unwrap(), None);
        let start = format!("o{start:03}").into_bytes();
        for bound in [Bound::Included(&start[..]), Bound::Excluded(&start[..])] {
            let range = expected.range::<[u8], _>((bound, Bound::Unbounded));
            let keys = range.map(|(key, _)| key.clone());
            let keys: Vec<_> = keys.filter(|key| key.starts_with(b"o")).collect();
            prop_assert_eq!(walked(&index, bound, b"o"), keys);
        }
        index.close().unwrap();
        let index = ConnectionIndex::open(folder.path(), Some(&auth)).unwrap();
        prop_assert_eq!(rows(&index), expected);
    }
}

fn record(number: u32, size: usize) -> (Vec<u8>, Vec<u8>) {
    (format!("r{number:04}").into_bytes(), vec![1; size])
}

fn insert((key, value): (Vec<u8>, Vec<u8>)) -> RowChange {
    (key, Some(value))
}

/// Index whose first block still has the rows that a split moved to later blocks, as after a crash in the split.
fn interrupted_split(folder: &std::path::Path) -> (ConnectionIndex, Rows) {
    let index = ConnectionIndex::open(folder, Some(&auth())).unwrap();
    let before = (0..8).map(|number| record(2 * number, 400));
    index.apply(before.map(insert).collect()).unwrap();
    let first = blocks(&index);
    assert_eq!(first.len(), 1);
    let more = (0..8).map(|number| record(2 * number + 1, 400));
    index.apply(more.map(insert).collect()).unwrap();
    assert!(blocks(&index).len() > 1);
    let expected: Rows = rows(&index);
    let (key, value) = &first[0];
    call(&index, |db| db.insert(key, value).unwrap());
    let lost = blocks(&index)[1].0[1..].to_vec();
    let expected = expected
        .into_iter()
        .filter(|(key, _)| *key >= lost || key[4] % 2 == 0);
    let expected = expected.collect();
    (index, expected)
}

#[test]
fn later_block_is_right_after_an_interrupted_split() {
    let folder = tempfile::tempdir().unwrap();
    let (index, mut expected) = interrupted_split(folder.path());
    assert_eq!(rows(&index), expected);
    // A change of a row that both blocks have.
    let (key, _) = record(15, 0);
    index
        .apply(vec![(key.clone(), Some(b"new".to_vec()))])
        .unwrap();
    expected.insert(key.clone(), b"new".to_vec());
    assert_eq!(rows(&index), expected);
    assert_eq!(index.get(&key).unwrap().as_deref(), Some(&b"new"[..]));
}

#[test]
fn removed_block_leaves_no_rows_of_an_interrupted_split() {
    let folder = tempfile::tempdir().unwrap();
    let (index, mut expected) = interrupted_split(folder.path());
    let later = blocks(&index)[1].0[1..].to_vec();
    let lost = expected.split_off(&later);
    assert!(lost.len() > 3);
    index
        .apply(lost.into_keys().map(|key| (key, None)).collect())
        .unwrap();
    assert_eq!(rows(&index), expected);
    assert_eq!(blocks(&index).len(), 1);
}

#[test]
fn position_is_written_last_and_the_last_change_of_a_row_counts() {
    let folder = tempfile::tempdir().unwrap();
    let index = ConnectionIndex::open(folder.path(), None).unwrap();
    let key = b"aone".to_vec();
    let changes = vec![
        insert((b"m".to_vec(), b"position".to_vec())),
        insert((key.clone(), b"first".to_vec())),
        (key.clone(), None),
        insert((key.clone(), b"second".to_vec())),
    ];
    let mut events = call(&index, |db| db.watch_prefix(b""));
    index.apply(changes).unwrap();
    let written: Vec<_> = (0..2).map(|_| events.next().unwrap()).collect();
    let keys: Vec<_> = written.iter().map(|event| event.key().clone()).collect();
    assert_eq!(keys, [b"Pa", b"Pm"]);
    assert_eq!(index.get(&key).unwrap().as_deref(), Some(&b"second"[..]));
}

#[test]
fn damaged_block_is_an_error_and_the_others_are_readable() {
    let folder = tempfile::tempdir().unwrap();
    let index = ConnectionIndex::open(folder.path(), Some(&auth())).unwrap();
    let all = (0..30).map(|number| record(number, 400));
    index.apply(all.map(insert).collect()).unwrap();
    let (key, mut value) = blocks(&index).swap_remove(1);
    value[20] ^= 1;
    call(&index, |db| db.insert(&key, value).unwrap());
    assert!(index.walk(b"r", |_, _| true).is_err());
    assert!(index.get(&key[1..]).is_err());
    let mut readable = 0;
    index.walk_readable(b"r", |_, _| readable += 1);
    assert!((15..30).contains(&readable), "{readable}");
}
