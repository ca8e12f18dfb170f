//! `config.toml` in the config folder: what its lines say, and what is wrong with them.
//!
//! A line that is wrong is said, and the default holds in its place. Two are not left at that: a target that is asked for and
//! cannot be read is an error, and a `read-only` that cannot be read keeps everything unchanged.

use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::lines::{Lines, in_order};
use super::target::{Target, path, text};
use crate::text::file::{self, FileFlaw};
use crate::text::fold::nfc;
use crate::text::printable;

/// The file's name in the config folder.
pub const NAME: &str = "config.toml";

/// The most bytes it has.
const MAX_BYTES: usize = 64 * 1024;

/// What `config.toml` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigFile {
    /// The theme.
    pub theme: Option<String>,
    /// The data folder.
    pub data: Option<PathBuf>,
    /// Another folder, where backups are copied to.
    pub backup_folder: Option<PathBuf>,
    /// The file with the passphrase of the key.
    pub passphrase_file: Option<PathBuf>,
    /// Whether the app speaks line by line.
    pub is_plain: bool,
    /// Whether nothing can be changed, wherever the connections are.
    pub is_read_only: bool,
    /// What is wrong with it, one sentence each.
    pub problems: Vec<String>,
    /// The target that is meant when none is named, or why that is not known.
    target: Option<Result<String, String>>,
    targets: Vec<(String, Result<Target, String>)>,
    /// Why nothing of it can be read.
    unread: Option<String>,
}

impl ConfigFile {
    /// Reads the file of a config folder; one that is not there says nothing.
    pub fn read(folder: &Path) -> Self {
        match file::read(&folder.join(NAME), MAX_BYTES) {
            Ok(text) => Self::parse(&text, folder),
            Err(FileFlaw::NotThere) => Self::default(),
            Err(FileFlaw::Unusable(why)) => Self::unread(format!("{NAME} {why}")),
        }
    }

    /// Reads its text; paths in it begin from the folder.
    pub fn parse(text: &str, folder: &Path) -> Self {
        let lines = Lines {
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

    /// The target of this name.
    pub fn target(&self, name: &str) -> Result<Target, String> {
        let shown = printable(name);
        if let Some(why) = &self.unread {
            return Err(format!("The target '{shown}' cannot be looked up: {why}"));
        }
        match self
            .targets
            .iter()
            .find(|(known, _)| nfc(known) == nfc(name))
        {
            Some((_, Ok(target))) => Ok(target.clone()),
            Some((_, Err(why))) => Err(format!("The target '{shown}' cannot be used: {why}")),
            None if self.targets.is_empty() => Err(format!(
                "There is no target '{shown}': {NAME} in the config folder names none"
            )),
            None => {
                let names = self.targets.iter().map(|(name, _)| printable(name));
                let names: Vec<_> = names.collect();
                Err(format!(
                    "There is no target '{shown}'; there is {}",
                    names.join(", ")
                ))
            }
        }
    }

    /// The target that is meant when none is named.
    pub fn default_target(&self) -> Result<Option<Target>, String> {
        match &self.target {
            None => Ok(None),
            Some(Ok(name)) => self.target(name).map(Some),
            Some(Err(why)) => Err(why.clone()),
        }
    }

    /// Whether a target is the one that is meant when none is named.
    pub fn is_default(&self, name: &str) -> bool {
        matches!(&self.target, Some(Ok(known)) if nfc(known) == nfc(name))
    }

    /// Every target by its name, or why it cannot be used.
    pub fn targets(&self) -> &[(String, Result<Target, String>)] {
        &self.targets
    }

    fn unread(why: String) -> Self {
        Self {
            problems: vec![format!("{why}; nothing of it is used")],
            unread: Some(why),
            ..Self::default()
        }
    }

    fn take(&mut self, key: &str, value: &DeValue<'_>, lines: &Lines<'_>) -> Result<(), String> {
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
                self.is_read_only = true;
                self.is_read_only = switch(key, value)
                    .map_err(|why| format!("{why}; until it is, nothing is changed"))?;
            }
            "target" => {
                let named = text(key, value);
                self.target = Some(named.clone().map_err(|why| format!("{NAME}: {why}")));
                named?;
            }
            "targets" => {
                let sections = value
                    .as_table()
                    .ok_or("targets are sections, such as [targets.prod]")?;
                self.take_targets(sections, lines);
            }
            _ => {
                return Err(format!(
                    "there is no setting '{}'; there is theme, data, backup-folder, passphrase-file, plain, read-only, target and [targets.NAME]",
                    printable(key)
                ));
            }
        }
        Ok(())
    }

    fn take_targets(&mut self, sections: &DeTable<'_>, lines: &Lines<'_>) {
        for (name, section) in in_order(sections) {
            let read = match section.get_ref().as_table() {
                Some(section) => Target::read(name, section, lines),
                None => Err(format!(
                    "{}: a target is a section, such as [targets.prod]",
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
        .ok_or_else(|| format!("{key} is true or false, without quotes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::target::Place;

    fn parse(text: &str) -> ConfigFile {
        ConfigFile::parse(text, Path::new("/etc/umai"))
    }

    #[test]
    fn everything_that_can_be_said_is_understood() {
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
        let Place::Server { token_file, .. } = prod.place else {
            panic!("prod is a server");
        };
        assert_eq!(token_file.unwrap(), Path::new("/etc/umai/prod.token"));
        assert!(file.target("try it").is_ok());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_the_defaults_hold() {
        let file = parse("thme = \"dark\"\nplain = \"yes\"\ntheme = 7\n");
        assert_eq!(
            file.problems,
            [
                "config.toml, line 1: there is no setting 'thme'; there is theme, data, backup-folder, passphrase-file, plain, read-only, target and [targets.NAME]",
                "config.toml, line 2: plain is true or false, without quotes",
                "config.toml, line 3: theme is a text in quotes",
            ]
        );
        assert_eq!((file.theme, file.is_plain), (None, false));
    }

    #[test]
    fn a_read_only_that_cannot_be_read_keeps_everything_unchanged() {
        let file = parse("read-only = \"yes\"\n");
        assert!(file.is_read_only);
        assert!(file.problems[0].contains("nothing is changed"), "{file:?}");
    }

    #[rstest::rstest]
    #[case::a_slip(
        "server = \"https://h\"\nreadonly = true",
        "line 3: a target has no 'readonly'"
    )]
    #[case::wrong_type(
        "server = \"https://h\"\nread-only = \"true\"",
        "line 3: read-only is true or false"
    )]
    #[case::nowhere("badge = \"X\"", "line 1: the target 'prod' says nowhere")]
    #[case::twice("server = \"https://h\"\ndata = \"d\"", "both server and data")]
    #[case::foreign(
        "data = \"d\"\ntoken-file = \"t\"",
        "no token-file and ca-file are needed"
    )]
    #[case::foreign_here(
        "server = \"https://h\"\nkey-file = \"k\"",
        "its own key-file, appsettings, user-secrets"
    )]
    #[case::colour("data = \"d\"\ncolor = \"reddish\"", "'reddish' is no colour")]
    #[case::badge(
        "data = \"d\"\nbadge = \"a very long badge\"",
        "at most 16 columns wide"
    )]
    #[case::hidden("data = \"d\"\nbadge = \"a\\u200Bb\"", "cannot be seen")]
    fn a_target_that_is_not_wholly_understood_is_none(#[case] lines: &str, #[case] why: &str) {
        let file = parse(&format!(
            "[targets.prod]\n{lines}\n[targets.dev]\ndata = \"d\"\n"
        ));
        let said = file.target("prod").unwrap_err();
        assert!(said.contains(why), "{said}");
        assert!(said.contains("config.toml, line "), "{said}");
        assert_eq!(file.problems.len(), 1, "{file:?}");
        assert!(file.target("dev").is_ok(), "the others work");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_said_and_no_target_of_it_is_guessed() {
        let file = parse("theme = \"dark\"\n[targets.prod\n");
        assert!(
            file.problems[0].starts_with("config.toml, line 2: "),
            "{file:?}"
        );
        assert!(
            file.problems[0].ends_with("; nothing of it is used"),
            "{file:?}"
        );
        assert_eq!(file.theme, None);
        let said = file.target("prod").unwrap_err();
        assert!(
            said.contains("cannot be looked up: config.toml, line 2"),
            "{said}"
        );
        assert_eq!(file.default_target(), Ok(None));
    }

    #[test]
    fn a_default_target_that_is_not_there_is_an_error() {
        assert!(parse("target = \"prod\"\n").default_target().is_err());
        assert!(parse("target = 7\n").default_target().is_err());
        let said = parse("target = \"x\"\n[targets.a]\ndata = \"d\"\n").default_target();
        assert_eq!(said.unwrap_err(), "There is no target 'x'; there is a");
    }
}
