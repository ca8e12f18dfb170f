//! Converts a store of an earlier format: its content becomes a new store with resealed secrets, which then replaces it.
//!
//! The replacement is atomic (`store/replacement.rs`): after an interruption the next start finds the earlier store, and converts it again,
//! or the new one. The files of the earlier store are kept.

use std::path::Path;

use super::index::ConnectionIndex;
use super::index_folder::{IndexFolder, open_index};
use super::index_header::StorePosition;
use super::notices::Notices;
use super::salvage::FullState;
use super::{create, data_loss_marker, rebuild, salvage};
use crate::connection::StoreError;
use crate::store::io_error::io_error;
use crate::store::journal::header::StoreIdentity;
use crate::store::key::{StoreAccess, UnlockedStore};
use crate::store::reencrypt::{self, SecretOpener};
use crate::store::replacement::{self, ReplacedStore};

/// Converts the store with the identity `earlier`. Blocks on disk access.
pub fn migrate(
    data: &Path,
    earlier: &StoreIdentity,
    unlocked: &UnlockedStore,
    notices: &Notices,
) -> Result<(), StoreError> {
    let mut state = readable_state(data, earlier, notices)?;
    reseal(&mut state, earlier, unlocked)?;
    let refuse = |error: std::io::Error| io_error(data, &error);
    if let Err(error) = write(data, &state, unlocked) {
        // What was written must not keep a disk full.
        let _ = replacement::remove_leftovers(data);
        return Err(error);
    }
    let name = format!(
        "{}-format-{}",
        chrono::Utc::now().format("%Y%m%dT%H%M%SZ"),
        earlier.format
    );
    let aside = replacement::commit(data, ReplacedStore::Keep(&name)).map_err(refuse)?;
    notices.add(format!(
        "The store was converted to the format of this umai; its previous files are kept in {}",
        aside.display()
    ));
    Ok(())
}

/// Writes the new store beside the earlier one.
fn write(data: &Path, state: &FullState, unlocked: &UnlockedStore) -> Result<(), StoreError> {
    let refuse = |error: std::io::Error| io_error(data, &error);
    let folder = replacement::begin(data).map_err(refuse)?;
    let position = StorePosition::of(state);
    create::create(&folder, &unlocked.access(), position, |writer| {
        create::write_entries(state, writer)
    })?;
    data_loss_marker::copy(data, &folder).map_err(refuse)
}

/// Reads the store from its files, and from its index where they are damaged. Reports losses.
fn readable_state(
    data: &Path,
    earlier: &StoreIdentity,
    notices: &Notices,
) -> Result<FullState, StoreError> {
    let old = match open_index(data, None) {
        Ok(IndexFolder::Index(index, _) | IndexFolder::Earlier(index, ..)) => index,
        Ok(IndexFolder::Absent | IndexFolder::Empty | IndexFolder::Newer(_)) | Err(_) => {
            ConnectionIndex::Closed
        }
    };
    let access = StoreAccess::new(earlier.clone(), None);
    let rebuilt = rebuild::into_memory(data, &access, &old)?;
    rebuilt.report(data, notices)?;
    if let Err(broken) = old.close() {
        tracing::warn!(
            why = broken.0,
            "closing the index of the earlier format failed"
        );
    }
    let mut state = salvage::state_of(&rebuilt.index);
    state.revision = rebuilt.position.revision;
    Ok(state)
}

/// Reseals the secrets, and checks that all that could be opened before can be opened after.
fn reseal(
    state: &mut FullState,
    earlier: &StoreIdentity,
    unlocked: &UnlockedStore,
) -> Result<(), StoreError> {
    let UnlockedStore { identity, key } = unlocked;
    let resealed = reencrypt::reseal(state, &SecretOpener::new(earlier, key), key)?;
    let opened = SecretOpener::new(identity, key).count_open(state)?;
    if opened == resealed.secrets {
        return Ok(());
    }
    Err(StoreError::Key(format!(
        "Only {opened} of {} secrets can be opened after the conversion of the store; nothing was changed",
        resealed.secrets
    )))
}
