//! Reads numbers and IDs in the files of a store.

use uuid::Uuid;

/// Reads a little-endian number at an offset that must be in range.
pub fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes[at..]
        .first_chunk()
        .copied()
        .map_or(0, u64::from_le_bytes)
}

/// Reads a little-endian number at an offset that must be in range.
pub fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes[at..]
        .first_chunk()
        .copied()
        .map_or(0, u32::from_le_bytes)
}

/// Reads an ID at an offset that must be in range.
pub(super) fn uuid_at(bytes: &[u8], at: usize) -> Uuid {
    bytes[at..]
        .first_chunk()
        .copied()
        .map_or(Uuid::nil(), Uuid::from_bytes)
}
