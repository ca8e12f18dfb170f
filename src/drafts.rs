//! Stores unsaved form input, sealed, until it is saved or discarded; the next start offers it again.
//!
//! Several apps may use one folder, and none may offer a draft that another app is still editing. The app that edits a draft
//! therefore holds the lock next to it; the system releases the lock when the process ends.

mod file;
mod hold;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::connection::StoreError;
use crate::disk;
use crate::store::key::place::Spot;
use crate::store::key::{Found as FoundKey, Key, earlier};
use file::{Binding, ENDING};
use hold::Hold;

/// Maximum size of a draft in bytes, many times what a form filled by hand needs.
pub const MOST_BYTES: usize = 1024 * 1024;

/// Maximum number of drafts; beyond it the oldest draft that no app is editing is removed.
pub const MOST_DRAFTS: usize = 32;

/// Location of the drafts, the target they belong to, and the key that seals them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Folder of the drafts.
    pub folder: PathBuf,
    /// Target whose connections the drafts belong to; a draft cannot be opened for another target.
    pub whose: String,
    /// Config folder, the default location of the key.
    pub config: PathBuf,
    /// Key file that takes precedence.
    pub key_file: Option<PathBuf>,
    /// Policy when there is no key.
    pub without_key: WithoutKey,
}

/// Policy when there is no key to seal with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithoutKey {
    /// Create a key: nothing was sealed here before.
    Make,
    /// Store nothing: the missing key has sealed something.
    Refuse,
}

/// Draft read from disk.
#[derive(Clone)]
pub struct Found {
    /// ID of the draft.
    pub id: Uuid,
    /// Time of the last write.
    pub when: DateTime<Utc>,
    /// Content, or the reason why it cannot be read.
    pub content: Result<Zeroizing<Vec<u8>>, String>,
}

impl std::fmt::Debug for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Found({}, …)", self.id)
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
    #[error("{}", disk::describe(path, error))]
    Disk {
        /// Affected path.
        path: PathBuf,
        /// Error of the system.
        error: io::Error,
    },
}

/// Drafts of one app, and those it found.
pub struct Drafts {
    place: Place,
    key: Option<Key>,
    /// Drafts locked by this app.
    holds: HashMap<Uuid, Hold>,
}

impl Drafts {
    /// Returns the drafts of a location without any disk access.
    pub fn new(place: Place) -> Self {
        Self {
            place,
            key: None,
            holds: HashMap::new(),
        }
    }

    /// Writes a draft, replacing its previous content. The draft is durable on return.
    pub fn keep(&mut self, id: Uuid, content: &[u8]) -> Result<(), DraftError> {
        if content.len() > MOST_BYTES {
            return Err(DraftError::TooLarge);
        }
        let path = self.path(id);
        let folder = self.place.folder.clone();
        disk::create_folder(&folder).map_err(|error| refused(&folder, error))?;
        if !self.holds.contains_key(&id) {
            self.make_room()?;
            if let Some(hold) = Hold::take(&path).map_err(|error| refused(&path, error))? {
                self.holds.insert(id, hold);
            }
        }
        let binding = self.binding(id);
        let sealed = file::seal(self.key_to_seal()?, &binding, SystemTime::now(), content)?;
        let write = |file: &mut std::fs::File| io::Write::write_all(file, &sealed);
        disk::place(&path, write).map_err(|error| refused(&path, error))?;
        Ok(())
    }

    /// Discards a draft permanently.
    pub fn forget(&mut self, id: Uuid) -> Result<(), DraftError> {
        let path = self.path(id);
        let gone = remove(&path).and_then(|()| remove(&disk::aside(&path)));
        if let Some(hold) = self.holds.remove(&id) {
            hold.end();
        }
        gone.map_err(|error| refused(&path, error))
    }

    /// Returns the drafts that no running app is editing, newest first, and locks them until they are released.
    pub fn find(&mut self) -> Result<Vec<Found>, DraftError> {
        let mut found = Vec::new();
        for id in self.ids()? {
            if self.holds.contains_key(&id) {
                continue;
            }
            let path = self.path(id);
            let Some(hold) = Hold::take(&path).map_err(|error| refused(&path, error))? else {
                continue;
            };
            // The app that edited it may have discarded it in the meantime.
            if !path.exists() {
                hold.end();
                continue;
            }
            // Left behind by a crash; the lock proves that no app is writing it.
            let _ = remove(&disk::aside(&path));
            self.holds.insert(id, hold);
            found.push(self.read(id, &path));
        }
        self.sweep();
        found.sort_by_key(|draft| std::cmp::Reverse(draft.when));
        Ok(found)
    }

    /// Releases a draft that was found, so that the next [`find`](Self::find) of any app returns it.
    pub fn let_go(&mut self, id: Uuid) {
        self.holds.remove(&id);
    }

    fn read(&mut self, id: Uuid, path: &Path) -> Found {
        let binding = self.binding(id);
        let when = file::modified(path);
        let opened = match self.key_to_open().map(Key::again) {
            Ok(key) => file::open(path, &key, &binding)
                .or_else(|why| self.open_with_earlier(&key, path, &binding).ok_or(why)),
            Err(error) => Err(error.to_string()),
        };
        match opened {
            Ok((when, content)) => Found {
                id,
                when,
                content: Ok(content),
            },
            Err(why) => Found {
                id,
                when,
                content: Err(why),
            },
        }
    }

    /// Reads a draft that was sealed before a key rotation. Its next write seals it with the new key.
    fn open_with_earlier(
        &self,
        key: &Key,
        path: &Path,
        binding: &Binding,
    ) -> Option<(DateTime<Utc>, Zeroizing<Vec<u8>>)> {
        let spot = Spot::find(self.place.key_file.as_deref(), &self.place.config);
        let mut before = earlier::read(&spot, key).into_iter();
        before.find_map(|key| file::open(path, &key, binding).ok())
    }

    fn ids(&self) -> Result<Vec<Uuid>, DraftError> {
        let folder = &self.place.folder;
        let ids = names(folder, ENDING).map_err(|error| refused(folder, error))?;
        Ok(ids)
    }

    /// Removes locks without a draft, left behind by a crash.
    fn sweep(&self) {
        let locks = names(&self.place.folder, hold::ENDING).unwrap_or_default();
        for id in locks {
            let path = self.path(id);
            if self.holds.contains_key(&id) || path.exists() {
                continue;
            }
            // A lock that cannot be removed does no harm.
            if let Ok(Some(hold)) = Hold::take(&path) {
                hold.end();
            }
        }
    }

    /// Removes the oldest drafts that no running app is editing, to make room for one more.
    fn make_room(&mut self) -> Result<(), DraftError> {
        let mut ids = self.ids()?;
        if ids.len() < MOST_DRAFTS {
            return Ok(());
        }
        ids.sort_by_key(|id| file::modified(&self.path(*id)));
        let mut too_many = ids.len() + 1 - MOST_DRAFTS;
        for id in ids {
            let path = self.path(id);
            if too_many == 0 {
                break;
            }
            if let Ok(Some(hold)) = Hold::take(&path) {
                remove(&path).map_err(|error| refused(&path, error))?;
                hold.end();
                too_many -= 1;
            }
        }
        Ok(())
    }

    fn key_to_seal(&mut self) -> Result<&Key, StoreError> {
        self.key(self.place.without_key)
    }

    fn key_to_open(&mut self) -> Result<&Key, StoreError> {
        self.key(WithoutKey::Refuse)
    }

    fn key(&mut self, without: WithoutKey) -> Result<&Key, StoreError> {
        let find = |place: &Place| Key::find(place.key_file.as_deref(), &place.config);
        let key = match self.key.take() {
            Some(key) => key,
            None => match (find(&self.place)?, without) {
                (FoundKey::Key(key, _), _) => key,
                (FoundKey::Missing(path), WithoutKey::Make) => match Key::make(&path) {
                    Ok(key) => key,
                    // Another app may have created it at the same moment.
                    Err(error) => match find(&self.place)? {
                        FoundKey::Key(key, _) => key,
                        FoundKey::Missing(_) => return Err(error),
                    },
                },
                (FoundKey::Missing(path), WithoutKey::Refuse) => {
                    return Err(StoreError::Key(format!(
                        "The key for drafts is missing: {} does not exist; restore the key file",
                        path.display()
                    )));
                }
            },
        };
        Ok(self.key.insert(key))
    }

    fn binding(&self, id: Uuid) -> Binding {
        Binding::of(&self.place.whose, id)
    }

    fn path(&self, id: Uuid) -> PathBuf {
        self.place
            .folder
            .join(id.to_string())
            .with_extension(ENDING)
    }
}

/// IDs of the files with an extension.
fn names(folder: &Path, ending: &str) -> io::Result<Vec<Uuid>> {
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

fn refused(path: &Path, error: io::Error) -> DraftError {
    DraftError::Disk {
        path: path.to_owned(),
        error,
    }
}

#[cfg(test)]
mod tests;
