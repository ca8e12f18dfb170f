//! Reads all of a store at one revision.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use super::backend::read_error;
use super::keys::EtcdKeys;
use super::location::EtcdLocation;
use super::open::{FoundStore, find};
use super::operations::get_range;
use super::pages::RangePages;
use super::record::{RecordCodec, without_code};
use super::wire::{KeyValue, RangeRequest};
use crate::connection::StoreError;
use crate::store::backup::keys::AvailableKeys;
use crate::store::journal::entry::EntryKind;
use crate::store::journal::replay::{BuiltConnection, BuiltVersion, StateBuilder};
use crate::store::offline_reader::StoreContent;
use crate::store::sled::salvage::{FullState, keep_payload};
use crate::store::sled::stored_json::{damaged, read_listed};

/// Content of a store, and its state when it was read.
pub struct EtcdContent {
    /// Content.
    pub content: StoreContent,
    /// State, to find out later if it changed.
    pub found: FoundStore,
    /// Authentic tokens of the servers.
    pub tokens: Vec<FoundToken>,
    /// Keys of connections and versions that are not in the content because something is damaged.
    pub unread: Vec<UnreadKey>,
}

/// Key that cannot be read.
pub struct UnreadKey {
    /// Name.
    pub key: Vec<u8>,
    /// Value, as it is in etcd.
    pub value: Vec<u8>,
}

/// Token of the servers.
pub struct FoundToken {
    /// Name in its key.
    pub name: String,
    /// Revision of its last change.
    pub revision: i64,
    /// Value without its code.
    pub json: Vec<u8>,
}

impl EtcdLocation {
    /// Reads the store; none if there is none. Without a matching key, the values are not authenticated.
    pub async fn read(&self, keys: &AvailableKeys) -> Result<Option<EtcdContent>, StoreError> {
        let Some(found) = find(&self.client, &self.keys, &self.address).await? else {
            return Ok(None);
        };
        let identity = found.identity.to_store();
        let key = keys.matching(&identity);
        let mut reader = ContentReader {
            keys: &found.keys,
            codec: key.map(|key| RecordCodec::new(key.authenticator(identity.store))),
            state: StateBuilder::empty(keep_payload),
            newest: HashMap::new(),
            earlier: HashMap::new(),
            unread: Vec::new(),
            problem: None,
        };
        for range in [found.keys.connections(), found.keys.all_versions()] {
            let request = RangeRequest {
                revision: found.revision,
                ..get_range(range)
            };
            let mut pages = RangePages::new(&self.client, request);
            while let Some(page) = pages.next().await.map_err(read_error)? {
                for found in &page {
                    reader.add(found);
                }
            }
        }
        let tokens = self.tokens(&found, reader.codec.as_ref()).await?;
        let head = u64::try_from(found.head()).unwrap_or(0);
        let ReadContent {
            state,
            problem,
            mut unread,
            without_newest,
        } = reader.finish(head);
        for id in without_newest {
            unread.extend(self.unread_versions(&found, id).await?);
        }
        Ok(Some(EtcdContent {
            content: StoreContent {
                identity,
                state,
                problem,
            },
            found,
            tokens,
            unread,
        }))
    }

    /// Returns the versions of a connection that cannot be read itself.
    async fn unread_versions(
        &self,
        found: &FoundStore,
        id: Uuid,
    ) -> Result<Vec<UnreadKey>, StoreError> {
        let request = RangeRequest {
            revision: found.revision,
            ..get_range(found.keys.versions(id))
        };
        let mut pages = RangePages::new(&self.client, request);
        let mut versions = Vec::new();
        while let Some(page) = pages.next().await.map_err(read_error)? {
            versions.extend(page.into_iter().map(UnreadKey::from));
        }
        Ok(versions)
    }

    async fn tokens(
        &self,
        found: &FoundStore,
        codec: Option<&RecordCodec>,
    ) -> Result<Vec<FoundToken>, StoreError> {
        let Some(codec) = codec else {
            return Ok(Vec::new());
        };
        let request = RangeRequest {
            revision: found.revision,
            ..get_range(found.keys.tokens())
        };
        let values = self.client.range(&request).await.map_err(read_error)?.kvs;
        let tokens = values.iter().filter_map(|value| {
            let name = found.keys.token_name(&value.key)?;
            let json = codec.read_token(&name, &value.value)?.to_vec();
            Some(FoundToken {
                name,
                revision: value.mod_revision,
                json,
            })
        });
        Ok(tokens.collect())
    }
}

/// Newest version of a connection.
struct NewestVersion {
    /// Revision that created the connection.
    created: u64,
    newest: BuiltVersion<(EntryKind, Vec<u8>)>,
}

/// Collects keys into a content.
struct ContentReader<'a> {
    keys: &'a EtcdKeys,
    /// Checks the values; none without the key.
    codec: Option<RecordCodec>,
    state: FullState,
    /// Newest versions.
    newest: HashMap<Uuid, NewestVersion>,
    /// Earlier versions by number, with the revision that replaced each.
    earlier: HashMap<Uuid, BTreeMap<u64, (u64, Vec<u8>)>>,
    /// Keys that cannot be read.
    unread: Vec<UnreadKey>,
    /// First reason why the content is incomplete.
    problem: Option<String>,
}

/// Result of reading a content.
struct ReadContent {
    state: FullState,
    problem: Option<String>,
    unread: Vec<UnreadKey>,
    /// Connections that have versions which can be read, and no newest one.
    without_newest: Vec<Uuid>,
}

impl From<KeyValue> for UnreadKey {
    fn from(found: KeyValue) -> Self {
        Self {
            key: found.key,
            value: found.value,
        }
    }
}

impl ContentReader<'_> {
    fn add(&mut self, found: &KeyValue) {
        if let Err(error) = self.try_add(found) {
            self.problem.get_or_insert_with(|| error.to_string());
            self.unread.push(found.clone().into());
        }
    }

    fn try_add(&mut self, found: &KeyValue) -> Result<(), StoreError> {
        let revision = |revision: i64| u64::try_from(revision).unwrap_or(0);
        if let Some(id) = self.keys.connection_id(&found.key) {
            let json = match &self.codec {
                Some(codec) => codec.read_connection(id, &found.value)?,
                None => without_code(id, &found.value)?,
            };
            let newest = BuiltVersion {
                number: read_listed(id, json)?.version,
                revision: revision(found.mod_revision),
                payload: (EntryKind::Record, json.to_vec()),
            };
            let created = revision(found.create_revision);
            self.newest.insert(id, NewestVersion { created, newest });
        } else if let Some(id) = self.keys.version_id(&found.key) {
            let number = EtcdKeys::version_number(&found.key)
                .ok_or_else(|| damaged(id, "a version has no number"))?;
            let json = match &self.codec {
                Some(codec) => codec.read_version(id, number, &found.value)?,
                None => without_code(id, &found.value)?,
            };
            let replaced = revision(found.mod_revision);
            let earlier = self.earlier.entry(id).or_default();
            earlier.insert(number, (replaced, json.to_vec()));
        }
        Ok(())
    }

    /// Returns the state at a revision.
    fn finish(mut self, revision: u64) -> ReadContent {
        for (id, NewestVersion { created, newest }) in self.newest {
            let earlier = self.earlier.remove(&id).unwrap_or_default();
            let mut saved = created;
            let mut older = BTreeMap::new();
            for (number, (replaced, json)) in earlier {
                let version = BuiltVersion {
                    number,
                    revision: saved,
                    payload: (EntryKind::Version, json),
                };
                older.insert(number, version);
                // A version was saved when the one before it was replaced.
                saved = replaced;
            }
            let connection = BuiltConnection {
                newest: Some(newest),
                older,
            };
            self.state.connections.insert(id, connection);
        }
        self.state.revision = revision;
        self.state.expected = self.state.digest();
        ReadContent {
            state: self.state,
            problem: self.problem,
            unread: self.unread,
            without_newest: self.earlier.into_keys().collect(),
        }
    }
}
