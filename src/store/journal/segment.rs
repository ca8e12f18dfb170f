//! Segment of the journal: its path, reading it, and appending to it.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::digest::StateDigest;
use super::entry::{EntryWalk, WalkItem};
use super::header::{self, FileHeader, FileKind, HeaderError, NewFile};
use crate::store::io_error;
use crate::store::key::{AuthCode, StoreAuthenticator};

/// Segments are extended in steps of this size, filled with zeros. A sync then writes data but no file size, which is faster, and
/// deletes still have room when the disk is full.
const STEP: u64 = ZEROS.len() as u64;

/// Space that stays allocated for removals on a full disk.
const RESERVE: u64 = STEP / 2;
static ZEROS: [u8; 256 * 1024] = [0; 256 * 1024];
/// Size in bytes after which a new segment is started.
pub const FULL_LENGTH: u64 = 4 * 1024 * 1024;

/// Segment on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// First revision in it, which is also its name.
    pub first: u64,
    /// Path of the file.
    pub path: PathBuf,
}

/// Position of the next entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TailPosition {
    /// Segment to append to.
    pub segment: Segment,
    /// Byte offset.
    pub offset: u64,
    /// True when an unfinished write must be truncated at the offset.
    pub cut: bool,
    /// Code of the entry before it, or of the header.
    pub chain: AuthCode,
}

impl Segment {
    /// Returns the segment that starts with revision `first`.
    pub fn at(folder: &Path, first: u64) -> Self {
        Self {
            first,
            path: folder.join(format!("{first:020}.log")),
        }
    }

    /// Lists the segments in a folder, oldest first.
    pub fn all(folder: &Path) -> io::Result<Vec<Self>> {
        numbered(folder, "log").map(|found| {
            found
                .into_iter()
                .map(|(first, path)| Self { first, path })
                .collect()
        })
    }

    /// Returns true when there are no entries from an offset on, only zeros.
    pub fn is_unused_from(&self, offset: u64) -> io::Result<bool> {
        let mut file = io_error::open_file(&self.path)?;
        if file.seek(SeekFrom::Start(offset))? > file.metadata()?.len() {
            return Ok(false);
        }
        let mut rest = Vec::new();
        file.read_to_end(&mut rest)?;
        Ok(rest.iter().all(|byte| *byte == 0))
    }

    /// Reads the content and decodes the header. With an authenticator, a header that is not authentic is damaged.
    pub fn read(
        &self,
        auth: Option<&StoreAuthenticator>,
    ) -> io::Result<(Vec<u8>, Result<FileHeader, HeaderError>)> {
        let bytes = io_error::read_file(&self.path)?;
        let is_authentic =
            auth.is_none_or(|auth| FileHeader::code(&bytes, FileKind::Segment, auth).is_some());
        let head = FileHeader::read(&bytes)
            .and_then(|head| is_authentic.then_some(head).ok_or(HeaderError::Damaged));
        Ok((bytes, head))
    }
}

/// Lists the files in a folder whose stem is a number, with an extension, in order. Empty when the folder does not exist.
pub fn numbered(folder: &Path, extension: &str) -> io::Result<Vec<(u64, PathBuf)>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let number = path
            .file_stem()
            .and_then(|stem| stem.to_str()?.parse().ok())
            .filter(|_| path.extension().is_some_and(|found| found == extension));
        if let Some(number) = number {
            found.push((number, path));
        }
    }
    found.sort();
    Ok(found)
}

/// Reason why bytes were not appended.
#[derive(Debug)]
pub enum AppendError {
    /// No space left; nothing has changed.
    NoSpace(io::Error),
    /// The write failed; the content on disk is unknown.
    Failed(io::Error),
}

/// Segment that is being written.
pub struct ActiveSegment {
    file: File,
    path: PathBuf,
    /// Offset of the next entry.
    end: u64,
    /// Offset up to which the content is durable.
    durable: u64,
    /// Allocated length of the file.
    allocated: u64,
    /// Code of the last durable entry, or of the header.
    chain: AuthCode,
}

impl ActiveSegment {
    /// Creates a segment.
    pub fn create(folder: &Path, file: NewFile<'_>) -> io::Result<Self> {
        let NewFile { head, auth } = file;
        let segment = Segment::at(folder, head.revision);
        let start = head.to_bytes_with_code(FileKind::Segment, auth);
        let code = auth.and_then(|auth| FileHeader::code(&start, FileKind::Segment, auth));
        let file = io_error::write_atomically(&segment.path, |file| file.write_all(&start))?;
        Ok(Self {
            file,
            path: segment.path,
            end: header::LENGTH as u64,
            durable: header::LENGTH as u64,
            allocated: header::LENGTH as u64,
            chain: code.unwrap_or_default(),
        })
    }

    /// Continues at the end of the journal, after truncating an unfinished write.
    ///
    /// The content, and the entry of the file in its folder, may have been written by a process that was killed before they were
    /// durable. They are read by others from now on, so they are synced first. On a read-only disk the file can only be read.
    pub fn resume(position: &TailPosition) -> io::Result<Self> {
        let path = &position.segment.path;
        let file = match io_error::no_follow().read(true).write(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => {
                io_error::open_file(path)?
            }
            file => {
                let file = file?;
                if position.cut {
                    file.set_len(position.offset)?;
                }
                file.sync_all()?;
                path.parent().map_or(Ok(()), io_error::sync_folder)?;
                file
            }
        };
        let allocated = file.metadata()?.len();
        Ok(Self {
            file,
            path: position.segment.path.clone(),
            end: position.offset,
            durable: position.offset,
            allocated,
            chain: position.chain,
        })
    }

    /// Appends bytes without waiting for the disk.
    ///
    /// `urgent` bytes may use the space reserved for a full disk.
    pub fn append(&mut self, bytes: &[u8], urgent: bool) -> Result<(), AppendError> {
        self.check_in_place().map_err(AppendError::Failed)?;
        let after = self.end + bytes.len() as u64;
        if after + RESERVE > self.allocated
            && let Err(error) = self.allocate(after)
            && !(urgent && after <= self.allocated)
        {
            return Err(AppendError::NoSpace(error));
        }
        self.file
            .write_all_at(bytes, self.end)
            .map_err(AppendError::Failed)?;
        self.end = after;
        Ok(())
    }

    /// Returns an error when the file was removed, moved or replaced: what is written to it would be lost.
    fn check_in_place(&self) -> io::Result<()> {
        let open = self.file.metadata()?;
        match std::fs::symlink_metadata(&self.path) {
            Ok(found) if (found.dev(), found.ino()) == (open.dev(), open.ino()) => Ok(()),
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(_) | Err(_) => Err(io::Error::other(format!(
                "{} was removed, moved or replaced; move it back",
                self.path.display()
            ))),
        }
    }

    fn allocate(&mut self, for_length: u64) -> io::Result<()> {
        let before = self.allocated;
        while for_length + RESERVE > self.allocated {
            if let Err(error) = self.file.write_all_at(&ZEROS, self.allocated) {
                self.allocated = before;
                // Zeros left after the allocated length are harmless.
                let _ = self.file.set_len(before);
                return Err(error);
            }
            self.allocated += STEP;
        }
        Ok(())
    }

    /// Waits until the appended bytes are durable. After an error the content on disk is unknown.
    pub fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        self.durable = self.end;
        Ok(())
    }

    /// Removes what a failed sync may have left on the disk, as far as the disk permits.
    pub fn discard_unsynced(&self) {
        // A rejected change that stays is removed before the next write.
        let _ = self
            .file
            .set_len(self.durable)
            .and_then(|()| self.file.sync_all());
    }

    /// Discards everything after the last successful sync, and verifies that the rest ends with this revision and digest.
    ///
    /// The file is opened again: a descriptor whose sync failed may report success the next time although data was lost.
    pub fn recover(&mut self, revision: u64, digest: StateDigest) -> io::Result<()> {
        self.check_in_place()?;
        let file = io_error::no_follow()
            .read(true)
            .write(true)
            .open(&self.path)?;
        file.set_len(self.durable)?;
        file.sync_all()?;
        let bytes = io_error::read_file(&self.path)?;
        let header = FileHeader::read(&bytes).map_err(|_| changed(&self.path))?;
        let mut end = (header.revision - 1, header.digest);
        for item in EntryWalk::new(&bytes, header::LENGTH) {
            match item {
                WalkItem::Entry(entry) => end = (entry.revision, entry.digest),
                // Damage in the middle was reported by the verification.
                WalkItem::Damaged(_) => {}
                WalkItem::Torn(_) => return Err(changed(&self.path)),
            }
        }
        if end != (revision, digest) {
            return Err(changed(&self.path));
        }
        self.file = file;
        self.end = self.durable;
        self.allocated = self.durable;
        Ok(())
    }

    /// Code of the last durable entry, after which the chain continues.
    pub const fn chain(&self) -> AuthCode {
        self.chain
    }

    /// Continues the chain after entries that were appended and synced.
    pub const fn set_chain(&mut self, last: AuthCode) {
        self.chain = last;
    }

    /// Offset of the next entry.
    pub const fn end(&self) -> u64 {
        self.end
    }

    /// Returns true when the next segment should be started.
    pub const fn is_full(&self) -> bool {
        self.end >= FULL_LENGTH
    }

    /// Truncates a finished segment to its durable length.
    pub fn finish(&self) -> io::Result<()> {
        self.file.set_len(self.durable)?;
        self.file.sync_all()
    }
}

fn changed(path: &Path) -> io::Error {
    io::Error::other(format!(
        "{} does not end with the last change",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::journal::digest::StateDigest;
    use crate::store::journal::header::StoreIdentity;
    use uuid::Uuid;

    fn head(revision: u64) -> FileHeader {
        FileHeader {
            identity: StoreIdentity::new(Uuid::nil(), [0; 40]),
            revision,
            digest: StateDigest::default(),
        }
    }

    fn create(folder: &Path, first: u64) -> ActiveSegment {
        let file = NewFile {
            head: &head(first),
            auth: None,
        };
        ActiveSegment::create(folder, file).unwrap()
    }

    #[test]
    fn segments_are_listed_by_revision() {
        let folder = tempfile::tempdir().unwrap();
        for first in [300, 1, 20] {
            create(folder.path(), first);
        }
        std::fs::write(folder.path().join("notes.txt"), "").unwrap();
        let firsts: Vec<_> = Segment::all(folder.path())
            .unwrap()
            .into_iter()
            .map(|segment| segment.first)
            .collect();
        assert_eq!(firsts, [1, 20, 300]);
    }

    #[test]
    fn appended_bytes_follow_header_and_finish_truncates() {
        let folder = tempfile::tempdir().unwrap();
        let mut tail = create(folder.path(), 1);
        tail.append(b"abc", false).unwrap();
        tail.append(b"def", false).unwrap();
        tail.sync().unwrap();
        tail.append(b"whose sync failed", false).unwrap();
        tail.finish().unwrap();
        let (bytes, read) = Segment::at(folder.path(), 1).read(None).unwrap();
        assert_eq!(read, Ok(head(1)));
        assert_eq!(&bytes[header::LENGTH..], b"abcdef");
    }
}
