//! Stores that were used in the current format, as listed in the config directory.
//!
//! A store of an earlier format is converted when it is opened, which reseals its secrets for the destinations that its files name.
//! Afterwards its old files prove nothing: without this list, anyone who can write the data directory could put them back with
//! another endpoint and have them converted again.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::io_error;
use super::journal::header::StoreIdentity;
use crate::connection::StoreError;

/// File of the list in the config directory.
const FILE: &str = "umai.stores";

/// List of stores, with the format that each was used in, one per line.
#[derive(Debug, Clone)]
pub struct KnownStores {
    path: PathBuf,
}

impl KnownStores {
    /// Returns the list in a config directory, which may not exist.
    pub fn in_config(config: &Path) -> Self {
        Self {
            path: config.join(FILE),
        }
    }

    /// Returns true when the store has an earlier format than the one it was used in.
    pub fn is_outdated(&self, identity: &StoreIdentity) -> Result<bool, StoreError> {
        if !identity.is_of_earlier_format() {
            return Ok(false);
        }
        let lines = self
            .lines()
            .map_err(|error| io_error::io_error(&self.path, &error))?;
        let formats = lines
            .iter()
            .filter_map(|line| format_in(line, identity.store));
        Ok(formats.max().is_some_and(|format| identity.format < format))
    }

    /// Refuses a store in `data` whose files have an earlier format than the one it was used in.
    pub fn reject_outdated(&self, identity: &StoreIdentity, data: &Path) -> Result<(), StoreError> {
        if !self.is_outdated(identity)? {
            return Ok(());
        }
        Err(StoreError::Unusable(format!(
            "The store in {} was replaced by files of an earlier format, which may have been changed without the key; nothing was \
             changed. Restore a backup: umai backup restore --newest. {}",
            data.display(),
            self.way_to_accept(identity)
        )))
    }

    /// Sentence about how to use outdated files nevertheless.
    pub fn way_to_accept(&self, identity: &StoreIdentity) -> String {
        format!(
            "To use these files nevertheless, remove the line with {} from {}",
            identity.store,
            self.path.display()
        )
    }

    /// Adds a store that was opened in the current format.
    pub fn add(&self, identity: &StoreIdentity) -> io::Result<()> {
        let lines = self.lines()?;
        let is_listed = |line: &String| {
            format_in(line, identity.store).is_some_and(|format| format >= identity.format)
        };
        if lines.iter().any(is_listed) {
            return Ok(());
        }
        self.set(identity)
    }

    fn set(&self, identity: &StoreIdentity) -> io::Result<()> {
        let mut lines = self.lines()?;
        lines.retain(|line| format_in(line, identity.store).is_none());
        lines.push(format!("{} {}", identity.store, identity.format));
        let text = lines
            .iter()
            .flat_map(|line| [line, "\n"])
            .collect::<String>();
        // The key may come from elsewhere, so the folder may be missing.
        self.path.parent().map_or(Ok(()), io_error::create_folder)?;
        io_error::write_atomically(&self.path, |file| file.write_all(text.as_bytes())).map(drop)
    }

    /// Accepts a store in the format that it has.
    pub fn accept(&self, identity: &StoreIdentity) -> io::Result<()> {
        let is_known = |line: &String| format_in(line, identity.store).is_some();
        if self.lines()?.iter().any(is_known) {
            return self.set(identity);
        }
        Ok(())
    }

    fn lines(&self) -> io::Result<Vec<String>> {
        match std::fs::read(&self.path) {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                Ok(text.lines().map(str::to_owned).collect())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

/// Returns the format in a line about a store. A line with a damaged format counts as the current one.
fn format_in(line: &str, store: Uuid) -> Option<u32> {
    let (id, format) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    (id.parse() == Ok(store)).then(|| {
        format
            .trim()
            .parse()
            .unwrap_or(super::journal::header::FORMAT)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listed_store_is_outdated_in_an_earlier_format_only() {
        let folder = tempfile::tempdir().unwrap();
        let known = KnownStores::in_config(folder.path());
        let current = StoreIdentity::new(Uuid::from_u128(1), [0; 40]);
        let earlier = |store| StoreIdentity {
            format: 1,
            ..StoreIdentity::new(Uuid::from_u128(store), [0; 40])
        };
        assert_eq!(known.is_outdated(&earlier(1)), Ok(false));
        known.add(&earlier(1)).unwrap();
        known.add(&earlier(2)).unwrap();
        assert_eq!(known.is_outdated(&earlier(1)), Ok(false));
        known.add(&current).unwrap();
        known.add(&earlier(1)).unwrap();
        assert_eq!(known.is_outdated(&earlier(1)), Ok(true));
        assert_eq!(known.is_outdated(&current), Ok(false));
        assert_eq!(known.is_outdated(&earlier(2)), Ok(false));
        assert_eq!(known.lines().unwrap().len(), 2);
        std::fs::write(&known.path, format!("{} x\n", Uuid::from_u128(2))).unwrap();
        assert_eq!(
            known.is_outdated(&earlier(2)),
            Ok(true),
            "damage accepts nothing"
        );
    }
}
