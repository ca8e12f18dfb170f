//! Rows of the index of a closed store, read and changed with the key of the store.

use std::path::Path;

use umai::store::key::{KeyLookup, StoreAuthenticator, StoreKey};
use umai::store::sled::index::ConnectionIndex;
use umai::store::store_in;

pub type Row = (Vec<u8>, Vec<u8>);

/// Authenticator of the store, with which umai writes its files.
pub fn auth(data: &Path) -> StoreAuthenticator {
    let config = data.parent().unwrap().join("config");
    let Ok(KeyLookup::Key(key, _)) = StoreKey::find(None, &config) else {
        panic!("no key");
    };
    key.authenticator(store_in(data).unwrap())
}

fn open(data: &Path) -> ConnectionIndex {
    ConnectionIndex::open(&data.join("sled"), Some(&auth(data))).unwrap()
}

/// Rows with a key prefix.
pub fn rows(data: &Path, prefix: &str) -> Vec<Row> {
    let mut found = Vec::new();
    let index = open(data);
    let walked = index.walk(prefix.as_bytes(), |key, value| {
        found.push((key.to_vec(), value.to_vec()));
        true
    });
    walked.unwrap();
    index.close().unwrap();
    found
}

/// Writes a row.
pub fn insert(data: &Path, (key, value): Row) {
    change(data, (key, Some(value)));
}

/// Removes a row, which exists.
pub fn remove(data: &Path, key: &[u8]) {
    assert!(open(data).get(key).unwrap().is_some());
    change(data, (key.to_vec(), None));
}

fn change(data: &Path, change: (Vec<u8>, Option<Vec<u8>>)) {
    let index = open(data);
    index.apply(vec![change]).unwrap();
    index.close().unwrap();
}

/// Values of sled that have the rows of a kind, with their keys.
pub fn blocks(data: &Path, kind: &str) -> Vec<Row> {
    let db = sled::open(data.join("sled")).unwrap();
    let pairs = db.scan_prefix(format!("P{kind}")).map(Result::unwrap);
    pairs
        .map(|(key, value)| (key.to_vec(), value.to_vec()))
        .collect()
}

/// Writes or removes a value of sled without its key.
pub fn plant(data: &Path, key: &[u8], value: Option<Vec<u8>>) {
    let db = sled::open(data.join("sled")).unwrap();
    match value {
        Some(value) => db.insert(key, value).unwrap(),
        None => db.remove(key).unwrap(),
    };
}
