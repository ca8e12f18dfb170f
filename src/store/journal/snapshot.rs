//! Snapshots: the whole store in one file, so that older segments of the journal can be removed.
//!
//! A snapshot is written from the index while changes continue: each row shows some state after the revision of the snapshot.
//! Replaying the journal after that revision makes the state consistent.

use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::chain::{ChainCheck, ChainWriter};
use super::digest::StateDigest;
use super::entry::{self, EntryKind, JournalEntry};
use super::header::{self, FileHeader, FileKind, HeaderError, NewFile};
use super::segment::numbered;
use crate::store::io_error;
use crate::store::key::StoreAuthenticator;

/// Maximum length of an entry in bytes, so that a damaged length does not allocate all memory.
const MAX_ENTRY: usize = 256 * 1024 * 1024;

/// Initial buffer size in bytes; longer entries are rare.
const BUFFER: usize = 64 * 1024;

/// Folder of the snapshots in the data directory.
pub const FOLDER: &str = "snapshots";

/// Extension of a snapshot.
const EXTENSION: &str = "snapshot";
/// Extension of a copy of a snapshot, for a store that begins with one: a damaged file then loses nothing.
const COPY: &str = "copy";

/// Lists the snapshots of a store and their copies with their revisions, oldest first, a copy before its original.
pub fn all(data: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let folder = data.join(FOLDER);
    let mut found = numbered(&folder, EXTENSION)?;
    found.extend(numbered(&folder, COPY)?);
    found.sort_by(|(one, path), (other, other_path)| {
        one.cmp(other).then_with(|| path.cmp(other_path))
    });
    Ok(found)
}

/// Header of the newest snapshot. With an authenticator only authentic headers count; the name of a file proves nothing.
pub fn newest_header(
    data: &Path,
    auth: Option<&StoreAuthenticator>,
) -> io::Result<Option<FileHeader>> {
    let read = |path: &PathBuf| {
        // A snapshot that cannot be read is reported by those who need its content.
        let bytes = header::read_bytes(path).ok()?;
        let is_authentic =
            auth.is_none_or(|auth| FileHeader::code(&bytes, FileKind::Snapshot, auth).is_some());
        FileHeader::read(&bytes).ok().filter(|_| is_authentic)
    };
    let found = all(data)?;
    let heads = found.iter().filter_map(|(_, path)| read(path));
    Ok(heads.max_by_key(|head| head.revision))
}

/// Path of the snapshot at a revision.
pub fn path(data: &Path, revision: u64) -> PathBuf {
    data.join(FOLDER)
        .join(format!("{revision:020}.{EXTENSION}"))
}

/// Copies a snapshot or its copy, so that the store has two that are independent of each other.
pub fn duplicate(path: &Path) -> io::Result<()> {
    let is_copy = path.extension().is_some_and(|found| found == COPY);
    let other = path.with_extension(if is_copy { EXTENSION } else { COPY });
    let mut original = io_error::open_file(path)?;
    // Not copied by the system, which may let both files share their blocks.
    let bytes: &mut dyn Read = &mut original;
    io_error::write_atomically(&other, |file| io::copy(bytes, file).map(drop))?;
    Ok(())
}

/// Reads a snapshot entry by entry, holding only one in memory. Returns the header when the snapshot is complete and intact;
/// otherwise the entries passed to `visit` must be discarded.
pub fn read(
    path: &Path,
    auth: Option<&StoreAuthenticator>,
    visit: impl FnMut(&JournalEntry<'_>),
) -> io::Result<Option<FileHeader>> {
    let mut file = BufReader::with_capacity(256 * 1024, io_error::open_file(path)?);
    Ok(read_from(&mut file, auth, visit)?.ok())
}

/// Reason why bytes are not a complete snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotError {
    /// The header is damaged, not authentic or missing.
    Head,
    /// Written by a newer program in this format version.
    Newer(u32),
    /// The entry at this byte offset is damaged or not authentic.
    Entry(u64),
    /// The bytes end early, after this byte offset.
    Truncated(u64),
}

/// Reads a snapshot from any reader, up to its end marker. With an authenticator, everything must be authentic.
pub fn read_from(
    file: &mut impl Read,
    auth: Option<&StoreAuthenticator>,
    mut visit: impl FnMut(&JournalEntry<'_>),
) -> io::Result<Result<FileHeader, SnapshotError>> {
    let mut start = [0; header::LENGTH];
    if !fill(file, &mut start)? {
        return Ok(Err(SnapshotError::Head));
    }
    let head = match FileHeader::read(&start) {
        Ok(head) => head,
        Err(HeaderError::Newer(format)) => return Ok(Err(SnapshotError::Newer(format))),
        Err(HeaderError::Damaged) => return Ok(Err(SnapshotError::Head)),
    };
    let kind = FileKind::Snapshot;
    if auth.is_some_and(|auth| FileHeader::code(&start, kind, auth).is_none()) {
        return Ok(Err(SnapshotError::Head));
    }
    let mut check = auth.map(|auth| ChainCheck::after_header(&start, kind, auth));
    let mut buffer = Vec::new();
    let mut entries = 0;
    let mut at = header::LENGTH as u64;
    loop {
        buffer.resize(entry::HEAD, 0);
        if !fill(file, &mut buffer)? {
            return Ok(Err(SnapshotError::Truncated(at)));
        }
        let Some(size) = entry::size_of(&buffer).filter(|size| *size <= MAX_ENTRY) else {
            return Ok(Err(SnapshotError::Entry(at)));
        };
        // A damaged length may claim anything, so no more than this is allocated in advance.
        buffer.reserve(size.min(BUFFER));
        let rest = (size - entry::HEAD) as u64;
        if file.by_ref().take(rest).read_to_end(&mut buffer)? as u64 != rest {
            return Ok(Err(SnapshotError::Truncated(at)));
        }
        let is_authentic =
            |entry: &JournalEntry<'_>| check.as_mut().is_none_or(|check| check.accepts(entry));
        match JournalEntry::read(&buffer).filter(is_authentic) {
            Some(end) if end.kind == EntryKind::End => {
                let is_complete = end.number == entries;
                return Ok(is_complete.then_some(head).ok_or(SnapshotError::Entry(at)));
            }
            Some(entry) => {
                entries += 1;
                visit(&entry);
            }
            None => return Ok(Err(SnapshotError::Entry(at))),
        }
        at += size as u64;
    }
}

/// Fills the buffer. Returns false at the end of the input.
fn fill(file: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writer of snapshot entries.
pub struct SnapshotWriter<'a> {
    out: BufWriter<&'a mut dyn Write>,
    chain: ChainWriter<'a>,
    buffer: Vec<u8>,
    entries: u64,
}

impl SnapshotWriter<'_> {
    /// Adds a connection or a version.
    pub fn add(&mut self, entry: &JournalEntry<'_>) -> io::Result<()> {
        self.entries += 1;
        self.write(entry)
    }

    fn write(&mut self, entry: &JournalEntry<'_>) -> io::Result<()> {
        self.buffer.clear();
        self.chain.with_codes(entry).write(&mut self.buffer);
        self.out.write_all(&self.buffer)
    }

    fn end(mut self) -> io::Result<()> {
        let end = JournalEntry {
            kind: EntryKind::End,
            revision: 0,
            id: Uuid::nil(),
            number: self.entries,
            digest: StateDigest::default(),
            payload: b"{}",
            codes: None,
        };
        self.write(&end)?;
        self.out.flush()
    }
}

/// Writes a snapshot. It gets its final name only when it is durable and `verify`, called with the temporary path, succeeds.
pub fn write(
    data: &Path,
    file: NewFile<'_>,
    entries: impl FnOnce(&mut SnapshotWriter<'_>) -> io::Result<()>,
    verify: impl FnOnce(&Path) -> io::Result<()>,
) -> io::Result<()> {
    let folder = data.join(FOLDER);
    io_error::create_folder(&folder)?;
    let path = path(data, file.head.revision);
    io_error::write_atomically(&path, |out| {
        write_to(out, file, entries)?;
        verify(&io_error::temporary_path(&path))
    })?;
    Ok(())
}

/// Writes a snapshot to any writer.
pub fn write_to(
    mut out: &mut dyn Write,
    file: NewFile<'_>,
    entries: impl FnOnce(&mut SnapshotWriter<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let NewFile { head, auth } = file;
    let start = head.to_bytes_with_code(FileKind::Snapshot, auth);
    out.write_all(&start)?;
    let code = auth.and_then(|auth| FileHeader::code(&start, FileKind::Snapshot, auth));
    let mut writer = SnapshotWriter {
        out: BufWriter::with_capacity(256 * 1024, &mut out),
        chain: ChainWriter::new(auth, code.unwrap_or_default()),
        buffer: Vec::new(),
        entries: 0,
    };
    entries(&mut writer)?;
    writer.end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::journal::header::StoreIdentity;

    /// Reader that records the largest requested read.
    struct Asked<'a> {
        bytes: &'a [u8],
        largest: usize,
    }

    impl Read for Asked<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.largest = self.largest.max(buffer.len());
            self.bytes.read(buffer)
        }
    }

    #[test]
    fn damaged_length_does_not_allocate_beyond_the_input() {
        let head = FileHeader {
            identity: StoreIdentity::new(Uuid::nil(), [0; 40]),
            revision: 1,
            digest: StateDigest::default(),
        };
        let mut file = Vec::new();
        let start = NewFile {
            head: &head,
            auth: None,
        };
        write_to(&mut file, start, |_| Ok(())).unwrap();
        // The third byte of the length of the only entry: 192 MiB.
        file[header::LENGTH + 16 + 3] = 12;
        let mut reader = Asked {
            bytes: &file,
            largest: 0,
        };
        let read = read_from(&mut reader, None, |_| {}).unwrap();
        assert_eq!(read, Err(SnapshotError::Truncated(header::LENGTH as u64)));
        assert!(
            reader.largest <= 2 * BUFFER,
            "{} bytes at once",
            reader.largest
        );
    }
}
