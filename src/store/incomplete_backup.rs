//! Saves what can be read of a damaged store on etcd, before it is replaced.
//!
//! ```text
//! FOLDER/incomplete/umai-STORE-TIME-REVISION.backup         connections that can be read
//! FOLDER/incomplete/umai-STORE-TIME-REVISION.unread.json    other keys of the connections, as they are in etcd
//! ```
//! They are in a folder of their own: `umai backup restore --newest` must not choose an incomplete backup.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde_json::json;

use super::backup::folder::BackupFolder;
use super::backup::keys::AvailableKeys;
use super::backup::{BackupDestination, create_of_content};
use super::etcd::content::{EtcdContent, UnreadKey};
use super::io_error::io_error;
use crate::atomic_file;
use crate::connection::StoreError;

const FOLDER: &str = "incomplete";
const UNREAD: &str = "unread.json";

/// Saves the parts of a damaged store below the backup folder of its place, unless the same parts are there. Returns the path of the
/// backup.
pub fn save(
    found: &EtcdContent,
    keys: &AvailableKeys,
    folder: &BackupFolder,
    now: DateTime<Utc>,
) -> Result<PathBuf, StoreError> {
    let folder = BackupFolder::new(folder.folder().join(FOLDER));
    let unread = unread_text(&found.unread);
    if let Some(known) = known(found, &folder, &unread) {
        return Ok(known);
    }
    let to = BackupDestination::Store;
    let made = create_of_content(&found.content, keys, (&folder, &to), now)?.path;
    let path = made.with_extension(UNREAD);
    atomic_file::write_atomically(&path, |file| file.write_all(unread.as_bytes()))
        .map_err(|error| io_error(&path, &error))?;
    Ok(made)
}

/// Returns a backup of the same revision in which the same keys are unread.
fn known(found: &EtcdContent, folder: &BackupFolder, unread: &str) -> Option<PathBuf> {
    let all = folder.all().ok()?;
    let is_same = |path: &Path| {
        fs::read_to_string(path.with_extension(UNREAD)).is_ok_and(|text| text == unread)
    };
    all.into_iter().find_map(|backup| {
        let label = backup.label.ok()?;
        let is_of_revision = label.identity().store == found.content.identity.store
            && label.header.revision == found.content.state.revision;
        (is_of_revision && is_same(&backup.path)).then_some(backup.path)
    })
}

/// JSON of keys with their values, which stay encrypted as they are.
fn unread_text(unread: &[UnreadKey]) -> String {
    let keys: Vec<_> = unread
        .iter()
        .map(|found| {
            json!({
                "key": String::from_utf8_lossy(&found.key),
                "value": STANDARD.encode(&found.value),
            })
        })
        .collect();
    format!("{:#}", json!({ "keys": keys }))
}
