//! Target: a named location of connections, with its badge and limits.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::target_files::{EtcdFiles, LocalFiles};
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
        /// Key and sources of references.
        files: LocalFiles,
    },
    /// Store on etcd.
    Etcd {
        /// Address as written in the file.
        address: String,
        /// Certificates and user.
        access: EtcdFiles,
        /// Key and sources of references.
        files: LocalFiles,
    },
}

impl TargetLocation {
    /// Returns the location in words.
    pub fn display_address(&self) -> String {
        match self {
            Self::Server { address, .. }
            | Self::Site { address, .. }
            | Self::Etcd { address, .. } => address.clone(),
            Self::Local { data, .. } => data.display().to_string(),
        }
    }

    /// Returns the location for messages; none for a store that this process opens itself.
    pub const fn remote_kind(&self) -> Option<&'static str> {
        match self {
            Self::Server { .. } => Some("a server"),
            Self::Site { .. } => Some("an Umbraco site"),
            Self::Local { .. } | Self::Etcd { .. } => None,
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
    store: Option<String>,
    access: EtcdFiles,
    files: LocalFiles,
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
            "store" => self.store = Some(address(key, text()?)?),
            "store-ca-file" => self.access.ca_file = path()?,
            "store-cert-file" => self.access.cert_file = path()?,
            "store-cert-key-file" => self.access.cert_key_file = path()?,
            "store-user" => self.access.user = Some(text()?),
            "store-password-file" => self.access.password_file = path()?,
            "key-file" => self.files.key_file = path()?,
            "appsettings" => self.files.appsettings = path()?,
            "user-secrets" => self.files.user_secrets = Some(text()?),
            "key-per-file" => self.files.key_per_file = path()?,
            "badge" => self.badge = Some(badge(text()?)?),
            "color" => self.color = Some(color(text()?)?),
            "read-only" => {
                self.is_read_only = value
                    .as_bool()
                    .ok_or("read-only must be true or false, without quotes")?;
            }
            _ => {
                return Err(format!(
                    "unknown target setting '{}'; known settings: server, token-file, ca-file; or umbraco, client-id, client-secret-file, ca-file; or data, key-file, appsettings, user-secrets, key-per-file; or store, store-ca-file, store-cert-file, store-cert-key-file, store-user, store-password-file; and badge, color, read-only",
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
        match (self.server, self.umbraco, self.store, self.data) {
            (Some(address), ..) => Ok(TargetLocation::Server {
                address,
                token_file: self.token_file,
                ca_file: self.ca_file,
            }),
            (None, Some(address), ..) => Ok(TargetLocation::Site {
                address,
                client_id: self.client_id,
                client_secret_file: self.client_secret_file,
                ca_file: self.ca_file,
            }),
            (None, None, Some(address), _) => Ok(TargetLocation::Etcd {
                address,
                access: self.access,
                files: self.files,
            }),
            (None, None, None, Some(data)) => Ok(TargetLocation::Local {
                data,
                files: self.files,
            }),
            (None, None, None, None) => Err(
                "has no location. Add server = \"https://…\", umbraco = \"https://…\", store = \"etcd://…\" or data = \"directory\"".into(),
            ),
        }
    }

    /// Rejects a second location, and settings of another kind of location.
    fn check_fit(&self) -> Result<(), String> {
        let locations = [
            ("server", self.server.is_some()),
            ("umbraco", self.umbraco.is_some()),
            ("store", self.store.is_some()),
            ("data", self.data.is_some()),
        ];
        let mut given = locations.iter().filter(|(_, is_given)| *is_given);
        let first = given.next().map(|(name, _)| *name);
        if let (Some(first), Some((second, _))) = (first, given.next()) {
            return Err(format!("has both {first} and {second}. Remove one"));
        }
        let is_of_here = !self.files.is_empty();
        let is_of_etcd = !self.access.is_empty();
        let is_of_site = self.client_id.is_some() || self.client_secret_file.is_some();
        let is_of_server = self.token_file.is_some();
        let (kind, other) = match first {
            Some("server") if is_of_here => ("a server", OF_HERE),
            Some("server") if is_of_site => ("a server", OF_SITE),
            Some("server") if is_of_etcd => ("a server", OF_ETCD),
            Some("umbraco") if is_of_here => ("an Umbraco site", OF_HERE),
            Some("umbraco") if is_of_etcd => ("an Umbraco site", OF_ETCD),
            Some("umbraco") if is_of_server => (
                "an Umbraco site",
                "token-file is for an umai server. Write client-id and client-secret-file instead",
            ),
            Some("store") if is_of_site => ("a store on etcd", OF_SITE),
            Some("store") if is_of_server || self.ca_file.is_some() => (
                "a store on etcd",
                "token-file and ca-file are for servers. Write store-ca-file instead of ca-file",
            ),
            Some("data") if is_of_site => ("a local store", OF_SITE),
            Some("data") if is_of_etcd => ("a local store", OF_ETCD),
            Some("data") if is_of_server || self.ca_file.is_some() => (
                "a local store",
                "token-file and ca-file are for servers. Remove them",
            ),
            _ => return Ok(()),
        };
        Err(format!("is {kind}; {other}"))
    }
}

const OF_ETCD: &str = "store-ca-file, store-cert-file, store-cert-key-file, store-user and store-password-file are for a store on etcd. Remove them";

const OF_HERE: &str = "key-file, appsettings, user-secrets and key-per-file are for a store that umai opens itself (data or store). Remove them";

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
        let instead = match key {
            "server" => "token-file for an access token",
            "store" => "store-user and store-password-file",
            _ => "client-id and client-secret-file",
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
