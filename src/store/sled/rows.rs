//! What the rows of a view are: keys in the order that lists want, values with a checksum.
//!
//! ```text
//! a ALIAS            → id                              a connection by its alias, in lower case
//! m                  → revision, digest, identity      up to where the journal was applied
//! o NAME 0 ALIAS     → revision, id, item              the list, in its order
//! t NAME 0 ALIAS     → revision, id, item              the trash, likewise
//! r ID               → revision, number, history, SavedJson   a connection, sealed, with what its last save did
//! v ID NUMBER        → revision, VersionJson                  a version before that, masked
//! ```
//! Why one tree: sled keeps the order of writes, so a view that a crash cut short has every change up to some row. The row of
//! the connection is the last one of its change and says that all of the change is there.

use std::convert::Infallible;
use std::sync::Arc;

use ::sled::IVec;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::ledger::Point;
use crate::connection::{
    Change, Connection, ConnectionItem, Mask, Sealed, StoreError, Version, endpoint,
};
use crate::store::journal::digest::{Digest, record_mark};
use crate::store::journal::head::Identity;
use crate::text::fold::fold;

/// The checksum before every value.
const CHECKSUM: usize = 4;

/// A row that should be there and its value, or a row that should not.
pub type Row = (Vec<u8>, Option<Vec<u8>>);

/// The key of the applied mark.
pub const APPLIED: &[u8] = b"m";
/// What the keys of each kind of row begin with.
pub const ALIASES: &[u8] = b"a";
/// The list.
pub const ORDER: &[u8] = b"o";
/// The trash.
pub const TRASH: &[u8] = b"t";
/// The connections.
pub const RECORDS: &[u8] = b"r";
/// Their versions.
pub const VERSIONS: &[u8] = b"v";

/// The key of a connection.
pub fn record_key(id: Uuid) -> Vec<u8> {
    [RECORDS, id.as_bytes()].concat()
}

/// The key of a version.
pub fn version_key(id: Uuid, number: u64) -> Vec<u8> {
    [VERSIONS, id.as_bytes(), &number.to_be_bytes()].concat()
}

/// What the keys of a connection's versions begin with.
pub fn versions_of(id: Uuid) -> Vec<u8> {
    [VERSIONS, id.as_bytes()].concat()
}

/// The key of an alias.
pub fn alias_key(alias: &str) -> Vec<u8> {
    [ALIASES, alias.to_lowercase().as_bytes()].concat()
}

/// The key of an item's place in the list or in the trash. A zero in a name is written as 0 255, so that 0 1 ends it before any longer name.
pub fn order_key(item: &ConnectionItem) -> Vec<u8> {
    order_key_of(&fold(&item.name), item)
}

/// The key of an item's place in a database of an earlier version, where names were not normalized. None where both keys are the same.
pub fn old_order_key(item: &ConnectionItem) -> Option<Vec<u8>> {
    let lower = item.name.to_lowercase();
    (lower != fold(&item.name)).then(|| order_key_of(&lower, item))
}

fn order_key_of(name: &str, item: &ConnectionItem) -> Vec<u8> {
    let mut key = Vec::with_capacity(ORDER.len() + name.len() + 2 + item.alias.len());
    key.extend_from_slice(if item.is_deleted() { TRASH } else { ORDER });
    for byte in name.bytes() {
        key.push(byte);
        if byte == 0 {
            key.push(255);
        }
    }
    key.extend_from_slice(&[0, 1]);
    key.extend_from_slice(item.alias.as_bytes());
    key
}

/// The alias in the key of a place in the list, in lower case.
pub fn alias_in_order(key: &[u8]) -> Option<String> {
    let end = key.windows(2).position(|pair| pair == [0, 1])?;
    std::str::from_utf8(&key[end + 2..])
        .ok()
        .map(str::to_lowercase)
}

/// A value with its checksum, which covers the key too.
pub fn seal(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut sum = crc32fast::Hasher::new();
    sum.update(key);
    for part in parts {
        sum.update(part);
    }
    let mut value =
        Vec::with_capacity(CHECKSUM + parts.iter().map(|part| part.len()).sum::<usize>());
    value.extend_from_slice(&sum.finalize().to_le_bytes());
    for part in parts {
        value.extend_from_slice(part);
    }
    value
}

/// What is in a value, when its checksum is right.
pub fn unseal<'a>(key: &[u8], value: &'a [u8]) -> Option<&'a [u8]> {
    let (checksum, body) = value.split_first_chunk::<CHECKSUM>()?;
    let mut sum = crc32fast::Hasher::new();
    sum.update(key);
    sum.update(body);
    (sum.finalize() == u32::from_le_bytes(*checksum)).then_some(body)
}

/// The body of a connection's row.
#[derive(Debug, Clone, Copy)]
pub struct RecordRow<'a> {
    /// Which revision saved it.
    pub revision: u64,
    /// Its version.
    pub number: u64,
    /// The sum of the marks of its versions.
    pub history: u64,
    /// [`SavedJson`].
    pub json: &'a [u8],
}

impl<'a> RecordRow<'a> {
    /// Reads a body whose checksum was right.
    pub fn read(body: &'a [u8]) -> Option<Self> {
        let (revision, rest) = body.split_first_chunk()?;
        let (number, rest) = rest.split_first_chunk()?;
        let (history, json) = rest.split_first_chunk()?;
        Some(Self {
            revision: u64::from_le_bytes(*revision),
            number: u64::from_le_bytes(*number),
            history: u64::from_le_bytes(*history),
            json,
        })
    }

    /// The connection.
    pub fn connection(&self, id: Uuid) -> Result<Connection<Sealed>, StoreError> {
        let saved: SavedJson<Connection<Sealed>, IgnoredAny> = read_json(id, self.json)?;
        Ok(saved.connection)
    }

    /// The row.
    pub fn row(&self, id: Uuid) -> Row {
        let key = record_key(id);
        let value = seal(
            &key,
            &[
                &self.revision.to_le_bytes(),
                &self.number.to_le_bytes(),
                &self.history.to_le_bytes(),
                self.json,
            ],
        );
        (key, Some(value))
    }
}

/// The row of a place in the list. It always says where the connection calls, be it nowhere: [`read_item`] tells by that whether
/// the row was written before lists said so.
pub fn order_row(item: &ConnectionItem, revision: u64) -> Result<Row, StoreError> {
    let key = order_key(item);
    let json = write_json(&ConnectionItem {
        endpoint: Some(item.endpoint.clone().unwrap_or_default()),
        ..item.clone()
    })?;
    let value = seal(&key, &[&revision.to_le_bytes(), item.id.as_bytes(), &json]);
    Ok((key, Some(value)))
}

/// The revision, the id and the item as JSON in the body of a place in the list.
pub fn read_order(body: &[u8]) -> Option<(u64, Uuid, &[u8])> {
    let (revision, rest) = body.split_first_chunk()?;
    let (id, json) = rest.split_first_chunk()?;
    Some((u64::from_le_bytes(*revision), Uuid::from_bytes(*id), json))
}

/// The item in the JSON of a place in the list, and whether it says where the connection calls.
pub fn read_item(id: Uuid, json: &[u8]) -> Result<(ConnectionItem, bool), StoreError> {
    let mut item: ConnectionItem = read_json(id, json)?;
    let says_where = item.endpoint.is_some();
    item.endpoint = item.endpoint.filter(|endpoint| !endpoint.is_empty());
    Ok((item, says_where))
}

/// What lists show of a connection, from its [`SavedJson`].
pub fn read_listed(id: Uuid, json: &[u8]) -> Result<ConnectionItem, StoreError> {
    #[derive(Deserialize)]
    struct Called {
        #[serde(default)]
        settings: Option<Map<String, Value>>,
    }
    let whole: SavedJson<ConnectionItem, IgnoredAny> = read_json(id, json)?;
    let called: SavedJson<Called, IgnoredAny> = read_json(id, json)?;
    let settings = called.connection.settings.unwrap_or_default();
    let texts = settings
        .iter()
        .filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)));
    Ok(ConnectionItem {
        endpoint: endpoint::of_texts(texts),
        ..whole.connection
    })
}

/// The row of an alias.
pub fn alias_row(alias: &str, id: Uuid) -> Row {
    let key = alias_key(alias);
    let value = seal(&key, &[id.as_bytes()]);
    (key, Some(value))
}

/// The id in the body of an alias's row.
pub fn read_alias(body: &[u8]) -> Option<Uuid> {
    Uuid::from_slice(body).ok()
}

/// The row of a version; `json` is a [`VersionJson`].
pub fn version_row(id: Uuid, number: u64, revision: u64, json: &[u8]) -> Row {
    let key = version_key(id, number);
    let value = seal(&key, &[&revision.to_le_bytes(), json]);
    (key, Some(value))
}

/// The revision and the JSON in the body of a version's row.
pub fn read_version(body: &[u8]) -> Option<(u64, &[u8])> {
    let (revision, json) = body.split_first_chunk()?;
    Some((u64::from_le_bytes(*revision), json))
}

/// The connection and the number in the key of a version's row.
pub fn version_in_key(key: &[u8]) -> Option<(Uuid, u64)> {
    let (id, number) = key.get(VERSIONS.len()..)?.split_first_chunk::<16>()?;
    Some((
        Uuid::from_bytes(*id),
        u64::from_be_bytes(number.try_into().ok()?),
    ))
}

/// The connection in the key of a connection's row.
pub fn id_in_key(key: &[u8]) -> Option<Uuid> {
    Uuid::from_slice(key.get(RECORDS.len()..)?).ok()
}

/// Up to where a view was made, and of which store it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// The newest revision in it.
    pub revision: u64,
    /// What it should amount to.
    pub digest: Digest,
    /// The store.
    pub identity: Identity,
}

impl Applied {
    /// Where it is in the store's history.
    pub const fn point(&self) -> Point {
        Point {
            revision: self.revision,
            digest: self.digest,
        }
    }

    /// The row.
    pub fn row(&self) -> Row {
        let value = seal(
            APPLIED,
            &[
                &self.revision.to_le_bytes(),
                &self.digest.count.to_le_bytes(),
                &self.digest.sum.to_le_bytes(),
                self.identity.store.as_bytes(),
                &self.identity.check,
            ],
        );
        (APPLIED.to_vec(), Some(value))
    }

    /// Reads a body whose checksum was right.
    pub fn read(body: &[u8]) -> Option<Self> {
        let (revision, rest) = body.split_first_chunk()?;
        let (count, rest) = rest.split_first_chunk()?;
        let (sum, rest) = rest.split_first_chunk()?;
        let (store, check) = rest.split_first_chunk()?;
        Some(Self {
            revision: u64::from_le_bytes(*revision),
            digest: Digest {
                count: u64::from_le_bytes(*count),
                sum: u64::from_le_bytes(*sum),
            },
            identity: Identity {
                store: Uuid::from_bytes(*store),
                check: check.try_into().ok()?,
            },
        })
    }
}

/// What is known of a connection before the next change to it.
#[derive(Debug, Clone)]
pub struct Current {
    /// Which revision saved it.
    pub revision: u64,
    /// The sum of the marks of its versions.
    pub history: u64,
    /// What lists show of it.
    pub item: ConnectionItem,
    /// [`SavedJson`].
    pub json: Arc<[u8]>,
}

impl Current {
    /// Reads it from the body of its row.
    pub fn read(id: Uuid, body: &[u8]) -> Result<Self, StoreError> {
        let row = RecordRow::read(body).ok_or_else(|| damaged(id, "its row is too short"))?;
        Ok(Self {
            revision: row.revision,
            history: row.history,
            item: read_listed(id, row.json)?,
            json: row.json.into(),
        })
    }

    /// What it adds to the digest.
    pub fn mark(&self) -> u64 {
        record_mark(self.item.id, self.revision, self.history)
    }

    /// Its row.
    pub fn row(&self) -> Row {
        let row = RecordRow {
            revision: self.revision,
            number: self.item.version,
            history: self.history,
            json: &self.json,
        };
        row.row(self.item.id)
    }

    /// What becomes of it when another version follows.
    pub fn version_row(&self) -> Result<Row, StoreError> {
        let id = self.item.id;
        let json = version_json(id, &self.json)?;
        Ok(version_row(id, self.item.version, self.revision, &json))
    }
}

/// A connection as it is stored: the payload of a save in the journal, and of the connection's row.
#[derive(Serialize, Deserialize)]
pub struct SavedJson<T, C> {
    /// The connection.
    pub connection: T,
    /// What the save did.
    pub change: C,
}

/// A version as it is stored.
#[derive(Serialize, Deserialize)]
pub struct VersionJson<S, C> {
    /// The connection, masked.
    pub snapshot: S,
    /// What the save did.
    pub change: C,
}

/// The version that a stored connection is. Sealed secrets cannot be looked into, so all masks are alike.
pub fn version_saved(id: Uuid, json: &[u8]) -> Result<Version, StoreError> {
    let SavedJson::<Connection<Sealed>, Change> { connection, change } = read_json(id, json)?;
    let masked = connection.try_map(|_, _| Ok::<_, Infallible>(Mask::Any));
    match masked {
        Ok(snapshot) => Ok(Version { snapshot, change }),
    }
}

/// A [`VersionJson`] made of a [`SavedJson`].
pub fn version_json(id: Uuid, json: &[u8]) -> Result<Vec<u8>, StoreError> {
    let Version { snapshot, change } = version_saved(id, json)?;
    write_json(&VersionJson { snapshot, change })
}

/// The version in a row's JSON.
pub fn version_of(id: Uuid, json: &[u8]) -> Result<Version, StoreError> {
    let VersionJson::<Connection<Mask>, Change> { snapshot, change } = read_json(id, json)?;
    Ok(Version { snapshot, change })
}

/// The sentence for a connection whose row cannot be used.
pub fn damaged(id: Uuid, why: &str) -> StoreError {
    StoreError::Damaged {
        id,
        why: why.into(),
    }
}

/// Reads what was stored of a connection.
pub fn read_json<'a, T: Deserialize<'a>>(id: Uuid, json: &'a [u8]) -> Result<T, StoreError> {
    serde_json::from_slice(json).map_err(|error| damaged(id, &error.to_string()))
}

/// Writes what is to be stored.
pub fn write_json(value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value)
        .map_err(|error| StoreError::Unusable(format!("The connection cannot be serialized: {error}")))
}

/// A row's key and value as sled gives them.
pub type Pair = (IVec, IVec);
