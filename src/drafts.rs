//! Stores unsaved form input, sealed, until it is saved or discarded; the next start offers it again.
//!
//! Several apps may use one folder, and none may offer a draft that another app is still editing. The app that edits a draft
//! therefore holds the lock next to it; the system releases the lock when the process ends.

mod file;
mod lock;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::atomic_file;
use crate::connection::StoreError;
use crate::store::key::key_file::KeyFileLocation;
use crate::store::key::{KeyLookup, StoreKey, previous_keys};
use file::{DraftBinding, ENDING};
use lock::DraftLock;

/// Maximum size of a draft in bytes, many times what a form filled by hand needs.
pub const MOST_BYTES: usize = 1024 * 1024;

/// Maximum number of drafts; beyond it the oldest draft that no app is editing is removed.
pub const MOST_DRAFTS: usize = 32;

/// Location of the drafts, the target they belong to, and the key that seals them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftsLocation {
    /// Folder of the drafts.
    pub folder: PathBuf,
    /// Target whose connections the drafts belong to; a draft cannot be opened for another target.
    pub target: String,
    /// Config directory, the default location of the key.
    pub config: PathBuf,
    /// Key file that takes precedence.
    pub key_file: Option<PathBuf>,
    /// Policy when there is no key.
    pub missing_key: WithoutKey,
}

/// Policy when there is no key to seal with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithoutKey {
    /// Create a key: nothing was sealed here before.
    Create,
    /// Store nothing: the missing key has sealed something.
    Refuse,
}

/// Draft read from disk.
#[derive(Clone)]
pub struct StoredDraft {
    /// ID of the draft.
    pub id: Uuid,
    /// Time of the last write.
    pub date: DateTime<Utc>,
    /// Content, or the reason why it cannot be read.
    pub content: Result<Zeroizing<Vec<u8>>, String>,
}

impl std::fmt::Debug for StoredDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StoredDraft({}, …)", self.id)
    }
}

/// Reason why a draft cannot be stored.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// The draft exceeds [`MOST_BYTES`].
    #[error("the draft is larger than 1 MiB")]
    TooLarge,
    /// There is no key to seal the draft with.
    #[error(transparent)]
    Key(#[from] StoreError),
    /// A file could not be read or written.
    #[error("{}", atomic_file::describe(path, error))]
    Disk {
        /// Affected path.
        path: PathBuf,
        /// Error of the system.
        error: io::Error,
    },
}

/// Drafts of one app, and those it found.
pub struct Drafts {
    location: DraftsLocation,
    key: Option<StoreKey>,
    /// Drafts locked by this app.
    locks: HashMap<Uuid, DraftLock>,
}

impl Drafts {
    /// Returns the drafts of a location without any disk access.
    pub fn new(location: DraftsLocation) -> Self {
        Self {
            location,
            key: None,
            locks: HashMap::new(),
        }
    }

    /// Writes a draft, replacing its previous content. The draft is durable on return.
    pub fn store(&mut self, id: Uuid, content: &[u8]) -> Result<(), DraftError> {
        if content.len() > MOST_BYTES {
            return Err(DraftError::TooLarge);
        }
        let path = self.path(id);
        let folder = self.location.folder.clone();
        atomic_file::create_folder(&folder).map_err(|error| disk_error(&folder, error))?;
        if !self.locks.contains_key(&id) {
            self.remove_oldest()?;
            if let Some(lock) = DraftLock::take(&path).map_err(|error| disk_error(&path, error))? {
                self.locks.insert(id, lock);
            }
        }
        let binding = self.binding(id);
        let sealed = file::seal(self.sealing_key()?, &binding, SystemTime::now(), content)?;
        let write = |file: &mut std::fs::File| io::Write::write_all(file, &sealed);
        atomic_file::write_atomically(&path, write).map_err(|error| disk_error(&path, error))?;
        Ok(())
    }

    /// Discards a draft permanently.
    pub fn discard(&mut self, id: Uuid) -> Result<(), DraftError> {
        let path = self.path(id);
        let removed = remove(&path).and_then(|()| remove(&atomic_file::temporary_path(&path)));
        if let Some(lock) = self.locks.remove(&id) {
            lock.remove();
        }
        removed.map_err(|error| disk_error(&path, error))
    }

    /// Returns the drafts that no running app is editing, newest first, and locks them until they are released.
    pub fn find(&mut self) -> Result<Vec<StoredDraft>, DraftError> {
        let mut found = Vec::new();
        for id in self.ids()? {
            if self.locks.contains_key(&id) {
                continue;
            }
            let path = self.path(id);
            let Some(lock) = DraftLock::take(&path).map_err(|error| disk_error(&path, error))?
            else {
                continue;
            };
            // The app that edited it may have discarded it in the meantime.
            if !path.exists() {
                lock.remove();
                continue;
            }
            // Left behind by a crash; the lock proves that no app is writing it.
            let _ = remove(&atomic_file::temporary_path(&path));
            self.locks.insert(id, lock);
            found.push(self.read(id, &path));
        }
        self.remove_stale_locks();
        found.sort_by_key(|draft| std::cmp::Reverse(draft.date));
        Ok(found)
    }

    /// Releases a draft that was found, so that the next [`find`](Self::find) of any app returns it.
    pub fn release(&mut self, id: Uuid) {
        self.locks.remove(&id);
    }

    fn read(&mut self, id: Uuid, path: &Path) -> StoredDraft {
        let binding = self.binding(id);
        let when = file::modified(path);
        let opened = match self.key(WithoutKey::Refuse).map(StoreKey::duplicate) {
            Ok(key) => file::open(path, &key, &binding)
                .or_else(|why| self.open_with_previous_key(&key, path, &binding).ok_or(why)),
            Err(error) => Err(error.to_string()),
        };
        match opened {
            Ok((when, content)) => StoredDraft {
                id,
                date: when,
                content: Ok(content),
            },
            Err(why) => StoredDraft {
                id,
                date: when,
                content: Err(why),
            },
        }
    }

    /// Reads a draft that was sealed before a key rotation. Its next write seals it with the new key.
    fn open_with_previous_key(
        &self,
        key: &StoreKey,
        path: &Path,
        binding: &DraftBinding,
    ) -> Option<(DateTime<Utc>, Zeroizing<Vec<u8>>)> {
        let key_location =
            KeyFileLocation::find(self.location.key_file.as_deref(), &self.location.config);
        let mut previous = previous_keys::read(&key_location, key).into_iter();
        previous.find_map(|key| file::open(path, &key, binding).ok())
    }

    fn ids(&self) -> Result<Vec<Uuid>, DraftError> {
        let folder = &self.location.folder;
        let ids = ids_in(folder, ENDING).map_err(|error| disk_error(folder, error))?;
        Ok(ids)
    }

    /// Removes locks without a draft, left behind by a crash.
    fn remove_stale_locks(&self) {
        let found = ids_in(&self.location.folder, lock::ENDING).unwrap_or_default();
        for id in found {
            let path = self.path(id);
            if self.locks.contains_key(&id) || path.exists() {
                continue;
            }
            // A lock that cannot be removed does no harm.
            if let Ok(Some(lock)) = DraftLock::take(&path) {
                lock.remove();
            }
        }
    }

    /// Removes the oldest drafts that no running app is editing, to make room for one more.
    fn remove_oldest(&mut self) -> Result<(), DraftError> {
        let mut ids = self.ids()?;
        if ids.len() < MOST_DRAFTS {
            return Ok(());
        }
        ids.sort_by_key(|id| file::modified(&self.path(*id)));
        let mut excess = ids.len() + 1 - MOST_DRAFTS;
        for id in ids {
            let path = self.path(id);
            if excess == 0 {
                break;
            }
            if let Ok(Some(lock)) = DraftLock::take(&path) {
                remove(&path).map_err(|error| disk_error(&path, error))?;
                lock.remove();
                excess -= 1;
            }
        }
        Ok(())
    }

    fn sealing_key(&mut self) -> Result<&StoreKey, StoreError> {
        self.key(self.location.missing_key)
    }

    fn key(&mut self, missing_key: WithoutKey) -> Result<&StoreKey, StoreError> {
        let find =
            |place: &DraftsLocation| StoreKey::find(place.key_file.as_deref(), &place.config);
        let key = match self.key.take() {
            Some(key) => key,
            None => match (find(&self.location)?, missing_key) {
                (KeyLookup::Key(key, _), _) => key,
                (KeyLookup::Missing(path), WithoutKey::Create) => match StoreKey::generate(&path) {
                    Ok(key) => key,
                    // Another app may have created it at the same moment.
                    Err(error) => match find(&self.location)? {
                        KeyLookup::Key(key, _) => key,
                        KeyLookup::Missing(_) => return Err(error),
                    },
                },
                (KeyLookup::Missing(path), WithoutKey::Refuse) => {
                    return Err(StoreError::Key(format!(
                        "The key for drafts is missing: {} does not exist; restore the key file",
                        path.display()
                    )));
                }
            },
        };
        Ok(self.key.insert(key))
    }

    fn binding(&self, id: Uuid) -> DraftBinding {
        DraftBinding::new(&self.location.target, id)
    }

    fn path(&self, id: Uuid) -> PathBuf {
        self.location
            .folder
            .join(id.to_string())
            .with_extension(ENDING)
    }
}

/// IDs of the files with an extension.
fn ids_in(folder: &Path, ending: &str) -> io::Result<Vec<Uuid>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut ids = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let stem = path.file_stem().and_then(std::ffi::OsStr::to_str);
        if path.extension().is_some_and(|found| found == ending)
            && let Some(id) = stem.and_then(|stem| stem.parse().ok())
        {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// Removes a file; a missing file is not an error.
fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn disk_error(path: &Path, error: io::Error) -> DraftError {
    DraftError::Disk {
        path: path.to_owned(),
        error,
    }
}

#[cfg(test)]
mod tests;
