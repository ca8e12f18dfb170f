//! Text file of lines that several processes change.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::io_error;
use crate::atomic_file;

/// File of lines.
#[derive(Debug, Clone)]
pub struct LineFile {
    path: PathBuf,
}

impl LineFile {
    /// Returns the file at a path. It may not exist yet.
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Returns the path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the lines; none without a file.
    pub fn read(&self) -> io::Result<Vec<String>> {
        match std::fs::read(&self.path) {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                Ok(text.lines().map(str::to_owned).collect())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Changes the lines; other processes wait.
    pub fn change(&self, change: impl FnOnce(&mut Vec<String>)) -> io::Result<()> {
        // The key may come from elsewhere, so the folder may be missing.
        self.path.parent().map_or(Ok(()), io_error::create_folder)?;
        let _turn = atomic_file::lock(&self.path)?;
        let mut lines = self.read()?;
        change(&mut lines);
        let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
        io_error::write_atomically(&self.path, |file| file.write_all(text.as_bytes())).map(drop)
    }
}
