//! Header of journal segments and snapshots: file type, format version and store.

use std::io::{self, Read};
use std::path::Path;

use uuid::Uuid;

use super::bytes::{u32_at, u64_at, uuid_at};
use super::digest::StateDigest;
use crate::store::io_error;
use crate::store::key::{AuthCode, CODE, KeyCheck, StoreAuthenticator};

/// Format version written by this program. A newer one is rejected; a store with an older one is converted when it is opened.
///
/// In format 1 the seals of secrets do not bind the destination of the connection. In formats 1 and 2 header and entries have no
/// codes that authenticate them.
pub const FORMAT: u32 = 3;
/// Newest format without codes, of a store that was restored without its key.
pub const FORMAT_WITHOUT_CODES: u32 = 2;
/// Length of a header in bytes; entries follow it.
pub const LENGTH: usize = 128;

/// Position of the code that authenticates the header; zeros without a key.
const CODE_AT: usize = LENGTH - CODE;
const DOMAIN: &str = "header";

const MAGIC: [u8; 8] = *b"umaijrnl";

/// Store that a file belongs to, and the check value of its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreIdentity {
    /// ID of the store.
    pub store: Uuid,
    /// Check value that identifies the key of the store.
    pub check: KeyCheck,
    /// Format version of the file.
    pub format: u32,
}

impl StoreIdentity {
    /// Returns the identity of a store in the current format.
    pub const fn new(store: Uuid, check: KeyCheck) -> Self {
        Self {
            store,
            check,
            format: FORMAT,
        }
    }

    /// Returns true when the store was written by an earlier program and must be converted.
    pub const fn is_of_earlier_format(&self) -> bool {
        self.format < FORMAT
    }

    /// Returns the same store for files that are written without its key.
    #[must_use]
    pub fn without_codes(&self) -> Self {
        Self {
            format: self.format.min(FORMAT_WITHOUT_CODES),
            ..self.clone()
        }
    }

    /// Returns the same store in the current format.
    #[must_use]
    pub const fn in_current_format(&self) -> Self {
        Self::new(self.store, self.check)
    }
}

/// Header of a segment or snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct FileHeader {
    /// Store and key check value.
    pub identity: StoreIdentity,
    /// Segment: first revision in it. Snapshot: newest revision that is certainly in it.
    pub revision: u64,
    /// Segment: digest of the store before its first entry.
    pub digest: StateDigest,
}

/// Type of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// Segment of the journal.
    Segment,
    /// Snapshot, also in a backup.
    Snapshot,
}

/// Header of a new file, and the authenticator of its codes.
#[derive(Clone, Copy)]
pub struct NewFile<'a> {
    /// Header.
    pub head: &'a FileHeader,
    /// Authenticator; none without the key of the store.
    pub auth: Option<&'a StoreAuthenticator>,
}

/// Reason why a header cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderError {
    /// The checksum or the code is wrong, or the bytes are not a header.
    Damaged,
    /// Written by a newer program in this format version.
    Newer(u32),
}

impl FileHeader {
    /// Encodes the header.
    pub fn to_bytes(&self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&self.identity.format.to_le_bytes());
        bytes[16..32].copy_from_slice(self.identity.store.as_bytes());
        bytes[32..40].copy_from_slice(&self.revision.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.digest.count.to_le_bytes());
        bytes[48..56].copy_from_slice(&self.digest.sum.to_le_bytes());
        bytes[56..96].copy_from_slice(&self.identity.check);
        let sum = checksum(&bytes);
        bytes[12..16].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// Encodes the header with its code.
    pub fn to_bytes_with_code(
        &self,
        kind: FileKind,
        auth: Option<&StoreAuthenticator>,
    ) -> [u8; LENGTH] {
        let mut bytes = self.to_bytes();
        if let Some(auth) = auth {
            let code = auth.code(DOMAIN, &covered(&bytes, kind));
            bytes[CODE_AT..].copy_from_slice(&code);
            let sum = checksum(&bytes);
            bytes[12..16].copy_from_slice(&sum.to_le_bytes());
        }
        bytes
    }

    /// Returns the code of the header at the start of `bytes`, with which the chain of its entries starts; `None` when it is not
    /// authentic.
    pub fn code(bytes: &[u8], kind: FileKind, auth: &StoreAuthenticator) -> Option<AuthCode> {
        let bytes: &[u8; LENGTH] = bytes.first_chunk()?;
        let code = bytes.last_chunk()?;
        auth.confirms(DOMAIN, &covered(bytes, kind), code)
            .then_some(*code)
    }

    /// Reads the header of a file.
    pub fn for_path(path: &Path) -> io::Result<Result<Self, HeaderError>> {
        Ok(Self::read(&read_bytes(path)?))
    }

    /// Decodes the header at the start of `bytes`. The offsets of magic, format and checksum are the same in every later format.
    pub fn read(bytes: &[u8]) -> Result<Self, HeaderError> {
        let bytes: &[u8; LENGTH] = bytes.first_chunk().ok_or(HeaderError::Damaged)?;
        if !bytes.starts_with(&MAGIC) || u32_at(bytes, 12) != checksum(bytes) {
            return Err(HeaderError::Damaged);
        }
        let format = u32_at(bytes, 8);
        if format > FORMAT {
            return Err(HeaderError::Newer(format));
        }
        let check = bytes[56..].first_chunk().ok_or(HeaderError::Damaged)?;
        Ok(Self {
            identity: StoreIdentity {
                store: uuid_at(bytes, 16),
                check: *check,
                format,
            },
            revision: u64_at(bytes, 32),
            digest: StateDigest {
                count: u64_at(bytes, 40),
                sum: u64_at(bytes, 48),
            },
        })
    }
}

/// Reads the bytes of the header of a file; fewer where the file is shorter.
pub fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(LENGTH);
    io_error::open_file(path)?
        .take(LENGTH as u64)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Everything that the code of a header covers: all but the checksum and the code.
fn covered(bytes: &[u8; LENGTH], kind: FileKind) -> [&[u8]; 3] {
    let kind: &[u8] = match kind {
        FileKind::Segment => b"segment",
        FileKind::Snapshot => b"snapshot",
    };
    [kind, &bytes[..12], &bytes[16..CODE_AT]]
}

fn checksum(bytes: &[u8; LENGTH]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&bytes[..12]);
    sum.update(&bytes[16..]);
    sum.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> FileHeader {
        FileHeader {
            identity: StoreIdentity::new(Uuid::from_u128(7), [3; 40]),
            revision: 12,
            digest: StateDigest { count: 1, sum: 2 },
        }
    }

    #[test]
    fn header_round_trips_and_detects_flipped_bytes() {
        let bytes = head().to_bytes();
        assert_eq!(FileHeader::read(&bytes), Ok(head()));
        for at in 0..LENGTH {
            let mut damaged = bytes;
            damaged[at] ^= 1;
            assert_eq!(
                FileHeader::read(&damaged),
                Err(HeaderError::Damaged),
                "byte {at}"
            );
        }
    }

    #[test]
    fn newer_format_is_distinguished_from_damage() {
        let mut bytes = head().to_bytes();
        bytes[8] = 4;
        let sum = checksum(&bytes);
        bytes[12..16].copy_from_slice(&sum.to_le_bytes());
        assert_eq!(FileHeader::read(&bytes), Err(HeaderError::Newer(4)));
    }
}
