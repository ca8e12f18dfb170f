//! Which target is meant, and what it says in place of options.
//!
//! What is written on the command line counts most, then the target, then the environment. A target that is only the default,
//! or named in the environment, makes room for a place that is written.

use super::Globals;
use super::exit::Failure;
use crate::config::file::ConfigFile;
use crate::config::target::{Place, Target};

/// The options that say where the connections are.
const PLACES: [&str; 2] = ["server", "data"];

/// The options about files that a server has itself.
const OF_HERE: [&str; 4] = ["key_file", "appsettings", "user_secrets", "key_per_file"];

/// The options about a server.
const OF_SERVER: [&str; 2] = ["token_file", "ca_file"];

/// Who named the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// `--target`.
    Written,
    /// `UMAI_TARGET`.
    Environment,
    /// `target` in `config.toml`.
    File,
}

/// The target that is meant, by whom; none when the options say the place themselves.
pub fn meant(globals: &Globals, file: &ConfigFile) -> Result<Option<(Target, Asked)>, Failure> {
    let written = &globals.written;
    let asked = match &globals.target {
        Some(_) if written.has("target") => Asked::Written,
        Some(_) => Asked::Environment,
        None => Asked::File,
    };
    let place = written.first(&PLACES);
    if let Some(option) = &place
        && asked == Asked::Written
    {
        return Err(Failure::Usage(format!(
            "--target says where the connections are, and so does {option}: leave one of them out"
        )));
    }
    let has_server = globals.server.as_ref().is_some_and(|text| !text.is_empty());
    let target = match (asked, &globals.target) {
        _ if place.is_some() => return Ok(None),
        // An empty name is none, not even the default.
        (_, Some(name)) if name.is_empty() => return Ok(None),
        (Asked::Environment, Some(_)) if has_server => {
            return Err(Failure::Usage(
                "UMAI_TARGET and UMAI_SERVER both say where the connections are: unset one of them"
                    .into(),
            ));
        }
        (_, Some(name)) => Some(file.target(name).map_err(Failure::Usage)?),
        (_, None) if has_server || globals.data.is_some() => None,
        (_, None) => file.default_target().map_err(Failure::Usage)?,
    };
    let Some(target) = target else {
        return Ok(None);
    };
    match (&target.place, asked) {
        (Place::Server { .. }, Asked::Written) => {
            refuse(globals, &OF_HERE, |option| {
                format!(
                    "The target '{}' is a server, which has its own files, and {option} names one here: leave one of them out",
                    target.name
                )
            })?;
        }
        (Place::Server { .. }, Asked::Environment | Asked::File)
            if written.first(&OF_HERE).is_some() =>
        {
            return Ok(None);
        }
        (Place::Server { .. }, Asked::Environment | Asked::File) => {}
        (Place::Here { .. }, _) => {
            refuse(globals, &OF_SERVER, |option| {
                format!(
                    "{option} belongs to a server, and the target '{}' is on this machine: leave one of them out",
                    target.name
                )
            })?;
        }
    }
    Ok(Some((target, asked)))
}

fn refuse(
    globals: &Globals,
    options: &[&'static str],
    sentence: impl Fn(String) -> String,
) -> Result<(), Failure> {
    let option = globals.written.first(options);
    option.map_or(Ok(()), |option| Err(Failure::Usage(sentence(option))))
}

/// The options with what a target says in place of those that were not written.
pub fn laid_over(globals: &Globals, target: &Target) -> Globals {
    let mut globals = globals.clone();
    let written = globals.written.clone();
    let over = |option, own: &mut Option<_>, said: &Option<_>| {
        if !written.has(option) && said.is_some() {
            own.clone_from(said);
        }
    };
    match &target.place {
        Place::Server {
            address,
            token_file,
            ca_file,
        } => {
            globals.server = Some(address.clone());
            over("token_file", &mut globals.token_file, token_file);
            over("ca_file", &mut globals.ca_file, ca_file);
        }
        Place::Here {
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
