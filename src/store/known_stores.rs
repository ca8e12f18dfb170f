//! Stores that were used in the current format, as listed in the config directory.
//!
//! A store of an earlier format is converted when it is opened, which reseals its secrets for the destinations that its files name.
//! Afterwards its old files prove nothing: without this list, anyone who can write the data directory could put them back with
//! another endpoint and have them converted again.

use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::backup::file::FolderHash;
use super::journal::header::{FORMAT, StoreIdentity};
use super::line_file::LineFile;
use super::{StoreOptions, io_error};
use crate::connection::StoreError;

/// File of the list in the config directory.
const FILE: &str = "umai.stores";

/// Format in the line of a store whose conversion may not be finished.
const CONVERTING: &str = "converting";

/// List of stores: one line for each store and data directory, with the format that was used there.
///
/// A copy of the data directory in another place is another line, so a copy that was converted does not affect the original.
#[derive(Debug, Clone)]
pub struct KnownStores {
    list: LineFile,
    data: PathBuf,
    folder: String,
}

impl KnownStores {
    /// Returns the list for a data directory. Neither directory must exist.
    pub fn new(options: &StoreOptions) -> Self {
        Self {
            list: LineFile::new(options.config.join(FILE)),
            data: options.data.clone(),
            folder: hash_of_folder(&options.data).to_string(),
        }
    }

    /// Returns true when the store has an earlier format than the one it was used in.
    pub fn is_outdated(&self, identity: &StoreIdentity) -> Result<bool, StoreError> {
        if !identity.is_of_earlier_format() {
            return Ok(false);
        }
        let formats = self.formats(&self.lines_or_error()?, identity.store);
        Ok(formats.into_iter().any(|format| identity.format < format))
    }

    /// Refuses a store whose files have an earlier format than the one it was used in.
    pub fn reject_outdated(&self, identity: &StoreIdentity) -> Result<(), StoreError> {
        if !self.is_outdated(identity)? {
            return Ok(());
        }
        Err(StoreError::Other(format!(
            "The files of the store in {} have an earlier format than it was used in. They may have been changed without the key; \
             nothing was changed. If you did not put them there yourself, restore a backup: umai backup restore --newest. {}",
            self.data.display(),
            self.way_to_accept(identity)
        )))
    }

    /// Sentence about how to use outdated files nevertheless.
    pub fn way_to_accept(&self, identity: &StoreIdentity) -> String {
        format!(
            "To use these files nevertheless, remove the line with {} and {} from {}",
            identity.store,
            self.folder,
            self.list.path().display()
        )
    }

    /// Records that a store of an earlier format is being converted. A store is only converted when this succeeds: otherwise files
    /// of an earlier format could be put in its place at any time.
    pub fn begin_conversion(&self, identity: &StoreIdentity) -> Result<(), StoreError> {
        let begun = self.list.change(|lines| {
            if self.formats(lines, identity.store).is_empty() {
                lines.push(format!("{} {CONVERTING} {}", identity.store, self.folder));
            }
        });
        begun.map_err(|error| {
            StoreError::Other(format!(
                "The store in {} has an earlier format and must be converted, but this cannot be recorded in {}: {error}. \
                 Nothing was changed. Make that directory writable for the first start with this version",
                self.data.display(),
                self.list.path().display()
            ))
        })
    }

    /// Adds a store that was opened in the current format.
    pub fn add(&self, identity: &StoreIdentity) -> io::Result<()> {
        let formats = self.formats(&self.list.read()?, identity.store);
        if formats.iter().any(|format| *format >= identity.format) {
            return Ok(());
        }
        self.set(identity)
    }

    /// Accepts a store in the format that it has.
    pub fn accept(&self, identity: &StoreIdentity) -> io::Result<()> {
        if self.formats(&self.list.read()?, identity.store).is_empty() {
            return Ok(());
        }
        self.set(identity)
    }

    fn set(&self, identity: &StoreIdentity) -> io::Result<()> {
        self.list.change(|lines| {
            lines.retain(|line| self.format_in(line, identity.store).is_none());
            let StoreIdentity { store, format, .. } = identity;
            lines.push(format!("{store} {format} {}", self.folder));
        })
    }

    fn lines_or_error(&self) -> Result<Vec<String>, StoreError> {
        let lines = self.list.read();
        lines.map_err(|error| io_error::io_error(self.list.path(), &error))
    }

    fn formats(&self, lines: &[String], store: Uuid) -> Vec<u32> {
        let formats = lines.iter().filter_map(|line| self.format_in(line, store));
        formats.collect()
    }

    /// Returns the format in a line about a store in this data directory, 0 during its conversion. A damaged format counts as the
    /// current one, and a damaged directory as this one.
    fn format_in(&self, line: &str, store: Uuid) -> Option<u32> {
        let mut words = line.split_whitespace();
        let is_meant = words.next()?.parse() == Ok(store);
        let format = match words.next() {
            Some(CONVERTING) => 0,
            format => format
                .and_then(|format| format.parse().ok())
                .unwrap_or(FORMAT),
        };
        let is_here = words
            .next()
            .is_none_or(|folder| folder == self.folder || folder.len() != self.folder.len());
        (is_meant && is_here).then_some(format)
    }
}

/// Names a directory in the list, also when it is reached through links.
fn hash_of_folder(data: &Path) -> FolderHash {
    FolderHash::for_folder(&data.canonicalize().unwrap_or_else(|_| data.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(store: u128, format: u32) -> StoreIdentity {
        StoreIdentity {
            format,
            ..StoreIdentity::new(Uuid::from_u128(store), [0; 40])
        }
    }

    fn known(folder: &Path, data: &str) -> KnownStores {
        KnownStores::new(&StoreOptions {
            data: folder.join(data),
            config: folder.to_owned(),
            key_file: None,
        })
    }

    #[test]
    fn listed_store_is_outdated_in_an_earlier_format_only() {
        let folder = tempfile::tempdir().unwrap();
        let known = known(folder.path(), "data");
        assert_eq!(known.is_outdated(&identity(1, 1)), Ok(false));
        known.begin_conversion(&identity(1, 1)).unwrap();
        known.add(&identity(2, 1)).unwrap();
        assert_eq!(known.is_outdated(&identity(1, 1)), Ok(false));
        known.add(&identity(1, FORMAT)).unwrap();
        known.add(&identity(1, 1)).unwrap();
        known.begin_conversion(&identity(1, 1)).unwrap();
        assert_eq!(known.is_outdated(&identity(1, 1)), Ok(true));
        assert_eq!(known.is_outdated(&identity(1, FORMAT)), Ok(false));
        assert_eq!(known.is_outdated(&identity(2, 1)), Ok(false));
        assert_eq!(known.list.read().unwrap().len(), 2);
        std::fs::write(known.list.path(), format!("{} x\n", Uuid::from_u128(2))).unwrap();
        assert_eq!(
            known.is_outdated(&identity(2, 1)),
            Ok(true),
            "damage accepts nothing"
        );
    }

    #[test]
    fn converted_copy_does_not_make_the_original_outdated() {
        let folder = tempfile::tempdir().unwrap();
        let (copy, original) = (known(folder.path(), "copy"), known(folder.path(), "data"));
        copy.add(&identity(1, FORMAT)).unwrap();
        assert_eq!(copy.is_outdated(&identity(1, 1)), Ok(true));
        assert_eq!(original.is_outdated(&identity(1, 1)), Ok(false));
        original.add(&identity(1, FORMAT)).unwrap();
        assert_eq!(original.list.read().unwrap().len(), 2);
    }

    #[test]
    fn concurrent_additions_keep_every_line() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for number in 0..16 {
                let known = known(folder.path(), &format!("data-{number}"));
                scope.spawn(move || known.add(&identity(number, FORMAT)).unwrap());
            }
        });
        assert_eq!(known(folder.path(), "data").list.read().unwrap().len(), 16);
    }

    #[test]
    fn conversion_that_cannot_be_recorded_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let known = known(folder.path(), "data");
        std::fs::create_dir(known.list.path()).unwrap();
        let refused = known.begin_conversion(&identity(1, 1)).unwrap_err();
        assert!(
            refused.to_string().contains("cannot be recorded"),
            "{refused}"
        );
    }
}
