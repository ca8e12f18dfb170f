//! Saves what can be read of a damaged store on etcd, before it is replaced.
//!
//! ```text
//! FOLDER/incomplete/umai-STORE-TIME-REVISION.backup         connections that can be read
//! FOLDER/incomplete/umai-STORE-TIME-REVISION.unread.json    other keys of the connections, as they are in etcd
//! ```
//! They are in a folder of their own: `umai backup restore --newest` must not choose an incomplete backup.

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

/// Saves the parts of a damaged store below the backup folder of its place. Returns the path of the backup.
pub fn save(
    found: &EtcdContent,
    keys: &AvailableKeys,
    folder: &BackupFolder,
    now: DateTime<Utc>,
) -> Result<PathBuf, StoreError> {
    let folder = BackupFolder::new(folder.folder().join(FOLDER));
    let to = BackupDestination::Store;
    let made = create_of_content(&found.content, keys, (&folder, &to), now)?.path;
    let unread = made.with_extension(UNREAD);
    write_unread(&unread, &found.unread).map_err(|error| io_error(&unread, &error))?;
    Ok(made)
}

/// Writes keys with their values, which stay encrypted as they are.
fn write_unread(path: &Path, unread: &[UnreadKey]) -> std::io::Result<()> {
    let keys: Vec<_> = unread
        .iter()
        .map(|found| {
            json!({
                "key": String::from_utf8_lossy(&found.key),
                "value": STANDARD.encode(&found.value),
            })
        })
        .collect();
    let text = serde_json::to_vec_pretty(&json!({ "keys": keys }))?;
    atomic_file::write_atomically(path, |file| file.write_all(&text)).map(drop)
}
