//! The file in which a session waits for the next start: read before the first frame, written once at the end.
//!
//! Why so plain: it is small, and nothing depends on it. Two apps write each its own file aside and rename it, so the last one
//! that ends is the one that is read, and nobody reads half of one.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::disk;
use crate::text::file::{self, FileFlaw};
use crate::tui::app::App;
use crate::tui::session::Session;

/// The most bytes that are read.
const LARGEST: usize = 64 * 1024;

/// Where a session is kept, and of what.
#[derive(Debug, Clone)]
pub struct SessionFile {
    /// The file.
    pub path: PathBuf,
    /// The data folder or the server that it is about.
    pub of: String,
    /// Whether the last one is passed over.
    pub is_fresh: bool,
}

impl SessionFile {
    /// Brings back what was left; answers what was written, so that it need not be written again. What cannot be used is told,
    /// and everything stands as at the first start.
    pub(super) fn bring_back(&self, app: &mut App) -> Option<String> {
        if self.is_fresh {
            return None;
        }
        let text = match file::read(&self.path, LARGEST) {
            Ok(text) => text.to_string(),
            Err(FileFlaw::NotThere) => return None,
            Err(FileFlaw::Unusable(why)) => {
                self.passed_over(app, &why);
                return None;
            }
        };
        match Session::read(&text, &self.of) {
            Ok(session) => {
                app.come_back(session);
                Some(text)
            }
            Err(why) => {
                self.passed_over(app, why);
                None
            }
        }
    }

    fn passed_over(&self, app: &mut App, why: &str) {
        let name = self.path.display();
        app.let_know(vec![format!(
            "The previous session was not restored: {name} {why}"
        )]);
    }

    /// Writes what is to come back, unless that is there already.
    pub(super) fn keep(&self, app: &App, read: Option<&str>) -> io::Result<()> {
        let Some(text) = app.session(&self.of).text() else {
            return Ok(());
        };
        if read == Some(text.as_str()) {
            return Ok(());
        }
        if let Some(folder) = self.path.parent().filter(|folder| !folder.exists()) {
            disk::create_folder(folder)?;
        }
        let aside = self
            .path
            .with_extension(format!("{}.new", std::process::id()));
        let written = write(&aside, &text).and_then(|()| fs::rename(&aside, &self.path));
        if written.is_err() {
            // It is of no use to anybody; the reason is what counts.
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
    let mut file = disk::create_file(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_data()
}
