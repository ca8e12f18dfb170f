//! Addresses of the stores on etcd that were used on this machine, as listed in the config directory.
//!
//! Without the list, a store whose data etcd has lost would be replaced by an empty one.

use std::io;
use std::path::Path;

use rustix::fs::Access;
use rustix::io::Errno;
use uuid::Uuid;

use crate::atomic_file;
use crate::connection::StoreError;
use crate::store::etcd_options::{EtcdAddress, SCHEME};
use crate::store::line_file::LineFile;
use crate::store::{StoreOptions, io_error};

/// File of the list in the config directory. A line has an address with one node, and the ID of the store there.
const FILE: &str = "umai.addresses";

/// Entries of one store in the list: one for each of its nodes.
pub struct KnownAddresses {
    list: LineFile,
    /// Address of the store, as it was given.
    given: String,
    /// Its address at each node.
    addresses: Vec<String>,
}

impl KnownAddresses {
    /// Returns the entries of the store at an address. The config directory may not exist.
    pub fn new(files: &StoreOptions, address: &EtcdAddress) -> Self {
        let nodes = address.nodes().iter();
        let addresses = nodes.map(|node| format!("{SCHEME}{node}{}", address.prefix()));
        Self {
            list: LineFile::new(files.config.join(FILE)),
            given: address.to_string(),
            addresses: addresses.collect(),
        }
    }

    /// Adds a store that was opened; returns the ID of the one that was used before.
    pub fn add(&self, store: Uuid) -> Option<Uuid> {
        let lines = self.list.read();
        let before = lines.as_ref().ok().and_then(|lines| self.store_in(lines));
        if let Err(error) = lines.and_then(|lines| self.add_to(&lines, store)) {
            // Everything works without the list; only a loss of the store would not be noticed.
            tracing::warn!(%error, "the store cannot be added to the list of known addresses");
        }
        before
    }

    fn add_to(&self, lines: &[String], store: Uuid) -> io::Result<()> {
        let own = self.addresses.iter();
        let own: Vec<String> = own.map(|address| format!("{address} {store}")).collect();
        if own.iter().all(|line| lines.contains(line)) {
            return Ok(());
        }
        self.list.change(|lines| {
            lines.retain(|line| !self.is_own(line));
            lines.extend(own);
        })
    }

    /// Fails if a store is not in the list, and cannot be added either.
    pub fn check_added(&self, store: Uuid) -> Result<(), StoreError> {
        let checked = self.list.read().and_then(|lines| {
            if self.store_in(&lines) == Some(store) {
                return Ok(());
            }
            check_writable(self.list.path())
        });
        checked.map_err(|error| io_error::io_error(self.list.path(), &error))
    }

    /// Returns the ID of the store that was used at one of the nodes.
    pub fn store(&self) -> Option<Uuid> {
        self.store_in(&self.list.read().ok()?)
    }

    fn store_in(&self, lines: &[String]) -> Option<Uuid> {
        let mut own = lines.iter().filter(|line| self.is_own(line));
        own.find_map(|line| line.split_whitespace().nth(1)?.parse().ok())
    }

    /// Fails if a store that does not exist was used before.
    pub fn reject_lost(&self) -> Result<(), StoreError> {
        let path = self.list.path();
        let lines = self.list.read();
        let lines = lines.map_err(|error| io_error::io_error(path, &error))?;
        if !lines.iter().any(|line| self.is_own(line)) {
            return Ok(());
        }
        Err(StoreError::Other(format!(
            "The store at {} is gone: it was used on this machine before. If the address is right, restore a backup with the same \
             options: umai backup restore --newest. To begin with an empty store instead, remove the lines with {} from {}",
            self.given,
            self.addresses.join(" and "),
            path.display()
        )))
    }

    fn is_own(&self, line: &str) -> bool {
        let address = line.split_whitespace().next().unwrap_or_default();
        self.addresses.iter().any(|own| own == address)
    }
}

/// Fails if a file with a lock cannot be replaced, because of permissions or a read-only file system. Its folder may not exist yet.
fn check_writable(file: &Path) -> io::Result<()> {
    let lock = atomic_file::lock_path(file);
    let existing = file.ancestors().skip(1).find(|folder| folder.exists());
    for path in std::iter::once(&*lock).chain(existing) {
        match rustix::fs::access(path, Access::WRITE_OK) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(folder: &std::path::Path, address: &str) -> KnownAddresses {
        let files = StoreOptions {
            data: folder.to_owned(),
            config: folder.to_owned(),
            key_file: None,
        };
        KnownAddresses::new(&files, &address.parse().unwrap())
    }

    #[test]
    fn store_is_known_at_each_of_its_nodes() {
        let folder = tempfile::tempdir().unwrap();
        let team = known(folder.path(), "etcd://h1,h2/team");
        assert_eq!(team.reject_lost(), Ok(()));
        assert_eq!(team.add(Uuid::from_u128(1)), None);
        let before = Some(Uuid::from_u128(1));
        assert_eq!(team.add(Uuid::from_u128(1)), before);
        assert_eq!(team.add(Uuid::from_u128(2)), before);
        assert_eq!(team.list.read().unwrap().len(), 2);
        let other_nodes = known(folder.path(), "etcd://h3,h2/team");
        assert_eq!(other_nodes.store(), Some(Uuid::from_u128(2)));
        let lost = other_nodes.reject_lost().unwrap_err().to_string();
        assert!(lost.contains("etcd://h3:2379,h2:2379/team"), "{lost}");
        for address in ["etcd://h3/team", "etcd://h1/teams", "etcd://h1:1/team"] {
            assert_eq!(known(folder.path(), address).reject_lost(), Ok(()));
        }
    }

    #[test]
    fn earlier_store_is_known_where_the_list_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let team = known(folder.path(), "etcd://h1/team");
        team.add(Uuid::from_u128(1));
        // A folder in the place of the lock file.
        let lock = atomic_file::lock_path(team.list.path());
        std::fs::remove_file(&lock).unwrap();
        std::fs::create_dir(&lock).unwrap();
        let before = Some(Uuid::from_u128(1));
        assert_eq!(team.add(Uuid::from_u128(2)), before);
        assert_eq!(team.store(), before);
    }

    #[test]
    fn damaged_id_does_not_hide_a_lost_store() {
        let folder = tempfile::tempdir().unwrap();
        let team = known(folder.path(), "etcd://h1/team");
        std::fs::write(team.list.path(), "etcd://h1:2379/team x\n").unwrap();
        assert!(team.reject_lost().is_err());
        assert_eq!(team.store(), None);
    }
}
