//! `umai targets remove` and `umai targets rename`: change sections of `config.toml`.

use std::path::Path;

use clap::Args;
use serde_json::json;

use super::super::Globals;
use super::super::exit::Failure;
use super::super::logout::sign_out_of;
use super::super::output::{Audience, Output};
use super::super::prompt;
use crate::atomic_file;
use crate::config::Config;
use crate::config::edit_target::{TargetEdit, edit};
use crate::config::file::{ConfigFile, NAME};
use crate::config::target::{Target, TargetLocation};
use crate::text::printable;

/// Arguments of `umai targets remove`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  umai targets remove staging\n\nSigns out of an Umbraco site, too: the client secret and the access token are removed, unless another target has the same secret file."
)]
pub struct RemoveTarget {
    /// Target to remove
    #[arg(value_name = "NAME")]
    name: String,
    /// Skip the confirmation prompt
    #[arg(long)]
    yes: bool,
}

/// Arguments of `umai targets rename`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  umai targets rename example prod")]
pub struct RenameTarget {
    /// Target to rename
    #[arg(value_name = "OLD")]
    old: String,
    /// New name
    #[arg(value_name = "NEW")]
    new: String,
}

impl RemoveTarget {
    /// Runs the command.
    pub fn run(&self, globals: &Globals, output: &mut Output) -> Result<(), Failure> {
        let folder = Config::folder(globals.config.clone()).map_err(Failure::Usage)?;
        let file = ConfigFile::read(&folder);
        let target = file.target(&self.name).map_err(Failure::Usage)?;
        let address = target.location.display_address();
        let question = format!(
            "Remove target {} ({address}) from {NAME}? Its connections stay.",
            target.name
        );
        if !self.yes
            && !prompt::confirm(&question, "Nothing removed. Add --yes to confirm.", output)?
        {
            output.note("Nothing removed");
            return Ok(());
        }
        if !is_secret_shared(&file, &target) {
            sign_out_of(&target, globals, output)?;
        }
        change(&folder, &target.name, TargetEdit::Remove)?;
        match output.audience() {
            Audience::Program => output.value(&json!({ "removed": target.name })),
            Audience::Person => output.line(&format!(
                "Removed target {} from {NAME}",
                printable(&target.name)
            )),
        }
    }
}

impl RenameTarget {
    /// Runs the command.
    pub fn run(&self, globals: &Globals, output: &mut Output) -> Result<(), Failure> {
        let folder = Config::folder(globals.config.clone()).map_err(Failure::Usage)?;
        let file = ConfigFile::read(&folder);
        let target = file.target(&self.old).map_err(Failure::Usage)?;
        let new = self.new.trim();
        if new.is_empty() || new.chars().any(char::is_control) {
            return Err(Failure::Usage(
                "The name of a target must not be empty or contain control characters".into(),
            ));
        }
        if file.existing(new).is_some() {
            return Err(Failure::TargetTaken(format!(
                "Target '{}' exists in {NAME}. Choose another name",
                printable(new)
            )));
        }
        change(&folder, &target.name, TargetEdit::Rename(new))?;
        match output.audience() {
            Audience::Program => output.value(&json!({ "from": target.name, "to": new })),
            Audience::Person => output.line(&format!(
                "Renamed target {} to {}",
                printable(&target.name),
                printable(new)
            )),
        }
    }
}

/// Changes the file; others wait.
fn change(folder: &Path, name: &str, change: TargetEdit<'_>) -> Result<(), Failure> {
    let turn = atomic_file::lock(&folder.join(NAME))
        .map_err(|error| Failure::Usage(atomic_file::describe(folder, &error)))?;
    edit(folder, name, change).map_err(Failure::Usage)?;
    drop(turn);
    Ok(())
}

/// Returns true if another target signs in with the same secret file.
fn is_secret_shared(file: &ConfigFile, target: &Target) -> bool {
    let secret_file = |target: &Target| match &target.location {
        TargetLocation::Site {
            client_secret_file, ..
        } => client_secret_file.clone(),
        TargetLocation::Server { .. }
        | TargetLocation::Local { .. }
        | TargetLocation::Etcd { .. } => None,
    };
    let own = secret_file(target);
    let mut others = file.targets().iter();
    own.is_some()
        && others.any(|(name, other)| {
            *name != target.name && other.as_ref().is_ok_and(|other| secret_file(other) == own)
        })
}
