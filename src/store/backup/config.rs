//! Configuration of backups.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use crate::connection::StoreError;
use crate::store::key::Signature;

/// Signs bytes with a key, which can check the signature.
pub type BackupSigner = dyn Fn(&[u8]) -> Result<Signature, StoreError> + Send + Sync;

/// Configuration of backups of the process that has the store open.
#[derive(Clone, Default)]
pub struct BackupConfig {
    /// Folder for copies.
    pub copies: Option<PathBuf>,
    /// Creates the signatures of backups; set once the key is known.
    pub signer: Arc<OnceLock<Arc<BackupSigner>>>,
}
