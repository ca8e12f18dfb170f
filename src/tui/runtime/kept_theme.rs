//! Theme that was chosen in the app, kept for the next start.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::atomic_file;
use crate::text::file;

/// Size limit of the file in bytes.
const MAX_BYTES: usize = 4 * 1024;

/// File of the theme that was chosen in the app.
#[derive(Debug, Clone)]
pub struct KeptTheme {
    path: PathBuf,
    /// Theme in `config.toml`.
    configured: Option<String>,
}

/// Content of the file.
#[derive(Debug, Serialize, Deserialize)]
struct Content {
    /// Chosen theme.
    theme: String,
    /// Theme in `config.toml` at that time: a later change there takes precedence.
    configured: Option<String>,
}

impl KeptTheme {
    /// Creates the file of a config directory whose `config.toml` has this theme.
    pub const fn new(path: PathBuf, configured: Option<String>) -> Self {
        Self { path, configured }
    }

    /// Returns the theme that was chosen last, unless the configuration was changed since. An unreadable file counts as none.
    pub fn read(&self) -> Option<String> {
        let text = file::read(&self.path, MAX_BYTES).ok()?;
        let content: Content = serde_json::from_str(&text).ok()?;
        (content.configured == self.configured).then_some(content.theme)
    }

    /// Writes the chosen theme.
    pub(super) fn write(&self, theme: &str) -> io::Result<()> {
        let content = Content {
            theme: theme.to_owned(),
            configured: self.configured.clone(),
        };
        if let Some(folder) = self.path.parent().filter(|folder| !folder.exists()) {
            atomic_file::create_folder(folder)?;
        }
        let aside = self
            .path
            .with_extension(format!("{}.new", std::process::id()));
        // Left behind by a process that was killed.
        let _ = fs::remove_file(&aside);
        let mut file = atomic_file::create_file(&aside)?;
        file.write_all(serde_json::to_string(&content)?.as_bytes())?;
        fs::rename(&aside, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_theme_is_kept_until_the_configuration_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sessions/theme.json");
        let kept =
            |configured: Option<&str>| KeptTheme::new(path.clone(), configured.map(str::to_owned));
        assert_eq!(kept(None).read(), None);
        kept(None).write("nord").unwrap();
        assert_eq!(kept(None).read().as_deref(), Some("nord"));
        assert_eq!(kept(Some("light")).read(), None);
        kept(Some("light")).write("mono").unwrap();
        assert_eq!(kept(Some("light")).read().as_deref(), Some("mono"));
        fs::write(&path, "{").unwrap();
        assert_eq!(kept(Some("light")).read(), None);
    }
}
