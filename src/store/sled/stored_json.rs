//! JSON of connections and versions, as stored in journal, snapshots and index.

use std::convert::Infallible;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::connection::{
    Connection, ConnectionItem, MaskedSecret, SealedSecret, StoreError, Version, VersionChange,
    endpoint,
};

/// Stored form of a connection, in the payload of a save in the journal and in the connection row.
#[derive(Serialize, Deserialize)]
pub struct SavedJson<T, C> {
    /// Connection.
    pub connection: T,
    /// Change that the save recorded.
    pub change: C,
}

/// Stored form of a version.
#[derive(Serialize, Deserialize)]
pub struct VersionJson<S, C> {
    /// Masked connection.
    pub snapshot: S,
    /// Change that the save recorded.
    pub change: C,
}

/// Converts a stored connection to a version. Sealed secrets cannot be read, so all masks are equal.
pub fn to_version(id: Uuid, json: &[u8]) -> Result<Version, StoreError> {
    let SavedJson::<Connection<SealedSecret>, VersionChange> { connection, change } =
        read_json(id, json)?;
    let masked = connection.try_map(|_, _| Ok::<_, Infallible>(MaskedSecret::Any));
    match masked {
        Ok(snapshot) => Ok(Version { snapshot, change }),
    }
}

/// Converts a [`SavedJson`] to a [`VersionJson`].
pub fn version_json(id: Uuid, json: &[u8]) -> Result<Vec<u8>, StoreError> {
    let Version { snapshot, change } = to_version(id, json)?;
    write_json(&VersionJson { snapshot, change })
}

/// Decodes a [`VersionJson`].
pub fn read_version_json(id: Uuid, json: &[u8]) -> Result<Version, StoreError> {
    let VersionJson::<Connection<MaskedSecret>, VersionChange> { snapshot, change } =
        read_json(id, json)?;
    Ok(Version { snapshot, change })
}

/// Returns the error for a damaged connection.
pub fn damaged(id: Uuid, why: &str) -> StoreError {
    StoreError::Damaged {
        id,
        why: why.into(),
    }
}

/// Decodes stored JSON of a connection.
pub fn read_json<'a, T: Deserialize<'a>>(id: Uuid, json: &'a [u8]) -> Result<T, StoreError> {
    serde_json::from_slice(json).map_err(|error| damaged(id, &error.to_string()))
}

/// Encodes JSON to store.
pub fn write_json(value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|error| unserializable(&error))
}

/// Returns the error for a connection that cannot be encoded.
pub fn unserializable(error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Other(format!("The connection cannot be serialized: {error}"))
}

/// Extracts the list item from a [`SavedJson`].
pub fn read_listed(id: Uuid, json: &[u8]) -> Result<ConnectionItem, StoreError> {
    #[derive(Deserialize)]
    struct SettingsOnly {
        #[serde(default)]
        settings: Option<Map<String, Value>>,
    }
    let item: SavedJson<ConnectionItem, IgnoredAny> = read_json(id, json)?;
    let with_settings: SavedJson<SettingsOnly, IgnoredAny> = read_json(id, json)?;
    let settings = with_settings.connection.settings.unwrap_or_default();
    let texts = settings
        .iter()
        .filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)));
    Ok(ConnectionItem {
        endpoint: endpoint::from_texts(texts),
        ..item.connection
    })
}
