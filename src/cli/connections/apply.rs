//! `umai connections apply`: applies connections from YAML or JSON files.

use std::path::PathBuf;

use clap::Args;

use super::super::ask;
use super::super::exit::{Exit, Failure};
use super::super::output::{Format, Output};
use super::super::plan::carry::{Done, execute};
use super::super::plan::look::{Conflict, Looking, build_plan};
use super::super::plan::{Step, What, shown, source};
use super::super::session::{self, Ground, with_service};

/// Arguments of `umai connections apply`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  umai connections apply -f connections.yaml --dry-run
  umai connections apply -f connections/ --prune
  umai connections export --format yaml | umai --target test connections apply -f - --yes

A connection is identified by its alias. Fields that a file does not contain keep their values, a blank keeps the stored secret, and
null clears a setting. Secrets are given as $Section:Key, {file: PATH} or {stdin: true}; plaintext secrets are rejected.")]
pub struct Apply {
    /// YAML or JSON file, directory with such files, or '-' for stdin; may be repeated
    #[arg(long = "file", short, value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Move connections to the trash that no file contains
    #[arg(long)]
    prune: bool,
    /// Skip the confirmation prompt
    #[arg(long)]
    yes: bool,
    /// Show the changes only, without applying them
    #[arg(long)]
    dry_run: bool,
}

impl Apply {
    /// Runs the command.
    pub fn run(&self, ground: &Ground, output: &mut Output) -> Result<(), Failure> {
        let catalog = session::catalog(ground)?;
        let source::Documents { entries, others } = source::read(&self.files, &catalog, output)?;
        if self.prune && entries.is_empty() && others > 0 {
            return Err(Failure::Partial(
                "Nothing changed: the files contain other artifacts but no connection, and --prune would delete all connections. \
                 To delete them all, apply a document with connections: []"
                    .into(),
                Exit::Invalid,
            ));
        }
        if self.prune && entries.is_empty() && !self.yes && !self.dry_run {
            output.note("The files contain no connection: --prune deletes all");
        }
        with_service(ground, output, async |service, output| {
            let options = Looking {
                conflict: Conflict::Update,
                is_pruning: self.prune,
                is_shown: true,
            };
            let steps = build_plan(service, entries, options, output).await?;
            let planned = Done::planned(&steps);
            if output.format() == Format::Text {
                shown::write_plan(&steps, output)?;
                output.flush()?;
            }
            note_unknown_secrets(&steps, output);
            if planned.deleted > 0
                && let Some(warning) = service.features().deletion_warning()
            {
                output.note(&format!("{warning} ({} to delete)", planned.deleted));
            }
            let changes = shown::as_json(&steps);
            if self.dry_run || planned.changes() == 0 {
                return match output.format() {
                    Format::Json => output.json(&shown::summary(&changes, &planned, self.dry_run)),
                    Format::Text if planned.changes() == 0 => {
                        output.note(&format!("Nothing to do: {}", many(planned.unchanged)));
                        Ok(())
                    }
                    Format::Text => {
                        output.note(&planned.sentence("Dry run: "));
                        Ok(())
                    }
                };
            }
            if !self.yes && !confirm(&planned, output)? {
                output.note("Nothing changed");
                return Ok(());
            }
            let done = execute(service, steps, "Applying", output).await?;
            match output.format() {
                Format::Json => output.json(&shown::summary(&changes, &done, false)),
                Format::Text => output.line(&done.sentence("")),
            }
        })
    }
}

fn confirm(planned: &Done, output: &Output) -> Result<bool, Failure> {
    let question = format!("{}. Apply?", planned.sentence("Changes: "));
    ask::confirm(&question, "Nothing changed. Add --yes to confirm.", output)
}

/// Notes that it is unknown whether secrets differ from those on the server.
pub fn note_unknown_secrets(steps: &[Step], output: &Output) {
    let is_unknown = |step: &Step| match &step.what {
        What::Update(change) => !change.foreseen.is_exact && !change.foreseen.untold.is_empty(),
        What::Create(_) | What::Delete(_) | What::Nothing | What::Skip => false,
    };
    if steps.iter().any(is_unknown) {
        output.note(
            "Cannot compare the secrets with those on the server; connections whose secrets are equal are not saved",
        );
    }
}

fn many(count: usize) -> String {
    match count {
        0 => "no connections".into(),
        1 => "1 connection is up to date".into(),
        count => format!("{count} connections are up to date"),
    }
}
