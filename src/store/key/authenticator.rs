//! Message authentication codes of a store, created and checked with its key.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac as _};
use sha2::Sha256;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::StoreKey;

/// Length of a code in bytes.
pub const CODE: usize = 16;

/// Message authentication code: the first bytes of an HMAC-SHA256.
pub type AuthCode = [u8; CODE];

/// Creates and checks the codes of one store, with a key derived from the key of the store.
#[derive(Clone)]
pub struct StoreAuthenticator(Arc<Hmac<Sha256>>);

impl StoreAuthenticator {
    pub(super) fn new(key: &StoreKey, store: Uuid) -> Self {
        let mut derived = keyed(&*key.0);
        derived.update(b"umai authentication 1");
        derived.update(store.as_bytes());
        let derived = Zeroizing::new(<[u8; 32]>::from(derived.finalize().into_bytes()));
        Self(Arc::new(keyed(&*derived)))
    }

    /// Returns the code of a message in a domain.
    pub fn code(&self, domain: &str, parts: &[&[u8]]) -> AuthCode {
        let code = self.hash(domain, parts).finalize().into_bytes();
        std::array::from_fn(|at| code[at])
    }

    /// Returns true when the code belongs to the message. Takes the same time for every wrong code.
    pub fn confirms(&self, domain: &str, parts: &[&[u8]], code: &[u8]) -> bool {
        code.len() == CODE && self.hash(domain, parts).verify_truncated_left(code).is_ok()
    }

    fn hash(&self, domain: &str, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut hash = Hmac::clone(&self.0);
        let lengths = std::iter::once(domain.len()).chain(parts.iter().map(|part| part.len()));
        // The number of parts comes first, so that no two messages give the same bytes.
        for number in std::iter::once(parts.len()).chain(lengths) {
            hash.update(&(number as u64).to_le_bytes());
        }
        hash.update(domain.as_bytes());
        for part in parts {
            hash.update(part);
        }
        hash
    }
}

/// A key of any length is valid for HMAC, so this cannot fail; a failure gives a key that confirms nothing known.
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key)
        .unwrap_or_else(|_| Hmac::new(&hmac::digest::Key::<Hmac<Sha256>>::default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_depends_on_key_store_domain_and_every_part() {
        let key = StoreKey::random().unwrap();
        let auth = key.authenticator(Uuid::nil());
        let code = auth.code("a", &[b"one", b"two"]);
        assert!(auth.confirms("a", &[b"one", b"two"], &code));
        assert!(!auth.confirms("b", &[b"one", b"two"], &code));
        assert!(!auth.confirms("a", &[b"onet", b"wo"], &code));
        assert!(!auth.confirms("a", &[b"one"], &code));
        assert!(!auth.confirms("a", &[b"one", b"two"], &code[..8]));
        assert!(!auth.confirms("a", &[b"one", b"two"], &[]));
        for other in [
            key.authenticator(Uuid::from_u128(1)),
            StoreKey::random().unwrap().authenticator(Uuid::nil()),
        ] {
            assert!(!other.confirms("a", &[b"one", b"two"], &code));
        }
    }
}
