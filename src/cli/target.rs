//! Selection of the target, and its settings in place of options.
//!
//! Explicit options override the target, and the target overrides the environment. An explicit location also overrides a target
//! that is the default or comes from the environment.

use super::Globals;
use super::exit::Failure;
use crate::config::file::ConfigFile;
use crate::config::target::{Target, TargetLocation};

/// Options for the location of the connections.
const PLACES: [&str; 2] = ["server", "data"];

/// Options for local files, which a server has itself.
const LOCAL_OPTIONS: [&str; 4] = ["key_file", "appsettings", "user_secrets", "key_per_file"];

/// Options for a server.
const OF_SERVER: [&str; 2] = ["token_file", "ca_file"];

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
    let has_server = globals.server.as_ref().is_some_and(|text| !text.is_empty());
    let target = match (asked, &globals.target) {
        _ if place.is_some() => return Ok(None),
        // An empty name disables even the default.
        (_, Some(name)) if name.is_empty() => return Ok(None),
        (TargetNameSource::Environment, Some(_)) if has_server => {
            return Err(Failure::Usage(
                "UMAI_TARGET and UMAI_SERVER exclude each other. Unset one".into(),
            ));
        }
        (_, Some(name)) => Some(file.target(name).map_err(Failure::Usage)?),
        (_, None) if has_server || globals.data.is_some() => None,
        (_, None) => file.default_target().map_err(Failure::Usage)?,
    };
    let Some(target) = target else {
        return Ok(None);
    };
    match (&target.location, asked) {
        (TargetLocation::Server { .. }, TargetNameSource::Argument) => {
            reject(globals, &LOCAL_OPTIONS, |option| {
                format!(
                    "Target '{}' is a server, and {option} is for the local store. Remove one",
                    target.name
                )
            })?;
        }
        (TargetLocation::Server { .. }, TargetNameSource::Environment | TargetNameSource::File)
            if written.first(&LOCAL_OPTIONS).is_some() =>
        {
            return Ok(None);
        }
        (TargetLocation::Server { .. }, TargetNameSource::Environment | TargetNameSource::File) => {
        }
        (TargetLocation::Local { .. }, _) => {
            reject(globals, &OF_SERVER, |option| {
                format!(
                    "{option} needs a server, but target '{}' is a local store. Remove one",
                    target.name
                )
            })?;
        }
    }
    Ok(Some((target, asked)))
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
        TargetLocation::Local {
            data,
            key_file,
            appsettings,
            user_secrets,
            key_per_file,
        } => {
            globals.server = None;
            globals.data = Some(data.clone());
            over("key_file", &mut globals.key_file, key_file);
            over("appsettings", &mut globals.appsettings, appsettings);
            over("key_per_file", &mut globals.key_per_file, key_per_file);
            if !written.has("user_secrets") && user_secrets.is_some() {
                globals.user_secrets.clone_from(user_secrets);
            }
        }
    }
    globals
}
