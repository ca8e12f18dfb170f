//! Tests of the blocks of an index.

use std::collections::BTreeMap;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::store::key::{StoreAuthenticator, StoreKey};

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

fn auth() -> StoreAuthenticator {
    StoreKey::random().unwrap().authenticator(Uuid::nil())
}

/// Calls sled.
fn call<T>(index: &OpenIndex, call: impl FnOnce(&Db) -> T) -> T {
    index.call(|db| Ok(call(db))).unwrap()
}

fn apply(index: &OpenIndex, changes: Vec<RowChange>) {
    call(index, |db| Blocks::new(db, index).apply(changes).unwrap());
}

fn get(index: &OpenIndex, key: &[u8]) -> Result<Option<IVec>, UnusableIndex> {
    call(index, |db| Blocks::new(db, index).get(key))
}

/// Visited rows; without a value for an unreadable block.
fn walked(
    index: &OpenIndex,
    start: Bound<&[u8]>,
    prefix: &[u8],
) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let mut rows = Vec::new();
    let mut take = |key: &[u8], value: Result<&[u8], UnusableIndex>| {
        rows.push((key.to_vec(), value.ok().map(<[u8]>::to_vec)));
        true
    };
    call(index, |db| {
        Blocks::new(db, index).walk(start, prefix, &mut take)
    })
    .unwrap();
    rows
}

fn keys(index: &OpenIndex, start: Bound<&[u8]>, prefix: &[u8]) -> Vec<Vec<u8>> {
    let rows = walked(index, start, prefix).into_iter();
    rows.map(|(key, _)| key).collect()
}

fn rows(index: &OpenIndex) -> Rows {
    let mut rows = Rows::new();
    for (key, value) in walked(index, Bound::Included(b""), b"") {
        let is_new = rows.insert(key, value.unwrap()).is_none();
        assert!(is_new, "a row was visited twice");
    }
    rows
}

fn blocks(index: &OpenIndex) -> Vec<SledPair> {
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
        let index = OpenIndex::open(folder.path(), Some(&auth)).unwrap();
        let mut expected = Rows::new();
        for group in groups {
            for (key, value) in group.clone() {
                match value {
                    Some(value) => expected.insert(key, value),
                    None => expected.remove(&key),
                };
            }
            apply(&index, group);
        }
        prop_assert_eq!(&rows(&index), &expected);
        for (key, value) in &expected {
            let found = get(&index, key).unwrap();
            prop_assert_eq!(found.as_deref(), Some(&value[..]));
        }
        prop_assert_eq!(get(&index, b"o4").unwrap(), None);
        let start = format!("o{start:03}").into_bytes();
        for bound in [Bound::Included(&start[..]), Bound::Excluded(&start[..])] {
            let range = expected.range::<[u8], _>((bound, Bound::Unbounded));
            let expected = range.map(|(key, _)| key.clone());
            let expected: Vec<_> = expected.filter(|key| key.starts_with(b"o")).collect();
            prop_assert_eq!(keys(&index, bound, b"o"), expected);
        }
        index.close().unwrap();
        let index = OpenIndex::open(folder.path(), Some(&auth)).unwrap();
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
fn interrupted_split(folder: &std::path::Path) -> (OpenIndex, Rows) {
    let index = OpenIndex::open(folder, Some(&auth())).unwrap();
    let before = (0..8).map(|number| record(2 * number, 400));
    apply(&index, before.map(insert).collect());
    let first = blocks(&index);
    assert_eq!(first.len(), 1);
    let more = (0..8).map(|number| record(2 * number + 1, 400));
    apply(&index, more.map(insert).collect());
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
    apply(&index, vec![(key.clone(), Some(b"new".to_vec()))]);
    expected.insert(key.clone(), b"new".to_vec());
    assert_eq!(rows(&index), expected);
    assert_eq!(get(&index, &key).unwrap().as_deref(), Some(&b"new"[..]));
}

#[test]
fn removed_block_leaves_no_rows_of_an_interrupted_split() {
    let folder = tempfile::tempdir().unwrap();
    let (index, mut expected) = interrupted_split(folder.path());
    let later = blocks(&index)[1].0[1..].to_vec();
    let lost = expected.split_off(&later);
    assert!(lost.len() > 3);
    apply(&index, lost.into_keys().map(|key| (key, None)).collect());
    assert_eq!(rows(&index), expected);
    assert_eq!(blocks(&index).len(), 1);
}

#[test]
fn position_is_written_last_and_the_last_change_of_a_row_counts() {
    let folder = tempfile::tempdir().unwrap();
    let index = OpenIndex::open(folder.path(), None).unwrap();
    let key = b"aone".to_vec();
    let changes = vec![
        insert((b"m".to_vec(), b"position".to_vec())),
        insert((key.clone(), b"first".to_vec())),
        (key.clone(), None),
        insert((key.clone(), b"second".to_vec())),
    ];
    let mut events = call(&index, |db| db.watch_prefix(b""));
    apply(&index, changes);
    let written: Vec<_> = (0..2).map(|_| events.next().unwrap()).collect();
    let keys: Vec<_> = written.iter().map(|event| event.key().clone()).collect();
    assert_eq!(keys, [b"Pa", b"Pm"]);
    assert_eq!(get(&index, &key).unwrap().as_deref(), Some(&b"second"[..]));
}

#[test]
fn damaged_block_is_an_error_and_the_others_are_readable() {
    let folder = tempfile::tempdir().unwrap();
    let index = OpenIndex::open(folder.path(), Some(&auth())).unwrap();
    let all = (0..30).map(|number| record(number, 400));
    apply(&index, all.map(insert).collect());
    let (key, mut value) = blocks(&index).swap_remove(1);
    value[20] ^= 1;
    call(&index, |db| db.insert(&key, value).unwrap());
    assert!(get(&index, &key[1..]).is_err());
    let (readable, unreadable): (Vec<_>, Vec<_>) = walked(&index, Bound::Included(b"r"), b"r")
        .into_iter()
        .partition(|(_, value)| value.is_some());
    assert_eq!(unreadable, [(key[1..].to_vec(), None)]);
    assert!((15..30).contains(&readable.len()), "{}", readable.len());
}
