//! Server that a command uses, if any.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use clap::ArgMatches;
use clap::parser::ValueSource;
use zeroize::Zeroizing;

use super::Globals;
use super::exit::Failure;
use crate::api::client::RemoteOptions;
use crate::text;

/// Environment variable with the token, if no file is given.
const TOKEN: &str = "UMAI_TOKEN";

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
            "target",
            "token_file",
            "ca_file",
            "data",
            "key_file",
            "appsettings",
            "user_secrets",
            "key_per_file",
            "config",
        ];
        let is_written =
            |option: &&str| matches.value_source(option) == Some(ValueSource::CommandLine);
        Self(options.into_iter().filter(is_written).collect())
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

const SERVER: &str = "server";

/// Options for files on this machine.
const LOCAL_OPTIONS: [&str; 5] = [
    "data",
    "key_file",
    "appsettings",
    "user_secrets",
    "key_per_file",
];

/// Options for a server.
const REMOTE_OPTIONS: [&str; 2] = ["token_file", "ca_file"];

/// Returns the server to use; none for the local store. Warnings about its files are added to `notices`.
pub fn selected(
    globals: &Globals,
    notices: &mut Vec<String>,
) -> Result<Option<RemoteOptions>, Failure> {
    let written = &globals.explicit;
    let here = written.first(&LOCAL_OPTIONS);
    let address = match (&globals.server, here) {
        (Some(_), Some(option)) if written.has(SERVER) => {
            return Err(Failure::Usage(format!(
                "--server and {option} exclude each other: {option} is for the local store. Remove one"
            )));
        }
        (Some(address), None) if address.is_empty() && written.has(SERVER) => {
            return Err(Failure::Usage(
                "--server is empty. Give the URL of a server, or remove the option for the local store".into(),
            ));
        }
        // Explicit options override the environment.
        (_, Some(_)) | (None, None) => None,
        (Some(address), None) => Some(address).filter(|address| !address.is_empty()),
    };
    let Some(address) = address else {
        return match written.first(&REMOTE_OPTIONS) {
            Some(option) => Err(Failure::Usage(format!(
                "{option} needs --server or a target"
            ))),
            None => Ok(None),
        };
    };
    let mut options = RemoteOptions::new(address.parse().map_err(Failure::Usage)?);
    if let Some(path) = &globals.token_file {
        let token = token_of_file(path)?;
        let again = path.clone();
        options = options
            .with_token(&token)
            .map_err(|reason| Failure::Usage(format!("The content of the --token-file {reason}")))?
            .with_token_source(move || token_of_file(&again).ok());
        notices.extend(exposed(path));
    } else if let Some(token) = token_of_environment() {
        options = options
            .with_token(text::trim_invisible(&token))
            .map_err(|reason| Failure::Usage(format!("The content of {TOKEN} {reason}")))?;
    }
    if let Some(path) = &globals.ca_file {
        let pem = read(path, "--ca-file")?;
        options = options
            .with_certificates(&pem, path)
            .map_err(|reason| Failure::Usage(format!("{} {reason}", path.display())))?;
    }
    Ok(Some(options))
}

/// Refuses an explicit server for a command on the local store; a server from the environment is ignored.
pub fn reject_conflicts(globals: &Globals, command: &str) -> Result<(), Failure> {
    let written = globals
        .explicit
        .first(&[SERVER, REMOTE_OPTIONS[0], REMOTE_OPTIONS[1]]);
    written.map_or(Ok(()), |option| {
        Err(Failure::Usage(format!(
            "{command} works on the local store only. Remove {option}"
        )))
    })
}

fn token_of_file(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let token = read(path, "--token-file")?;
    let token = std::str::from_utf8(&token).map(text::trim_invisible);
    if token.is_ok_and(str::is_empty) {
        return Err(Failure::Usage("The file of --token-file is empty".into()));
    }
    Ok(Zeroizing::new(token.unwrap_or_default().to_owned()))
}

fn token_of_environment() -> Option<Zeroizing<String>> {
    let token = Zeroizing::new(std::env::var(TOKEN).ok()?);
    (!token.trim().is_empty()).then_some(token)
}

fn read(path: &Path, option: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
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

/// Returns a warning if others can read the token file.
fn exposed(path: &Path) -> Option<String> {
    let mode = fs::metadata(path).ok()?.permissions().mode();
    let shown = path.display();
    (mode & READABLE_BY_OTHERS != 0)
        .then(|| format!("{shown} is readable by others; run: chmod go-r {shown}"))
}
