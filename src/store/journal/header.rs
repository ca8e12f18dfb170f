//! Header of journal segments and snapshots: file type, format version and store.

use std::io::{self, Read};
use std::path::Path;

use uuid::Uuid;

use super::digest::StateDigest;
use super::entry::{u32_at, u64_at, uuid_at};
use crate::store::io_error;
use crate::store::key::KeyCheck;

/// Format version written by this program. A newer one is rejected; a store with an older one is converted when it is opened.
///
/// In format 1 the seals of secrets do not bind the destination of the connection.
pub const FORMAT: u32 = 2;
/// Length of a header in bytes; entries follow it.
pub const LENGTH: usize = 128;

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

/// Reason why a header cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderError {
    /// The checksum is wrong, or the bytes are not a header.
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

    /// Reads the header of a file.
    pub fn for_path(path: &Path) -> io::Result<Result<Self, HeaderError>> {
        let mut bytes = Vec::with_capacity(LENGTH);
        io_error::open_file(path)?
            .take(LENGTH as u64)
            .read_to_end(&mut bytes)?;
        Ok(Self::read(&bytes))
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
        bytes[8] = 3;
        let sum = checksum(&bytes);
        bytes[12..16].copy_from_slice(&sum.to_le_bytes());
        assert_eq!(FileHeader::read(&bytes), Err(HeaderError::Newer(3)));
    }
}
