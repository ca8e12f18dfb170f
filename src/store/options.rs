//! Options of opening a store.

use std::path::PathBuf;

/// Location of a store and its key.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Folder of the store.
    pub data: PathBuf,
    /// Config directory, the default location of the key.
    pub config: PathBuf,
    /// Key file that takes precedence.
    pub key_file: Option<PathBuf>,
}

/// Behaviour without an existing store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithoutStore {
    /// Create it.
    Create,
    /// On etcd, where an address is easily mistyped: open an empty store that refuses changes. In a data directory: create it.
    Empty,
    /// Fail, for read-only mode.
    Refuse,
}
