//! Changes files of a store as someone without its key can: entries and rows are rewritten with correct checksums.

use std::fs;
use std::path::{Path, PathBuf};

use umai::store::journal::entry::{EntryWalk, JournalEntry, WalkItem};
use umai::store::journal::header;
use umai::store::key::CODE;

use super::folders::files;

/// Rewrites the entries of a segment or snapshot; `forge` returns the new payload.
pub fn rewrite_entries(path: &Path, forge: impl Fn(&JournalEntry<'_>) -> Vec<u8>) {
    let bytes = fs::read(path).unwrap();
    let mut forged = bytes[..header::LENGTH].to_vec();
    for item in EntryWalk::new(&bytes, header::LENGTH) {
        let WalkItem::Entry(entry) = item else {
            panic!("{}: {item:?}", path.display());
        };
        let payload = forge(&entry);
        let entry = JournalEntry {
            payload: &payload,
            ..entry
        };
        entry.write(&mut forged);
    }
    fs::write(path, forged).unwrap();
}

/// Rewrites the connection rows of the index; `forge` returns the new JSON.
pub fn rewrite_records(sled: &Path, forge: impl Fn(&[u8]) -> Vec<u8>) {
    let db = sled::open(sled).unwrap();
    for pair in db.scan_prefix("r").collect::<Vec<_>>() {
        let (key, value) = pair.unwrap();
        // Checksum, revision, version number and history digest come before the JSON, the code after it.
        let (value, code) = value.split_at(value.len() - CODE);
        let (head, json) = value[4..].split_at(24);
        let body = [head, &forge(json)].concat();
        let sum = crc32fast::hash(&[&key[..], &body].concat());
        let value = [&sum.to_le_bytes()[..], &body, code].concat();
        db.insert(key, value).unwrap();
    }
}

/// Segments and snapshots of a store.
pub fn store_files(data: &Path) -> Vec<PathBuf> {
    let folders = ["journal", "snapshots"].map(|folder| data.join(folder));
    let existing = folders.iter().filter(|folder| folder.exists());
    existing.flat_map(|folder| files(folder)).collect()
}

/// Replaces a text in JSON.
pub fn replaced(json: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = std::str::from_utf8(json).unwrap();
    text.replace(from, to).into_bytes()
}
