//! Values of connections and versions: JSON as in the journal, after a code that authenticates it.

use uuid::Uuid;

use crate::connection::StoreError;
use crate::store::key::{CODE, StoreAuthenticator};
use crate::store::sled::stored_json::damaged;

const CONNECTION: &str = "etcd connection";
const VERSION: &str = "etcd version";
const TOKEN: &str = "etcd token";

/// Creates and checks values.
#[derive(Clone)]
pub struct RecordCodec(StoreAuthenticator);

impl RecordCodec {
    /// Creates the codec of a store.
    pub const fn new(auth: StoreAuthenticator) -> Self {
        Self(auth)
    }

    /// Returns the value of a connection.
    pub fn connection(&self, id: Uuid, json: &[u8]) -> Vec<u8> {
        let code = self.0.code(CONNECTION, &[id.as_bytes(), json]);
        [&code, json].concat()
    }

    /// Returns the JSON in the value of a connection.
    pub fn read_connection<'a>(&self, id: Uuid, value: &'a [u8]) -> Result<&'a [u8], StoreError> {
        self.read(CONNECTION, id, &[], value)
    }

    /// Returns the value of a version.
    pub fn version(&self, id: Uuid, number: u64, json: &[u8]) -> Vec<u8> {
        let parts = [id.as_bytes().as_slice(), &number.to_le_bytes(), json];
        [&self.0.code(VERSION, &parts), json].concat()
    }

    /// Returns the JSON in the value of a version.
    pub fn read_version<'a>(
        &self,
        id: Uuid,
        number: u64,
        value: &'a [u8],
    ) -> Result<&'a [u8], StoreError> {
        self.read(VERSION, id, &[&number.to_le_bytes()], value)
    }

    /// Returns the value of a token.
    pub fn token(&self, name: &str, json: &[u8]) -> Vec<u8> {
        [&self.0.code(TOKEN, &[name.as_bytes(), json]), json].concat()
    }

    /// Returns the JSON in the value of a token; none if it was written without the key.
    pub fn read_token<'a>(&self, name: &str, value: &'a [u8]) -> Option<&'a [u8]> {
        let (code, json) = value.split_first_chunk::<CODE>()?;
        let parts = [name.as_bytes(), json];
        self.0.confirms(TOKEN, &parts, code).then_some(json)
    }

    fn read<'a>(
        &self,
        domain: &str,
        id: Uuid,
        place: &[&[u8]],
        value: &'a [u8],
    ) -> Result<&'a [u8], StoreError> {
        let authentic = value.split_first_chunk::<CODE>().filter(|(code, json)| {
            let id: &[u8] = id.as_bytes();
            let parts = [&[id], place, &[json]].concat();
            self.0.confirms(domain, &parts, *code)
        });
        match authentic {
            Some((_, json)) => Ok(json),
            None => Err(damaged(id, "it was changed in etcd without the key")),
        }
    }
}

/// Returns the JSON in the value of a connection or version without checking its code, for stores whose key is missing.
pub fn without_code(id: Uuid, value: &[u8]) -> Result<&[u8], StoreError> {
    let json = value.get(CODE..);
    json.ok_or_else(|| damaged(id, "its value is too short"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::key::StoreKey;

    #[test]
    fn value_is_refused_elsewhere_or_changed() {
        let key = StoreKey::random().unwrap();
        let codec = RecordCodec::new(key.authenticator(Uuid::nil()));
        let (id, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let value = codec.connection(id, b"{}");
        assert_eq!(codec.read_connection(id, &value), Ok(b"{}".as_slice()));
        assert!(codec.read_connection(other, &value).is_err());
        assert!(codec.read_version(id, 1, &value).is_err());
        assert!(codec.read_connection(id, &value[..CODE - 1]).is_err());
        let mut changed = value;
        changed.push(b' ');
        assert!(codec.read_connection(id, &changed).is_err());

        let value = codec.token("a", b"{}");
        assert_eq!(codec.read_token("a", &value), Some(b"{}".as_slice()));
        assert_eq!(codec.read_token("b", &value), None);
        assert_eq!(codec.read_token("a", b"{}"), None);

        let value = codec.version(id, 3, b"{}");
        assert_eq!(codec.read_version(id, 3, &value), Ok(b"{}".as_slice()));
        assert!(codec.read_version(id, 4, &value).is_err());
    }
}
