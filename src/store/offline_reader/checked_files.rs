//! A complete store whose files were checked, and whose entries are read from them again when they are written.
//!
//! The state in memory has no payloads, so its size is a fraction of that of the store.

use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::{FilesSignature, StoreContent, read_complete_from, signature};
use crate::connection::StoreError;
use crate::store::io_error::io_error;
use crate::store::journal::entry::{EntryKind, JournalEntry};
use crate::store::journal::header::FileHeader;
use crate::store::journal::replay::{BuiltConnection, BuiltVersion, RebuildBase, visit_entries};
use crate::store::journal::snapshot::SnapshotWriter;
use crate::store::key::StoreAuthenticator;
use crate::store::sled::create::{entry, version_payload};
use crate::store::sled::salvage::RetainedPayload;
use crate::store::sled::stored_json;

/// Maximum number of attempts to write a store whose files are replaced while they are read.
const MAX_ATTEMPTS: usize = 4;

/// Files of a complete store.
pub struct CheckedFiles {
    data: PathBuf,
    auth: Option<StoreAuthenticator>,
    content: StoreContent<CheckedEntry>,
    base: RebuildBase,
    files: FilesSignature,
    /// True after its entries could not be read again.
    is_unreadable: bool,
}

/// Entry that was checked.
struct CheckedEntry {
    kind: EntryKind,
    is_readable: bool,
    is_written: bool,
}

impl RetainedPayload for CheckedEntry {
    fn retain(entry: &JournalEntry<'_>) -> Self {
        Self {
            kind: entry.kind,
            // Older versions are not decoded.
            is_readable: entry.kind == EntryKind::Version
                || stored_json::read_listed(entry.id, entry.payload).is_ok(),
            is_written: false,
        }
    }

    fn is_readable(_: Uuid, connection: &BuiltConnection<Self>) -> bool {
        let newest = connection.newest.as_ref();
        newest.is_some_and(|newest| newest.payload.is_readable)
    }
}

impl CheckedFiles {
    /// Checks the files of a store and calls `write`, again when the files were replaced in between. Returns an error when part of
    /// the store cannot be read or, with an authenticator, is not authentic.
    pub fn with<T>(
        data: &Path,
        auth: Option<&StoreAuthenticator>,
        mut write: impl FnMut(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let mut checked = Self::read(data, auth)?;
            match write(&mut checked) {
                Err(_)
                    if attempts < MAX_ATTEMPTS
                        && checked.is_unreadable
                        && checked.is_outdated() => {}
                written => return written,
            }
        }
    }

    fn read(data: &Path, auth: Option<&StoreAuthenticator>) -> Result<Self, StoreError> {
        let files = signature(data).map_err(|error| io_error(data, &error))?;
        let (content, base) = read_complete_from(data, auth)?;
        Ok(Self {
            data: data.to_owned(),
            auth: auth.cloned(),
            content,
            base,
            files,
            is_unreadable: false,
        })
    }

    /// Returns true when files were added, changed or removed since they were checked.
    fn is_outdated(&self) -> bool {
        signature(&self.data).is_ok_and(|files| files != self.files)
    }

    /// Returns the header of a file with the content of the store.
    pub fn header(&self) -> FileHeader {
        FileHeader {
            identity: self.content.identity.clone(),
            revision: self.content.state.revision,
            digest: self.content.state.digest(),
        }
    }

    /// Writes the store as snapshot entries, in the order of its files.
    pub fn write_entries(&mut self, writer: &mut SnapshotWriter<'_>) -> io::Result<()> {
        let mut result = Ok(());
        self.is_unreadable = true;
        let connections = &mut self.content.state.connections;
        let is_complete = visit_entries(&self.data, &self.base, self.auth.as_ref(), |found| {
            if result.is_ok()
                && let Some(connection) = connections.get_mut(&found.id)
            {
                result = write_entry(connection, found, writer);
            }
        })?;
        if let Err(error) = result {
            self.is_unreadable = false;
            return Err(error);
        }
        let mut versions = connections
            .values()
            .flat_map(|connection| connection.older.values().chain(&connection.newest));
        self.is_unreadable = !is_complete || !versions.all(|version| version.payload.is_written);
        if self.is_unreadable {
            return Err(io::Error::other(
                "the store was changed while it was read; try again",
            ));
        }
        Ok(())
    }
}

/// Writes an entry unless it is not part of the store or is already written.
fn write_entry(
    connection: &mut BuiltConnection<CheckedEntry>,
    found: &JournalEntry<'_>,
    writer: &mut SnapshotWriter<'_>,
) -> io::Result<()> {
    let is_found = |version: &BuiltVersion<CheckedEntry>| {
        let CheckedEntry {
            kind, is_written, ..
        } = version.payload;
        (version.revision, version.number, kind) == (found.revision, found.number, found.kind)
            && !is_written
    };
    if let Some(newest) = connection.newest.as_mut().filter(|it| is_found(it)) {
        newest.payload.is_written = true;
        return writer.add(&entry(found.id, EntryKind::Record, newest, found.payload));
    }
    let older = connection.older.get_mut(&found.number);
    if let Some(older) = older.filter(|it| is_found(it)) {
        older.payload.is_written = true;
        let payload = version_payload(found.id, found.kind, found.payload)?;
        return writer.add(&entry(found.id, EntryKind::Version, older, &payload));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::store::journal::digest::{StateDigest, record_hash, version_hash};
    use crate::store::journal::header::{NewFile, StoreIdentity};
    use crate::store::journal::segment::ActiveSegment;
    use crate::store::journal::{self, snapshot};

    const ONE: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);

    fn payload(id: Uuid, version: u64) -> Vec<u8> {
        format!(
            r#"{{"connection":{{"id":"{id}","alias":"a{version}","name":"A","providerId":"openai","isActive":true,"dateCreated":"2024-01-15T10:30:00Z","dateModified":"2024-01-15T10:30:00Z","version":{version},"settings":{{"apiKey":{{"sealed":"AAAA"}}}}}},"change":{{}}}}"#
        )
        .into_bytes()
    }

    fn header(revision: u64, digest: StateDigest) -> FileHeader {
        FileHeader {
            identity: StoreIdentity::new(Uuid::nil(), [0; 40]),
            revision,
            digest,
        }
    }

    /// Store with two versions of one connection, and another connection. Its snapshot was written while the second version was saved.
    fn store(data: &Path) {
        let first = version_hash(ONE, 1, 1);
        let both = first.wrapping_add(version_hash(ONE, 2, 2));
        let only = record_hash(OTHER, 3, version_hash(OTHER, 1, 3));
        let empty = StateDigest::default();
        let digests = [
            empty.with(record_hash(ONE, 1, first)),
            empty.with(record_hash(ONE, 2, both)),
            empty.with(record_hash(ONE, 2, both)).with(only),
        ];
        let changes = [(ONE, 1), (ONE, 2), (OTHER, 1)].into_iter().zip(digests);
        let mut bytes = Vec::new();
        for (revision, ((id, number), digest)) in (1..).zip(changes) {
            let saved = JournalEntry {
                kind: EntryKind::Saved,
                revision,
                id,
                number,
                digest,
                payload: &payload(id, number),
                codes: None,
            };
            saved.write(&mut bytes);
        }
        let folder = data.join(journal::FOLDER);
        std::fs::create_dir(&folder).unwrap();
        let head = header(1, empty);
        let file = NewFile {
            head: &head,
            auth: None,
        };
        let mut segment = ActiveSegment::create(&folder, file).unwrap();
        segment.append(&bytes, false).unwrap();

        let row = |kind, number, payload| JournalEntry {
            kind,
            revision: number,
            id: ONE,
            number,
            digest: empty,
            payload,
            codes: None,
        };
        let head = header(1, digests[0]);
        let file = NewFile {
            head: &head,
            auth: None,
        };
        let current = payload(ONE, 2);
        let entries = |writer: &mut SnapshotWriter<'_>| {
            writer.add(&row(EntryKind::Record, 2, &current))?;
            writer.add(&row(EntryKind::Version, 1, b"{\"masked\":true}"))
        };
        snapshot::write(data, file, entries, |_| Ok(())).unwrap();
    }

    /// Entries by connection and number: revision, whether it is current, and payload.
    type Entries = BTreeMap<(Uuid, u64), (u64, bool, String)>;

    fn written(checked: &mut CheckedFiles) -> Result<Entries, StoreError> {
        let head = checked.header();
        let file = NewFile {
            head: &head,
            auth: None,
        };
        let mut bytes = Vec::new();
        snapshot::write_to(&mut bytes, file, |writer| checked.write_entries(writer))
            .map_err(|error| StoreError::Other(error.to_string()))?;
        let mut entries = Entries::new();
        let read = snapshot::read_from(&mut &bytes[..], None, |entry| {
            let text = String::from_utf8_lossy(entry.payload).into_owned();
            let is_current = entry.kind == EntryKind::Record;
            let before =
                entries.insert((entry.id, entry.number), (entry.revision, is_current, text));
            assert!(before.is_none(), "an entry was written twice");
        });
        assert_eq!(read.unwrap().unwrap(), head);
        Ok(entries)
    }

    fn shown(entries: &Entries) -> Vec<(Uuid, u64, u64, bool)> {
        let shown = entries.iter();
        shown
            .map(|((id, number), (revision, is_current, _))| (*id, *number, *revision, *is_current))
            .collect()
    }

    const EXPECTED: [(Uuid, u64, u64, bool); 3] =
        [(ONE, 1, 1, false), (ONE, 2, 2, true), (OTHER, 1, 3, true)];

    #[test]
    fn change_in_snapshot_and_journal_is_written_once() {
        let data = tempfile::tempdir().unwrap();
        store(data.path());
        let entries = CheckedFiles::with(data.path(), None, written).unwrap();
        assert_eq!(shown(&entries), EXPECTED);
        assert_eq!(entries[&(ONE, 1)].2, "{\"masked\":true}");
        assert_eq!(entries[&(ONE, 2)].2.as_bytes(), payload(ONE, 2));
    }

    #[test]
    fn files_removed_in_between_are_read_again() {
        let data = tempfile::tempdir().unwrap();
        store(data.path());
        let mut attempts = 0;
        let entries = CheckedFiles::with(data.path(), None, |checked| {
            attempts += 1;
            if attempts == 1 {
                std::fs::remove_file(snapshot::path(data.path(), 1)).unwrap();
            }
            written(checked)
        });
        let entries = entries.unwrap();
        assert_eq!((attempts, shown(&entries)), (2, EXPECTED.to_vec()));
        // An older version of the journal is written without its secrets.
        assert!(!entries[&(ONE, 1)].2.contains("sealed"));
        assert!(entries[&(ONE, 2)].2.contains("sealed"));
    }

    /// The cause is then in the place of the backup, and its files may be there already.
    #[test]
    fn failed_write_is_not_repeated() {
        let data = tempfile::tempdir().unwrap();
        store(data.path());
        let mut attempts = 0;
        let result = CheckedFiles::with(data.path(), None, |checked| {
            attempts += 1;
            written(checked)?;
            std::fs::remove_file(snapshot::path(data.path(), 1)).unwrap();
            Err::<(), _>(StoreError::Other("no space".into()))
        });
        assert_eq!(result, Err(StoreError::Other("no space".into())));
        assert_eq!(attempts, 1);
    }

    #[test]
    fn entry_that_is_gone_is_an_error() {
        let data = tempfile::tempdir().unwrap();
        store(data.path());
        let mut attempts = 0;
        let result = CheckedFiles::with(data.path(), None, |checked| {
            attempts += 1;
            let other = checked.content.state.connections.get_mut(&OTHER);
            // As if the file had another revision in the second pass.
            other.unwrap().newest.as_mut().unwrap().revision = 9;
            written(checked)
        });
        assert!(result.unwrap_err().to_string().contains("was changed"));
        assert_eq!(attempts, 1, "the files are the same");
    }
}
