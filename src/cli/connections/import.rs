//! `umai connections import`: creates the connections of an export, or of Umbraco Deploy artifacts with their GUIDs.

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValue;

use super::super::exit::Failure;
use super::super::manifest_plan::report::{build_plan, execute};
use super::super::manifest_plan::{files, format};
use super::super::open_service::{self, CliContext, with_service};
use super::super::output::{Audience, Output};
use super::apply::note_unknown_secrets;
use crate::plan::{ActionCounts, ExistingPolicy, PlanOptions};

impl clap::ValueEnum for ExistingPolicy {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Skip, Self::Update, Self::Fail]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Self::Skip => ("skip", "Keep this connection unchanged"),
            Self::Update => ("update", "Update this connection"),
            Self::Fail => ("fail", "Import nothing at all, and report the conflict"),
        };
        Some(PossibleValue::new(name).help(help))
    }
}

/// Arguments of `umai connections import`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  umai connections import connections.json
  umai connections import umbraco/Deploy/Revision --on-conflict skip
  umai connections import connections.yaml --dry-run

Reads exports in JSON or YAML, and the connection artifacts of Umbraco Deploy (*.uda). All connections are checked before the first \
is created. For API request bodies, which contain secrets, use umai connections create --from-json.")]
pub struct ImportArgs {
    /// Files or directories to import, or '-' for stdin
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Action when a connection with the alias, or the GUID of an artifact, exists
    #[arg(long, value_name = "ACTION", value_enum, default_value_t = ExistingPolicy::Fail)]
    on_conflict: ExistingPolicy,
    /// Show the connections that would be created, without changes
    #[arg(long)]
    pub(super) dry_run: bool,
}

impl ImportArgs {
    /// Runs the command.
    pub fn run(&self, context: &CliContext, output: &mut Output) -> Result<(), Failure> {
        let catalog = open_service::catalog(context)?;
        let entries = files::read(&self.files, &catalog, output)?.entries;
        with_service(context, output, async |service, output| {
            let options = PlanOptions {
                existing: self.on_conflict,
                is_pruning: false,
                is_shown: self.dry_run,
            };
            let steps = build_plan(service, entries, options, output).await?;
            note_unknown_secrets(&steps, output);
            if self.dry_run {
                let planned = ActionCounts::planned(&steps);
                return match output.audience() {
                    Audience::Program => {
                        let changes = format::as_json(&steps);
                        output.value(&format::summary(&changes, &planned, true))
                    }
                    Audience::Person => {
                        format::write_plan(&steps, output)?;
                        output.note(&planned.sentence("Dry run: "));
                        Ok(())
                    }
                };
            }
            if steps.is_empty() && output.audience() == Audience::Person {
                output.note("Nothing to import");
                return Ok(());
            }
            execute(service, steps, "Importing", output).await
        })
    }
}
