//! Files and folders that settings were read from.

use std::path::PathBuf;

use super::json_file::FileValues;
use crate::text::file::FileFlaw;
use crate::text::file::trust::{self, FileTrust};

/// A file, or a folder with one file for each key.
pub(super) struct SettingsSource {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) values: Result<FileValues, FileFlaw>,
    /// The option that names it; none for an optional file.
    pub(super) option: Option<&'static str>,
}

/// Every source except the environment.
pub(super) struct SettingsSources {
    /// Files with lower precedence than the environment, lowest first.
    pub(super) files: Vec<SettingsSource>,
    /// The folder with higher precedence than the environment.
    pub(super) key_folder: Option<SettingsSource>,
    /// Messages about unusable files in that folder.
    pub(super) problems: Vec<String>,
}

impl SettingsSource {
    /// Returns a warning if all users can change the values.
    pub(super) fn untrusted(&self) -> Option<String> {
        let found = std::fs::metadata(&self.path).ok()?;
        trust::check_file(&self.path, &found, FileTrust::Group)
            .err()
            .map(|why| format!("{} {why}", self.name))
    }
}

impl SettingsSources {
    /// Returns all sources.
    pub(super) fn all(&self) -> impl Iterator<Item = &SettingsSource> {
        self.files.iter().chain(&self.key_folder)
    }

    /// Returns false if a file exists and cannot be used.
    pub(super) fn are_readable(&self) -> bool {
        let is_unusable =
            |source: &SettingsSource| matches!(source.values, Err(FileFlaw::Unusable(_)));
        !self.all().any(is_unusable)
    }
}
