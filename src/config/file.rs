//! `config.toml` in the config directory: its settings and its errors.
//!
//! An invalid line is reported, and its default applies. Exceptions: using an invalid target is an error, an invalid `read-only`
//! enables read-only mode, and an invalid `allow-run` forbids `umai run`. A file that cannot be read may have set all of these.

use std::fs;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::target::{Target, path, text};
use super::toml_lines::{TomlLines, in_order};
use crate::text::case_fold::nfc;
use crate::text::file::trust::{self, FileTrust};
use crate::text::file::{self, FileFlaw};
use crate::text::printable;

/// Name of the file in the config directory.
pub const NAME: &str = "config.toml";

/// Maximum size of the file in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// Contents of `config.toml`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigFile {
    /// Theme.
    pub theme: Option<String>,
    /// Data directory.
    pub data: Option<PathBuf>,
    /// Second directory that backups are copied to.
    pub backup_folder: Option<PathBuf>,
    /// File with the passphrase of the key.
    pub passphrase_file: Option<PathBuf>,
    /// True if the app starts in plain mode.
    pub is_plain: bool,
    /// True if all changes are refused, for every target.
    pub is_read_only: bool,
    /// True if `umai run` is forbidden.
    is_run_forbidden: bool,
    /// Errors in the file, one sentence each.
    pub problems: Vec<String>,
    /// Default target, or its error.
    target: Option<Result<String, String>>,
    targets: Vec<(String, Result<Target, String>)>,
    /// Reason why neither the directory nor the file may be used: other users can change them.
    pub refused: Option<String>,
    /// Error that made the whole file unreadable.
    unread: Option<String>,
    /// Reason why the default location of the store is unknown.
    unlocated: Option<String>,
}

impl ConfigFile {
    /// Reads the file of a config directory; a missing file is empty.
    pub fn read(folder: &Path) -> Self {
        let path = folder.join(NAME);
        if let Err(why) = Self::check_trust(folder, &path) {
            return Self {
                refused: Some(why.clone()),
                unread: Some(why),
                ..Self::default()
            };
        }
        match file::read(&path, MAX_BYTES) {
            Ok(text) => Self::parse(&text, folder),
            Err(FileFlaw::NotFound) => Self::default(),
            Err(FileFlaw::Unusable(why)) => Self::unread(format!("{NAME} {why}")),
        }
    }

    /// Checks that other users cannot change the directory and the file.
    fn check_trust(folder: &Path, path: &Path) -> Result<(), String> {
        trust::check_folder(folder, FileTrust::Group)
            .map_err(|why| format!("{} {why}", folder.display()))?;
        match fs::metadata(path) {
            Ok(found) => trust::check_file(path, &found, FileTrust::Group)
                .map_err(|why| format!("{} {why}", path.display())),
            // Reading the file gives the error.
            Err(_) => Ok(()),
        }
    }

    /// Parses the text of the file; relative paths start from `folder`.
    pub fn parse(text: &str, folder: &Path) -> Self {
        let lines = TomlLines {
            text,
            name: NAME,
            folder,
        };
        let table = match DeTable::parse(text) {
            Ok(table) => table.into_inner(),
            Err(error) => {
                let at = lines.at(error.span().map_or(0, |span| span.start));
                let why = error.message().replace('\n', ", ");
                return Self::unread(format!("{at}: {}", printable(&why)));
            }
        };
        let mut read = Self::default();
        for (key, value) in in_order(&table) {
            let at = key.span().start;
            if let Err(why) = read.take(key.get_ref(), value.get_ref(), &lines) {
                read.problems.push(format!("{}: {why}", lines.at(at)));
            }
        }
        read
    }

    /// Returns the target with this name.
    pub fn target(&self, name: &str) -> Result<Target, String> {
        let shown = printable(name);
        if let Some(why) = &self.unread {
            return Err(format!("Cannot look up target '{shown}': {why}"));
        }
        match self.existing(name) {
            Some(Ok(target)) => Ok(target.clone()),
            Some(Err(why)) => Err(format!("Cannot use target '{shown}': {why}")),
            None if self.targets.is_empty() => Err(format!(
                "No target '{shown}': {NAME} in the config directory contains no targets"
            )),
            None => {
                let names = self.targets.iter().map(|(name, _)| printable(name));
                let names: Vec<_> = names.collect();
                Err(format!(
                    "No target '{shown}'. Known targets: {}",
                    names.join(", ")
                ))
            }
        }
    }

    /// Returns the target with this name or its error; none if there is no such section.
    pub fn existing(&self, name: &str) -> Option<&Result<Target, String>> {
        let mut targets = self.targets.iter();
        let found = targets.find(|(known, _)| nfc(known) == nfc(name));
        found.map(|(_, target)| target)
    }

    /// Returns the reason why the file makes everything read-only, if it does.
    pub fn read_only_reason(&self) -> Option<String> {
        self.is_read_only.then(|| self.sets("read-only"))
    }

    /// Returns the reason why `umai run` is forbidden, if it is.
    pub fn run_forbidden_reason(&self) -> Option<String> {
        self.is_run_forbidden
            .then(|| self.sets("allow-run = false"))
    }

    fn sets(&self, setting: &str) -> String {
        match self.unread {
            Some(_) => format!("{NAME} cannot be read, and may set {setting}"),
            None => format!("{NAME} sets {setting}"),
        }
    }

    /// Returns an error if the whole file cannot be read.
    pub fn check_readable(&self) -> Result<(), String> {
        self.unread.clone().map_or(Ok(()), Err)
    }

    /// Returns an error if the default location of the store is unknown, because it cannot be read.
    pub fn check_location(&self) -> Result<(), String> {
        self.unlocated.clone().map_or(Ok(()), Err)
    }

    /// Returns the default target.
    pub fn default_target(&self) -> Result<Option<Target>, String> {
        match &self.target {
            None => Ok(None),
            Some(Ok(name)) => self.target(name).map(Some),
            Some(Err(why)) => Err(why.clone()),
        }
    }

    /// Returns true for the default target.
    pub fn is_default(&self, name: &str) -> bool {
        matches!(&self.target, Some(Ok(known)) if nfc(known) == nfc(name))
    }

    /// Returns every target by name, or its error.
    pub fn targets(&self) -> &[(String, Result<Target, String>)] {
        &self.targets
    }

    fn unread(why: String) -> Self {
        Self {
            problems: vec![format!(
                "{why}; until this is fixed, all changes are refused, and umai run is forbidden"
            )],
            is_read_only: true,
            is_run_forbidden: true,
            unlocated: Some(format!(
                "{why}. The file may name another store: fix it, or name the location, for example with --data"
            )),
            unread: Some(why),
            ..Self::default()
        }
    }

    fn take(
        &mut self,
        key: &str,
        value: &DeValue<'_>,
        lines: &TomlLines<'_>,
    ) -> Result<(), String> {
        match key {
            "theme" => self.theme = Some(text(key, value)?),
            "data" => {
                let named = path(key, value, lines.folder);
                self.unlocated = named.as_ref().err().map(|why| format!("{NAME}: {why}"));
                self.data = Some(named?);
            }
            "backup-folder" => {
                self.backup_folder = Some(path(key, value, lines.folder)?);
            }
            "passphrase-file" => {
                self.passphrase_file = Some(path(key, value, lines.folder)?);
            }
            "plain" => self.is_plain = switch(key, value)?,
            "read-only" => {
                self.is_read_only = true;
                self.is_read_only = switch(key, value).map_err(|why| {
                    format!("{why}; until this is fixed, all changes are refused")
                })?;
            }
            "allow-run" => {
                self.is_run_forbidden = true;
                let is_allowed = switch(key, value)
                    .map_err(|why| format!("{why}; until this is fixed, umai run is forbidden"))?;
                self.is_run_forbidden = !is_allowed;
            }
            "target" => {
                let named = text(key, value);
                self.target = Some(named.clone().map_err(|why| format!("{NAME}: {why}")));
                named?;
            }
            "targets" => {
                let sections = value
                    .as_table()
                    .ok_or("targets must be sections, such as [targets.prod]")?;
                self.take_targets(sections, lines);
            }
            _ => {
                let consequence = self.restrict_if_misspelled(key);
                return Err(format!(
                    "unknown setting '{}'{consequence}; known settings: theme, data, backup-folder, passphrase-file, plain, read-only, allow-run, target and [targets.NAME]",
                    printable(key)
                ));
            }
        }
        Ok(())
    }

    /// Applies the strict value of a setting that allows less, written in another way. Returns the consequence, for a message.
    fn restrict_if_misspelled(&mut self, key: &str) -> &'static str {
        let letters = key.chars().filter(|letter| letter.is_alphanumeric());
        let letters: String = letters.flat_map(char::to_lowercase).collect();
        match letters.as_str() {
            "readonly" => {
                self.is_read_only = true;
                ": all changes are refused until this is fixed"
            }
            "allowrun" => {
                self.is_run_forbidden = true;
                ": umai run is forbidden until this is fixed"
            }
            _ => "",
        }
    }

    fn take_targets(&mut self, sections: &DeTable<'_>, lines: &TomlLines<'_>) {
        for (name, section) in in_order(sections) {
            let read = match section.get_ref().as_table() {
                Some(section) => Target::read(name, section, lines),
                None => Err(format!(
                    "{}: a target must be a section, such as [targets.prod]",
                    lines.at(name.span().start)
                )),
            };
            if let Err(why) = &read {
                self.problems.push(why.clone());
            }
            self.targets.push((name.get_ref().to_string(), read));
        }
    }
}

fn switch(key: &str, value: &DeValue<'_>) -> Result<bool, String> {
    value
        .as_bool()
        .ok_or_else(|| format!("{key} must be true or false, without quotes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::target::TargetLocation;

    fn parse(text: &str) -> ConfigFile {
        ConfigFile::parse(text, Path::new("/etc/umai"))
    }

    #[test]
    fn all_settings_are_parsed() {
        let file = parse(
            "theme = \"contrast\"\ndata = \"data\"\nplain = true\nread-only = false\ntarget = \"prod\"\n\
             [targets.prod]\nserver = \"https://umai.example\"\ntoken-file = \"prod.token\"\nca-file = \"/ca.pem\"\n\
             color = \"red\"\nbadge = \"PROD\"\nread-only = true\n[targets.\"try it\"]\ndata = \"/tmp/try\"\n",
        );
        assert_eq!(file.problems, Vec::<String>::new());
        assert_eq!(file.data.as_deref(), Some(Path::new("/etc/umai/data")));
        assert!(file.is_plain && !file.is_read_only);
        let prod = file.default_target().unwrap().unwrap();
        assert!(prod.is_read_only);
        let TargetLocation::Server { token_file, .. } = prod.location else {
            panic!("prod is a server");
        };
        assert_eq!(token_file.unwrap(), Path::new("/etc/umai/prod.token"));
        assert!(file.target("try it").is_ok());
    }

    #[test]
    fn errors_name_their_line_and_defaults_apply() {
        let file = parse("thme = \"dark\"\nplain = \"yes\"\ntheme = 7\n");
        assert_eq!(
            file.problems,
            [
                "config.toml, line 1: unknown setting 'thme'; known settings: theme, data, backup-folder, passphrase-file, plain, read-only, allow-run, target and [targets.NAME]",
                "config.toml, line 2: plain must be true or false, without quotes",
                "config.toml, line 3: theme must be text in quotes",
            ]
        );
        assert_eq!((file.theme, file.is_plain), (None, false));
    }

    #[rstest::rstest]
    #[case("", false)]
    #[case("allow-run = true", false)]
    #[case("allow-run = false", true)]
    #[case("allow-run = \"yes\"", true)]
    fn run_is_forbidden_unless_the_line_is_valid(#[case] line: &str, #[case] is_forbidden: bool) {
        assert_eq!(parse(line).is_run_forbidden, is_forbidden);
    }

    #[rstest::rstest]
    #[case("readonly = true", true, false)]
    #[case("read_only = false", true, false)]
    #[case("ReadOnly = true", true, false)]
    #[case("allow_run = false", false, true)]
    #[case("thme = \"dark\"", false, false)]
    fn misspelled_setting_never_allows_more(
        #[case] line: &str,
        #[case] is_read_only: bool,
        #[case] is_run_forbidden: bool,
    ) {
        let file = parse(line);
        assert_eq!(file.is_read_only, is_read_only);
        assert_eq!(file.is_run_forbidden, is_run_forbidden);
        assert_eq!(file.problems.len(), 1, "{file:?}");
        let is_restricted = is_read_only || is_run_forbidden;
        assert_eq!(
            file.problems[0].contains("until this is fixed"),
            is_restricted
        );
    }

    #[test]
    fn invalid_data_directory_is_not_replaced_by_the_default() {
        let error = parse("data = 7\n").check_location().unwrap_err();
        assert!(error.starts_with("config.toml: data must be"), "{error}");
        assert_eq!(parse("data = \"d\"\n").check_location(), Ok(()));
    }

    #[test]
    fn invalid_read_only_refuses_all_changes() {
        let file = parse("read-only = \"yes\"\n");
        assert!(file.is_read_only);
        assert!(
            file.problems[0].contains("all changes are refused"),
            "{file:?}"
        );
    }

    #[rstest::rstest]
    #[case::a_slip(
        "server = \"https://h\"\nreadonly = true",
        "line 3: unknown target setting 'readonly'"
    )]
    #[case::wrong_type(
        "server = \"https://h\"\nread-only = \"true\"",
        "line 3: read-only must be true or false"
    )]
    #[case::nowhere("badge = \"X\"", "line 1: target 'prod' has no location")]
    #[case::twice("server = \"https://h\"\ndata = \"d\"", "both server and data")]
    #[case::foreign(
        "data = \"d\"\ntoken-file = \"t\"",
        "token-file and ca-file are for servers"
    )]
    #[case::two_remote(
        "server = \"https://h\"\numbraco = \"https://h\"",
        "both server and umbraco"
    )]
    #[case::client_of_server(
        "server = \"https://h\"\nclient-id = \"c\"",
        "are for an Umbraco site"
    )]
    #[case::token_of_site(
        "umbraco = \"https://h\"\ntoken-file = \"t\"",
        "token-file is for an umai server"
    )]
    #[case::key_of_site(
        "umbraco = \"https://h\"\nkey-file = \"k\"",
        "are for a store that umai opens itself"
    )]
    #[case::password(
        "umbraco = \"https://me:planted@h\"",
        "use client-id and client-secret-file"
    )]
    #[case::foreign_here(
        "server = \"https://h\"\nkey-file = \"k\"",
        "are for a store that umai opens itself"
    )]
    #[case::colour("data = \"d\"\ncolor = \"reddish\"", "'reddish' is not a color")]
    #[case::badge(
        "data = \"d\"\nbadge = \"a very long badge\"",
        "at most 16 columns wide"
    )]
    #[case::hidden("data = \"d\"\nbadge = \"a\\u200Bb\"", "invisible characters")]
    fn target_with_an_invalid_line_is_an_error(#[case] lines: &str, #[case] why: &str) {
        let file = parse(&format!(
            "[targets.prod]\n{lines}\n[targets.dev]\ndata = \"d\"\n"
        ));
        let error = file.target("prod").unwrap_err();
        assert!(error.contains(why), "{error}");
        assert!(error.contains("config.toml, line "), "{error}");
        assert_eq!(file.problems.len(), 1, "{file:?}");
        assert!(file.target("dev").is_ok(), "the others work");
    }

    #[test]
    fn unreadable_file_is_reported_and_its_settings_are_not_guessed() {
        let file = parse("theme = \"dark\"\nread-only = false\n[targets.prod\n");
        assert!(
            file.problems[0].starts_with("config.toml, line 3: "),
            "{file:?}"
        );
        assert!(
            file.problems[0].contains("all changes are refused"),
            "{file:?}"
        );
        assert!(file.is_read_only && file.is_run_forbidden);
        assert_eq!(file.theme, None);
        let error = file.target("prod").unwrap_err();
        assert!(
            error.contains("Cannot look up target 'prod': config.toml, line 3"),
            "{error}"
        );
        let error = file.check_location().unwrap_err();
        assert!(error.contains("fix it, or name"), "{error}");
    }

    #[test]
    fn missing_default_target_is_an_error() {
        assert!(parse("target = \"prod\"\n").default_target().is_err());
        assert!(parse("target = 7\n").default_target().is_err());
        let error = parse("target = \"x\"\n[targets.a]\ndata = \"d\"\n").default_target();
        assert_eq!(error.unwrap_err(), "No target 'x'. Known targets: a");
    }
}
