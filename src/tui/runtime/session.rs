//! Session file: read before the first frame, written once at the end.
//!
//! It is small and optional. Each process writes a temporary file and renames it, so the last process to end determines the
//! content, and a partly written file is never read.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::atomic_file;
use crate::text::file::{self, FileFlaw};
use crate::tui::app::App;
use crate::tui::session::SavedSession;

/// Size limit of the file in bytes.
const LARGEST: usize = 2 * 1024 * 1024;

/// Location and scope of a session.
#[derive(Debug, Clone)]
pub struct SessionFile {
    /// Path of the file.
    pub path: PathBuf,
    /// Data directory or server that the session belongs to.
    pub of: String,
    /// True if the previous session is ignored.
    pub is_fresh: bool,
}

impl SessionFile {
    /// Restores the previous session and returns its text, so that it is not written again unchanged. An unusable file is
    /// reported and ignored.
    pub(super) fn restore(&self, app: &mut App) -> Option<String> {
        if self.is_fresh {
            return None;
        }
        let text = match file::read(&self.path, LARGEST) {
            Ok(text) => text.to_string(),
            Err(FileFlaw::NotFound) => return None,
            Err(FileFlaw::Unusable(reason)) => {
                self.report_unusable(app, &reason);
                return None;
            }
        };
        match SavedSession::read(&text, &self.of) {
            Ok(session) => {
                app.restore_session(session);
                Some(text)
            }
            Err(reason) => {
                self.report_unusable(app, reason);
                None
            }
        }
    }

    fn report_unusable(&self, app: &mut App, reason: &str) {
        let name = self.path.display();
        app.show_notices(vec![format!(
            "The previous session was not restored: {name} {reason}"
        )]);
    }

    /// Writes the session unless it is unchanged.
    pub(super) fn keep(&self, app: &App, read: Option<&str>) -> io::Result<()> {
        let Some(text) = app.session(&self.of).text() else {
            return Ok(());
        };
        if read == Some(text.as_str()) {
            return Ok(());
        }
        if let Some(folder) = self.path.parent().filter(|folder| !folder.exists()) {
            atomic_file::create_folder(folder)?;
        }
        let aside = self
            .path
            .with_extension(format!("{}.new", std::process::id()));
        let written = write(&aside, &text).and_then(|()| fs::rename(&aside, &self.path));
        if written.is_err() {
            // The file is useless; the error of the write is what counts.
            let _ = fs::remove_file(&aside);
        }
        written
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = atomic_file::create_file(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_data()
}
