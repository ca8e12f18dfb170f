//! Changes files of a store as someone without its key can: entries are rewritten with correct checksums.

use std::fs;
use std::path::{Path, PathBuf};

use umai::store::journal::entry::{EntryWalk, JournalEntry, WalkItem};
use umai::store::journal::header;

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
