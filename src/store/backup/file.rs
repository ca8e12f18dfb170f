//! File format of a backup: a whole store as a snapshot, then a trailer with the creation time and the signature.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use super::BackupSigner;
use crate::store::journal::bytes::{u32_at, u64_at};
use crate::store::journal::entry::JournalEntry;
use crate::store::journal::header::{self, FileHeader, HeaderError, NewFile, StoreIdentity};
use crate::store::journal::replay::StateBuilder;
use crate::store::journal::snapshot::{self, SnapshotError, SnapshotWriter};
use crate::store::key::{Signature, StoreKey};
use crate::store::offline_reader::CheckedFiles;
use crate::store::sled::create::write_entries;
use crate::store::sled::salvage::{FullState, keep_payload};

/// Length of the trailer in bytes.
const TRAILER: usize = 128;
const MAGIC: [u8; 8] = *b"umaibkup";
/// Format version of the trailer written by this program.
const FORMAT: u32 = 1;
const SUM: std::ops::Range<usize> = 32..64;
const SIGNATURE: std::ops::Range<usize> = 64..104;
const DATA_DIR: std::ops::Range<usize> = 104..112;

/// Origin of a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupOrigin {
    /// Created on request; only the user removes it.
    Manual,
    /// Created automatically; removed when newer backups replace it.
    Automatic,
}

impl BackupOrigin {
    const fn code(self) -> u8 {
        match self {
            Self::Manual => 0,
            Self::Automatic => 1,
        }
    }

    fn read(code: u8) -> Option<Self> {
        [Self::Manual, Self::Automatic]
            .into_iter()
            .find(|origin| origin.code() == code)
    }
}

/// Information about a backup besides its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupInfo {
    /// Time of creation.
    pub created: DateTime<Utc>,
    /// Origin of the backup.
    pub origin: BackupOrigin,
    /// Identifies the data directory.
    pub folder: FolderHash,
}

/// First bytes of the SHA-256 hash of the absolute path of a data directory; distinguishes stores of different folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FolderHash([u8; 8]);

impl FolderHash {
    /// Returns the hash for a data directory, which need not exist.
    pub fn for_folder(data: &Path) -> Self {
        let absolute = std::path::absolute(data);
        let path = absolute.as_deref().unwrap_or(data);
        let sum = Sha256::digest(path.as_os_str().as_bytes());
        Self(std::array::from_fn(|at| sum[at]))
    }
}

impl std::fmt::Display for FolderHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

/// Label of a backup, read from its header and trailer.
#[derive(Debug, Clone, PartialEq)]
pub struct BackupLabel {
    /// Header: store, revision and digest.
    pub header: FileHeader,
    /// Information from the trailer.
    pub info: BackupInfo,
    sum: [u8; 32],
    /// Signature by the key of the store; `None` when the key was not available.
    signature: Option<Signature>,
}

impl BackupLabel {
    /// Store that was backed up.
    pub const fn identity(&self) -> &StoreIdentity {
        &self.header.identity
    }

    /// Returns true when the backup has a signature.
    pub const fn is_signed(&self) -> bool {
        self.signature.is_some()
    }

    /// Returns true when the signature is valid for this key, that is, when the backup was not modified without the key.
    pub fn is_signed_with(&self, key: &StoreKey) -> bool {
        let binding = binding(&self.header.identity, &self.sum, &self.info);
        self.signature
            .is_some_and(|signature| key.has_signed(&signature, &binding))
    }

    fn new(head: FileHeader, trailer: &[u8; TRAILER]) -> Option<Self> {
        let signature: Signature = trailer[SIGNATURE].try_into().ok()?;
        Some(Self {
            header: head,
            info: BackupInfo {
                created: DateTime::from_timestamp_millis(i64::try_from(u64_at(trailer, 16)).ok()?)?,
                origin: BackupOrigin::read(trailer[24])?,
                folder: FolderHash(trailer[DATA_DIR].try_into().ok()?),
            },
            sum: trailer[SUM].try_into().ok()?,
            signature: (trailer[25] == 1).then_some(signature),
        })
    }
}

/// Reason why a file is not a usable backup. Displays without the path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BackupFault {
    /// The file is not a backup.
    #[error("not an umai backup")]
    Foreign,
    /// Created by a newer program.
    #[error("created by a newer umai (format {0}); use that version")]
    Newer(u32),
    /// Damaged at a byte offset.
    #[error("damaged at byte {0}")]
    Damaged(u64),
    /// The end is missing.
    #[error("truncated after {0} bytes")]
    Truncated(u64),
    /// Every part is intact, but the content does not match the checksum or the digest.
    #[error("damaged: the checksum does not match")]
    Mismatch,
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// The file or its folder cannot be written.
    #[error("cannot be written: {0}")]
    Unwritable(String),
}

impl BackupFault {
    /// Returns the fault of a failed write.
    pub fn unwritable(error: &io::Error) -> Self {
        Self::Unwritable(error.to_string())
    }
}

impl From<io::Error> for BackupFault {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}

/// Complete store that can be written as a backup.
pub trait BackupContent {
    /// Returns the header: store, revision and digest.
    fn header(&self) -> FileHeader;

    /// Writes the connections and their versions.
    fn write_entries(&mut self, writer: &mut SnapshotWriter<'_>) -> io::Result<()>;
}

impl BackupContent for (FileHeader, &FullState) {
    fn header(&self) -> FileHeader {
        self.0.clone()
    }

    fn write_entries(&mut self, writer: &mut SnapshotWriter<'_>) -> io::Result<()> {
        write_entries(self.1, writer)
    }
}

impl BackupContent for CheckedFiles {
    fn header(&self) -> FileHeader {
        self.header()
    }

    fn write_entries(&mut self, writer: &mut SnapshotWriter<'_>) -> io::Result<()> {
        self.write_entries(writer)
    }
}

/// Writes a backup of a complete store.
pub fn write(
    file: &mut File,
    content: &mut dyn BackupContent,
    about: &BackupInfo,
    signer: Option<&BackupSigner>,
) -> io::Result<()> {
    let head = &content.header();
    let mut hashed = HashingStream::new(&mut *file);
    // The signature of the whole file authenticates the entries.
    let start = NewFile { head, auth: None };
    snapshot::write_to(&mut hashed, start, |writer| content.write_entries(writer))?;
    let sum = hashed.sum();
    let mut trailer = [0; TRAILER];
    trailer[..8].copy_from_slice(&MAGIC);
    trailer[8..12].copy_from_slice(&FORMAT.to_le_bytes());
    let millis = u64::try_from(about.created.timestamp_millis()).map_err(io::Error::other)?;
    trailer[16..24].copy_from_slice(&millis.to_le_bytes());
    trailer[24] = about.origin.code();
    trailer[DATA_DIR].copy_from_slice(&about.folder.0);
    trailer[SUM].copy_from_slice(&sum);
    if let Some(signer) = signer {
        let signature = signer(&binding(&head.identity, &sum, about)).map_err(io::Error::other)?;
        trailer[25] = 1;
        trailer[SIGNATURE].copy_from_slice(&signature);
    }
    let check = checksum(&trailer);
    trailer[12..16].copy_from_slice(&check.to_le_bytes());
    file.write_all(&trailer)
}

/// Reads the label of a backup file.
pub fn label(path: &Path) -> Result<BackupLabel, BackupFault> {
    let mut file = File::open(path)?;
    let mut head = Vec::with_capacity(header::LENGTH);
    (&file).take(header::LENGTH as u64).read_to_end(&mut head)?;
    let head = FileHeader::read(&head).map_err(|unreadable| match unreadable {
        HeaderError::Damaged => BackupFault::Foreign,
        HeaderError::Newer(format) => BackupFault::Newer(format),
    })?;
    read_label_after(&mut file, head)
}

fn read_label_after(file: &mut File, head: FileHeader) -> Result<BackupLabel, BackupFault> {
    let length = file.metadata()?.len();
    let Some(at) = length
        .checked_sub(TRAILER as u64)
        .filter(|at| *at >= header::LENGTH as u64)
    else {
        return Err(BackupFault::Truncated(length));
    };
    file.seek(SeekFrom::Start(at))?;
    let mut trailer = [0; TRAILER];
    file.read_exact(&mut trailer)?;
    if !trailer.starts_with(&MAGIC) {
        return Err(BackupFault::Truncated(length));
    }
    if checksum(&trailer) != u32_at(&trailer, 12) {
        return Err(BackupFault::Damaged(at));
    }
    match u32_at(&trailer, 8) {
        FORMAT => BackupLabel::new(head, &trailer).ok_or(BackupFault::Damaged(at)),
        newer => Err(BackupFault::Newer(newer)),
    }
}

/// Reads a backup completely. Succeeds only when every byte is intact.
pub fn read(path: &Path) -> Result<(BackupLabel, FullState), BackupFault> {
    read_retaining(path, keep_payload)
}

/// Reads a backup completely without keeping its content. Succeeds only when every byte is intact.
pub fn check(path: &Path) -> Result<(), BackupFault> {
    read_retaining(path, |_| ()).map(drop)
}

fn read_retaining<T>(
    path: &Path,
    retain: fn(&JournalEntry<'_>) -> T,
) -> Result<(BackupLabel, StateBuilder<T>), BackupFault> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let rows = length.saturating_sub(TRAILER as u64);
    let mut state = StateBuilder::empty(retain);
    let mut hashed = HashingStream::new(BufReader::with_capacity(
        256 * 1024,
        file.try_clone()?.take(rows),
    ));
    let head = match snapshot::read_from(&mut hashed, None, |entry| state.add_row(entry))? {
        Ok(head) => head,
        Err(SnapshotError::Head) => return Err(BackupFault::Foreign),
        Err(SnapshotError::Newer(format)) => return Err(BackupFault::Newer(format)),
        Err(SnapshotError::Entry(at)) => return Err(BackupFault::Damaged(at)),
        // Either the end is missing, or a length is damaged; the trailer distinguishes the two.
        Err(SnapshotError::Truncated(at)) => {
            return Err(match label(path) {
                Ok(_) => BackupFault::Damaged(at),
                Err(fault) => fault,
            });
        }
    };
    let read = hashed.count;
    let label = read_label_after(&mut file, head)?;
    if read != rows {
        return Err(BackupFault::Damaged(read));
    }
    state.revision = label.header.revision;
    state.expected = label.header.digest;
    state.identity = Some(label.header.identity.clone());
    state.connections.retain(|_, built| built.newest.is_some());
    if hashed.sum() != label.sum || !state.is_consistent() {
        return Err(BackupFault::Mismatch);
    }
    Ok((label, state))
}

/// Binding of a signature to this backup and its content.
fn binding(identity: &StoreIdentity, sum: &[u8; 32], about: &BackupInfo) -> Vec<u8> {
    [
        b"umai backup 1".as_slice(),
        identity.store.as_bytes(),
        sum,
        &about.created.timestamp_millis().to_le_bytes(),
        &[about.origin.code()],
        &about.folder.0,
    ]
    .concat()
}

fn checksum(trailer: &[u8; TRAILER]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&trailer[..12]);
    sum.update(&trailer[16..]);
    sum.finalize()
}

/// Reader or writer that hashes and counts the bytes passed through it.
struct HashingStream<T> {
    inner: T,
    hash: Sha256,
    count: u64,
}

impl<T> HashingStream<T> {
    fn new(inner: T) -> Self {
        Self {
            inner,
            hash: Sha256::new(),
            count: 0,
        }
    }

    fn sum(self) -> [u8; 32] {
        self.hash.finalize().into()
    }

    fn add(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.count += bytes.len() as u64;
    }
}

impl<W: Write> Write for HashingStream<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.add(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Read for HashingStream<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(bytes)?;
        self.add(&bytes[..count]);
        Ok(count)
    }
}
