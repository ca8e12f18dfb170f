//! File format of a draft: a magic header, then the time and the content, sealed for this draft only.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::MOST_BYTES;
use crate::connection::StoreError;
use crate::store::key::StoreKey;

/// File extension of drafts.
pub const ENDING: &str = "draft";

/// Magic bytes at the start; the digit is the format version.
const HEAD: &[u8; 8] = b"umaidft1";

/// Length of the time in milliseconds and the content length, before the content.
const PREFIX: usize = 16;

/// Contents are padded to a multiple of this, to hide their length.
const BUCKET: usize = 1024;

/// Maximum file size in bytes: the content and its overhead.
const MAX_FILE_BYTES: u64 = (MOST_BYTES + 2 * BUCKET) as u64;

/// Associated data that binds a seal to one draft.
pub struct DraftBinding(Vec<u8>);

impl DraftBinding {
    /// Returns the binding of a draft of a target.
    pub fn new(target: &str, id: Uuid) -> Self {
        let length = (target.len() as u64).to_le_bytes();
        Self(
            [
                b"umai draft 1".as_slice(),
                &length,
                target.as_bytes(),
                id.as_bytes(),
            ]
            .concat(),
        )
    }
}

/// Returns the file content of a draft.
pub fn seal(
    key: &StoreKey,
    binding: &DraftBinding,
    now: SystemTime,
    content: &[u8],
) -> Result<Vec<u8>, StoreError> {
    let since_epoch = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
    let size = (PREFIX + content.len()).next_multiple_of(BUCKET);
    let mut padded = Zeroizing::new(Vec::with_capacity(size));
    padded.extend_from_slice(&millis.to_le_bytes());
    padded.extend_from_slice(&(content.len() as u64).to_le_bytes());
    padded.extend_from_slice(content);
    padded.resize(size, 0);
    Ok([HEAD.as_slice(), &key.seal_bytes(&padded, &binding.0)?].concat())
}

/// Reads the time and the content of a draft. The error is a sentence for the user.
pub fn open(
    path: &Path,
    key: &StoreKey,
    binding: &DraftBinding,
) -> Result<(DateTime<Utc>, Zeroizing<Vec<u8>>), String> {
    let bytes = read(path)?;
    let Some(sealed) = bytes.strip_prefix(HEAD) else {
        return Err("The draft was saved by another version of umai or is damaged".into());
    };
    let padded = key
        .open_bytes(sealed, &binding.0)
        .ok_or("The draft was sealed with another key or is damaged")?;
    decode(&padded).ok_or_else(|| "The draft is damaged".into())
}

fn decode(padded: &[u8]) -> Option<(DateTime<Utc>, Zeroizing<Vec<u8>>)> {
    let (millis, rest) = padded.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let content = Zeroizing::new(rest.get(..length)?.to_vec());
    let millis = i64::try_from(u64::from_le_bytes(*millis)).ok()?;
    Some((DateTime::from_timestamp_millis(millis)?, content))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let unreadable = |error: std::io::Error| format!("The draft cannot be read: {error}");
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    let read = file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err("The draft is too large".into());
    }
    Ok(bytes)
}

/// Modification time of a file; the epoch when unknown.
pub fn modified(path: &Path) -> DateTime<Utc> {
    std::fs::metadata(path)
        .and_then(|found| found.modified())
        .unwrap_or(UNIX_EPOCH)
        .into()
}
