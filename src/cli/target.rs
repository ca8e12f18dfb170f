//! Selection of the target, and its settings in place of options.
//!
//! Explicit options override the target, and the target overrides the environment. An explicit location also overrides a target
//! that is the default or comes from the environment.

use super::Globals;
use super::etcd_args::ETCD_OPTIONS;
use super::exit::Failure;
use super::remote_args::{REMOTE_OPTIONS, SITE_OPTIONS};
use crate::config::Config;
use crate::config::file::ConfigFile;
use crate::config::target::{Target, TargetLocation};
use crate::config::target_files::LocalFiles;

/// Options for the location of the connections.
const PLACES: [&str; 4] = ["server", "umbraco", "data", "store"];

/// Options for local files, which a server has itself.
const LOCAL_FILE_OPTIONS: [&str; 4] = ["key_file", "appsettings", "user_secrets", "key_per_file"];

/// Options for an umai server.
const SERVER_OPTIONS: [&str; 1] = ["token_file"];

/// Name of the local store, unless a target has it.
pub const LOCAL_STORE: &str = "local";

/// Source of the target's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetNameSource {
    /// `--target`.
    Argument,
    /// `UMAI_TARGET`.
    Environment,
    /// `target` in `config.toml`.
    File,
}

/// Returns the selected target and the source of its name; none if options set the location.
pub fn selected(
    globals: &Globals,
    file: &ConfigFile,
) -> Result<Option<(Target, TargetNameSource)>, Failure> {
    let written = &globals.explicit;
    let asked = match &globals.target {
        Some(_) if written.has("target") => TargetNameSource::Argument,
        Some(_) => TargetNameSource::Environment,
        None => TargetNameSource::File,
    };
    let place = written.first(&PLACES);
    if let Some(option) = &place
        && asked == TargetNameSource::Argument
    {
        return Err(Failure::Usage(format!(
            "--target and {option} exclude each other. Remove one"
        )));
    }
    let variable = location_variable(globals);
    let target = match (asked, &globals.target) {
        _ if place.is_some() => return Ok(None),
        // An empty name disables even the default.
        (_, Some(name)) if name.is_empty() => return Ok(None),
        (_, Some(name)) if name == LOCAL_STORE && file.existing(name).is_none() => {
            return match variable {
                None => Ok(None),
                Some(variable) => Err(Failure::Usage(format!(
                    "The target '{LOCAL_STORE}' and {variable} exclude each other. Unset one"
                ))),
            };
        }
        (TargetNameSource::Environment, Some(_)) if variable.is_some() => {
            return Err(Failure::Usage(format!(
                "UMAI_TARGET and {} exclude each other. Unset one",
                variable.unwrap_or_default()
            )));
        }
        (_, Some(name)) => Some(file.target(name).map_err(Failure::Usage)?),
        (_, None) if variable.is_some() || globals.data.is_some() => None,
        (_, None) => file.default_target().map_err(Failure::Usage)?,
    };
    let Some(target) = target else {
        return Ok(None);
    };
    let has_local_options = written.first(&LOCAL_FILE_OPTIONS).is_some();
    let is_remote = target.location.remote_kind().is_some();
    if is_remote && has_local_options && asked != TargetNameSource::Argument {
        return Ok(None);
    }
    check_options(globals, &target)?;
    Ok(Some((target, asked)))
}

/// Returns true if `config.toml` has a target with this name.
pub fn exists(globals: &Globals, name: &str) -> Result<bool, Failure> {
    let folder = Config::folder(globals.config.clone()).map_err(Failure::Usage)?;
    Ok(ConfigFile::read(&folder).existing(name).is_some())
}

/// Refuses explicit options that do not fit the location of a target.
fn check_options(globals: &Globals, target: &Target) -> Result<(), Failure> {
    let name = &target.name;
    let Some(kind) = target.location.remote_kind() else {
        let kind = match target.location {
            TargetLocation::Etcd { .. } => "a store on etcd",
            TargetLocation::Server { .. }
            | TargetLocation::Site { .. }
            | TargetLocation::Local { .. } => {
                reject_etcd_options(globals, name, "a local store")?;
                "a local store"
            }
        };
        return reject(globals, &REMOTE_OPTIONS, |option| {
            format!("{option} needs a server, but target '{name}' is {kind}. Remove one")
        });
    };
    reject_etcd_options(globals, name, kind)?;
    reject(globals, &LOCAL_FILE_OPTIONS, |option| {
        format!("Target '{name}' is {kind}, and {option} is for the local store. Remove one")
    })?;
    let (options, other) = match target.location {
        TargetLocation::Site { .. } => (SERVER_OPTIONS.as_slice(), "an umai server"),
        TargetLocation::Server { .. }
        | TargetLocation::Local { .. }
        | TargetLocation::Etcd { .. } => (SITE_OPTIONS.as_slice(), "an Umbraco site"),
    };
    reject(globals, options, |option| {
        format!("Target '{name}' is {kind}, and {option} is for {other}. Remove one")
    })
}

/// Returns the variable that sets a location other than a data directory.
fn location_variable(globals: &Globals) -> Option<&'static str> {
    let is_set = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    if is_set(&globals.server) {
        Some("UMAI_SERVER")
    } else if is_set(&globals.umbraco) {
        Some("UMAI_UMBRACO")
    } else if is_set(&globals.store) {
        Some("UMAI_STORE")
    } else {
        None
    }
}

fn reject_etcd_options(globals: &Globals, name: &str, kind: &str) -> Result<(), Failure> {
    reject(globals, &ETCD_OPTIONS, |option| {
        format!("{option} needs a store on etcd, but target '{name}' is {kind}. Remove one")
    })
}

fn reject(
    globals: &Globals,
    options: &[&'static str],
    sentence: impl Fn(String) -> String,
) -> Result<(), Failure> {
    let option = globals.explicit.first(options);
    option.map_or(Ok(()), |option| Err(Failure::Usage(sentence(option))))
}

/// Returns the options with those of the target in place of options that were not given explicitly.
pub fn with_target_options(globals: &Globals, target: &Target) -> Globals {
    let mut globals = globals.clone();
    let written = globals.explicit.clone();
    let over = |option, own: &mut Option<_>, value: &Option<_>| {
        if !written.has(option) && value.is_some() {
            own.clone_from(value);
        }
    };
    // The location of the target replaces one from the environment.
    globals.server = None;
    globals.umbraco = None;
    globals.store = None;
    globals.target = Some(target.name.clone());
    match &target.location {
        TargetLocation::Server {
            address,
            token_file,
            ca_file,
        } => {
            globals.server = Some(address.clone());
            over("token_file", &mut globals.token_file, token_file);
            over("ca_file", &mut globals.ca_file, ca_file);
        }
        TargetLocation::Site {
            address,
            client_id,
            client_secret_file,
            ca_file,
        } => {
            globals.umbraco = Some(address.clone());
            if !written.has("client_id") && client_id.is_some() {
                globals.client_id.clone_from(client_id);
            }
            let file = &mut globals.client_secret_file;
            over("client_secret_file", file, client_secret_file);
            over("ca_file", &mut globals.ca_file, ca_file);
        }
        TargetLocation::Local { data, files } => {
            globals.data = Some(data.clone());
            with_files(&mut globals, files);
        }
        TargetLocation::Etcd {
            address,
            access,
            files,
        } => {
            globals.store = Some(address.clone());
            globals.etcd.or(access);
            with_files(&mut globals, files);
        }
    }
    globals
}

/// Uses the local files of a target in place of options that were not given explicitly.
fn with_files(globals: &mut Globals, files: &LocalFiles) {
    let written = globals.explicit.clone();
    let over = |option, own: &mut Option<_>, value: &Option<_>| {
        if !written.has(option) && value.is_some() {
            own.clone_from(value);
        }
    };
    over("key_file", &mut globals.key_file, &files.key_file);
    over("appsettings", &mut globals.appsettings, &files.appsettings);
    over(
        "key_per_file",
        &mut globals.key_per_file,
        &files.key_per_file,
    );
    if !written.has("user_secrets") && files.user_secrets.is_some() {
        globals.user_secrets.clone_from(&files.user_secrets);
    }
}
