//! Index rows: keys in the order of lists, values with a checksum.
//!
//! ```text
//! a ALIAS            → id                              connection by lower-case alias
//! m                  → revision, digest, identity, layout   position in the journal
//! o NAME 0 1 ALIAS   → revision, id, item              list entry, in list order
//! t NAME 0 1 ALIAS   → revision, id, item              trash entry, in list order
//! r ID               → revision, number, history digest, SavedJson   current version of a connection, secrets sealed, with its change
//! v ID NUMBER        → revision, VersionJson                  older version, masked
//! ```
//! Rows of one kind are stored together in blocks ([`super::block_index`]). All blocks are in one tree, because sled preserves the order of writes
//! within a tree: after a crash, an index has everything that was written up to some block. The row of a connection is written after the
//! other rows of its change and shows that the change is complete.

use std::sync::Arc;

use ::sled::IVec;
use serde::de::IgnoredAny;
use uuid::Uuid;

use super::list_entry;
use super::stored_json::{SavedJson, damaged, read_json, read_listed, version_json};
use crate::connection::{Connection, ConnectionItem, ListCursor, SealedSecret, StoreError};
use crate::store::journal::digest::{StateDigest, record_hash};
use crate::store::journal::entry::{EntryKind, JournalEntry};
use crate::text::case_fold::fold;

/// Length in bytes of the checksum before every value.
const CHECKSUM: usize = 4;

/// Key, and the value to insert or `None` to remove the row.
pub type RowChange = (Vec<u8>, Option<Vec<u8>>);

/// Key of the position row.
pub const APPLIED: &[u8] = b"m";
/// Prefix of alias rows.
pub const ALIASES: &[u8] = b"a";
/// Prefix of list rows.
pub const ORDER: &[u8] = b"o";
/// Prefix of trash rows.
pub const TRASH: &[u8] = b"t";
/// Prefix of connection rows.
pub const RECORDS: &[u8] = b"r";
/// Prefix of version rows.
pub const VERSIONS: &[u8] = b"v";

/// Returns the key of a connection.
pub fn record_key(id: Uuid) -> Vec<u8> {
    [RECORDS, id.as_bytes()].concat()
}

/// Returns the key of a version.
pub fn version_key(id: Uuid, number: u64) -> Vec<u8> {
    [VERSIONS, id.as_bytes(), &number.to_be_bytes()].concat()
}

/// Returns the key prefix of the versions of a connection.
pub fn versions_prefix(id: Uuid) -> Vec<u8> {
    [VERSIONS, id.as_bytes()].concat()
}

/// Returns the key of an alias.
pub fn alias_key(alias: &str) -> Vec<u8> {
    [ALIASES, alias.to_lowercase().as_bytes()].concat()
}

/// Returns the key of a list or trash entry. A zero byte in a name is written as 0 255, so that the end mark 0 1 sorts before any
/// longer name.
pub fn order_key(item: &ConnectionItem) -> Vec<u8> {
    order_key_of(&fold(&item.name), &item.alias, item.is_deleted())
}

/// Returns the key of the list or trash entry at a position.
pub fn cursor_key(cursor: &ListCursor, is_trash: bool) -> Vec<u8> {
    order_key_of(&fold(&cursor.name), &cursor.alias, is_trash)
}

fn order_key_of(name: &str, alias: &str, is_trash: bool) -> Vec<u8> {
    let mut key = Vec::with_capacity(ORDER.len() + name.len() + 2 + alias.len());
    key.extend_from_slice(if is_trash { TRASH } else { ORDER });
    for byte in name.bytes() {
        key.push(byte);
        if byte == 0 {
            key.push(255);
        }
    }
    key.extend_from_slice(&[0, 1]);
    key.extend_from_slice(alias.as_bytes());
    key
}

/// Returns the lower-case alias in the key of a list entry.
pub fn alias_in_order(key: &[u8]) -> Option<String> {
    let end = key.windows(2).position(|pair| pair == [0, 1])?;
    std::str::from_utf8(&key[end + 2..])
        .ok()
        .map(str::to_lowercase)
}

/// Prepends a checksum, which also covers the key, to a value.
pub fn with_checksum(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
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

/// Checks the checksum and returns the rest of the value.
pub fn without_checksum<'a>(key: &[u8], value: &'a [u8]) -> Option<&'a [u8]> {
    let (checksum, body) = value.split_first_chunk::<CHECKSUM>()?;
    let mut sum = crc32fast::Hasher::new();
    sum.update(key);
    sum.update(body);
    (sum.finalize() == u32::from_le_bytes(*checksum)).then_some(body)
}

/// Value of a connection row.
#[derive(Debug, Clone, Copy)]
pub struct RecordRow<'a> {
    /// Revision that saved it.
    pub revision: u64,
    /// Version number.
    pub number: u64,
    /// Sum of the hashes of its versions.
    pub history_digest: u64,
    /// [`SavedJson`].
    pub json: &'a [u8],
}

impl<'a> RecordRow<'a> {
    /// Decodes a value whose checksum was verified.
    pub fn read(body: &'a [u8]) -> Option<Self> {
        let (revision, rest) = body.split_first_chunk()?;
        let (number, rest) = rest.split_first_chunk()?;
        let (history_digest, json) = rest.split_first_chunk()?;
        Some(Self {
            revision: u64::from_le_bytes(*revision),
            number: u64::from_le_bytes(*number),
            history_digest: u64::from_le_bytes(*history_digest),
            json,
        })
    }

    /// Decodes the connection.
    pub fn connection(&self, id: Uuid) -> Result<Connection<SealedSecret>, StoreError> {
        let saved: SavedJson<Connection<SealedSecret>, IgnoredAny> = read_json(id, self.json)?;
        Ok(saved.connection)
    }

    /// Encodes the row.
    pub fn row(&self, id: Uuid) -> RowChange {
        let key = record_key(id);
        let value = with_checksum(
            &key,
            &[
                &self.revision.to_le_bytes(),
                &self.number.to_le_bytes(),
                &self.history_digest.to_le_bytes(),
                self.json,
            ],
        );
        (key, Some(value))
    }
}

/// Encodes the row of a list entry.
pub fn order_row(item: &ConnectionItem, revision: u64) -> Result<RowChange, StoreError> {
    let key = order_key(item);
    let entry = list_entry::write(item)?;
    let value = with_checksum(&key, &[&revision.to_le_bytes(), item.id.as_bytes(), &entry]);
    Ok((key, Some(value)))
}

/// Decodes the revision and the ID of a list entry; the rest is its item ([`list_entry`]).
pub fn read_order(body: &[u8]) -> Option<(u64, Uuid, &[u8])> {
    let (revision, rest) = body.split_first_chunk()?;
    let (id, entry) = rest.split_first_chunk()?;
    Some((u64::from_le_bytes(*revision), Uuid::from_bytes(*id), entry))
}

/// Encodes the row of an alias.
pub fn alias_row(alias: &str, id: Uuid) -> RowChange {
    let key = alias_key(alias);
    let value = with_checksum(&key, &[id.as_bytes()]);
    (key, Some(value))
}

/// Decodes the ID in the value of an alias row.
pub fn read_alias(body: &[u8]) -> Option<Uuid> {
    Uuid::from_slice(body).ok()
}

/// Encodes the row of a version; `json` is a [`VersionJson`].
pub fn version_row(id: Uuid, number: u64, revision: u64, json: &[u8]) -> RowChange {
    let key = version_key(id, number);
    let value = with_checksum(&key, &[&revision.to_le_bytes(), json]);
    (key, Some(value))
}

/// Decodes the revision and the JSON of a version row.
pub fn read_version(body: &[u8]) -> Option<(u64, &[u8])> {
    let (revision, json) = body.split_first_chunk()?;
    Some((u64::from_le_bytes(*revision), json))
}

/// Decodes the connection ID and the number in the key of a version row.
pub fn version_in_key(key: &[u8]) -> Option<(Uuid, u64)> {
    let (id, number) = key.get(VERSIONS.len()..)?.split_first_chunk::<16>()?;
    Some((
        Uuid::from_bytes(*id),
        u64::from_be_bytes(number.try_into().ok()?),
    ))
}

/// Decodes the ID in the key of a connection row.
pub fn id_in_key(key: &[u8]) -> Option<Uuid> {
    Uuid::from_slice(key.get(RECORDS.len()..)?).ok()
}

/// Converts an index row of a connection or version to a snapshot entry. Returns `None` for a damaged row.
pub fn entry_of<'a>(key: &[u8], value: &'a [u8]) -> Option<JournalEntry<'a>> {
    let body = without_checksum(key, value)?;
    let (kind, revision, id, number, payload) = if key.starts_with(RECORDS) {
        let row = RecordRow::read(body)?;
        let id = id_in_key(key)?;
        (EntryKind::Record, row.revision, id, row.number, row.json)
    } else {
        let (id, number) = version_in_key(key)?;
        let (revision, json) = read_version(body)?;
        (EntryKind::Version, revision, id, number, json)
    };
    Some(JournalEntry {
        kind,
        revision,
        id,
        number,
        digest: StateDigest::default(),
        payload,
        codes: None,
    })
}

/// Current state of a connection, as needed for its next change.
#[derive(Debug, Clone)]
pub struct CurrentState {
    /// Revision that saved it.
    pub revision: u64,
    /// Sum of the hashes of its versions.
    pub history_digest: u64,
    /// List item.
    pub item: ConnectionItem,
    /// [`SavedJson`].
    pub json: Arc<[u8]>,
}

impl CurrentState {
    /// Decodes the value of a connection row.
    pub fn read(id: Uuid, body: &[u8]) -> Result<Self, StoreError> {
        let row = RecordRow::read(body).ok_or_else(|| damaged(id, "its row is too short"))?;
        Ok(Self {
            revision: row.revision,
            history_digest: row.history_digest,
            item: read_listed(id, row.json)?,
            json: row.json.into(),
        })
    }

    /// Hash of the connection in the digest.
    pub fn hash(&self) -> u64 {
        record_hash(self.item.id, self.revision, self.history_digest)
    }

    /// Encodes the connection row.
    pub fn row(&self) -> RowChange {
        let row = RecordRow {
            revision: self.revision,
            number: self.item.version,
            history_digest: self.history_digest,
            json: &self.json,
        };
        row.row(self.item.id)
    }

    /// Encodes the row of this version after it was superseded.
    pub fn version_row(&self) -> Result<RowChange, StoreError> {
        let id = self.item.id;
        let json = version_json(id, &self.json)?;
        Ok(version_row(id, self.item.version, self.revision, &json))
    }
}

/// Key and value as returned by sled.
pub type SledPair = (IVec, IVec);
