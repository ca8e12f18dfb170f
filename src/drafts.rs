//! Keeps what is typed and not saved, sealed, until it is saved or given up: the next start offers it.
//!
//! Why a lock for each: several apps work on one folder, and none shall be offered what another one is still typing. Whoever
//! types a draft holds the lock beside it; the system takes that back however the app ends.

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

/// The most bytes of one draft: many times what a form can be filled with by hand.
pub const MOST_BYTES: usize = 1024 * 1024;

/// The most drafts that are kept; then the oldest that nobody types makes room.
pub const MOST_DRAFTS: usize = 32;

/// Where drafts are, whose connections they are about, and what seals them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The folder they are in.
    pub folder: PathBuf,
    /// Whose connections they are about: a draft opens nowhere else.
    pub whose: String,
    /// The folder with the key, when it is nowhere else.
    pub config: PathBuf,
    /// A key file that takes precedence.
    pub key_file: Option<PathBuf>,
    /// What to do where there is no key.
    pub without_key: WithoutKey,
}

/// What to do where there is no key to seal with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithoutKey {
    /// Make one: nothing was ever sealed here.
    Make,
    /// Keep nothing: the one that is missing sealed something.
    Refuse,
}

/// A draft that was found.
#[derive(Clone)]
pub struct Found {
    /// Its name.
    pub id: Uuid,
    /// When it was kept last.
    pub when: DateTime<Utc>,
    /// What is in it, or why that cannot be read.
    pub content: Result<Zeroizing<Vec<u8>>, String>,
}

impl std::fmt::Debug for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Found({}, …)", self.id)
    }
}

/// Why a draft is not kept.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// It is longer than a draft may be.
    #[error("the draft is larger than 1 MiB")]
    TooLarge,
    /// There is nothing to seal it with.
    #[error(transparent)]
    Key(#[from] StoreError),
    /// The disk refused.
    #[error("{}", disk::describe(path, error))]
    Disk {
        /// What was written or read.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// The drafts of one app, and those that it found.
pub struct Drafts {
    place: Place,
    key: Option<Key>,
    /// Those that no other app may touch now.
    holds: HashMap<Uuid, Hold>,
}

impl Drafts {
    /// The drafts of a place; nothing is read or made yet.
    pub fn new(place: Place) -> Self {
        Self {
            place,
            key: None,
            holds: HashMap::new(),
        }
    }

    /// Keeps a draft in place of what was kept of it before; durable when this answers.
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

    /// Gives a draft up for good.
    pub fn forget(&mut self, id: Uuid) -> Result<(), DraftError> {
        let path = self.path(id);
        let gone = remove(&path).and_then(|()| remove(&disk::aside(&path)));
        if let Some(hold) = self.holds.remove(&id) {
            hold.end();
        }
        gone.map_err(|error| refused(&path, error))
    }

    /// The drafts that no living app types, the newest first; no other app is offered them until they are let go of.
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
            // Whoever typed it may have given it up between the two looks.
            if !path.exists() {
                hold.end();
                continue;
            }
            // What a crash left half written: nobody writes it now.
            let _ = remove(&disk::aside(&path));
            self.holds.insert(id, hold);
            found.push(self.read(id, &path));
        }
        self.sweep();
        found.sort_by_key(|draft| std::cmp::Reverse(draft.when));
        Ok(found)
    }

    /// Leaves a draft that was found to whoever looks next.
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

    /// What was kept before the key was changed is sealed with the new one when it is kept again.
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

    /// The names of the drafts in the folder.
    fn ids(&self) -> Result<Vec<Uuid>, DraftError> {
        let folder = &self.place.folder;
        let ids = names(folder, ENDING).map_err(|error| refused(folder, error))?;
        Ok(ids)
    }

    /// Locks without a draft are what a crash left behind.
    fn sweep(&self) {
        let locks = names(&self.place.folder, hold::ENDING).unwrap_or_default();
        for id in locks {
            let path = self.path(id);
            if self.holds.contains_key(&id) || path.exists() {
                continue;
            }
            // One that cannot be taken away is in nobody's way.
            if let Ok(Some(hold)) = Hold::take(&path) {
                hold.end();
            }
        }
    }

    /// The oldest drafts go, as many as are needed for one more, where no living app types them.
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
                    // Another app may have made it in the same moment.
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

/// The ids that files of an ending are called by.
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

/// Takes a file away; one that is not there is as good.
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
