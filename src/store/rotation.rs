//! Replaces the key of a store: reseals everything with a new key, or gives up the secrets of a lost key.
//!
//! The order keeps the store usable after any interruption: first the new key is written next to the old one, then the store is
//! replaced atomically, then the new key replaces the old one. A process that opens the store in between finds the pending key
//! and installs it.

#[cfg(feature = "etcd")]
mod on_etcd;

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::de::IgnoredAny;

use super::backup::comparison::NamedConnection;
use super::backup::restore::{check_exclusive, lock_exclusively};
use super::io_error::io_error;
use super::journal::header::StoreIdentity;
use super::key::key_file::{self, KeyFileContent, KeyFileLocation, install, remove};
use super::key::{KeyFingerprint, StoreAccess, StoreKey, previous_keys};
use super::matching_key::{KeyLocation, matching_key};
use super::offline_reader::{self, StoreContent};
use super::place::StorePlace;
use super::reencrypt::{self, ResealResult, SecretOpener};
use super::replacement::{self, ReplacedStore};
use super::sled::salvage::FullState;
use super::sled::stored_json::{self, SavedJson};
use super::sled::{self, StorePosition, create};
use super::{StoreOptions, check_key, unlock};
use crate::connection::{Connection, SealedSecret, SettingValue, Settings, StoreError};

/// Result of a rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotationResult {
    /// Fingerprint of the new key.
    pub fingerprint: KeyFingerprint,
    /// Path of the key file.
    pub path: PathBuf,
    /// Number of resealed secrets.
    pub secrets: usize,
    /// Number of secrets that could not be opened before the rotation either.
    pub unreadable: usize,
    /// Non-fatal problems, one sentence each.
    pub notices: Vec<String>,
}

const ROTATE: &str = "umai key rotate";
const RENEW: &str = "umai key new";

/// Checks that the key of the store in a place could be rotated. Changes nothing.
#[cfg_attr(
    not(feature = "etcd"),
    expect(unused_variables, reason = "as with the feature")
)]
pub fn check_rotation(place: &StorePlace, now: DateTime<Utc>) -> Result<(), StoreError> {
    #[cfg(feature = "etcd")]
    if let Some(location) = place.etcd()? {
        return on_etcd::EtcdRotation::new(place, location, (ROTATE, now))?.check();
    }
    let options = &place.options;
    let location = KeyFileLocation::find(options.key_file.as_deref(), &options.config);
    location.reject_credentials(ROTATE)?;
    ensure_store_exists(&options.data)?;
    check_key(options)?;
    check_exclusive(&options.data, ROTATE)
}

/// Reseals everything in the store in a place with a new key.
#[cfg_attr(
    not(feature = "etcd"),
    expect(unused_variables, reason = "as with the feature")
)]
pub fn rotate_in(place: &StorePlace, now: DateTime<Utc>) -> Result<RotationResult, StoreError> {
    #[cfg(feature = "etcd")]
    if let Some(location) = place.etcd()? {
        return on_etcd::EtcdRotation::new(place, location, (ROTATE, now))?.rotate();
    }
    rotate(&place.options)
}

/// Creates a new key for the store in a place, whose key is lost.
pub fn renew_in(place: &StorePlace, now: DateTime<Utc>) -> Result<NewKeyResult, StoreError> {
    #[cfg(feature = "etcd")]
    if let Some(location) = place.etcd()? {
        return on_etcd::EtcdRotation::new(place, location, (RENEW, now))?.renew();
    }
    renew(&place.options, now)
}

/// Reseals everything with a new key. No other process may have the store open.
pub fn rotate(options: &StoreOptions) -> Result<RotationResult, StoreError> {
    const COMMAND: &str = ROTATE;
    let location = KeyFileLocation::find(options.key_file.as_deref(), &options.config);
    location.reject_credentials(COMMAND)?;
    let data = &options.data;
    ensure_store_exists(data)?;
    let _lock = lock_exclusively(data, COMMAND)?;
    replacement::complete(data).map_err(|error| io_error(data, &error))?;
    let identity = existing_identity(data)?;
    let old = unlock(options, Some(&identity))?.key;
    install_key_in_use(options, COMMAND)?;
    let access = StoreAccess::new(identity.clone(), Some(&old));
    let StoreContent { mut state, .. } = offline_reader::read_complete(data, access.auth())?;
    let new = StoreKey::random()?;
    let next = StoreIdentity::new(identity.store, new.check(identity.store)?);
    let opener = SecretOpener::new(&identity, &old);
    let content = location.read()?.wrap_another(&new)?;
    clear_pending(&location)?;
    previous_keys::add(&location, &old, &new)?;
    let created = content
        .write(&location.pending())
        .and_then(|()| reencrypt::reseal(&mut state, &opener, &new))
        .and_then(|resealed| verify(&state, &next, &new, resealed).map(|()| resealed))
        .and_then(|resealed| create(data, (next, &new), &state).map(|()| resealed));
    let resealed = match created {
        Ok(resealed) => resealed,
        Err(error) => {
            // Nothing depends on the pending key.
            let _ = remove(&location.pending());
            return Err(error);
        }
    };
    replacement::commit(data, ReplacedStore::Remove).map_err(|error| io_error(data, &error))?;
    let installed = install(&location).and_then(|()| previous_keys::prune(&location, &new));
    let cleaned = replacement::remove_leftovers(data).map_err(|error| io_error(data, &error));
    Ok(RotationResult {
        fingerprint: new.fingerprint(),
        path: location.path,
        secrets: resealed.secrets,
        unreadable: resealed.unreadable,
        notices: [installed, cleaned]
            .into_iter()
            .filter_map(Result::err)
            .map(|error| error.to_string())
            .collect(),
    })
}

/// Result of replacing a lost key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKeyResult {
    /// Fingerprint of the new key.
    pub fingerprint: KeyFingerprint,
    /// Path of the key file.
    pub path: PathBuf,
    /// Path of the previous key file, if one existed that does not match the store.
    pub key_aside: Option<PathBuf>,
    /// Path of the replaced store.
    pub store_aside: PathBuf,
    /// Connections whose secrets must be entered again.
    pub forgotten: Vec<NamedConnection>,
}

/// Creates a new key for a store whose key is lost. Existing sealed secrets are kept but can no longer be opened.
pub fn renew(options: &StoreOptions, now: DateTime<Utc>) -> Result<NewKeyResult, StoreError> {
    const COMMAND: &str = RENEW;
    let location = KeyFileLocation::find(options.key_file.as_deref(), &options.config);
    location.reject_credentials(COMMAND)?;
    let data = &options.data;
    ensure_store_exists(data)?;
    let _lock = lock_exclusively(data, COMMAND)?;
    replacement::complete(data).map_err(|error| io_error(data, &error))?;
    let StoreContent {
        identity, state, ..
    } = offline_reader::read_complete(data, None)?;
    if matching_key(options, &identity).is_ok() {
        return Err(StoreError::Key(format!(
            "The key in {} matches this store; nothing was changed. To replace a working key, use: umai key rotate",
            location.path.display()
        )));
    }
    let forgotten = with_secrets(&state)?;
    let new = StoreKey::random()?;
    let next = StoreIdentity::new(identity.store, new.check(identity.store)?);
    clear_pending(&location)?;
    KeyFileContent::Plain(new.duplicate()).write(&location.pending())?;
    if let Err(error) = create(data, (next, &new), &state) {
        // Nothing depends on the pending key.
        let _ = remove(&location.pending());
        return Err(error);
    }
    let key_aside = move_key_aside(&location.path, &location)?;
    let name = format!("{}-key-lost", now.format("%Y%m%dT%H%M%SZ"));
    let store_aside = replacement::commit(data, ReplacedStore::Keep(&name))
        .map_err(|error| io_error(data, &error))?;
    install(&location)?;
    Ok(NewKeyResult {
        fingerprint: new.fingerprint(),
        path: location.path,
        key_aside,
        store_aside,
        forgotten,
    })
}

/// Returns an error when the data directory does not exist.
pub fn ensure_store_exists(data: &Path) -> Result<(), StoreError> {
    if data.is_dir() {
        return Ok(());
    }
    Err(StoreError::Other(format!(
        "There is no store in {}; its key is created with the store",
        data.display()
    )))
}

/// Returns the path of the key in use if a rotation could not install it.
pub fn pending_in_use(options: &StoreOptions) -> Option<PathBuf> {
    let identity = sled::identity_in(&options.data).ok()??;
    let (_, place) = matching_key(options, &identity).ok()?;
    let location = KeyFileLocation::find(options.key_file.as_deref(), &options.config);
    (place == KeyLocation::Pending).then(|| location.pending())
}

/// Installs the key in use if a rotation could not. A command that changes the key file would otherwise change another key.
pub fn install_key_in_use(options: &StoreOptions, command: &str) -> Result<(), StoreError> {
    if pending_in_use(options).is_none() {
        return Ok(());
    }
    let location = KeyFileLocation::find(options.key_file.as_deref(), &options.config);
    install(&location).map_err(|error| {
        StoreError::Key(format!(
            "{error}. Nothing was changed, because {1} is the key in use. Copy it over {0}, or make {0} a file that can be replaced \
             (mount its directory instead of the file), then run {command} again",
            location.path.display(),
            location.pending().display()
        ))
    })
}

/// Makes room for a pending key. A file there may be the only copy of a key, so it is moved aside unless it is the installed one.
fn clear_pending(location: &KeyFileLocation) -> Result<(), StoreError> {
    let pending = location.pending();
    let fingerprint = |path| Some(key_file::read(path).ok()?.open()?.fingerprint());
    let found = fingerprint(&pending);
    if found.is_some() && found == fingerprint(&location.path) {
        return remove(&pending);
    }
    move_key_aside(&pending, location).map(drop)
}

fn create(
    data: &Path,
    (identity, key): (StoreIdentity, &StoreKey),
    state: &FullState,
) -> Result<(), StoreError> {
    let access = StoreAccess::new(identity, Some(key));
    let folder = replacement::begin(data).map_err(|error| io_error(data, &error))?;
    create::create(&folder, &access, StorePosition::of(state), |writer| {
        create::write_entries(state, writer)
    })
}

fn existing_identity(data: &Path) -> Result<StoreIdentity, StoreError> {
    sled::identity_in(data)?.ok_or_else(|| {
        StoreError::Other(format!("There is no readable store in {}", data.display()))
    })
}

/// Checks that the new key opens all resealed secrets, before anything depends on it.
fn verify(
    state: &FullState,
    identity: &StoreIdentity,
    new: &StoreKey,
    resealed: ResealResult,
) -> Result<(), StoreError> {
    let opened = SecretOpener::new(identity, new).count_open(state)?;
    if opened == resealed.secrets {
        return Ok(());
    }
    Err(StoreError::Key(format!(
        "Only {opened} of {} secrets can be opened with the new key; nothing was changed",
        resealed.secrets
    )))
}

/// Renames a key file that does not match the store; it is never deleted.
fn move_key_aside(file: &Path, location: &KeyFileLocation) -> Result<Option<PathBuf>, StoreError> {
    if !file.exists() {
        return Ok(None);
    }
    let mut names = (1_u32..).map(|number| location.sibling(&format!("wrong-{number}")));
    let Some(aside) = names.find(|path| !path.exists()) else {
        return Ok(None);
    };
    std::fs::rename(file, &aside).map_err(|error| {
        StoreError::Key(format!(
            "The key file {} cannot be moved aside: {error}; nothing was changed",
            file.display()
        ))
    })?;
    Ok(Some(aside))
}

/// Lists the connections that have secrets.
fn with_secrets(state: &FullState) -> Result<Vec<NamedConnection>, StoreError> {
    let mut found = Vec::new();
    for (id, built) in &state.connections {
        let Some(newest) = &built.newest else {
            continue;
        };
        let saved: SavedJson<Connection<SealedSecret>, IgnoredAny> =
            stored_json::read_json(*id, &newest.payload.1)?;
        let item = saved.connection.item;
        let settings = saved.connection.settings;
        let has_secret = settings
            .iter()
            .flat_map(Settings::iter)
            .any(|(_, value)| matches!(value, SettingValue::Secret(_)));
        if has_secret {
            found.push(NamedConnection {
                name: item.name,
                alias: item.alias,
                id: *id,
            });
        }
    }
    found.sort();
    Ok(found)
}
