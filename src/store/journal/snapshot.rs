//! Snapshots: the whole store in one file, so that the journal need not be kept from its beginning.
//!
//! A snapshot is written from the view while changes go on: each row is as it was at some moment after the snapshot's
//! revision. The journal after that revision, told again on top of it, makes it right.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::digest::Digest;
use super::entry::{self, Entry, Kind};
use super::head::{self, Head, Unreadable};
use super::segment::numbered;
use crate::store::files;

/// No entry is longer, so that a damaged length does not ask for all memory.
const LONGEST: usize = 256 * 1024 * 1024;

/// Hardly an entry is longer.
const ROOM: usize = 64 * 1024;

/// The folder of the snapshots in the data folder.
pub const FOLDER: &str = "snapshots";

/// The snapshots of a store, oldest first, each with its revision.
pub fn all(data: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    numbered(&data.join(FOLDER), "snapshot")
}

/// Reads a snapshot entry by entry, without holding more than one. Answers its head when every byte of it is right and it was
/// written to its end; what was told before that is not to be trusted.
pub fn read(path: &Path, tell: impl FnMut(&Entry<'_>)) -> io::Result<Option<Head>> {
    let mut file = BufReader::with_capacity(256 * 1024, File::open(path)?);
    Ok(read_from(&mut file, tell)?.ok())
}

/// Why bytes are no snapshot that was written to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsound {
    /// The head is damaged, or it is none at all.
    Head,
    /// A newer program wrote it, in this format.
    Newer(u32),
    /// The entry that begins behind so many bytes is damaged.
    Entry(u64),
    /// They end behind so many bytes, and should not.
    Cut(u64),
}

/// Reads a snapshot from anything, up to behind its end.
pub fn read_from(
    file: &mut impl Read,
    mut tell: impl FnMut(&Entry<'_>),
) -> io::Result<Result<Head, Unsound>> {
    let mut head = [0; head::LENGTH];
    if !fill(file, &mut head)? {
        return Ok(Err(Unsound::Head));
    }
    let head = match Head::read(&head) {
        Ok(head) => head,
        Err(Unreadable::Newer(format)) => return Ok(Err(Unsound::Newer(format))),
        Err(Unreadable::Damaged) => return Ok(Err(Unsound::Head)),
    };
    let mut buffer = Vec::new();
    let mut entries = 0;
    let mut at = head::LENGTH as u64;
    loop {
        buffer.resize(entry::HEAD, 0);
        if !fill(file, &mut buffer)? {
            return Ok(Err(Unsound::Cut(at)));
        }
        let Some(size) = entry::size_of(&buffer).filter(|size| *size <= LONGEST) else {
            return Ok(Err(Unsound::Entry(at)));
        };
        // Room is made for what there is: a damaged length may claim anything.
        buffer.reserve(size.min(ROOM));
        let rest = (size - entry::HEAD) as u64;
        if file.by_ref().take(rest).read_to_end(&mut buffer)? as u64 != rest {
            return Ok(Err(Unsound::Cut(at)));
        }
        match Entry::read(&buffer) {
            Some(end) if end.kind == Kind::End => {
                let is_whole = end.number == entries;
                return Ok(is_whole.then_some(head).ok_or(Unsound::Entry(at)));
            }
            Some(entry) => {
                entries += 1;
                tell(&entry);
            }
            None => return Ok(Err(Unsound::Entry(at))),
        }
        at += size as u64;
    }
}

/// Whether there were enough bytes.
fn fill(file: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writes the rows of a snapshot.
pub struct Writer<'a> {
    out: BufWriter<&'a mut dyn Write>,
    buffer: Vec<u8>,
    entries: u64,
}

impl Writer<'_> {
    /// Adds a connection or a version.
    pub fn add(&mut self, entry: &Entry<'_>) -> io::Result<()> {
        self.entries += 1;
        self.write(entry)
    }

    fn write(&mut self, entry: &Entry<'_>) -> io::Result<()> {
        self.buffer.clear();
        entry.write(&mut self.buffer);
        self.out.write_all(&self.buffer)
    }

    fn end(mut self) -> io::Result<()> {
        let end = Entry {
            kind: Kind::End,
            revision: 0,
            id: Uuid::nil(),
            number: self.entries,
            digest: Digest::default(),
            payload: b"{}",
        };
        self.write(&end)?;
        self.out.flush()
    }
}

/// Writes a snapshot; it appears under its name when it is durable and `prove`, which is told where it lies until then, has
/// nothing against it.
pub fn write(
    data: &Path,
    head: &Head,
    rows: impl FnOnce(&mut Writer<'_>) -> io::Result<()>,
    prove: impl FnOnce(&Path) -> io::Result<()>,
) -> io::Result<()> {
    let folder = data.join(FOLDER);
    files::create_folder(&folder)?;
    let path = folder.join(format!("{:020}.snapshot", head.revision));
    files::place(&path, |file| {
        write_to(file, head, rows)?;
        prove(&files::aside(&path))
    })?;
    Ok(())
}

/// Writes a snapshot into anything.
pub fn write_to(
    mut out: &mut dyn Write,
    head: &Head,
    rows: impl FnOnce(&mut Writer<'_>) -> io::Result<()>,
) -> io::Result<()> {
    out.write_all(&head.to_bytes())?;
    let mut writer = Writer {
        out: BufWriter::with_capacity(256 * 1024, &mut out),
        buffer: Vec::new(),
        entries: 0,
    };
    rows(&mut writer)?;
    writer.end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::journal::head::Identity;

    /// Gives what it has, and counts how much it was asked for at once.
    struct Asked<'a> {
        bytes: &'a [u8],
        most: usize,
    }

    impl Read for Asked<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.most = self.most.max(buffer.len());
            self.bytes.read(buffer)
        }
    }

    #[test]
    fn a_damaged_length_asks_for_no_more_memory_than_there_are_bytes() {
        let head = Head {
            identity: Identity {
                store: Uuid::nil(),
                check: [0; 40],
            },
            revision: 1,
            digest: Digest::default(),
        };
        let mut file = Vec::new();
        write_to(&mut file, &head, |_| Ok(())).unwrap();
        // The third byte of the length of the only entry: 192 MiB.
        file[head::LENGTH + 16 + 3] = 12;
        let mut asked = Asked {
            bytes: &file,
            most: 0,
        };
        let read = read_from(&mut asked, |_| {}).unwrap();
        assert_eq!(read, Err(Unsound::Cut(head::LENGTH as u64)));
        assert!(asked.most <= 2 * ROOM, "{} bytes at once", asked.most);
    }
}
