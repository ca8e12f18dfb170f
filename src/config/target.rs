//! Target: a named location of connections, with its badge and limits.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::toml_lines::{TomlLines, in_order};
use crate::atomic_file;
use crate::text::{columns, is_visible_text, printable};

/// Maximum width of a badge in columns; it shares the first line with the location.
const WIDEST_BADGE: usize = 16;

/// Names of colors.
const COLOURS: [&str; 8] = [
    "red", "green", "yellow", "blue", "magenta", "cyan", "white", "black",
];

/// Named location of connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Name.
    pub name: String,
    /// Location of the connections.
    pub location: TargetLocation,
    /// Badge in the first line of the app.
    pub badge: Option<String>,
    /// Color of the badge: a name, 0 … 255 or #rrggbb.
    pub color: Option<String>,
    /// True if all changes are refused there.
    pub is_read_only: bool,
}

/// Location of a target's connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetLocation {
    /// Server.
    Server {
        /// URL as written in the file.
        address: String,
        /// File with the access token.
        token_file: Option<PathBuf>,
        /// Certificates to trust, in addition to the system's.
        ca_file: Option<PathBuf>,
    },
    /// Umbraco site, signed in to as an API user.
    Site {
        /// URL as written in the file.
        address: String,
        /// Client ID of the API user.
        client_id: Option<String>,
        /// File with the client secret.
        client_secret_file: Option<PathBuf>,
        /// Certificates to trust, in addition to the system's.
        ca_file: Option<PathBuf>,
    },
    /// Local store.
    Local {
        /// Data directory.
        data: PathBuf,
        /// Key file, if it is not in the config directory.
        key_file: Option<PathBuf>,
        /// Appsettings file, if it is not in the working directory.
        appsettings: Option<PathBuf>,
        /// User secrets of a .NET project, by `UserSecretsId`.
        user_secrets: Option<String>,
        /// Directory with one file per configuration key.
        key_per_file: Option<PathBuf>,
    },
}

impl TargetLocation {
    /// Returns the location in words.
    pub fn display_address(&self) -> String {
        match self {
            Self::Server { address, .. } | Self::Site { address, .. } => address.clone(),
            Self::Local { data, .. } => data.display().to_string(),
        }
    }

    /// Returns the location for messages; none for a local store.
    pub const fn remote_kind(&self) -> Option<&'static str> {
        match self {
            Self::Server { .. } => Some("a server"),
            Self::Site { .. } => Some("an Umbraco site"),
            Self::Local { .. } => None,
        }
    }
}

impl Target {
    /// Returns true for an Umbraco site whose client secret was removed, as `umai logout` does.
    pub fn is_signed_out(&self) -> bool {
        match &self.location {
            TargetLocation::Site {
                client_secret_file: Some(path),
                ..
            } => !path.exists(),
            _ => false,
        }
    }

    /// Returns the command that signs in to the site of the target.
    pub fn login_command(&self) -> String {
        let name = shlex::try_quote(&self.name).unwrap_or_default();
        let address = self.location.display_address();
        format!("umai login --target {name} {address}")
    }
}

/// Lines of a target before validation.
#[derive(Default)]
struct TargetLines {
    server: Option<String>,
    token_file: Option<PathBuf>,
    umbraco: Option<String>,
    client_id: Option<String>,
    client_secret_file: Option<PathBuf>,
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
    /// Parses the section of a target. Every line must be valid, since an invalid one could be the one that refuses changes.
    pub(super) fn read(
        name: &Spanned<Cow<'_, str>>,
        section: &DeTable<'_>,
        lines: &TomlLines<'_>,
    ) -> Result<Self, String> {
        let mut draft = TargetLines::default();
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

impl TargetLines {
    fn take(&mut self, key: &str, value: &DeValue<'_>, folder: &Path) -> Result<(), String> {
        let text = || text(key, value);
        let path = || path(key, value, folder).map(Some);
        match key {
            "server" => self.server = Some(address(key, text()?)?),
            "token-file" => self.token_file = path()?,
            "umbraco" => self.umbraco = Some(address(key, text()?)?),
            "client-id" => self.client_id = Some(text()?),
            "client-secret-file" => self.client_secret_file = path()?,
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
                    .ok_or("read-only must be true or false, without quotes")?;
            }
            _ => {
                return Err(format!(
                    "unknown target setting '{}'; known settings: server, token-file, ca-file; or umbraco, client-id, client-secret-file, ca-file; or data, key-file, appsettings, user-secrets, key-per-file; and badge, color, read-only",
                    printable(key)
                ));
            }
        }
        Ok(())
    }

    fn finish(self, name: &str) -> Result<Target, String> {
        let (badge, color, is_read_only) =
            (self.badge.clone(), self.color.clone(), self.is_read_only);
        let place = self
            .location()
            .map_err(|why| format!("target '{}' {why}", printable(name)))?;
        Ok(Target {
            name: name.to_owned(),
            location: place,
            badge,
            color,
            is_read_only,
        })
    }

    /// Returns the only location, with the settings that fit it. The error follows the name of the target.
    fn location(self) -> Result<TargetLocation, String> {
        self.check_fit()?;
        match (self.server, self.umbraco, self.data) {
            (Some(address), None, None) => Ok(TargetLocation::Server {
                address,
                token_file: self.token_file,
                ca_file: self.ca_file,
            }),
            (None, Some(address), None) => Ok(TargetLocation::Site {
                address,
                client_id: self.client_id,
                client_secret_file: self.client_secret_file,
                ca_file: self.ca_file,
            }),
            (None, None, Some(data)) => Ok(TargetLocation::Local {
                data,
                key_file: self.key_file,
                appsettings: self.appsettings,
                user_secrets: self.user_secrets,
                key_per_file: self.key_per_file,
            }),
            (None, None, None) => Err(
                "has no location. Add server = \"https://…\", umbraco = \"https://…\" or data = \"directory\"".into(),
            ),
            (Some(_), Some(_), _) => Err("has both server and umbraco. Remove one".into()),
            (Some(_), _, Some(_)) => Err("has both server and data. Remove one".into()),
            (_, Some(_), Some(_)) => Err("has both umbraco and data. Remove one".into()),
        }
    }

    /// Rejects settings of another kind of location.
    fn check_fit(&self) -> Result<(), String> {
        let is_of_here = self.key_file.is_some()
            || self.appsettings.is_some()
            || self.user_secrets.is_some()
            || self.key_per_file.is_some();
        let is_of_site = self.client_id.is_some() || self.client_secret_file.is_some();
        let is_of_server = self.token_file.is_some();
        let (kind, other) = match (&self.server, &self.umbraco, &self.data) {
            (Some(_), None, None) if is_of_here => ("a server", OF_HERE),
            (Some(_), None, None) if is_of_site => ("a server", OF_SITE),
            (None, Some(_), None) if is_of_here => ("an Umbraco site", OF_HERE),
            (None, Some(_), None) if is_of_server => (
                "an Umbraco site",
                "token-file is for an umai server. Write client-id and client-secret-file instead",
            ),
            (None, None, Some(_)) if is_of_site => ("a local store", OF_SITE),
            (None, None, Some(_)) if is_of_server || self.ca_file.is_some() => (
                "a local store",
                "token-file and ca-file are for servers. Remove them",
            ),
            _ => return Ok(()),
        };
        Err(format!("is {kind}; {other}"))
    }
}

const OF_HERE: &str =
    "key-file, appsettings, user-secrets and key-per-file are for a local store. Remove them";

const OF_SITE: &str = "client-id and client-secret-file are for an Umbraco site. Remove them";

/// Returns the text of a line.
pub(super) fn text(key: &str, value: &DeValue<'_>) -> Result<String, String> {
    match value.as_str().map(str::trim) {
        Some("") => Err(format!("{key} is empty")),
        Some(text) => Ok(text.to_owned()),
        None => Err(format!("{key} must be text in quotes")),
    }
}

/// Returns the path of a line: `~/` is the home directory, and relative paths start from the directory of the file.
pub(super) fn path(key: &str, value: &DeValue<'_>, folder: &Path) -> Result<PathBuf, String> {
    let path = atomic_file::expand_home(Path::new(&text(key, value)?));
    Ok(folder.join(path.map_err(|why| format!("{key}: {why}"))?))
}

/// Returns a URL that may be displayed.
fn address(key: &str, text: String) -> Result<String, String> {
    if text.contains('@') {
        // The error does not repeat it: it may contain a password.
        let instead = if key == "server" {
            "token-file for an access token"
        } else {
            "client-id and client-secret-file"
        };
        return Err(format!(
            "{key} contains a user name or a password; use {instead}"
        ));
    }
    Ok(text)
}

fn badge(text: String) -> Result<String, String> {
    if !is_visible_text(&text) || printable(&text) != text {
        return Err("badge contains invisible characters".into());
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
        "'{}' is not a color: use {}, a number from 0 to 255, or #rrggbb",
        printable(&text),
        COLOURS.join(", ")
    ))
}
