//! Keys of a store on etcd.
//!
//! ```text
//! P/store        identity of the store; its revision fences every write
//! P/head         request of the newest write; its revision is the revision of the store
//! P/c/ID         connection with its change, sealed
//! P/a/ALIAS      ID of the connection with this alias, in lower case
//! P/v/ID/NUMBER  earlier version of a connection, masked
//! P/w/REQUEST    mark of a write that was done; expires
//! ```

use uuid::Uuid;

/// Creates the keys below a prefix.
#[derive(Debug, Clone)]
pub struct EtcdKeys {
    prefix: String,
}

/// Keys from the first one to before the last one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRange {
    /// First key.
    pub start: Vec<u8>,
    /// Key after the last one.
    pub end: Vec<u8>,
}

impl KeyRange {
    /// Returns the keys with a prefix.
    fn with_prefix(prefix: String) -> Self {
        let start = prefix.into_bytes();
        let mut end = start.clone();
        // Every prefix here ends with a slash.
        if let Some(last) = end.last_mut() {
            *last += 1;
        }
        Self { start, end }
    }
}

impl EtcdKeys {
    /// Creates the keys below a prefix such as `/umai`.
    pub fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
        }
    }

    /// Name of the key with the identity.
    pub fn store(&self) -> Vec<u8> {
        format!("{}/store", self.prefix).into_bytes()
    }

    /// Key that every write changes.
    pub fn head(&self) -> Vec<u8> {
        format!("{}/head", self.prefix).into_bytes()
    }

    /// Key of a connection.
    pub fn connection(&self, id: Uuid) -> Vec<u8> {
        format!("{}/c/{id}", self.prefix).into_bytes()
    }

    /// Key of an alias.
    pub fn alias(&self, alias: &str) -> Vec<u8> {
        format!("{}/a/{}", self.prefix, alias.to_lowercase()).into_bytes()
    }

    /// Key of a version.
    pub fn version(&self, id: Uuid, number: u64) -> Vec<u8> {
        format!("{}/v/{id}/{number:020}", self.prefix).into_bytes()
    }

    /// Key of the mark of a request.
    pub fn mark(&self, request: Uuid) -> Vec<u8> {
        format!("{}/w/{request}", self.prefix).into_bytes()
    }

    /// Keys of all connections.
    pub fn connections(&self) -> KeyRange {
        KeyRange::with_prefix(format!("{}/c/", self.prefix))
    }

    /// Keys of the earlier versions of a connection.
    pub fn versions(&self, id: Uuid) -> KeyRange {
        KeyRange::with_prefix(format!("{}/v/{id}/", self.prefix))
    }

    /// Keys to watch: the connections and the head, which are next to each other.
    pub fn watched(&self) -> KeyRange {
        let mut end = self.head();
        end.push(0);
        KeyRange {
            start: self.connections().start,
            end,
        }
    }

    /// Returns the ID in the key of a connection.
    pub fn connection_id(&self, key: &[u8]) -> Option<Uuid> {
        let id = key.strip_prefix(&*self.connections().start)?;
        Uuid::try_parse_ascii(id).ok()
    }

    /// Returns the number in the key of a version.
    pub fn version_number(key: &[u8]) -> Option<u64> {
        let number = key.rsplit(|byte| *byte == b'/').next()?;
        std::str::from_utf8(number).ok()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn watched_keys_are_connections_and_head() {
        let keys = EtcdKeys::new("/team");
        let id = Uuid::from_u128(7);
        let range = keys.watched();
        let is_watched = |key: &Vec<u8>| *key >= range.start && *key < range.end;
        assert!([keys.connection(id), keys.head()].iter().all(is_watched));
        let others = [
            keys.store(),
            keys.alias("a"),
            keys.version(id, 1),
            keys.mark(id),
        ];
        assert!(!others.iter().any(is_watched));
    }

    #[test]
    fn id_and_number_are_read_from_keys() {
        let keys = EtcdKeys::new("/team");
        let id = Uuid::from_u128(7);
        assert_eq!(keys.connection_id(&keys.connection(id)), Some(id));
        assert_eq!(keys.connection_id(&keys.head()), None);
        assert_eq!(EtcdKeys::version_number(&keys.version(id, 12)), Some(12));
        assert_eq!(
            keys.versions(id),
            KeyRange {
                start: format!("/team/v/{id}/").into_bytes(),
                end: format!("/team/v/{id}0").into_bytes(),
            }
        );
    }
}
