//! Adds the section of an Umbraco site to `config.toml` and leaves its other text as it is.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::file::{ConfigFile, NAME};
use super::target::{Target, TargetLocation};
use crate::atomic_file;

/// Section of a new target.
pub struct NewSite<'a> {
    /// Name of the target.
    pub name: &'a str,
    /// URL of the site.
    pub address: &'a str,
    /// Client ID of the API user.
    pub client_id: &'a str,
    /// File with the client secret, relative to the config directory.
    pub secret_file: &'a str,
    /// Certificates to trust.
    pub ca_file: Option<PathBuf>,
}

impl NewSite<'_> {
    /// Appends the section to the file in the config directory `folder`. The error is a sentence.
    pub fn append(&self, folder: &Path) -> Result<(), String> {
        let path = folder.join(NAME);
        // A symbolic link to a file elsewhere stays one.
        let path = fs::canonicalize(&path).unwrap_or(path);
        let before = match fs::read_to_string(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(format!("Cannot read {}: {error}", path.display()));
            }
            text => text.unwrap_or_default(),
        };
        let after = format!("{before}{}{}", separator(&before), self.section());
        let parsed = ConfigFile::parse(&after, folder);
        let is_added = parsed.target(self.name).is_ok_and(|added| self.is(&added));
        let old_problems = ConfigFile::parse(&before, folder).problems;
        if !is_added || parsed.problems != old_problems {
            return Err(format!(
                "Cannot add a section to {NAME}. Add it yourself, at the end:\n{}",
                self.section().trim_end()
            ));
        }
        replace_text(folder, &path, &after)
    }

    /// Returns whether a target is that of the same site and client.
    pub fn is(&self, target: &Target) -> bool {
        matches!(
            &target.location,
            TargetLocation::Site { address, client_id, .. }
                if address == self.address && client_id.as_deref() == Some(self.client_id)
        )
    }

    fn section(&self) -> String {
        let text = |text: &str| toml::Value::from(text).to_string();
        let mut section = format!(
            "[targets.{}]\numbraco = {}\nclient-id = {}\nclient-secret-file = {}\n",
            key(self.name),
            text(self.address),
            text(self.client_id),
            text(self.secret_file),
        );
        if let Some(file) = &self.ca_file {
            section = format!("{section}ca-file = {}\n", text(&file.to_string_lossy()));
        }
        section
    }
}

/// Replaces the text of the file and keeps its permissions.
pub(super) fn replace_text(folder: &Path, path: &Path, text: &str) -> Result<(), String> {
    let write = |file: &mut fs::File| {
        if let Ok(old) = fs::metadata(path) {
            file.set_permissions(old.permissions())?;
        }
        file.write_all(text.as_bytes())
    };
    atomic_file::create_folder(folder)
        .and_then(|()| atomic_file::write_atomically(path, write).map(drop))
        .map_err(|error| atomic_file::describe(path, &error))
}

/// Returns the line ends between the text and a new section.
fn separator(text: &str) -> &'static str {
    if text.is_empty() || text.ends_with("\n\n") {
        ""
    } else if text.ends_with('\n') {
        "\n"
    } else {
        "\n\n"
    }
}

/// Returns a key, in quotes if it needs them.
pub(super) fn key(name: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !name.is_empty() && name.bytes().all(is_bare) {
        name.to_owned()
    } else {
        toml::Value::from(name).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::os::unix::fs::PermissionsExt;

    fn site(name: &str) -> NewSite<'_> {
        NewSite {
            name,
            address: "https://www.example.com",
            client_id: "umbraco-back-office-umai",
            secret_file: "example.secret",
            ca_file: None,
        }
    }

    #[rstest]
    #[case::empty("", "example")]
    #[case::no_line_end("plain = true", "example")]
    #[case::comments(
        "# mine\ntheme = 'dark' # dark\n\n[targets.dev]\ndata = 'd'\n",
        "try it"
    )]
    #[case::problems("thme = 'dark'\n", "ex\"ample")]
    fn other_text_is_kept(#[case] before: &str, #[case] name: &str) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        fs::write(&path, before).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        site(name).append(folder.path()).unwrap();
        let after = fs::read_to_string(&path).unwrap();
        assert!(after.starts_with(before), "{after}");
        assert!(
            ConfigFile::read(folder.path()).target(name).is_ok(),
            "{after}"
        );
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o640
        );
    }

    #[rstest]
    #[case::inline("targets = {}\n")]
    #[case::damaged("[targets.a\n")]
    #[case::taken("[targets.example]\ndata = 'd'\n")]
    fn file_that_cannot_be_extended_is_kept(#[case] before: &str) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        fs::write(&path, before).unwrap();
        let error = site("example").append(folder.path()).unwrap_err();
        assert!(error.contains("[targets.example]"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), before);
    }

    #[test]
    fn linked_file_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("dotfiles.toml");
        fs::write(&real, "plain = true\n").unwrap();
        let config = folder.path().join("config");
        fs::create_dir(&config).unwrap();
        std::os::unix::fs::symlink(&real, config.join(NAME)).unwrap();
        site("example").append(&config).unwrap();
        assert!(fs::read_to_string(&real).unwrap().contains("example.com"));
        assert!(config.join(NAME).is_symlink());
    }
}
