//! Place of a store, for commands that read or replace all of it: a data directory, or etcd.

use std::fmt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::StoreOptions;
use super::backup::comparison::{CurrentStore, read_folder};
use super::backup::folder::BackupFolder;
use super::backup::keys::AvailableKeys;
use super::backup::{self, Backup, BackupDestination};
use super::etcd_options::EtcdOptions;
use super::offline_reader::StoreContent;
use crate::connection::StoreError;

#[cfg(feature = "etcd")]
use super::etcd::{
    content::EtcdContent, known_addresses::KnownAddresses, location::BlockingEtcdLocation,
};
#[cfg(feature = "etcd")]
use super::incomplete_backup;

/// Place of a store.
#[derive(Clone)]
pub struct StorePlace {
    /// Data directory and location of the key. With a store on etcd, the directory has its backups.
    pub options: StoreOptions,
    kind: PlaceKind,
}

/// Kind of a place.
#[derive(Clone)]
enum PlaceKind {
    /// Data directory.
    Local,
    /// etcd.
    #[cfg(feature = "etcd")]
    Etcd(Box<EtcdOptions>),
}

/// Store in a place, as it was read.
pub enum FoundContent {
    /// In a data directory; the error is the reason why it cannot be read.
    Local(Result<Option<Box<StoreContent>>, StoreError>),
    /// On etcd.
    #[cfg(feature = "etcd")]
    Etcd(Option<Box<EtcdContent>>),
}

impl FoundContent {
    /// Returns the store for a comparison.
    pub fn current(&self) -> CurrentStore<'_> {
        let content = match self {
            Self::Local(Err(error)) => return CurrentStore::Unreadable(error.to_string()),
            Self::Local(Ok(found)) => found.as_deref(),
            #[cfg(feature = "etcd")]
            Self::Etcd(found) => found.as_ref().map(|found| &found.content),
        };
        content.map_or(CurrentStore::Missing, CurrentStore::Read)
    }

    fn into_content(self) -> Result<Option<StoreContent>, StoreError> {
        match self {
            Self::Local(found) => Ok(found?.map(|content| *content)),
            #[cfg(feature = "etcd")]
            Self::Etcd(found) => Ok(found.map(|found| found.content)),
        }
    }
}

impl StorePlace {
    /// Returns the place of a store: on etcd if options for that are given, otherwise in the data directory.
    pub fn new(options: StoreOptions, etcd: Option<&EtcdOptions>) -> Result<Self, StoreError> {
        let kind = match etcd {
            None => PlaceKind::Local,
            #[cfg(feature = "etcd")]
            Some(etcd) => PlaceKind::Etcd(Box::new(etcd.clone())),
            #[cfg(not(feature = "etcd"))]
            Some(etcd) => return Err(super::handle::needs_etcd(etcd)),
        };
        Ok(Self { options, kind })
    }

    /// Returns true for a data directory.
    pub const fn is_local(&self) -> bool {
        matches!(self.kind, PlaceKind::Local)
    }

    /// Returns the location on etcd; none for a data directory.
    #[cfg(feature = "etcd")]
    pub fn etcd(&self) -> Result<Option<BlockingEtcdLocation>, StoreError> {
        match &self.kind {
            PlaceKind::Local => Ok(None),
            PlaceKind::Etcd(options) => BlockingEtcdLocation::new(options).map(Some),
        }
    }

    /// Returns the available keys.
    pub fn keys(&self) -> AvailableKeys {
        AvailableKeys::find(&self.options)
    }

    /// Returns the ID of the store; none without one, or if its files cannot be read.
    pub fn store_id(&self) -> Result<Option<Uuid>, StoreError> {
        #[cfg(feature = "etcd")]
        if let Some(location) = self.etcd()? {
            return Ok(location.identity()?.map(|found| found.store));
        }
        Ok(super::store_in(&self.options.data))
    }

    /// Returns the ID of the store that was used here before; known for a store on etcd only.
    pub fn earlier_store_id(&self) -> Option<Uuid> {
        match &self.kind {
            PlaceKind::Local => None,
            #[cfg(feature = "etcd")]
            PlaceKind::Etcd(options) => {
                KnownAddresses::new(&self.options, &options.address).store()
            }
        }
    }

    /// Reads the store.
    pub fn read(&self, keys: &AvailableKeys) -> Result<FoundContent, StoreError> {
        #[cfg(feature = "etcd")]
        if let Some(location) = self.etcd()? {
            return Ok(FoundContent::Etcd(location.read(keys)?.map(Box::new)));
        }
        let found = read_folder(&self.options.data, keys);
        Ok(FoundContent::Local(found.map(|found| found.map(Box::new))))
    }

    /// Reads the complete store with its key.
    pub fn read_complete(&self, keys: &AvailableKeys) -> Result<StoreContent, StoreError> {
        self.complete(self.read(keys)?)
    }

    fn complete(&self, found: FoundContent) -> Result<StoreContent, StoreError> {
        let Some(content) = found.into_content()? else {
            return Err(self.missing("There is no store"));
        };
        if let Some(why) = &content.problem {
            return Err(StoreError::Other(format!(
                "The store in {self} cannot be read completely: {why}"
            )));
        }
        Ok(content)
    }

    /// Error of a store that does not exist; on etcd it may be lost.
    pub fn missing(&self, reason: &str) -> StoreError {
        #[cfg(feature = "etcd")]
        if let PlaceKind::Etcd(options) = &self.kind
            && let Err(lost) = KnownAddresses::new(&self.options, &options.address).reject_lost()
        {
            return lost;
        }
        StoreError::Other(format!("{reason} in {self}"))
    }

    /// Returns the backup folder of the store.
    pub fn backups(&self) -> BackupFolder {
        let folder = BackupFolder::for_store(&self.options.data);
        if self.is_local() {
            folder
        } else {
            BackupFolder::new(self.copies_in(folder.folder()))
        }
    }

    /// Returns the folder for copies of backups inside a folder that the user chose: backups of local stores and of stores on etcd are
    /// kept apart.
    pub fn copies_in(&self, folder: &Path) -> PathBuf {
        if self.is_local() {
            folder.to_owned()
        } else {
            folder.join("etcd")
        }
    }

    /// Creates a manual backup.
    pub fn back_up(
        &self,
        to: &BackupDestination,
        now: DateTime<Utc>,
    ) -> Result<Backup, StoreError> {
        if self.is_local() {
            return backup::create(&self.options, to, now);
        }
        let keys = self.keys();
        let found = self.read(&keys)?;
        #[cfg(feature = "etcd")]
        if let FoundContent::Etcd(Some(found)) = &found {
            self.require_complete(found, &keys, now)?;
        }
        let content = self.complete(found)?;
        backup::create_of_content(&content, &keys, (&self.backups(), to), now)
    }

    /// Saves a store on etcd that is about to be replaced: a damaged one as far as it can be read. Returns the path of the backup.
    #[cfg(feature = "etcd")]
    pub fn save_before_replacing(
        &self,
        found: &EtcdContent,
        keys: &AvailableKeys,
        now: DateTime<Utc>,
    ) -> Result<PathBuf, StoreError> {
        let folder = self.backups();
        if found.content.problem.is_some() {
            return incomplete_backup::save(found, keys, &folder, now);
        }
        let to = BackupDestination::Replaced;
        backup::create_of_content(&found.content, keys, (&folder, &to), now).map(|made| made.path)
    }

    /// Refuses a damaged store on etcd, and saves what can be read of it: restoring that repairs the store.
    #[cfg(feature = "etcd")]
    pub fn require_complete(
        &self,
        found: &EtcdContent,
        keys: &AvailableKeys,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Some(why) = &found.content.problem else {
            return Ok(());
        };
        let readable = self.save_before_replacing(found, keys, now)?;
        Err(StoreError::Other(format!(
            "The store in {self} cannot be read completely: {why}; nothing was changed. The {} connections that can be read were saved. \
             To go on with them only: umai backup restore {}, with the same options for the store. An older complete backup may have \
             the others too: umai backup restore --newest",
            found.content.state.connections.len(),
            readable.display()
        )))
    }
}

impl From<&StoreOptions> for StorePlace {
    fn from(options: &StoreOptions) -> Self {
        Self {
            options: options.clone(),
            kind: PlaceKind::Local,
        }
    }
}

impl From<&Self> for StorePlace {
    fn from(place: &Self) -> Self {
        place.clone()
    }
}

impl fmt::Display for StorePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            PlaceKind::Local => write!(f, "{}", self.options.data.display()),
            #[cfg(feature = "etcd")]
            PlaceKind::Etcd(options) => write!(f, "{}", options.address),
        }
    }
}
