//! Reseals the secrets of a store with another key.

use serde::de::IgnoredAny;
use uuid::Uuid;

use super::key::{SealContext, StoreKey};
use super::sled::salvage::FullState;
use super::sled::stored_json::{self, SavedJson};
use crate::connection::{
    Connection, SealedSecret, SettingValue, Settings, StoreError, VersionChange,
};

/// Result of resealing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ResealResult {
    /// Number of resealed secrets.
    pub secrets: usize,
    /// Number of secrets that could not be opened and were left unchanged.
    pub unreadable: usize,
}

/// Opens every secret with `from` and seals it with `to`. Only the newest version of a connection has secrets: older versions are
/// masked.
pub fn reseal(
    state: &mut FullState,
    store: Uuid,
    from: &StoreKey,
    to: &StoreKey,
) -> Result<ResealResult, StoreError> {
    let mut resealed = ResealResult::default();
    for (id, folded) in &mut state.connections {
        let Some(newest) = &mut folded.newest else {
            continue;
        };
        let SavedJson::<Connection<SealedSecret>, VersionChange> { connection, change } =
            stored_json::read_json(*id, &newest.payload.1)?;
        let connection = connection.try_map(|field, sealed| {
            let place = SealContext {
                store,
                connection: *id,
                field,
            };
            if let Some(text) = from.open(&place, &sealed).expose() {
                resealed.secrets += 1;
                to.seal(&place, text)
            } else {
                resealed.unreadable += 1;
                Ok(sealed)
            }
        })?;
        newest.payload.1 = stored_json::write_json(&SavedJson { connection, change })?;
    }
    Ok(resealed)
}

/// Number of secrets that a key opens.
pub fn count_open(state: &FullState, store: Uuid, key: &StoreKey) -> Result<usize, StoreError> {
    let mut opened = 0;
    for (id, folded) in &state.connections {
        let Some(newest) = &folded.newest else {
            continue;
        };
        let saved: SavedJson<Connection<SealedSecret>, IgnoredAny> =
            stored_json::read_json(*id, &newest.payload.1)?;
        for (field, value) in saved.connection.settings.iter().flat_map(Settings::iter) {
            if let SettingValue::Secret(sealed) = value {
                let place = SealContext {
                    store,
                    connection: *id,
                    field,
                };
                opened += usize::from(key.open(&place, sealed).expose().is_some());
            }
        }
    }
    Ok(opened)
}
