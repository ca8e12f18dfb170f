//! Digest of a whole store: two numbers that differ when connections are missing or changed.
//!
//! sled opens after many kinds of damage without an error. Each journal entry carries the digest of the store after it, so the
//! expected content of the index is known without an extra file.

use uuid::Uuid;

/// Number of connections and sum of their hashes. Independent of the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StateDigest {
    /// Number of connections.
    pub count: u64,
    /// Sum of the hashes of the connections, wrapping.
    pub sum: u64,
}

impl StateDigest {
    /// Adds a connection.
    #[must_use]
    pub const fn with(self, hash: u64) -> Self {
        Self {
            count: self.count.wrapping_add(1),
            sum: self.sum.wrapping_add(hash),
        }
    }

    /// Removes a connection.
    #[must_use]
    pub const fn without(self, hash: u64) -> Self {
        Self {
            count: self.count.wrapping_sub(1),
            sum: self.sum.wrapping_sub(hash),
        }
    }
}

/// Hash of a connection: its ID, the revision that saved it, and the sum of the hashes of its versions.
pub fn record_hash(id: Uuid, revision: u64, history_digest: u64) -> u64 {
    mix(id_hash(id) ^ mix(revision ^ mix(history_digest)))
}

/// Hash of a version: its connection, its number, and the revision that saved it.
pub fn version_hash(id: Uuid, number: u64, revision: u64) -> u64 {
    mix(id_hash(id) ^ mix(number.rotate_left(32) ^ mix(revision)))
}

fn id_hash(id: Uuid) -> u64 {
    let (high, low) = id.as_u64_pair();
    mix(high ^ mix(low))
}

/// Mixes the bits of a number (splitmix64).
pub const fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}
