//! Sets of identities that may be as large as the tree.
//!
//! Why its own hash: marking a hundred thousand connections is one key, and the standard hash took most of its time. Half of an
//! identity is random already; the seed keeps one who makes identities up from making them all alike.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hasher};

use uuid::Uuid;

/// A set of connections.
pub type Ids = HashSet<Uuid, Seed>;

/// Something for each of many connections.
pub type ById<T> = HashMap<Uuid, T, Seed>;

/// What makes the hash another one in every set.
#[derive(Debug, Clone)]
pub struct Seed(u64, u64);

impl Default for Seed {
    fn default() -> Self {
        let random = RandomState::new();
        Self(random.hash_one(1), random.hash_one(2))
    }
}

impl BuildHasher for Seed {
    type Hasher = Folded;

    fn build_hasher(&self) -> Folded {
        Folded(self.0, self.1)
    }
}

/// A hash of eight bytes at a time.
pub struct Folded(u64, u64);

impl Folded {
    fn take(&mut self, part: u64) {
        let product = u128::from(self.0 ^ part) * u128::from(self.1 | 1);
        let [low, high] = [product, product >> 64].map(|half| half & u128::from(u64::MAX));
        self.0 = u64::try_from(low ^ high).unwrap_or(0); // both halves have 64 bits
        self.1 = self.1.rotate_left(23);
    }
}

impl Hasher for Folded {
    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let mut whole = [0; 8];
            whole[..part.len()].copy_from_slice(part);
            self.take(u64::from_le_bytes(whole));
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_that_differ_in_one_place_fall_far_apart() {
        let seed = Seed::default();
        let mut low = HashSet::new();
        let mut high = HashSet::new();
        for number in 0..4_096_u128 {
            for id in [number, number << 64, number << 100] {
                let hash = seed.hash_one(Uuid::from_u128(id));
                low.insert(hash % 65_536);
                high.insert(hash >> 48);
            }
        }
        // Thrown at random, 12,288 balls leave about 11,200 of 65,536 boxes hit.
        assert!(low.len() > 10_500, "{}", low.len());
        assert!(high.len() > 10_500, "{}", high.len());
    }
}
