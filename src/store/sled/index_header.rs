//! Position and identity of an index.

use uuid::Uuid;

use super::encoding::{APPLIED, RowChange, with_checksum};
use crate::store::journal::digest::StateDigest;
use crate::store::journal::header::StoreIdentity;
use crate::store::journal::replay::StateBuilder;

/// Position in the history of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StorePosition {
    /// Revision.
    pub revision: u64,
    /// Digest of the store after the revision.
    pub digest: StateDigest,
}

impl StorePosition {
    /// Position of a complete state.
    pub fn of<T>(state: &StateBuilder<T>) -> Self {
        Self {
            revision: state.revision,
            digest: state.digest(),
        }
    }
}

/// Position and identity of an index.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexHeader {
    /// Newest revision in the index.
    pub revision: u64,
    /// Expected digest.
    pub digest: StateDigest,
    /// Store that the index belongs to.
    pub identity: StoreIdentity,
}

impl IndexHeader {
    /// Position in the history of the store.
    pub const fn position(&self) -> StorePosition {
        StorePosition {
            revision: self.revision,
            digest: self.digest,
        }
    }

    /// Encodes the value without its checksum.
    pub fn body(&self) -> Vec<u8> {
        [
            &self.revision.to_le_bytes()[..],
            &self.digest.count.to_le_bytes(),
            &self.digest.sum.to_le_bytes(),
            self.identity.store.as_bytes(),
            &self.identity.check,
            format_bytes(self.identity.format).as_slice(),
        ]
        .concat()
    }

    /// Encodes the row.
    pub fn row(&self) -> RowChange {
        (
            APPLIED.to_vec(),
            Some(with_checksum(APPLIED, &[self.body().as_slice()])),
        )
    }

    /// Decodes a value whose checksum was verified.
    pub fn read(body: &[u8]) -> Option<Self> {
        let (revision, rest) = body.split_first_chunk()?;
        let (count, rest) = rest.split_first_chunk()?;
        let (sum, rest) = rest.split_first_chunk()?;
        let (store, rest) = rest.split_first_chunk()?;
        let (check, format) = rest.split_first_chunk()?;
        Some(Self {
            revision: u64::from_le_bytes(*revision),
            digest: StateDigest {
                count: u64::from_le_bytes(*count),
                sum: u64::from_le_bytes(*sum),
            },
            identity: StoreIdentity {
                store: Uuid::from_bytes(*store),
                check: *check,
                format: read_format(format)?,
            },
        })
    }
}

/// Encodes the format of the store; an index of format 1 does not have it.
fn format_bytes(format: u32) -> Vec<u8> {
    if format == 1 {
        return Vec::new();
    }
    format.to_le_bytes().to_vec()
}

fn read_format(bytes: &[u8]) -> Option<u32> {
    if bytes.is_empty() {
        return Some(1);
    }
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}
