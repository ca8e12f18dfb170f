//! What a whole store amounts to: two numbers that tell a view with less or other content from the right one.
//!
//! Why: sled opens after many kinds of damage and says nothing. Each entry of the journal carries the digest of the store
//! after it, so what the view must contain is known outside of it, and costs no file of its own.

use uuid::Uuid;

/// The number of connections, and the sum of what each adds; the order does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Digest {
    /// How many connections there are.
    pub count: u64,
    /// The sum of their marks.
    pub sum: u64,
}

impl Digest {
    /// With a connection more.
    #[must_use]
    pub const fn with(self, mark: u64) -> Self {
        Self {
            count: self.count.wrapping_add(1),
            sum: self.sum.wrapping_add(mark),
        }
    }

    /// With a connection less.
    #[must_use]
    pub const fn without(self, mark: u64) -> Self {
        Self {
            count: self.count.wrapping_sub(1),
            sum: self.sum.wrapping_sub(mark),
        }
    }
}

/// The mark of a connection: who it is, the revision that saved it, the sum of its versions' marks.
pub fn record_mark(id: Uuid, revision: u64, history: u64) -> u64 {
    mix(id_mark(id) ^ mix(revision ^ mix(history)))
}

/// The mark of a version: of which connection, which number, which revision saved it.
pub fn version_mark(id: Uuid, number: u64, revision: u64) -> u64 {
    mix(id_mark(id) ^ mix(number.rotate_left(32) ^ mix(revision)))
}

fn id_mark(id: Uuid) -> u64 {
    let (high, low) = id.as_u64_pair();
    mix(high ^ mix(low))
}

/// Spreads a number over all bits (splitmix64).
pub const fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}
