//! Key protected by a passphrase: the text format of its file, and opening it.
//!
//! The default costs are the RFC 9106 recommendation for limited memory (64 MiB, 3 passes, 4 lanes), above the OWASP minimum.
//! They are stored in the file, so that later versions can raise them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::{KeyFingerprint, LENGTH, StoreKey, random};
use crate::connection::StoreError;

const SALT: usize = 16;
/// Mark at the start of the text; the number is the format version.
const MARK: &str = "umai-key-1";
const ALGORITHM: &str = "argon2id";
/// Minimum length of a passphrase in characters.
pub const MIN_LENGTH: usize = 12;

/// Argon2id cost parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argon2Cost {
    /// Memory in KiB.
    pub memory: u32,
    /// Number of passes over the memory.
    pub passes: u32,
    /// Number of lanes.
    pub lanes: u32,
}

impl Argon2Cost {
    /// Costs for a new passphrase.
    pub const NEW: Self = Self {
        memory: 64 * 1024,
        passes: 3,
        lanes: 4,
    };
    /// Costs for a passphrase of random bits in a keyring, which cannot be guessed regardless of the costs.
    pub const RANDOM: Self = Self {
        memory: 1024,
        passes: 1,
        lanes: 1,
    };
    /// Maximum accepted from a file, so that a damaged file does not exhaust memory or time.
    const MAX: Self = Self {
        memory: 2 * 1024 * 1024,
        passes: 64,
        lanes: 16,
    };

    fn params(self) -> Option<Params> {
        let is_within_limits = self.memory <= Self::MAX.memory
            && self.passes <= Self::MAX.passes
            && self.lanes <= Self::MAX.lanes;
        let params = Params::new(self.memory, self.passes, self.lanes, Some(LENGTH));
        params.ok().filter(|_| is_within_limits)
    }
}

/// Passphrase. Wiped on drop.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Normalizes a passphrase: trims whitespace and composes letters (NFC).
    pub fn new(text: &str) -> Self {
        // Composing grows a text at most threefold; enough capacity avoids a reallocation that would leave a copy behind.
        let mut composed = Zeroizing::new(String::with_capacity(3 * text.len()));
        composed.extend(text.trim().nfc());
        Self(composed)
    }

    /// Generates a passphrase with as many random bits as a key.
    pub fn random() -> Result<Self, StoreError> {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        random(&mut *bytes)?;
        let mut text = Zeroizing::new(String::with_capacity(LENGTH * 2));
        STANDARD.encode_string(*bytes, &mut text);
        Ok(Self(text))
    }

    /// Returns the text, for the keyring that stores it.
    #[cfg(feature = "keyring")]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns true when the passphrase has the minimum length.
    pub fn is_long_enough(&self) -> bool {
        self.0.chars().count() >= MIN_LENGTH
    }

    /// Returns true when both are equal.
    pub fn matches(&self, other: &Self) -> bool {
        *self.0 == *other.0
    }
}

/// Key derived from a passphrase for one salt and cost.
#[derive(Clone)]
struct DerivedKey {
    salt: [u8; SALT],
    cost: Argon2Cost,
    key: Zeroizing<[u8; LENGTH]>,
}

/// Derived keys of all passphrases that were correct in this process, so that later lookups do not prompt again.
///
/// Only derived keys are kept, because the passphrase itself may be used elsewhere too. They are shared by the whole process,
/// because the store and the drafts look up the key independently.
static ACCEPTED: Mutex<Vec<DerivedKey>> = Mutex::new(Vec::new());

fn accepted() -> MutexGuard<'static, Vec<DerivedKey>> {
    ACCEPTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Key protected by a passphrase, as stored in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// Costs of the key derivation.
    pub cost: Argon2Cost,
    /// Fingerprint of the key.
    pub fingerprint: KeyFingerprint,
    salt: [u8; SALT],
    sealed: Vec<u8>,
}

impl WrappedKey {
    /// Protects a key with a new passphrase.
    pub fn new(key: &StoreKey, passphrase: &Passphrase) -> Result<Self, StoreError> {
        Self::at_cost(key, passphrase, Argon2Cost::NEW)
    }

    /// Protects a key with a passphrase of random bits.
    pub fn with_random(key: &StoreKey, passphrase: &Passphrase) -> Result<Self, StoreError> {
        Self::at_cost(key, passphrase, Argon2Cost::RANDOM)
    }

    /// Returns true when the passphrase consists of random bits and is stored in a keyring.
    pub fn is_in_keyring(&self) -> bool {
        self.cost == Argon2Cost::RANDOM
    }

    /// Name of the passphrase in the keyring. It stays the same when the key is rotated.
    pub fn keyring_name(&self) -> String {
        STANDARD.encode(self.salt)
    }

    fn at_cost(
        key: &StoreKey,
        passphrase: &Passphrase,
        cost: Argon2Cost,
    ) -> Result<Self, StoreError> {
        let mut salt = [0; SALT];
        random(&mut salt)?;
        let derived = derive(passphrase, salt, cost)?;
        let wrapped = Self::with(key, &derived)?;
        accepted().push(derived);
        Ok(wrapped)
    }

    /// Protects another key with the same passphrase, which must have been given before.
    pub fn wrap_another(&self, key: &StoreKey) -> Result<Self, StoreError> {
        let derived = self.derived().ok_or_else(|| {
            StoreError::Key("The key is locked; give its passphrase first".into())
        })?;
        Self::with(key, &derived)
    }

    fn with(key: &StoreKey, derived: &DerivedKey) -> Result<Self, StoreError> {
        let fingerprint = key.fingerprint();
        let DerivedKey {
            salt,
            cost,
            key: by,
        } = derived;
        let binding = binding(*cost, salt, fingerprint);
        Ok(Self {
            cost: *cost,
            fingerprint,
            salt: *salt,
            sealed: StoreKey(by.clone()).seal_bytes(&*key.0, &binding)?,
        })
    }

    /// Checks a passphrase. A correct one makes the key available to this process.
    pub fn try_passphrase(&self, passphrase: &Passphrase) -> Result<bool, StoreError> {
        let derived = derive(passphrase, self.salt, self.cost)?;
        let is_right = self.open_with(&derived).is_some();
        if is_right {
            accepted().push(derived);
        }
        Ok(is_right)
    }

    /// Returns the key when its passphrase was given in this process.
    pub fn open(&self) -> Option<StoreKey> {
        let derived = self.derived()?;
        self.open_with(&derived)
    }

    fn derived(&self) -> Option<DerivedKey> {
        accepted()
            .iter()
            .find(|derived| derived.salt == self.salt && derived.cost == self.cost)
            .cloned()
    }

    fn open_with(&self, derived: &DerivedKey) -> Option<StoreKey> {
        let binding = binding(self.cost, &self.salt, self.fingerprint);
        let opened = StoreKey(derived.key.clone()).open_bytes(&self.sealed, &binding)?;
        let bytes: &[u8; LENGTH] = opened.as_slice().try_into().ok()?;
        Some(StoreKey(Zeroizing::new(*bytes)))
    }

    /// Encodes the text of the file.
    pub fn text(&self) -> String {
        let body = format!(
            "{MARK} {ALGORITHM} {} {} {} {} {} {}",
            self.cost.memory,
            self.cost.passes,
            self.cost.lanes,
            STANDARD.encode(self.salt),
            self.fingerprint,
            STANDARD.encode(&self.sealed)
        );
        let sum = crc32fast::hash(body.as_bytes());
        format!("{body} {sum:08x}\n")
    }

    /// Decodes the text of a file. Returns `None` for other content, and an error for a damaged text.
    pub fn read(text: &str) -> Option<Result<Self, DamagedWrappedKey>> {
        let text = text.trim_end();
        if !text.starts_with(MARK) {
            return None;
        }
        Some(Self::read_body(text).ok_or(DamagedWrappedKey))
    }

    fn read_body(text: &str) -> Option<Self> {
        let (body, sum) = text.rsplit_once(' ')?;
        if sum != format!("{:08x}", crc32fast::hash(body.as_bytes())) {
            return None;
        }
        let words: Vec<&str> = body.split(' ').collect();
        let [
            MARK,
            ALGORITHM,
            memory,
            passes,
            lanes,
            salt,
            fingerprint,
            sealed,
        ] = words[..]
        else {
            return None;
        };
        let cost = Argon2Cost {
            memory: memory.parse().ok()?,
            passes: passes.parse().ok()?,
            lanes: lanes.parse().ok()?,
        };
        cost.params()?;
        Some(Self {
            cost,
            fingerprint: KeyFingerprint::read(fingerprint)?,
            salt: STANDARD.decode(salt).ok()?.try_into().ok()?,
            sealed: STANDARD.decode(sealed).ok()?,
        })
    }
}

/// The text of a protected key is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DamagedWrappedKey;

fn derive(
    passphrase: &Passphrase,
    salt: [u8; SALT],
    cost: Argon2Cost,
) -> Result<DerivedKey, StoreError> {
    let error = |why: &dyn std::fmt::Display| {
        StoreError::Key(format!("The passphrase cannot be checked: {why}"))
    };
    let params = cost
        .params()
        .ok_or_else(|| error(&"its cost parameters are out of range"))?;
    let mut key = Zeroizing::new([0; LENGTH]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.0.as_bytes(), &salt, &mut *key)
        .map_err(|cause| error(&cause))?;
    Ok(DerivedKey { salt, cost, key })
}

fn binding(cost: Argon2Cost, salt: &[u8; SALT], fingerprint: KeyFingerprint) -> Vec<u8> {
    [
        b"umai wrapped key 1".as_slice(),
        &cost.memory.to_le_bytes(),
        &cost.passes.to_le_bytes(),
        &cost.lanes.to_le_bytes(),
        salt,
        &fingerprint.0,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> StoreKey {
        StoreKey(Zeroizing::new([7; LENGTH]))
    }

    #[test]
    fn only_the_correct_passphrase_opens_the_key() {
        let wrapped = WrappedKey::new(&key(), &Passphrase::new("correct horse")).unwrap();
        let read = WrappedKey::read(&wrapped.text()).unwrap().unwrap();
        assert_eq!(read, wrapped);
        accepted().retain(|derived| derived.salt != read.salt);
        assert!(read.open().is_none());
        assert_eq!(
            read.try_passphrase(&Passphrase::new("battery staple")),
            Ok(false)
        );
        assert!(read.open().is_none());
        // With surrounding whitespace.
        assert_eq!(
            read.try_passphrase(&Passphrase::new(" correct horse\n")),
            Ok(true)
        );
        assert_eq!(*read.open().unwrap().0, *key().0);
        let other = StoreKey(Zeroizing::new([8; LENGTH]));
        let next = read.wrap_another(&other).unwrap();
        assert_eq!(*next.open().unwrap().0, *other.0);
    }

    #[test]
    fn passphrases_are_normalized() {
        assert!(
            Passphrase::new("stra\u{df}e \u{fc}ber")
                .matches(&Passphrase::new("stra\u{df}e u\u{308}ber"))
        );
        assert!(!Passphrase::new("a b").matches(&Passphrase::new("ab")));
        assert!(!Passphrase::new("12345678901").is_long_enough());
        assert!(Passphrase::new(&"\u{fc}".repeat(12)).is_long_enough());
    }

    #[test]
    fn flipped_bits_of_the_text_are_detected() {
        let wrapped = WrappedKey::new(&key(), &Passphrase::new("correct horse")).unwrap();
        let text = wrapped.text();
        let bytes = text.trim_end().as_bytes();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.to_vec();
                flipped[at] ^= 1 << bit;
                let Ok(flipped) = String::from_utf8(flipped) else {
                    continue;
                };
                let read = WrappedKey::read(&flipped);
                assert!(!matches!(read, Some(Ok(_))), "bit {bit} of byte {at}");
            }
        }
        for length in 0..bytes.len() {
            let read = WrappedKey::read(&text[..length]);
            assert!(!matches!(read, Some(Ok(_))), "cut to {length}");
        }
    }

    #[test]
    fn excessive_costs_are_rejected() {
        let wrapped = WrappedKey::new(&key(), &Passphrase::new("correct horse")).unwrap();
        for cost in [
            Argon2Cost {
                memory: u32::MAX,
                ..Argon2Cost::NEW
            },
            Argon2Cost {
                passes: u32::MAX,
                ..Argon2Cost::NEW
            },
            Argon2Cost {
                lanes: 1 << 20,
                ..Argon2Cost::NEW
            },
        ] {
            let text = WrappedKey {
                cost,
                ..wrapped.clone()
            }
            .text();
            assert_eq!(WrappedKey::read(&text), Some(Err(DamagedWrappedKey)));
        }
    }
}
