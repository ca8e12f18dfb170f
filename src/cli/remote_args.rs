//! Server or Umbraco site that a command uses, if any.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use clap::ArgMatches;
use clap::parser::ValueSource;
use zeroize::Zeroizing;

use super::Globals;
use super::etcd_args::{ETCD_OPTIONS, STORE};
use super::exit::Failure;
use super::site_token_cache::SiteTokenCache;
use crate::api::client::{BaseUrl, ClientCredentials, RemoteOptions};
use crate::connection::{ConnectionError, ServerError, SiteError};
use crate::text;

/// Environment variable with the token, if no file is given.
const TOKEN: &str = "UMAI_TOKEN";

/// Environment variable with the client secret, if no file is given.
const SECRET: &str = "UMAI_CLIENT_SECRET";

/// Maximum size of a token file or certificate file in bytes.
const MOST_BYTES: u64 = 1024 * 1024;

const READABLE_BY_OTHERS: u32 = 0o044;

/// Options that were given explicitly on the command line; all others come from the environment or are defaults.
#[derive(Debug, Clone, Default)]
pub struct ExplicitOptions(Vec<&'static str>);

impl ExplicitOptions {
    /// Returns the explicit options among those that exclude each other.
    pub fn from_matches(matches: &ArgMatches) -> Self {
        let options = [
            SERVER,
            UMBRACO,
            "target",
            "token_file",
            "client_id",
            "client_secret_file",
            "ca_file",
            "data",
            "key_file",
            "appsettings",
            "user_secrets",
            "key_per_file",
            "config",
            STORE,
        ];
        let is_written =
            |option: &&str| matches.value_source(option) == Some(ValueSource::CommandLine);
        Self(
            options
                .into_iter()
                .chain(ETCD_OPTIONS)
                .filter(is_written)
                .collect(),
        )
    }

    /// Returns the options of a command that names a target itself.
    pub(super) fn target() -> Self {
        Self(vec!["target"])
    }

    /// Returns the options of a command that names a place itself, with those for access to etcd if the place is one.
    pub(super) fn for_place(&self, place: &'static str) -> Self {
        let kept = self.0.iter().copied().filter(|option| {
            ["key_file", "config"].contains(option)
                || (place == STORE && ETCD_OPTIONS.contains(option))
        });
        Self(kept.chain([place]).collect())
    }

    /// Returns true if the option was given explicitly.
    pub(super) fn has(&self, option: &str) -> bool {
        self.0.contains(&option)
    }

    /// Returns the first of these options that was given explicitly, in the form of the command line.
    pub(super) fn first(&self, options: &[&str]) -> Option<String> {
        let found = options.iter().find(|option| self.has(option))?;
        Some(format!("--{}", found.replace('_', "-")))
    }
}

/// Option with the URL of an umai server.
pub const SERVER: &str = "server";

/// Option with the URL of an Umbraco site.
pub const UMBRACO: &str = "umbraco";

/// Options for files on this machine.
const LOCAL_STORE_OPTIONS: [&str; 5] = [
    "data",
    "key_file",
    "appsettings",
    "user_secrets",
    "key_per_file",
];

/// Options for an Umbraco site only.
pub(super) const SITE_OPTIONS: [&str; 2] = ["client_id", "client_secret_file"];

/// Options for an umai server or an Umbraco site.
pub(super) const REMOTE_OPTIONS: [&str; 4] =
    ["token_file", "client_id", "client_secret_file", "ca_file"];

/// Remote location of the connections, as given.
enum RemoteLocation<'g> {
    Server(&'g str),
    Site(&'g str),
}

/// Returns the server or site to use; none for the local store. Warnings about its files are added to `notices`.
pub fn selected(
    globals: &Globals,
    notices: &mut Vec<String>,
) -> Result<Option<RemoteOptions>, Failure> {
    let written = &globals.explicit;
    let options = match location(globals)? {
        None => {
            return match written.first(&REMOTE_OPTIONS) {
                Some(option) if SITE_OPTIONS.iter().any(|one| written.has(one)) => Err(
                    Failure::Usage(format!("{option} needs --umbraco or a target")),
                ),
                Some(option) => Err(Failure::Usage(format!(
                    "{option} needs --server or a target"
                ))),
                None => Ok(None),
            };
        }
        Some(RemoteLocation::Server(address)) => {
            if let Some(option) = written.first(&SITE_OPTIONS) {
                return Err(Failure::Usage(format!(
                    "{option} is for an Umbraco site, and --server is for an umai server. Write --umbraco instead of --server"
                )));
            }
            with_token(globals, address.parse().map_err(Failure::Usage)?, notices)?
        }
        Some(RemoteLocation::Site(address)) => {
            if written.has("token_file") {
                return Err(Failure::Usage(
                    "--token-file is for an umai server. For an Umbraco site, use --client-id and --client-secret-file".into(),
                ));
            }
            let address = BaseUrl::of_site(address).map_err(Failure::Usage)?;
            site_options(globals, address, notices)?
        }
    };
    with_certificates(globals, options).map(Some)
}

/// Returns the remote location; none for the local store. Explicit options override the environment.
fn location(globals: &Globals) -> Result<Option<RemoteLocation<'_>>, Failure> {
    let written = &globals.explicit;
    let place = written.first(&[SERVER, UMBRACO]);
    if written.has(SERVER) && written.has(UMBRACO) {
        return Err(Failure::Usage(
            "--server and --umbraco exclude each other. Remove one".into(),
        ));
    }
    match (&place, written.first(&LOCAL_STORE_OPTIONS)) {
        (Some(place), Some(option)) => {
            return Err(Failure::Usage(format!(
                "{place} and {option} exclude each other: {option} is for the local store. Remove one"
            )));
        }
        (None, Some(_)) => return Ok(None),
        (_, None) => {}
    }
    let set = |text: &'_ Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    let (server, site) = (&globals.server, &globals.umbraco);
    if let Some(place) = place {
        let address = if written.has(SERVER) { server } else { site };
        let address = address.as_deref().unwrap_or_default();
        if address.is_empty() {
            let kind = if written.has(SERVER) {
                "a server"
            } else {
                "a site"
            };
            return Err(Failure::Usage(format!(
                "{place} is empty. Give the URL of {kind}, or remove the option for the local store"
            )));
        }
        return Ok(Some(if written.has(SERVER) {
            RemoteLocation::Server(address)
        } else {
            RemoteLocation::Site(address)
        }));
    }
    match (server, site) {
        (server, site) if set(server) && set(site) => Err(Failure::Usage(
            "UMAI_SERVER and UMAI_UMBRACO exclude each other. Unset one".into(),
        )),
        (Some(address), _) if !address.is_empty() => Ok(Some(RemoteLocation::Server(address))),
        (_, Some(address)) if !address.is_empty() => Ok(Some(RemoteLocation::Site(address))),
        _ => Ok(None),
    }
}

/// Returns the options of an umai server with its token.
fn with_token(
    globals: &Globals,
    address: BaseUrl,
    notices: &mut Vec<String>,
) -> Result<RemoteOptions, Failure> {
    let options = RemoteOptions::new(address);
    if let Some(path) = &globals.token_file {
        let token = token_of_file(path)?;
        let again = path.clone();
        notices.extend(exposed(path));
        let options = options.with_token(&token).map_err(|reason| {
            Failure::Usage(format!("The content of the --token-file {reason}"))
        })?;
        return Ok(options.with_token_source(move || token_of_file(&again).ok()));
    }
    match variable(TOKEN) {
        Some(token) => options
            .with_token(text::trim_invisible(&token))
            .map_err(|reason| Failure::Usage(format!("The content of {TOKEN} {reason}"))),
        None => Ok(options),
    }
}

/// Returns the options of an Umbraco site with the credentials of the API user.
fn site_options(
    globals: &Globals,
    address: BaseUrl,
    notices: &mut Vec<String>,
) -> Result<RemoteOptions, Failure> {
    let id = globals.client_id.as_deref().unwrap_or_default().trim();
    let login = login_command(globals, &address);
    if id.is_empty() {
        return Err(Failure::Usage(format!(
            "An Umbraco site needs the client ID of an API user: set --client-id or UMAI_CLIENT_ID, or run: {login}"
        )));
    }
    if let (Some(target), Some(path)) = (&globals.target, &globals.client_secret_file)
        && !globals.explicit.has("client_secret_file")
        && !path.exists()
    {
        let target = target.clone();
        let signed_out = ServerError::from(SiteError::SignedOut { target, login });
        return Err(ConnectionError::from(signed_out).into());
    }
    let secret = match client_secret(globals) {
        Ok(Some(secret)) => secret,
        Ok(None) => {
            return Err(Failure::Usage(format!(
                "An Umbraco site needs the client secret of its API user: set --client-secret-file or {SECRET}, or run: {login}"
            )));
        }
        Err(Failure::Usage(reason)) => {
            return Err(Failure::Usage(format!(
                "{reason}. To sign in, run: {login}"
            )));
        }
        Err(failure) => return Err(failure),
    };
    if let Some(path) = &globals.client_secret_file {
        notices.extend(exposed(path));
    }
    with_credentials(globals, address, &secret)
}

/// Returns the command that signs in to a site, under the name of the target if there is one.
fn login_command(globals: &Globals, address: &BaseUrl) -> String {
    match &globals.target {
        Some(name) => {
            let name = shlex::try_quote(name).unwrap_or_default();
            format!("umai login --target {name} {address}")
        }
        None => format!("umai login {address}"),
    }
}

/// Returns the client secret in the file or the variable; none without either.
pub fn client_secret(globals: &Globals) -> Result<Option<Zeroizing<String>>, Failure> {
    if let Some(path) = &globals.client_secret_file {
        return text_of_file(path, "--client-secret-file").map(Some);
    }
    let secret = variable(SECRET);
    Ok(secret.map(|secret| Zeroizing::new(text::trim_invisible(&secret).to_owned())))
}

/// Returns the options of a site that is signed in to with this secret.
pub fn options_of_site(
    globals: &Globals,
    address: BaseUrl,
    secret: &str,
) -> Result<RemoteOptions, Failure> {
    with_certificates(globals, with_credentials(globals, address, secret)?)
}

fn with_credentials(
    globals: &Globals,
    address: BaseUrl,
    secret: &str,
) -> Result<RemoteOptions, Failure> {
    let id = globals.client_id.as_deref().unwrap_or_default().trim();
    let credentials = ClientCredentials::new(id, secret).map_err(Failure::Usage)?;
    let credentials = credentials.with_login(login_command(globals, &address));
    let cache = SiteTokenCache::new(globals, &address, &credentials);
    Ok(RemoteOptions::for_site(
        address,
        credentials.with_cache(cache),
    ))
}

fn with_certificates(globals: &Globals, options: RemoteOptions) -> Result<RemoteOptions, Failure> {
    let Some(path) = &globals.ca_file else {
        return Ok(options);
    };
    let pem = read(path, "--ca-file")?;
    options
        .with_certificates(&pem, path)
        .map_err(|reason| Failure::Usage(format!("{} {reason}", path.display())))
}

/// Refuses an explicit server for a command on the store itself; a server from the environment is ignored.
pub fn reject_conflicts(globals: &Globals, command: &str) -> Result<(), Failure> {
    let options = [&[SERVER, UMBRACO], REMOTE_OPTIONS.as_slice()].concat();
    let written = globals.explicit.first(&options);
    written.map_or(Ok(()), |option| {
        Err(Failure::Usage(format!(
            "{command} works on the store itself, not through a server. Remove {option}"
        )))
    })
}

fn token_of_file(path: &Path) -> Result<Zeroizing<String>, Failure> {
    text_of_file(path, "--token-file")
}

/// Returns the text of a file without white space at its ends.
pub fn text_of_file(path: &Path, option: &str) -> Result<Zeroizing<String>, Failure> {
    let text = read(path, option)?;
    let text = std::str::from_utf8(&text).map(text::trim_invisible);
    if text.is_ok_and(str::is_empty) {
        return Err(Failure::Usage(format!("The file of {option} is empty")));
    }
    Ok(Zeroizing::new(text.unwrap_or_default().to_owned()))
}

/// Returns the secret in an environment variable; none if it is blank.
fn variable(name: &str) -> Option<Zeroizing<String>> {
    let value = Zeroizing::new(std::env::var(name).ok()?);
    (!value.trim().is_empty()).then_some(value)
}

/// Returns the content of the file of an option.
pub fn read(path: &Path, option: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let unreadable = |reason: &dyn std::fmt::Display| {
        Failure::Usage(format!("Cannot read the file of {option}: {reason}"))
    };
    let mut bytes = Zeroizing::new(Vec::new());
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let read = file.take(MOST_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(unreadable(&"it is larger than 1 MiB"));
    }
    Ok(bytes)
}

/// Returns a warning if others can read the file of a token or a secret.
pub fn exposed(path: &Path) -> Option<String> {
    let mode = fs::metadata(path).ok()?.permissions().mode();
    let shown = path.display();
    (mode & READABLE_BY_OTHERS != 0)
        .then(|| format!("{shown} is readable by others; run: chmod go-r {shown}"))
}
