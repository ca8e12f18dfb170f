//! `umai logout`: removes the client secret and the access token of an Umbraco site.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use clap::Args;
use serde_json::json;
use zeroize::Zeroizing;

use super::exit::Failure;
use super::open_service::{WORKERS, runtime};
use super::output::{Audience, Output};
use super::target::with_target_options;
use super::{Globals, remote_args};
use crate::api::client::{BaseUrl, sign_out};
use crate::atomic_file;
use crate::config::Config;
use crate::config::file::{ConfigFile, NAME};
use crate::config::target::{Target, TargetLocation};

/// Arguments of `umai logout`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  umai logout example\n\nThe section in config.toml stays; umai login adds the secret again."
)]
pub struct LogoutArgs {
    /// Target of the site
    #[arg(value_name = "NAME")]
    name: String,
}

/// Runs `umai logout`.
pub fn run(args: &LogoutArgs, globals: &Globals, output: &mut Output) -> Result<(), Failure> {
    let folder = Config::folder(globals.config.clone()).map_err(Failure::Usage)?;
    let target = ConfigFile::read(&folder)
        .target(&args.name)
        .map_err(Failure::Usage)?;
    if !matches!(target.location, TargetLocation::Site { .. }) {
        return Err(Failure::Usage(format!(
            "Target '{}' is not an Umbraco site. Only the section of a site has a client secret",
            target.name
        )));
    }
    let (is_removed, is_revoked) = sign_out_of(&target, globals, output)?;
    if output.audience() == Audience::Program {
        return output.value(&json!({
            "target": target.name, "tokenRevoked": is_revoked, "secretRemoved": is_removed,
        }));
    }
    output.line(&match (is_removed, is_revoked) {
        (true, true) => format!(
            "Signed out of '{}': revoked the access token and removed the client secret",
            target.name
        ),
        (true, false) => format!("Signed out of '{}': removed the client secret", target.name),
        (false, true) => format!("Signed out of '{}': revoked the access token", target.name),
        (false, false) => format!("Target '{}' was not signed in", target.name),
    })?;
    output.note(&format!(
        "The section in {NAME} stays. An app that is open on this target stays signed in until it ends"
    ));
    Ok(())
}

/// Revokes the access token of a site and removes the client secret; returns whether each was there. Does nothing for other targets.
pub fn sign_out_of(
    target: &Target,
    globals: &Globals,
    output: &Output,
) -> Result<(bool, bool), Failure> {
    let TargetLocation::Site {
        address,
        client_secret_file,
        ..
    } = &target.location
    else {
        return Ok((false, false));
    };
    let address = BaseUrl::of_site(address).map_err(Failure::Usage)?;
    let globals = with_target_options(globals, target);
    // Without a secret the cached token can only be removed, and it expires in minutes.
    let secret = remote_args::client_secret(&globals).ok().flatten();
    let has_secret = secret.is_some();
    let secret = secret.unwrap_or_else(|| Zeroizing::new("-".into()));
    let options = remote_args::options_of_site(&globals, address, &secret)?;
    let runtime = runtime(WORKERS)?;
    let revoked = runtime.block_on(sign_out(&options));
    runtime.shutdown_background();
    let is_removed = match client_secret_file.as_ref().map(fs::remove_file) {
        None => false,
        Some(Ok(())) => true,
        Some(Err(error)) if error.kind() == ErrorKind::NotFound => false,
        Some(Err(error)) => {
            let path = client_secret_file.as_deref().unwrap_or(Path::new(NAME));
            return Err(Failure::Usage(atomic_file::describe(path, &error)));
        }
    };
    if let (Err(error), true) = (&revoked, has_secret) {
        output.note(&format!(
            "{error}. The access token expires by itself within minutes"
        ));
    }
    Ok((is_removed, revoked.unwrap_or(false)))
}
