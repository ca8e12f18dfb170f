//! `umai targets`: the named targets of `config.toml`, and connections that move between them.

pub(super) mod content;
mod copy;
mod diff;
mod edit;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Globals;
use super::exit::Failure;
use super::output::{Audience, Output};
use crate::config::Config;
use crate::config::file::{ConfigFile, NAME};
use crate::config::target::{Target, TargetLocation};
use crate::connection::StoreError;

/// Arguments of `umai targets`.
#[derive(Debug, Args)]
pub struct TargetsArgs {
    /// Subcommand; without one, the targets are listed.
    #[command(subcommand)]
    pub command: Option<TargetsCommand>,
}

/// Subcommands of `umai targets`.
#[derive(Debug, Subcommand)]
pub enum TargetsCommand {
    /// List the named targets of config.toml
    #[command(alias = "ls")]
    List,
    /// Compare the connections of two targets
    Diff(diff::DiffTargets),
    /// Make the connections of target B like those of target A
    Copy(copy::CopyTargets),
    /// Remove a target from config.toml; its connections stay
    Remove(edit::RemoveTarget),
    /// Rename a target in config.toml
    Rename(edit::RenameTarget),
}

/// Runs `umai targets`.
pub fn run(args: &TargetsArgs, globals: &Globals, output: &mut Output) -> Result<(), Failure> {
    match &args.command {
        None | Some(TargetsCommand::List) => {
            let folder = Config::folder(globals.config.clone()).map_err(Failure::Usage)?;
            list(&ConfigFile::read(&folder), output)
        }
        Some(TargetsCommand::Diff(diff)) => diff.run(globals, output),
        Some(TargetsCommand::Copy(copy)) => copy.run(globals, output),
        Some(TargetsCommand::Remove(remove)) => remove.run(globals, output),
        Some(TargetsCommand::Rename(rename)) => rename.run(globals, output),
    }
}

/// Lists the targets, and notes those that cannot be used.
fn list(file: &ConfigFile, output: &mut Output) -> Result<(), Failure> {
    if let Some(why) = &file.refused {
        return Err(StoreError::Other(why.clone()).into());
    }
    file.check_readable()
        .map_err(|why| Failure::Usage(format!("{why}; fix it to list the targets")))?;
    for problem in &file.problems {
        output.note(problem);
    }
    let targets: Vec<&Target> = file
        .targets()
        .iter()
        .filter_map(|(_, target)| target.as_ref().ok())
        .collect();
    match output.audience() {
        Audience::Program => {
            let items: Vec<Value> = targets.iter().map(|target| to_json(target, file)).collect();
            output.value(&json!({ "total": items.len(), "items": items }))
        }
        Audience::Person if targets.is_empty() && !file.targets().is_empty() => {
            Err(Failure::Usage(format!(
                "No target in {NAME} can be used: correct the lines above"
            )))
        }
        Audience::Person if targets.is_empty() => {
            output.note(&format!(
                "No targets in {NAME} of the config directory. Add one: [targets.prod] with server = \"https://…\", or run umai login https://… for an Umbraco site"
            ));
            Ok(())
        }
        Audience::Person => {
            let rows: Vec<_> = targets.iter().map(|target| row(target, file)).collect();
            output.table(["TARGET", "LOCATION", "BADGE", "ACCESS"], &rows)
        }
    }
}

fn row(target: &Target, file: &ConfigFile) -> [String; 4] {
    let default = if file.is_default(&target.name) {
        " (default)"
    } else {
        ""
    };
    let changes = if target.is_signed_out() {
        "signed out"
    } else if target.is_read_only || file.read_only.is_some() {
        "read-only"
    } else {
        "read-write"
    };
    [
        format!("{}{default}", target.name),
        target.location.display_address(),
        target.badge.clone().unwrap_or_default(),
        changes.into(),
    ]
}

fn to_json(target: &Target, file: &ConfigFile) -> Value {
    let address = target.location.display_address();
    let (server, umbraco, store, data) = match &target.location {
        TargetLocation::Server { .. } => (Some(address), None, None, None),
        TargetLocation::Site { .. } => (None, Some(address), None, None),
        TargetLocation::Etcd { .. } => (None, None, Some(address), None),
        TargetLocation::Local { .. } => (None, None, None, Some(address)),
    };
    json!({
        "name": target.name,
        "server": server,
        "umbraco": umbraco,
        "store": store,
        "data": data,
        "badge": target.badge,
        "color": target.color,
        "readOnly": target.is_read_only || file.read_only.is_some(),
        "isDefault": file.is_default(&target.name),
        "isSignedOut": target.is_signed_out(),
    })
}
