//! `umai connections import`: creates the connections of an export, or of artifacts of Umbraco Deploy.

use std::path::PathBuf;

use clap::Args;

use super::super::exit::Failure;
use super::super::output::{Format, Output};
use super::super::plan::carry::{Done, carry};
use super::super::plan::look::{Conflict, Looking, look};
use super::super::plan::{shown, source};
use super::super::session::{self, Ground, with_service};
use super::apply::tell_from_afar;

/// Which files, and what is done about what is there already.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  umai connections import connections.json
  umai connections import umbraco/Deploy/Revision --on-conflict skip
  umai connections import connections.yaml --dry-run

It reads what export writes, in JSON or YAML, and the artifacts of connections of Umbraco Deploy (*.uda). Everything is examined before
the first is created. Request bodies of the API, with secrets in them, are for umai connections create --from-json.")]
pub struct Import {
    /// The documents: files, folders, or '-' for stdin
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// What is done about a connection whose alias is there already
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = Conflict::Fail)]
    on_conflict: Conflict,
    /// Only show what would be created, and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl Import {
    /// Carries it out.
    pub fn run(&self, ground: &Ground, output: &mut Output) -> Result<(), Failure> {
        let catalog = session::catalog(ground)?;
        let entries = source::read(&self.files, &catalog, output)?.entries;
        with_service(ground, output, async |service, output| {
            let looking = Looking {
                conflict: self.on_conflict,
                is_pruning: false,
                is_shown: self.dry_run,
            };
            let steps = look(service, entries, looking, output).await?;
            tell_from_afar(&steps, output);
            let changes = shown::as_json(&steps);
            if self.dry_run {
                let whole = Done::of(&steps);
                return match output.format() {
                    Format::Json => output.json(&shown::summary(&changes, &whole, true)),
                    Format::Text => {
                        shown::tell(&steps, output)?;
                        output.note(&whole.sentence("It would be: "));
                        Ok(())
                    }
                };
            }
            let done = carry(service, steps, "Importing", output).await?;
            match output.format() {
                Format::Json => output.json(&shown::summary(&changes, &done, false)),
                Format::Text if done == Done::default() => {
                    output.note("There is nothing to import");
                    Ok(())
                }
                Format::Text => output.line(&done.sentence("")),
            }
        })
    }
}
