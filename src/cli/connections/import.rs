//! `umai connections import`: creates the connections of an export, or of Umbraco Deploy artifacts.

use std::path::PathBuf;

use clap::Args;

use super::super::exit::Failure;
use super::super::output::{Format, Output};
use super::super::plan::carry::{Done, execute};
use super::super::plan::look::{Conflict, Looking, build_plan};
use super::super::plan::{shown, source};
use super::super::session::{self, Ground, with_service};
use super::apply::note_unknown_secrets;

/// Arguments of `umai connections import`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  umai connections import connections.json
  umai connections import umbraco/Deploy/Revision --on-conflict skip
  umai connections import connections.yaml --dry-run

Reads exports in JSON or YAML, and the connection artifacts of Umbraco Deploy (*.uda). All connections are checked before the first
is created. For API request bodies, which contain secrets, use umai connections create --from-json.")]
pub struct Import {
    /// Files or directories to import, or '-' for stdin
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Action when a connection with the alias exists
    #[arg(long, value_name = "ACTION", value_enum, default_value_t = Conflict::Fail)]
    on_conflict: Conflict,
    /// Show the connections that would be created, without changes
    #[arg(long)]
    dry_run: bool,
}

impl Import {
    /// Runs the command.
    pub fn run(&self, ground: &Ground, output: &mut Output) -> Result<(), Failure> {
        let catalog = session::catalog(ground)?;
        let entries = source::read(&self.files, &catalog, output)?.entries;
        with_service(ground, output, async |service, output| {
            let options = Looking {
                conflict: self.on_conflict,
                is_pruning: false,
                is_shown: self.dry_run,
            };
            let steps = build_plan(service, entries, options, output).await?;
            note_unknown_secrets(&steps, output);
            let changes = shown::as_json(&steps);
            if self.dry_run {
                let planned = Done::planned(&steps);
                return match output.format() {
                    Format::Json => output.json(&shown::summary(&changes, &planned, true)),
                    Format::Text => {
                        shown::write_plan(&steps, output)?;
                        output.note(&planned.sentence("Dry run: "));
                        Ok(())
                    }
                };
            }
            let done = execute(service, steps, "Importing", output).await?;
            match output.format() {
                Format::Json => output.json(&shown::summary(&changes, &done, false)),
                Format::Text if done == Done::default() => {
                    output.note("Nothing to import");
                    Ok(())
                }
                Format::Text => output.line(&done.sentence("")),
            }
        })
    }
}
