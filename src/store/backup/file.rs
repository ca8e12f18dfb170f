//! How a backup lies in a file: a whole store as a snapshot has it, then a trailer that says when and seals it.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use super::Stamp;
use crate::store::journal::entry::{u32_at, u64_at};
use crate::store::journal::fold::Fold;
use crate::store::journal::head::{self, Head, Identity, Unreadable};
use crate::store::journal::snapshot::{self, Unsound};
use crate::store::key::{Key, KeyCheck};
use crate::store::sled::gather::{Payloads, keep};
use crate::store::sled::making::write_rows;

/// How long the trailer is.
const TRAILER: usize = 128;
const MAGIC: [u8; 8] = *b"umaibkup";
/// The format of the trailer that this program writes.
const FORMAT: u32 = 1;
const SUM: std::ops::Range<usize> = 32..64;
const SEAL: std::ops::Range<usize> = 64..104;
const PLACE: std::ops::Range<usize> = 104..112;

/// Who wanted a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Somebody, who alone removes it.
    Asked,
    /// Nobody: it makes room for newer ones in time.
    Automatic,
}

impl Origin {
    const fn code(self) -> u8 {
        match self {
            Self::Asked => 0,
            Self::Automatic => 1,
        }
    }

    fn read(code: u8) -> Option<Self> {
        [Self::Asked, Self::Automatic]
            .into_iter()
            .find(|origin| origin.code() == code)
    }
}

/// What is said of a backup besides what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// When it was made.
    pub made: DateTime<Utc>,
    /// Who wanted it.
    pub origin: Origin,
    /// Tells the data folder from others.
    pub place: Place,
}

/// The beginning of a hash of a data folder's path: a store that is gone from there is told from another one elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place([u8; 8]);

impl Place {
    /// The place of a data folder, be it there or not.
    pub fn of(data: &Path) -> Self {
        let whole = std::path::absolute(data);
        let path = whole.as_deref().unwrap_or(data);
        let sum = Sha256::digest(path.as_os_str().as_bytes());
        Self(std::array::from_fn(|at| sum[at]))
    }
}

/// What the two ends of a backup say of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// Whose it is, at which revision, and what it amounts to.
    pub head: Head,
    /// What is said of it besides.
    pub about: About,
    sum: [u8; 32],
    /// Made with the key that seals the secrets in it; none when that key was not there.
    seal: Option<KeyCheck>,
}

impl Label {
    /// Whose it is.
    pub const fn identity(&self) -> &Identity {
        &self.head.identity
    }

    /// Whether it has a seal at all.
    pub const fn is_sealed(&self) -> bool {
        self.seal.is_some()
    }

    /// Whether this key sealed it, so that whoever changed a byte of it since would have had the key.
    pub fn is_sealed_with(&self, key: &Key) -> bool {
        let binding = binding(&self.head.identity, &self.sum, &self.about);
        self.seal
            .is_some_and(|seal| key.has_sealed(&seal, &binding))
    }

    fn of(head: Head, trailer: &[u8; TRAILER]) -> Option<Self> {
        let seal: KeyCheck = trailer[SEAL].try_into().ok()?;
        Some(Self {
            head,
            about: About {
                made: DateTime::from_timestamp_millis(i64::try_from(u64_at(trailer, 16)).ok()?)?,
                origin: Origin::read(trailer[24])?,
                place: Place(trailer[PLACE].try_into().ok()?),
            },
            sum: trailer[SUM].try_into().ok()?,
            seal: (trailer[25] == 1).then_some(seal),
        })
    }
}

/// Why a file is no backup that can be used; a sentence about it, without its name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is something else.
    #[error("not an umai backup")]
    Foreign,
    /// A newer program made it.
    #[error("created by a newer umai (format {0}); use that version")]
    Newer(u32),
    /// A part of it is not as it was written.
    #[error("damaged at byte {0}")]
    Damaged(u64),
    /// Its end is not there.
    #[error("truncated after {0} bytes")]
    Cut(u64),
    /// Its parts are right, and it is not.
    #[error("damaged: the checksum does not match")]
    Unlike,
    /// The disk does not give it.
    #[error("cannot be read: {0}")]
    Unread(String),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Unread(error.to_string())
    }
}

/// Writes a backup of everything that was read of a store.
pub fn write(
    file: &mut File,
    head: &Head,
    whole: &Payloads,
    about: &About,
    stamp: Option<&Stamp>,
) -> io::Result<()> {
    let mut hashed = Hashed::new(&mut *file);
    snapshot::write_to(&mut hashed, head, |writer| write_rows(whole, writer))?;
    let sum = hashed.sum();
    let mut trailer = [0; TRAILER];
    trailer[..8].copy_from_slice(&MAGIC);
    trailer[8..12].copy_from_slice(&FORMAT.to_le_bytes());
    let millis = u64::try_from(about.made.timestamp_millis()).map_err(io::Error::other)?;
    trailer[16..24].copy_from_slice(&millis.to_le_bytes());
    trailer[24] = about.origin.code();
    trailer[PLACE].copy_from_slice(&about.place.0);
    trailer[SUM].copy_from_slice(&sum);
    if let Some(stamp) = stamp {
        let seal = stamp(&binding(&head.identity, &sum, about)).map_err(io::Error::other)?;
        trailer[25] = 1;
        trailer[SEAL].copy_from_slice(&seal);
    }
    let check = checksum(&trailer);
    trailer[12..16].copy_from_slice(&check.to_le_bytes());
    file.write_all(&trailer)
}

/// What the two ends of a file say.
pub fn label(path: &Path) -> Result<Label, Fault> {
    let mut file = File::open(path)?;
    let mut head = Vec::with_capacity(head::LENGTH);
    (&file).take(head::LENGTH as u64).read_to_end(&mut head)?;
    let head = Head::read(&head).map_err(|unreadable| match unreadable {
        Unreadable::Damaged => Fault::Foreign,
        Unreadable::Newer(format) => Fault::Newer(format),
    })?;
    label_behind(&mut file, head)
}

fn label_behind(file: &mut File, head: Head) -> Result<Label, Fault> {
    let length = file.metadata()?.len();
    let Some(at) = length
        .checked_sub(TRAILER as u64)
        .filter(|at| *at >= head::LENGTH as u64)
    else {
        return Err(Fault::Cut(length));
    };
    file.seek(SeekFrom::Start(at))?;
    let mut trailer = [0; TRAILER];
    file.read_exact(&mut trailer)?;
    if !trailer.starts_with(&MAGIC) {
        return Err(Fault::Cut(length));
    }
    if checksum(&trailer) != u32_at(&trailer, 12) {
        return Err(Fault::Damaged(at));
    }
    match u32_at(&trailer, 8) {
        FORMAT => Label::of(head, &trailer).ok_or(Fault::Damaged(at)),
        newer => Err(Fault::Newer(newer)),
    }
}

/// Reads a backup to its end: what it says of itself and what is in it, when every byte is as it was written.
pub fn read(path: &Path) -> Result<(Label, Payloads), Fault> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let rows = length.saturating_sub(TRAILER as u64);
    let mut fold = Fold::empty(keep);
    let mut hashed = Hashed::new(BufReader::with_capacity(
        256 * 1024,
        file.try_clone()?.take(rows),
    ));
    let head = match snapshot::read_from(&mut hashed, |entry| fold.add_row(entry))? {
        Ok(head) => head,
        Err(Unsound::Head) => return Err(Fault::Foreign),
        Err(Unsound::Newer(format)) => return Err(Fault::Newer(format)),
        Err(Unsound::Entry(at)) => return Err(Fault::Damaged(at)),
        // Its end may be missing, or a length in it be damaged: the trailer tells.
        Err(Unsound::Cut(at)) => {
            return Err(match label(path) {
                Ok(_) => Fault::Damaged(at),
                Err(fault) => fault,
            });
        }
    };
    let read = hashed.count;
    let label = label_behind(&mut file, head)?;
    if read != rows {
        return Err(Fault::Damaged(read));
    }
    fold.revision = label.head.revision;
    fold.expected = label.head.digest;
    fold.identity = Some(label.head.identity.clone());
    fold.connections.retain(|_, folded| folded.newest.is_some());
    if hashed.sum() != label.sum || !fold.agrees() {
        return Err(Fault::Unlike);
    }
    Ok((label, fold))
}

/// What a seal is bound to: this backup, as it is.
fn binding(identity: &Identity, sum: &[u8; 32], about: &About) -> Vec<u8> {
    [
        b"umai backup 1".as_slice(),
        identity.store.as_bytes(),
        sum,
        &about.made.timestamp_millis().to_le_bytes(),
        &[about.origin.code()],
        &about.place.0,
    ]
    .concat()
}

fn checksum(trailer: &[u8; TRAILER]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&trailer[..12]);
    sum.update(&trailer[16..]);
    sum.finalize()
}

/// Adds up what passes through it.
struct Hashed<T> {
    inner: T,
    hash: Sha256,
    count: u64,
}

impl<T> Hashed<T> {
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

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.add(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(bytes)?;
        self.add(&bytes[..count]);
        Ok(count)
    }
}
