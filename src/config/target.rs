//! A target: a named place where connections are, with the look and the limits it has on screen.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::lines::{Lines, in_order};
use crate::disk;
use crate::text::{columns, is_visible_text, printable};

/// The widest badge, in columns: it stands in the first line, where one also reads where one is.
const WIDEST_BADGE: usize = 16;

/// The colours that have a name.
const COLOURS: [&str; 8] = [
    "red", "green", "yellow", "blue", "magenta", "cyan", "white", "black",
];

/// A named place where connections are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// Where its connections are.
    pub place: Place,
    /// The word in the first line of the app.
    pub badge: Option<String>,
    /// The colour of that word: a name, 0 … 255 or #rrggbb.
    pub color: Option<String>,
    /// Whether nothing can be changed there.
    pub is_read_only: bool,
}

/// Where a target's connections are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// On a server.
    Server {
        /// Its address, as it is written.
        address: String,
        /// The file with the token for it.
        token_file: Option<PathBuf>,
        /// The certificates it is trusted by, besides the system's.
        ca_file: Option<PathBuf>,
    },
    /// On this machine.
    Here {
        /// The folder they are kept in.
        data: PathBuf,
        /// The sealing key, when it is not in the config folder.
        key_file: Option<PathBuf>,
        /// What references resolve against, when it is not in the working folder.
        appsettings: Option<PathBuf>,
        /// The user secrets of a .NET project, by its `UserSecretsId`.
        user_secrets: Option<String>,
        /// The folder with one file for each key.
        key_per_file: Option<PathBuf>,
    },
}

impl Place {
    /// Where it is, in words.
    pub fn shown(&self) -> String {
        match self {
            Self::Server { address, .. } => address.clone(),
            Self::Here { data, .. } => data.display().to_string(),
        }
    }
}

/// The lines of a target, before it is known whether they make one.
#[derive(Default)]
struct Draft {
    server: Option<String>,
    token_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
    data: Option<PathBuf>,
    key_file: Option<PathBuf>,
    appsettings: Option<PathBuf>,
    user_secrets: Option<String>,
    key_per_file: Option<PathBuf>,
    badge: Option<String>,
    color: Option<String>,
    is_read_only: bool,
}

impl Target {
    /// Reads the section of a target; every line of it must be understood, since one that is not may be what keeps it unchanged.
    pub(super) fn read(
        name: &Spanned<Cow<'_, str>>,
        section: &DeTable<'_>,
        lines: &Lines<'_>,
    ) -> Result<Self, String> {
        let mut draft = Draft::default();
        for (key, value) in in_order(section) {
            let at = lines.at(key.span().start);
            draft
                .take(key.get_ref(), value.get_ref(), lines.folder)
                .map_err(|why| format!("{at}: {why}"))?;
        }
        draft
            .finish(name.get_ref())
            .map_err(|why| format!("{}: {why}", lines.at(name.span().start)))
    }
}

impl Draft {
    fn take(&mut self, key: &str, value: &DeValue<'_>, folder: &Path) -> Result<(), String> {
        let text = || text(key, value);
        let path = || path(key, value, folder).map(Some);
        match key {
            "server" => self.server = Some(address(text()?)?),
            "token-file" => self.token_file = path()?,
            "ca-file" => self.ca_file = path()?,
            "data" => self.data = path()?,
            "key-file" => self.key_file = path()?,
            "appsettings" => self.appsettings = path()?,
            "user-secrets" => self.user_secrets = Some(text()?),
            "key-per-file" => self.key_per_file = path()?,
            "badge" => self.badge = Some(badge(text()?)?),
            "color" => self.color = Some(color(text()?)?),
            "read-only" => {
                self.is_read_only = value
                    .as_bool()
                    .ok_or("read-only is true or false, without quotes")?;
            }
            _ => {
                return Err(format!(
                    "a target has no '{}'; it has server, token-file, ca-file or data, key-file, appsettings, user-secrets, key-per-file, and badge, color, read-only",
                    printable(key)
                ));
            }
        }
        Ok(())
    }

    fn finish(self, name: &str) -> Result<Target, String> {
        let shown = printable(name);
        let is_of_server = self.token_file.is_some() || self.ca_file.is_some();
        let is_of_here = self.key_file.is_some()
            || self.appsettings.is_some()
            || self.user_secrets.is_some()
            || self.key_per_file.is_some();
        let place = match (self.server, self.data) {
            (Some(_), Some(_)) => {
                return Err(format!(
                    "the target '{shown}' has both server and data: it is in one place only"
                ));
            }
            (None, None) => {
                return Err(format!(
                    "the target '{shown}' says nowhere where it is: give it server = \"https://…\" or data = \"folder\""
                ));
            }
            (Some(_), None) if is_of_here => {
                return Err(format!(
                    "the target '{shown}' is a server, which has its own key-file, appsettings, user-secrets and key-per-file: leave them out"
                ));
            }
            (None, Some(_)) if is_of_server => {
                return Err(format!(
                    "the target '{shown}' is on this machine, where no token-file and ca-file are needed: leave them out"
                ));
            }
            (Some(address), None) => Place::Server {
                address,
                token_file: self.token_file,
                ca_file: self.ca_file,
            },
            (None, Some(data)) => Place::Here {
                data,
                key_file: self.key_file,
                appsettings: self.appsettings,
                user_secrets: self.user_secrets,
                key_per_file: self.key_per_file,
            },
        };
        Ok(Target {
            name: name.to_owned(),
            place,
            badge: self.badge,
            color: self.color,
            is_read_only: self.is_read_only,
        })
    }
}

/// The text that a line says.
pub(super) fn text(key: &str, value: &DeValue<'_>) -> Result<String, String> {
    match value.as_str().map(str::trim) {
        Some("") => Err(format!("{key} is empty")),
        Some(text) => Ok(text.to_owned()),
        None => Err(format!("{key} is a text in quotes")),
    }
}

/// The path in a line: `~/` is the home folder, and a relative path begins from the folder of the file.
pub(super) fn path(key: &str, value: &DeValue<'_>, folder: &Path) -> Result<PathBuf, String> {
    let path = disk::expand_home(Path::new(&text(key, value)?));
    Ok(folder.join(path.map_err(|why| format!("{key}: {why}"))?))
}

/// An address that may be shown.
fn address(text: String) -> Result<String, String> {
    if text.contains('@') {
        // It is not repeated: it may hold a password.
        return Err(
            "server has a user name or a password in it; name the file of a token with token-file"
                .into(),
        );
    }
    Ok(text)
}

fn badge(text: String) -> Result<String, String> {
    if !is_visible_text(&text) || printable(&text) != text {
        return Err("badge has characters that cannot be seen".into());
    }
    if columns(&text) > WIDEST_BADGE {
        return Err(format!("badge is at most {WIDEST_BADGE} columns wide"));
    }
    Ok(text)
}

fn color(text: String) -> Result<String, String> {
    let is_hex = |text: &str| {
        text.strip_prefix('#').is_some_and(|digits| {
            digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
        })
    };
    if COLOURS.contains(&text.as_str()) || text.parse::<u8>().is_ok() || is_hex(&text) {
        return Ok(text);
    }
    Err(format!(
        "'{}' is no colour: it is one of {}, a number from 0 to 255, or #rrggbb",
        printable(&text),
        COLOURS.join(", ")
    ))
}
