//! Open sled database: panics become errors, and every value has a code that authenticates it.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use ::sled::Db;
use rustix::fs::{FlockOperation, flock};

use super::catch_panic::catch_panic;
use super::encoding::APPLIED;
use super::unusable_index::{UnusableIndex, closed_error};
use crate::store::key::{CODE, StoreAuthenticator};

/// Memory cache of sled in bytes.
const CACHE: u64 = 8 * 1024 * 1024;

/// Maximum time to wait for the lock of a sled folder.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// Open sled database whose panics are converted to errors.
pub struct OpenIndex {
    db: Option<Db>,
    /// Authenticates the rows; none for an index of an earlier format.
    auth: Option<StoreAuthenticator>,
    /// True when each row is a value of sled, as umai 0.2 and earlier wrote it: such an index is only read.
    has_single_rows: bool,
}

/// Domain of the codes of rows and blocks, whose keys differ.
pub const ROW_DOMAIN: &str = "row";

impl OpenIndex {
    /// Opens the folder, or creates it.
    pub fn open(folder: &Path, auth: Option<&StoreAuthenticator>) -> Result<Self, UnusableIndex> {
        let broken = |error: &dyn std::fmt::Display| UnusableIndex(error.to_string());
        if let Ok(file) = File::open(folder.join("db")) {
            wait_for(file).map_err(|error| broken(&error))?;
        }
        set_unfinished_aside(folder).map_err(|error| broken(&error))?;
        let config = ::sled::Config::new()
            .path(folder)
            .cache_capacity(CACHE)
            .mode(::sled::Mode::LowSpace)
            .flush_every_ms(None);
        let db = catch_panic(|| config.open().map_err(UnusableIndex::from))?;
        restrict_permissions(folder).map_err(|error| broken(&error))?;
        let has_single_rows = catch_panic(|| Ok(db.contains_key(APPLIED)?))?;
        Ok(Self {
            db: Some(db),
            auth: auth.cloned(),
            has_single_rows,
        })
    }

    /// Calls sled.
    pub fn call<T>(
        &self,
        call: impl FnOnce(&Db) -> Result<T, UnusableIndex>,
    ) -> Result<T, UnusableIndex> {
        let db = self.db.as_ref().ok_or_else(closed_error)?;
        catch_panic(|| call(db))
    }

    /// Returns true for an index of umai 0.2 or earlier, where each row is a value of sled.
    pub const fn has_single_rows(&self) -> bool {
        self.has_single_rows
    }

    /// Appends the code of a row or block to its value.
    pub fn sealed(&self, key: &[u8], mut value: Vec<u8>) -> Vec<u8> {
        if let Some(auth) = &self.auth {
            let code = auth.code(ROW_DOMAIN, &[key, &value]);
            value.extend_from_slice(&code);
        }
        value
    }

    /// Checks the code at the end of a stored value, and returns the value before it.
    pub fn authentic<'a>(&self, key: &[u8], stored: &'a [u8]) -> Result<&'a [u8], UnusableIndex> {
        let Some(auth) = &self.auth else {
            return Ok(stored);
        };
        let parts = stored
            .len()
            .checked_sub(CODE)
            .map(|length| stored.split_at(length));
        let parts = parts.filter(|(value, code)| auth.confirms(ROW_DOMAIN, &[key, value], code));
        parts
            .map(|(value, _)| value)
            .ok_or_else(|| UnusableIndex("a row is damaged, or was changed without the key".into()))
    }
}

impl OpenIndex {
    /// Closes sled, whose last writes may fail. Returns after they are done.
    pub fn close(mut self) -> Result<(), UnusableIndex> {
        let db = self.db.take();
        catch_panic(|| {
            drop(db);
            Ok(())
        })
    }
}

impl Drop for OpenIndex {
    fn drop(&mut self) {
        let db = self.db.take();
        // sled writes on drop and panics when that fails. The journal is complete in any case.
        let _ = catch_panic(|| {
            drop(db);
            Ok(())
        });
    }
}

impl From<::sled::Error> for UnusableIndex {
    fn from(error: ::sled::Error) -> Self {
        Self(match error {
            // The message of the system is embedded in a debug representation.
            ::sled::Error::Io(error) => {
                let text = error.to_string();
                let message = text.split("message: \"").nth(1);
                let message = message.and_then(|message| message.split('"').next());
                message.map_or_else(|| text.clone(), str::to_owned)
            }
            ::sled::Error::Corruption { .. } => "part of the index is damaged".into(),
            other => other.to_string(),
        })
    }
}

/// Waits for the lock of a file to be released. An index that was abandoned because of a full disk keeps its lock until the
/// process ends, so the wait is limited.
fn wait_for(file: File) -> std::io::Result<()> {
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
        return Ok(());
    }
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::Builder::new()
        .name("umai-store-wait".into())
        .spawn(move || {
            if flock(&file, FlockOperation::LockExclusive).is_ok() {
                // The receiver opens the index at once, and must not meet this lock.
                drop(file);
                // The receiver is gone after the timeout.
                let _ = sender.send(());
            }
        })?;
    receiver
        .recv_timeout(LOCK_TIMEOUT)
        .map_err(|_| std::io::Error::other("this process still has the index open"))
}

/// Restricts the permissions of sled's files, which sled creates readable by other users.
fn restrict_permissions(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let found = std::fs::metadata(&path)?;
        let mode = if found.is_dir() { 0o700 } else { 0o600 };
        // Only the owner may set it, even to what it already is.
        if found.permissions().mode() & 0o777 != mode {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
        }
    }
    Ok(())
}

/// Moves a sled snapshot aside that was being written when the process was killed; it would prevent opening. A finished one must
/// stay.
fn set_unfinished_aside(folder: &Path) -> std::io::Result<()> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_some_and(|name| name.starts_with("snap.") && name.ends_with(".generating")) {
            std::fs::rename(&path, path.with_extension("unfinished"))?;
        }
    }
    Ok(())
}
