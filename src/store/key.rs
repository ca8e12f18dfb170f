//! Sealing key: lookup, key file, and sealing of secrets.

pub mod previous_keys;
pub mod passphrase;
pub mod key_file;
pub mod protection;
mod authenticator;
pub mod backup_record;
mod seal_context;
mod unlocked_store;

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

pub use self::authenticator::{AuthCode, CODE, StoreAuthenticator};
use self::key_file::{KeyFileContent, KeyFileLocation, KeyFileOrigin};
pub use self::seal_context::{SealContext, SealDestination};
pub use self::unlocked_store::{StoreAccess, UnlockedStore};
use crate::connection::{PlainSecret, SealedSecret, StoreError};

const LENGTH: usize = 32;
const NONCE: usize = 24;
/// Secrets are padded to a multiple of this, to hide their length.
const PADDING: usize = 64;
/// File name of the key in the config and credentials folders.
const FILE: &str = "umai.key";

/// Signature: an empty message sealed for what is signed, which only the same key can create and check.
pub type Signature = [u8; NONCE + 16];

/// Signature of the ID of a store, in its files: identifies the key of the store.
pub type KeyCheck = Signature;

/// Key of 32 bytes that seals and opens secrets. Wiped on drop.
pub struct StoreKey(Zeroizing<[u8; LENGTH]>);

/// Result of a key lookup.
pub enum KeyLookup {
    /// The key and the file it was read from.
    Key(StoreKey, PathBuf),
    /// Path at which the key was expected.
    Missing(PathBuf),
}

impl StoreKey {
    /// Looks up the key: the given file, then the credentials of the service manager, then the config directory.
    pub fn find(key_file: Option<&Path>, config: &Path) -> Result<KeyLookup, StoreError> {
        let KeyFileLocation { path, origin } = KeyFileLocation::find(key_file, config);
        // A file given by the user must exist.
        let is_there = path
            .try_exists()
            .map_err(|error| key_file::unreadable(&path, &error))?;
        if origin != KeyFileOrigin::Option && !is_there {
            return Ok(KeyLookup::Missing(path));
        }
        Ok(KeyLookup::Key(Self::read(&path)?, path))
    }

    /// Creates a key and its file. Fails when the file exists.
    pub fn generate(path: &Path) -> Result<Self, StoreError> {
        let content = KeyFileContent::Plain(Self::random()?);
        content.write(path)?;
        match content {
            KeyFileContent::Plain(key) => Ok(key),
            KeyFileContent::Wrapped(_) => Err(locked(path)),
        }
    }

    /// Generates a key.
    pub fn random() -> Result<Self, StoreError> {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        random(&mut *bytes)?;
        Ok(Self(bytes))
    }

    /// Clones the key.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }

    /// Reads a key file. A key behind a passphrase is available when the passphrase was given before.
    fn read(path: &Path) -> Result<Self, StoreError> {
        key_file::read(path)?.open().ok_or_else(|| locked(path))
    }

    /// Fingerprint that identifies the key without revealing anything about it.
    pub fn fingerprint(&self) -> KeyFingerprint {
        let mut hash = Sha256::new();
        hash.update(b"umai key fingerprint 1");
        hash.update(*self.0);
        let sum: [u8; 32] = hash.finalize().into();
        KeyFingerprint(std::array::from_fn(|at| sum[at]))
    }

    /// Returns the authenticator of the files of a store.
    pub fn authenticator(&self, store: Uuid) -> StoreAuthenticator {
        StoreAuthenticator::new(self, store)
    }

    /// Returns the check value for the files of a store.
    pub fn check(&self, store: Uuid) -> Result<KeyCheck, StoreError> {
        self.sign(&check_binding(store))
    }

    /// Returns true when a check value was created with this key.
    pub fn matches(&self, store: Uuid, check: &KeyCheck) -> bool {
        self.has_signed(check, &check_binding(store))
    }

    /// Signs `binding`.
    pub fn sign(&self, binding: &[u8]) -> Result<Signature, StoreError> {
        self.seal_bytes(&[], binding)?
            .try_into()
            .map_err(|_| StoreError::Key("The signature has the wrong length".into()))
    }

    /// Returns true when a signature was created with this key and binding.
    pub fn has_signed(&self, signature: &Signature, binding: &[u8]) -> bool {
        self.open_bytes(signature, binding).is_some()
    }

    /// Seals a secret for one field and the destination of one connection of one store.
    pub fn seal(&self, place: &SealContext<'_>, text: &str) -> Result<SealedSecret, StoreError> {
        let length = u32::try_from(text.len())
            .map_err(|_| StoreError::Key("The secret is too long to seal".into()))?;
        let size = (size_of::<u32>() + text.len()).next_multiple_of(PADDING);
        let mut padded = Zeroizing::new(Vec::with_capacity(size));
        padded.extend_from_slice(&length.to_le_bytes());
        padded.extend_from_slice(text.as_bytes());
        padded.resize(size, 0);
        Ok(SealedSecret {
            sealed: STANDARD.encode(self.seal_bytes(&padded, &place.binding())?),
        })
    }

    /// Opens a secret. A secret that is damaged, was moved, belongs to another destination, or was sealed with another key is
    /// [`PlainSecret::unreadable`].
    pub fn open(&self, place: &SealContext<'_>, sealed: &SealedSecret) -> PlainSecret {
        self.try_open(&place.binding(), sealed)
            .unwrap_or_else(PlainSecret::unreadable)
    }

    /// Like [`open`](Self::open), for a secret in a store or backup of format 1.
    pub fn open_format_1(&self, place: &SealContext<'_>, sealed: &SealedSecret) -> PlainSecret {
        self.try_open(&place.binding_of_format_1(), sealed)
            .unwrap_or_else(PlainSecret::unreadable)
    }

    fn try_open(&self, binding: &[u8], sealed: &SealedSecret) -> Option<PlainSecret> {
        let bytes = STANDARD.decode(&sealed.sealed).ok()?;
        let padded = self.open_bytes(&bytes, binding)?;
        let (length, text) = padded.split_first_chunk()?;
        let text = text.get(..usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
        std::str::from_utf8(text).ok().map(PlainSecret::new)
    }

    /// Seals bytes with `binding` as associated data.
    pub fn seal_bytes(&self, text: &[u8], binding: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE];
        random(&mut nonce)?;
        let payload = Payload {
            msg: text,
            aad: binding,
        };
        let sealed = self
            .cipher()
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| StoreError::Key("Sealing a secret failed".into()));
        wipe_stack();
        let sealed = sealed?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens sealed bytes. Returns `None` when they are damaged or were sealed with another key or binding.
    pub fn open_bytes(&self, bytes: &[u8], binding: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>()?;
        let payload = Payload {
            msg: sealed,
            aad: binding,
        };
        let opened = self.cipher().decrypt(&XNonce::from(*nonce), payload);
        wipe_stack();
        opened.ok().map(Zeroizing::new)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&(*self.0).into())
    }
}

/// Overwrites the part of the stack that a called function has used: the cipher leaves blocks of the plaintext there.
#[inline(never)]
fn wipe_stack() {
    let mut unused = [0_u8; 16 * 1024];
    std::hint::black_box(&mut unused);
}

/// Error for a key whose passphrase was not given.
pub fn locked(path: &Path) -> StoreError {
    StoreError::Key(format!(
        "The key in {} is protected by a passphrase: run umai on a terminal to enter it, or name a file that contains it with \
         --passphrase-file or UMAI_PASSPHRASE_FILE",
        path.display()
    ))
}

/// Identifies a key: the first bytes of a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyFingerprint([u8; 8]);

impl KeyFingerprint {
    /// Parses the displayed form.
    pub fn read(text: &str) -> Option<Self> {
        let mut bytes = [0; 8];
        let mut groups = text.split('-');
        for pair in bytes.chunks_exact_mut(2) {
            let group = groups.next().filter(|group| group.len() == 4)?;
            pair.copy_from_slice(&u16::from_str_radix(group, 16).ok()?.to_be_bytes());
        }
        groups.next().is_none().then_some(Self(bytes))
    }
}

impl std::fmt::Display for KeyFingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, pair) in self.0.chunks(2).enumerate() {
            if at > 0 {
                f.write_str("-")?;
            }
            for byte in pair {
                write!(f, "{byte:02x}")?;
            }
        }
        Ok(())
    }
}

fn check_binding(store: Uuid) -> Vec<u8> {
    [b"umai key check 1".as_slice(), store.as_bytes()].concat()
}

fn random(bytes: &mut [u8]) -> Result<(), StoreError> {
    getrandom::fill(bytes)
        .map_err(|error| StoreError::Key(format!("The system provides no random numbers: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Connection;

    fn key() -> StoreKey {
        StoreKey(Zeroizing::new([7; LENGTH]))
    }

    fn destination(provider: &str) -> SealDestination {
        let json = r#"{"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"a","name":"A","providerId":"PROVIDER","isActive":true,
            "dateCreated":"2024-01-15T10:30:00Z","dateModified":"2024-01-15T10:30:00Z","version":1}"#
        .replace("PROVIDER", provider);
        SealDestination::of(&serde_json::from_str::<Connection<SealedSecret>>(&json).unwrap())
    }

    fn place(field: &str) -> SealContext<'_> {
        SealContext {
            store: Uuid::from_u128(1),
            connection: Uuid::from_u128(2),
            field,
            destination: destination("openai"),
        }
    }

    #[test]
    fn secret_opens_only_in_its_context() {
        let sealed = key().seal(&place("apiKey"), "sk-planted").unwrap();
        assert_eq!(
            key().open(&place("apiKey"), &sealed).expose(),
            Some("sk-planted")
        );
        let elsewhere = [
            place("apiKey2"),
            SealContext {
                store: Uuid::from_u128(9),
                ..place("apiKey")
            },
            SealContext {
                connection: Uuid::from_u128(9),
                ..place("apiKey")
            },
            SealContext {
                destination: destination("other"),
                ..place("apiKey")
            },
        ];
        for place in elsewhere {
            assert_eq!(key().open(&place, &sealed).expose(), None);
        }
        let other = StoreKey(Zeroizing::new([8; LENGTH]));
        assert_eq!(other.open(&place("apiKey"), &sealed).expose(), None);
    }

    #[test]
    fn seals_of_two_formats_do_not_open_as_each_other() {
        let place = place("apiKey");
        let binding = place.binding_of_format_1();
        let padded = [&4_u32.to_le_bytes()[..], b"text", &[0; 56]].concat();
        let earlier = SealedSecret {
            sealed: STANDARD.encode(key().seal_bytes(&padded, &binding).unwrap()),
        };
        assert_eq!(key().open_format_1(&place, &earlier).expose(), Some("text"));
        assert_eq!(key().open(&place, &earlier).expose(), None);
        let sealed = key().seal(&place, "text").unwrap();
        assert_eq!(key().open_format_1(&place, &sealed).expose(), None);
    }

    #[test]
    fn seal_hides_the_length_of_the_secret() {
        let length = |text: &str| key().seal(&place("k"), text).unwrap().sealed.len();
        assert_eq!(length(""), length(&"x".repeat(60)));
        assert_ne!(length(""), length(&"x".repeat(61)));
    }

    #[test]
    fn same_secret_seals_to_different_texts() {
        let seal = || key().seal(&place("k"), "same").unwrap().sealed;
        assert_ne!(seal(), seal());
    }

    #[test]
    fn created_key_file_is_private_and_never_overwritten() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config");
        let KeyLookup::Missing(path) = StoreKey::find(None, &config).unwrap() else {
            panic!("expected no key");
        };
        let made = StoreKey::generate(&path).unwrap();
        let permissions = std::fs::metadata(&path).unwrap().permissions();
        assert_eq!(permissions.mode() & 0o777, 0o600);
        let KeyLookup::Key(read, _) = StoreKey::find(None, &config).unwrap() else {
            panic!("expected a key");
        };
        assert_eq!(*made.0, *read.0);
        assert!(
            StoreKey::generate(&path).is_err(),
            "a key is never overwritten"
        );
    }

    #[test]
    fn raw_key_is_accepted_and_other_content_rejected() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k");
        std::fs::write(&path, [5; LENGTH]).unwrap();
        assert_eq!(*StoreKey::read(&path).unwrap().0, [5; LENGTH]);
        for content in [
            b"".as_slice(),
            b"short",
            b"not base64 but long enough to be one........",
        ] {
            std::fs::write(&path, content).unwrap();
            assert!(matches!(StoreKey::read(&path), Err(StoreError::Key(_))));
        }
    }

    #[test]
    fn key_file_writable_by_others_is_rejected() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k");
        std::fs::write(&path, [5; LENGTH]).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
        let Err(StoreError::Key(message)) = StoreKey::read(&path) else {
            panic!("the key was read");
        };
        assert!(message.contains("chmod"), "{message}");
    }
}
