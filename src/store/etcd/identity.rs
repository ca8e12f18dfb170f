//! Identity of a store, in `P/store`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::connection::StoreError;
use crate::store::etcd_options::EtcdAddress;
use crate::store::journal::header::StoreIdentity;
use crate::store::key::KeyCheck;

/// Newest format of the keys and values that this program reads.
const FORMAT: u32 = 2;
/// Format of a store with its first content.
const FORMAT_OF_FIRST_CONTENT: u32 = 1;

/// Identity of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EtcdIdentity {
    /// ID of the store.
    pub store: Uuid,
    /// Check value that identifies the key of the store.
    pub check: KeyCheck,
    /// ID of the current content; none for the first one.
    pub content: Option<Uuid>,
}

#[derive(Serialize, Deserialize)]
struct IdentityJson {
    format: u32,
    store: Uuid,
    /// Base64.
    check: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content: Option<Uuid>,
}

#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
}

impl EtcdIdentity {
    /// Encodes the identity.
    pub fn to_bytes(&self) -> Vec<u8> {
        let json = IdentityJson {
            format: match self.content {
                None => FORMAT_OF_FIRST_CONTENT,
                Some(_) => FORMAT,
            },
            store: self.store,
            check: STANDARD.encode(self.check),
            content: self.content,
        };
        // Numbers and strings can always be encoded.
        serde_json::to_vec(&json).unwrap_or_default()
    }

    /// Decodes the identity of the store at an address.
    pub fn read(bytes: &[u8], address: &EtcdAddress) -> Result<Self, StoreError> {
        let damaged = || {
            StoreError::Other(format!(
                "{address} has keys that umai did not write; choose another name after the last slash"
            ))
        };
        let FormatOnly { format } = serde_json::from_slice(bytes).map_err(|_| damaged())?;
        if format > FORMAT {
            return Err(StoreError::Other(format!(
                "The store {address} was written by a newer umai (format {format}); update umai"
            )));
        }
        let json: IdentityJson = serde_json::from_slice(bytes).map_err(|_| damaged())?;
        let check = STANDARD.decode(json.check).map_err(|_| damaged())?;
        Ok(Self {
            store: json.store,
            check: check.try_into().map_err(|_| damaged())?,
            content: json.content,
        })
    }

    /// Returns the store and its key check value.
    pub const fn to_store(&self) -> StoreIdentity {
        StoreIdentity::new(self.store, self.check)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_round_trips_and_newer_format_is_named() {
        let address: EtcdAddress = "etcd://h1/team".parse().unwrap();
        for content in [None, Some(Uuid::from_u128(8))] {
            let identity = EtcdIdentity {
                store: Uuid::from_u128(7),
                check: [3; 40],
                content,
            };
            let bytes = identity.to_bytes();
            assert_eq!(EtcdIdentity::read(&bytes, &address), Ok(identity));
        }
        let newer = EtcdIdentity::read(br#"{"format":3,"more":1}"#, &address);
        assert!(newer.unwrap_err().to_string().contains("newer umai"));
        for bytes in [b"".as_slice(), b"{}", br#"{"format":1}"#, b"other"] {
            assert!(EtcdIdentity::read(bytes, &address).is_err());
        }
    }
}
