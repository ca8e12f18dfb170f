//! A folder for the files of one input after the other, in memory where the system has room there.

use std::path::Path;
use std::sync::OnceLock;

use tempfile::TempDir;

/// Where Linux keeps files in memory.
const IN_MEMORY: &str = "/dev/shm";

/// The folder with this name, the same for the whole run.
pub fn folder(place: &'static OnceLock<TempDir>) -> &'static Path {
    place
        .get_or_init(|| {
            tempfile::tempdir_in(IN_MEMORY)
                .or_else(|_| tempfile::tempdir())
                .unwrap()
        })
        .path()
}
