//! Position and identity of an index.

use uuid::Uuid;

use super::encoding::{APPLIED, RowChange, with_checksum};
use crate::store::journal::digest::StateDigest;
use crate::store::journal::header::StoreIdentity;
use crate::store::journal::replay::StateBuilder;

/// Layout of the rows that this version writes. It is incremented when an earlier version of umai would misread them. An index of an earlier
/// layout is converted, and one of a newer layout rebuilt. Layout 0 has no byte in the header.
pub const LAYOUT: u8 = 2;

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
    /// Layout of the rows.
    pub layout: u8,
}

impl IndexHeader {
    /// Returns the header of an index with the rows of this version.
    pub const fn new(position: StorePosition, identity: StoreIdentity) -> Self {
        Self {
            revision: position.revision,
            digest: position.digest,
            identity,
            layout: LAYOUT,
        }
    }

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
            &self.identity.format.to_le_bytes(),
            &[self.layout],
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
        let (check, rest) = rest.split_first_chunk()?;
        let (format, layout) = read_format(rest)?;
        Some(Self {
            revision: u64::from_le_bytes(*revision),
            digest: StateDigest {
                count: u64::from_le_bytes(*count),
                sum: u64::from_le_bytes(*sum),
            },
            identity: StoreIdentity {
                store: Uuid::from_bytes(*store),
                check: *check,
                format,
            },
            layout,
        })
    }
}

/// Decodes the format of the store, which an index of format 1 may lack, and the layout.
fn read_format(bytes: &[u8]) -> Option<(u32, u8)> {
    let Some((format, layout)) = bytes.split_first_chunk() else {
        return bytes.is_empty().then_some((1, 0));
    };
    let layout = match layout {
        [] => 0,
        [layout] => *layout,
        _ => return None,
    };
    Some((u32::from_le_bytes(*format), layout))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::journal::header::FORMAT;

    #[test]
    fn header_is_read_in_all_layouts() {
        let position = StorePosition {
            revision: 7,
            digest: StateDigest { count: 1, sum: 2 },
        };
        let identity = StoreIdentity {
            store: Uuid::from_u128(3),
            check: [4; 40],
            format: FORMAT,
        };
        let header = IndexHeader::new(position, identity);
        let of_layout = |layout| IndexHeader {
            layout,
            ..header.clone()
        };
        let body = header.body();
        assert_eq!(IndexHeader::read(&body), Some(header.clone()));
        let (layout, without) = body.split_last().unwrap();
        assert_eq!(*layout, LAYOUT);
        assert_eq!(IndexHeader::read(without), Some(of_layout(0)));
        let newer = [without, &[LAYOUT + 1]].concat();
        assert_eq!(IndexHeader::read(&newer), Some(of_layout(LAYOUT + 1)));
        assert_eq!(IndexHeader::read(&[&body[..], &[0]].concat()), None);
        let earlier = IndexHeader::read(&without[..without.len() - 4]).unwrap();
        assert_eq!((earlier.identity.format, earlier.layout), (1, 0));
    }
}
