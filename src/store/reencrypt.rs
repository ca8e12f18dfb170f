//! Reseals the secrets of a store with another key or in the current format.

use serde::de::IgnoredAny;
use uuid::Uuid;

use super::journal::header::StoreIdentity;
use super::key::{SealContext, SealDestination, StoreKey};
use super::sled::salvage::FullState;
use super::sled::stored_json::{self, SavedJson};
use crate::connection::{
    Connection, PlainSecret, SealedSecret, SettingValue, Settings, StoreError, VersionChange,
};

/// Result of resealing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ResealResult {
    /// Number of resealed secrets.
    pub secrets: usize,
    /// Number of secrets that could not be opened and were left unchanged.
    pub unreadable: usize,
}

/// Opens the secrets of a store or backup with its key, in its format.
#[derive(Clone, Copy)]
pub struct SecretOpener<'a> {
    store: Uuid,
    format: u32,
    key: &'a StoreKey,
}

impl<'a> SecretOpener<'a> {
    /// Opens the secrets of the store with this identity.
    pub const fn new(identity: &StoreIdentity, key: &'a StoreKey) -> Self {
        Self {
            store: identity.store,
            format: identity.format,
            key,
        }
    }

    fn open(&self, place: &SealContext<'_>, sealed: &SealedSecret) -> PlainSecret {
        if self.format == 1 {
            self.key.open_format_1(place, sealed)
        } else {
            self.key.open(place, sealed)
        }
    }

    /// Number of secrets of a connection, and how many of them can be opened.
    pub fn count(&self, connection: &Connection<SealedSecret>) -> (usize, usize) {
        let destination = SealDestination::of(connection);
        let (mut count, mut opened) = (0, 0);
        for (field, value) in connection.settings.iter().flat_map(Settings::iter) {
            if let SettingValue::Secret(sealed) = value {
                let place = SealContext {
                    store: self.store,
                    connection: connection.item.id,
                    field,
                    destination,
                };
                count += 1;
                opened += usize::from(self.open(&place, sealed).expose().is_some());
            }
        }
        (count, opened)
    }

    /// Number of secrets of a store that can be opened.
    pub fn count_open(&self, state: &FullState) -> Result<usize, StoreError> {
        let mut opened = 0;
        for (id, built) in &state.connections {
            let Some(newest) = &built.newest else {
                continue;
            };
            let saved: SavedJson<Connection<SealedSecret>, IgnoredAny> =
                stored_json::read_json(*id, &newest.payload.1)?;
            opened += self.count(&saved.connection).1;
        }
        Ok(opened)
    }
}

/// Opens every secret of a state and seals it with `to` in the current format. Only the newest version of a connection has
/// secrets: older versions are masked.
pub fn reseal(
    state: &mut FullState,
    from: &SecretOpener<'_>,
    to: &StoreKey,
) -> Result<ResealResult, StoreError> {
    let mut resealed = ResealResult::default();
    for (id, built) in &mut state.connections {
        let Some(newest) = &mut built.newest else {
            continue;
        };
        let SavedJson::<Connection<SealedSecret>, VersionChange> { connection, change } =
            stored_json::read_json(*id, &newest.payload.1)?;
        let destination = SealDestination::of(&connection);
        let connection = connection.try_map(|field, sealed| {
            let place = SealContext {
                store: from.store,
                connection: *id,
                field,
                destination,
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
