//! Keys of a store on etcd.
//!
//! ```text
//! P/store        identity of the store; its revision fences every write
//! P/head         request of the newest write; its revision is the revision of the store
//! P/c/ID         connection with its change, secrets sealed
//! P/a/ALIAS      ID of the connection with this alias, in lower case
//! P/v/ID/NUMBER  earlier version of a connection, masked
//! P/w/REQUEST    mark of a write that was done; expires
//! P/t/NAME       access token of the servers
//! P/g/ID/…       `head`, `c`, `a` and `v` of a content that replaced the one before it
//! P/g/ID/staged  mark of a content that is still being written
//! ```
//!
//! A restore writes the new content beside the current one, below `P/g/ID`, and then makes it the current one by a single change of
//! `P/store`.

use uuid::Uuid;

/// Length of an ID in a key.
const UUID_LENGTH: usize = 36;

/// Creates the keys below a prefix.
#[derive(Debug, Clone)]
pub struct EtcdKeys {
    /// Prefix of the store.
    root: String,
    /// Prefix of its content.
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
            root: prefix.to_owned(),
            prefix: prefix.to_owned(),
        }
    }

    /// Returns the keys of a content of the same store; none for the first content.
    #[must_use]
    pub fn with_content(&self, content: Option<Uuid>) -> Self {
        let root = self.root.clone();
        Self {
            prefix: content.map_or_else(|| root.clone(), |id| format!("{root}/g/{id}")),
            root,
        }
    }

    /// Returns true if the content has replaced another one.
    pub fn has_replaced_content(&self) -> bool {
        self.prefix != self.root
    }

    /// Name of the key with the identity.
    pub fn store(&self) -> Vec<u8> {
        format!("{}/store", self.root).into_bytes()
    }

    /// Name of the key that exists while the content is being written.
    pub fn staged(&self) -> Vec<u8> {
        format!("{}/staged", self.prefix).into_bytes()
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
        format!("{}/w/{request}", self.root).into_bytes()
    }

    /// Keys of all connections.
    pub fn connections(&self) -> KeyRange {
        KeyRange::with_prefix(format!("{}/c/", self.prefix))
    }

    /// Keys of the tokens.
    pub fn tokens(&self) -> KeyRange {
        KeyRange::with_prefix(format!("{}/t/", self.root))
    }

    /// Key of a token.
    pub fn token(&self, name: &str) -> Vec<u8> {
        format!("{}/t/{name}", self.root).into_bytes()
    }

    /// Returns the name in the key of a token.
    pub fn token_name(&self, key: &[u8]) -> Option<String> {
        let name = key.strip_prefix(&*self.tokens().start)?;
        String::from_utf8(name.to_vec()).ok()
    }

    /// Keys of all aliases.
    pub fn aliases(&self) -> KeyRange {
        KeyRange::with_prefix(format!("{}/a/", self.prefix))
    }

    /// Keys of the earlier versions of all connections.
    pub fn all_versions(&self) -> KeyRange {
        KeyRange::with_prefix(format!("{}/v/", self.prefix))
    }

    /// Keys of all contents except the first one.
    pub fn contents(&self) -> KeyRange {
        KeyRange::with_prefix(format!("{}/g/", self.root))
    }

    /// All keys of a content that is not the first one.
    pub fn content(&self) -> KeyRange {
        KeyRange::with_prefix(format!("{}/", self.prefix))
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

    /// Returns the ID in a key of a content that is not the first one.
    pub fn content_id(&self, key: &[u8]) -> Option<Uuid> {
        let rest = key.strip_prefix(&*self.contents().start)?;
        let (id, rest) = rest.split_at_checked(UUID_LENGTH)?;
        // A key that only begins like one of a content is not in its range.
        let id = rest.starts_with(b"/").then_some(id)?;
        Uuid::try_parse_ascii(id).ok()
    }

    /// Returns the ID in the key of a connection.
    pub fn connection_id(&self, key: &[u8]) -> Option<Uuid> {
        let id = key.strip_prefix(&*self.connections().start)?;
        Uuid::try_parse_ascii(id).ok()
    }

    /// Returns the ID of the connection in the key of a version.
    pub fn version_id(&self, key: &[u8]) -> Option<Uuid> {
        let rest = key.strip_prefix(&*self.all_versions().start)?;
        Uuid::try_parse_ascii(rest.get(..UUID_LENGTH)?).ok()
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
    fn later_content_has_its_own_keys_besides_identity_and_marks() {
        let (first, id) = (EtcdKeys::new("/team"), Uuid::from_u128(7));
        let later = first.with_content(Some(id));
        assert_eq!(later.head(), format!("/team/g/{id}/head").into_bytes());
        assert_eq!(later.store(), first.store());
        assert_eq!(later.mark(id), first.mark(id));
        assert_eq!(later.with_content(None).head(), first.head());
        let (range, contents) = (later.watched(), first.contents());
        assert_eq!(first.content_id(&later.head()), Some(id));
        assert_eq!(first.content_id(format!("/team/g/{id}x").as_bytes()), None);
        assert_eq!(first.content_id(format!("/team/g/{id}").as_bytes()), None);
        for key in [later.connection(id), later.head()] {
            assert!(key >= range.start && key < range.end);
            assert!(key >= contents.start && key < contents.end);
        }
        assert!(later.staged() >= range.end);
        assert_eq!(first.content_id(&later.staged()), Some(id));
        assert_eq!(first.content_id(&first.head()), None);
    }

    #[test]
    fn id_and_number_are_read_from_keys() {
        let keys = EtcdKeys::new("/team");
        let id = Uuid::from_u128(7);
        assert_eq!(keys.connection_id(&keys.connection(id)), Some(id));
        assert_eq!(keys.connection_id(&keys.head()), None);
        assert_eq!(EtcdKeys::version_number(&keys.version(id, 12)), Some(12));
        assert_eq!(keys.version_id(&keys.version(id, 12)), Some(id));
        assert_eq!(keys.version_id(&keys.connection(id)), None);
        assert_eq!(
            keys.versions(id),
            KeyRange {
                start: format!("/team/v/{id}/").into_bytes(),
                end: format!("/team/v/{id}0").into_bytes(),
            }
        );
    }
}
