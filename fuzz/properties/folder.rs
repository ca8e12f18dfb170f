//! Temporary directory for the files of all inputs, in memory if possible.

use std::path::Path;
use std::sync::OnceLock;

use tempfile::TempDir;

/// In-memory file system of Linux.
const IN_MEMORY: &str = "/dev/shm";

/// Returns the directory of this run.
pub fn folder(place: &'static OnceLock<TempDir>) -> &'static Path {
    place
        .get_or_init(|| {
            tempfile::tempdir_in(IN_MEMORY)
                .or_else(|_| tempfile::tempdir())
                .unwrap()
        })
        .path()
}
