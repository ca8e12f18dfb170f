//! `config.toml` in the config directory: its settings and its errors.
//!
//! An invalid line is reported, and its default applies, unless that could allow more or use another store: an invalid or misspelled
//! `read-only` refuses changes, `allow-run` forbids `umai run`, and with such a `data` or `target` the location must be named. An
//! invalid target cannot be used. A file that cannot be read may have set all of these.

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

/// Names of the settings.
const SETTINGS: [&str; 9] = [
    "theme",
    "data",
    "backup-folder",
    "passphrase-file",
    "plain",
    "read-only",
    "allow-run",
    "target",
    "targets",
];

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
    /// Reason why all changes are refused, for every target.
    pub read_only: Option<String>,
    /// Reason why `umai run` is forbidden.
    pub run_forbidden: Option<String>,
    /// Errors in the file, one sentence each.
    pub problems: Vec<String>,
    /// Default target, or the reason why it is unknown.
    target: Option<Result<String, String>>,
    targets: Vec<(String, Result<Target, String>)>,
    /// Reason why neither the directory nor the file may be used: other users can change them.
    pub refused: Option<String>,
    /// Error that made the whole file unreadable.
    unread: Option<String>,
    /// Reason why the default data directory is unknown.
    no_data: Option<String>,
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
            let (at, key) = (key.span().start, key.get_ref());
            if let Err(why) = read.take(key, value.get_ref(), &lines) {
                let problem = format!("{}: {why}", lines.at(at));
                let consequence = read.restrict(key, &problem);
                read.problems.push(format!("{problem}{consequence}"));
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

    /// Returns an error if the whole file cannot be read.
    pub fn check_readable(&self) -> Result<(), String> {
        self.unread.clone().map_or(Ok(()), Err)
    }

    /// Returns an error if the default data directory is unknown.
    pub fn check_data(&self) -> Result<(), String> {
        self.no_data.clone().map_or(Ok(()), Err)
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
        let no_location = format!(
            "{why}. The file may name another store: fix it, or name the location with --data or --server"
        );
        Self {
            problems: vec![format!(
                "{why}; until this is fixed, all changes are refused, umai run is forbidden, and the location must be named"
            )],
            read_only: Some(format!("{why}; the file may set read-only")),
            run_forbidden: Some(format!("{why}; the file may set allow-run = false")),
            target: Some(Err(no_location.clone())),
            no_data: Some(no_location),
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
            "data" => self.data = Some(path(key, value, lines.folder)?),
            "backup-folder" => {
                self.backup_folder = Some(path(key, value, lines.folder)?);
            }
            "passphrase-file" => {
                self.passphrase_file = Some(path(key, value, lines.folder)?);
            }
            "plain" => self.is_plain = switch(key, value)?,
            "read-only" => {
                if switch(key, value)? {
                    self.read_only
                        .get_or_insert_with(|| format!("{NAME} sets read-only"));
                }
            }
            "allow-run" => {
                if !switch(key, value)? {
                    self.run_forbidden
                        .get_or_insert_with(|| format!("{NAME} sets allow-run = false"));
                }
            }
            "target" => {
                let name = text(key, value)?;
                self.target.get_or_insert(Ok(name));
            }
            "targets" => {
                let sections = value
                    .as_table()
                    .ok_or("targets must be sections, such as [targets.prod]")?;
                self.take_targets(sections, lines);
            }
            _ => return Err(unknown(key)),
        }
        Ok(())
    }

    /// Applies the strict value of a setting whose line is invalid, or whose name is misspelled. A correct line does not change it.
    /// Returns the consequence, to follow the problem.
    fn restrict(&mut self, key: &str, problem: &str) -> &'static str {
        match meant(key) {
            Some("read-only") => {
                self.read_only = Some(problem.to_owned());
                "; until this is fixed, all changes are refused"
            }
            Some("allow-run") => {
                self.run_forbidden = Some(problem.to_owned());
                "; until this is fixed, umai run is forbidden"
            }
            Some("data") => {
                self.no_data = Some(no_location(problem));
                "; until this is fixed, the location must be named"
            }
            Some("target") => {
                self.target = Some(Err(no_location(problem)));
                "; until this is fixed, the location must be named"
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

fn unknown(key: &str) -> String {
    let shown = printable(key);
    match meant(key) {
        Some("targets") => format!("unknown setting '{shown}'; write [targets.NAME]"),
        Some(name) => format!("unknown setting '{shown}'; write {name}"),
        None => {
            let known = SETTINGS.map(|name| match name {
                "targets" => "[targets.NAME]",
                name => name,
            });
            format!(
                "unknown setting '{shown}'; known settings: {}",
                known.join(", ")
            )
        }
    }
}

/// Returns the setting with the same letters.
fn meant(key: &str) -> Option<&'static str> {
    let letters = |name: &str| -> String {
        let letters = name.chars().filter(|letter| letter.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    let written = letters(key);
    SETTINGS.into_iter().find(|name| letters(name) == written)
}

/// Returns the error of a command that would use the default location.
fn no_location(problem: &str) -> String {
    format!("{problem}. Fix it, or name the location with --data or --target")
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
        assert!(file.is_plain && file.read_only.is_none());
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
                "config.toml, line 1: unknown setting 'thme'; known settings: theme, data, backup-folder, passphrase-file, plain, read-only, allow-run, target, [targets.NAME]",
                "config.toml, line 2: plain must be true or false, without quotes",
                "config.toml, line 3: theme must be text in quotes",
            ]
        );
        assert_eq!((file.theme, file.is_plain), (None, false));
    }

    #[rstest::rstest]
    #[case("", None)]
    #[case("allow-run = true", None)]
    #[case("allow-run = false", Some("config.toml sets allow-run = false"))]
    #[case(
        "allow-run = \"yes\"",
        Some("config.toml, line 1: allow-run must be true or false, without quotes")
    )]
    #[case(
        "allow_run = true",
        Some("config.toml, line 1: unknown setting 'allow_run'; write allow-run")
    )]
    #[case::not_replaced_by_a_later_line(
        "allow_run = false\nallow-run = true",
        Some("config.toml, line 1: unknown setting 'allow_run'; write allow-run")
    )]
    fn run_is_forbidden_unless_the_line_is_valid(#[case] text: &str, #[case] why: Option<&str>) {
        let file = parse(text);
        assert_eq!(file.run_forbidden.as_deref(), why);
        assert_eq!(file.read_only, None);
        let consequence = file.problems.concat().contains("umai run is forbidden");
        assert_eq!(consequence, !file.problems.is_empty(), "{file:?}");
    }

    #[rstest::rstest]
    #[case("read-only = false", None)]
    #[case("read-only = true", Some("config.toml sets read-only"))]
    #[case(
        "read-only = \"yes\"",
        Some("config.toml, line 1: read-only must be true or false, without quotes")
    )]
    #[case(
        "read_only = false",
        Some("config.toml, line 1: unknown setting 'read_only'; write read-only")
    )]
    #[case::not_replaced_by_a_later_line(
        "ReadOnly = true\nread-only = false",
        Some("config.toml, line 1: unknown setting 'ReadOnly'; write read-only")
    )]
    #[case::added_to_an_earlier_line(
        "read-only = false\nreadonly = true",
        Some("config.toml, line 2: unknown setting 'readonly'; write read-only")
    )]
    fn changes_are_refused_unless_the_line_is_valid(#[case] text: &str, #[case] why: Option<&str>) {
        let file = parse(text);
        assert_eq!(file.read_only.as_deref(), why);
        assert_eq!(file.run_forbidden, None);
        let consequence = file.problems.concat().contains("all changes are refused");
        assert_eq!(consequence, !file.problems.is_empty(), "{file:?}");
    }

    #[rstest::rstest]
    #[case("data = 7", "line 1: data must be text in quotes. Fix it, or name")]
    #[case("Data = \"d\"", "line 1: unknown setting 'Data'; write data. Fix it")]
    #[case("Data = \"d\"\ndata = \"e\"", "line 1: unknown setting 'Data'")]
    fn invalid_data_directory_is_not_replaced_by_the_default(
        #[case] text: &str,
        #[case] why: &str,
    ) {
        let file = parse(text);
        let error = file.check_data().unwrap_err();
        assert!(error.contains(why), "{error}");
        assert!(
            file.problems[0].ends_with("the location must be named"),
            "{file:?}"
        );
        assert_eq!(file.default_target(), Ok(None));
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
        for (reason, setting) in [
            (&file.read_only, "may set read-only"),
            (&file.run_forbidden, "may set allow-run = false"),
        ] {
            assert!(reason.as_ref().unwrap().ends_with(setting), "{reason:?}");
        }
        assert_eq!(file.theme, None);
        let error = file.target("prod").unwrap_err();
        assert!(
            error.contains("Cannot look up target 'prod': config.toml, line 3"),
            "{error}"
        );
        for error in [
            file.check_data().unwrap_err(),
            file.default_target().unwrap_err(),
        ] {
            assert!(error.contains("fix it, or name"), "{error}");
        }
    }

    #[test]
    fn missing_default_target_is_an_error() {
        assert!(parse("target = \"prod\"\n").default_target().is_err());
        for text in ["target = 7\n", "target = \"a\"\nTarget = \"b\"\n"] {
            let error = parse(text).default_target().unwrap_err();
            assert!(error.contains("Fix it, or name the location"), "{error}");
        }
        let error = parse("target = \"x\"\n[targets.a]\ndata = \"d\"\n").default_target();
        assert_eq!(error.unwrap_err(), "No target 'x'. Known targets: a");
    }
}
