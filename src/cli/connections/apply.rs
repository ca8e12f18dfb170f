//! `umai connections apply`: applies connections from YAML or JSON files.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::super::exit::{Exit, Failure};
use super::super::manifest_plan::report::{build_plan, execute};
use super::super::manifest_plan::{files, format};
use super::super::open_service::{self, CliContext, with_service};
use super::super::output::{Audience, Output};
use super::super::prompt;
use crate::plan::{ActionCounts, ExistingPolicy, PlanAction, PlanEntry, PlanOptions, PlanStep};
use crate::service::ConnectionService;

/// Arguments of `umai connections apply`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  umai connections apply -f connections.yaml --dry-run
  umai connections apply -f connections/ --prune
  umai connections export --format yaml | umai --target test connections apply -f - --yes

A connection is identified by its alias, or by the GUID of an Umbraco Deploy artifact. Fields that a file does not contain keep their \
values, a setting listed in blank keeps its stored secret, and null clears a setting. Secrets are given as $Section:Key, {file: PATH} or {stdin: true}; \
plaintext secrets are rejected.")]
pub struct Apply {
    /// YAML or JSON file, directory with such files, or '-' for stdin; may be repeated
    #[arg(long = "file", short, value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Delete connections that are in no file: to the trash, or permanently on an Umbraco site
    #[arg(long)]
    prune: bool,
    /// Skip the confirmation prompt
    #[arg(long)]
    yes: bool,
    /// Show the changes only, without applying them
    #[arg(long)]
    pub(super) dry_run: bool,
}

impl Apply {
    /// Runs the command.
    pub fn run(&self, context: &CliContext, output: &mut Output) -> Result<(), Failure> {
        let catalog = open_service::catalog(context)?;
        let files::PlanFiles {
            entries,
            skipped: others,
        } = files::read(&self.files, &catalog, output)?;
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
        let options = ApplyOptions {
            is_pruning: self.prune,
            is_confirmed: self.yes,
            is_dry_run: self.dry_run,
            place: context.place(),
        };
        with_service(context, output, async |service, output| {
            apply_entries(service, entries, options, output).await
        })
    }
}

/// Options of an application.
pub struct ApplyOptions {
    /// True to delete connections that are not among the entries.
    pub is_pruning: bool,
    /// True to skip the prompt.
    pub is_confirmed: bool,
    /// True to show the changes only.
    pub is_dry_run: bool,
    /// Location of the changes, for the prompt.
    pub place: Option<String>,
}

/// Shows the changes that lead to the entries, and applies them after a confirmation.
pub async fn apply_entries(
    service: &Arc<dyn ConnectionService>,
    entries: Vec<PlanEntry>,
    options: ApplyOptions,
    output: &mut Output,
) -> Result<(), Failure> {
    let diff = PlanOptions {
        existing: ExistingPolicy::Update,
        is_pruning: options.is_pruning,
        is_shown: true,
    };
    let steps = build_plan(service, entries, diff, output).await?;
    let planned = ActionCounts::planned(&steps);
    if output.audience() == Audience::Person {
        format::write_plan(&steps, output)?;
        output.flush()?;
    }
    note_unknown_secrets(&steps, output);
    note_uncopied(&steps, output);
    if planned.deleted > 0
        && let Some(warning) = service.features().deletion_warning()
    {
        output.note(&format!("{warning} ({} to delete)", planned.deleted));
    }
    if options.is_dry_run || planned.changes() == 0 {
        let kept = steps.iter().filter(|step| !step.not_copied().is_empty());
        let kept = kept.count();
        return match output.audience() {
            Audience::Program => {
                let changes = format::as_json(&steps);
                output.value(&format::summary(&changes, &planned, options.is_dry_run))
            }
            Audience::Person if planned.changes() == 0 && kept > 0 => {
                output.note(&format!(
                    "Nothing to do, but {} could not be compared or copied in full",
                    match kept {
                        1 => "1 connection".to_owned(),
                        kept => format!("{kept} connections"),
                    }
                ));
                Ok(())
            }
            Audience::Person if planned.changes() == 0 => {
                output.note(&format!("Nothing to do: {}", plural(planned.unchanged)));
                Ok(())
            }
            Audience::Person => {
                output.note(&planned.sentence("Dry run: "));
                Ok(())
            }
        };
    }
    if !options.is_confirmed && !confirm(&planned, options.place.as_deref(), output)? {
        output.note("Nothing changed");
        return Ok(());
    }
    execute(service, steps, "Applying", output).await
}

fn confirm(planned: &ActionCounts, place: Option<&str>, output: &Output) -> Result<bool, Failure> {
    prompt::confirm(
        &planned.question(place),
        "Nothing changed. Add --yes to confirm.",
        output,
    )
}

/// Notes that it is unknown whether secrets differ from those on the server.
pub fn note_unknown_secrets(steps: &[PlanStep], output: &Output) {
    let is_unknown = |step: &PlanStep| match &step.action {
        PlanAction::Update(change) => {
            !change.preview.is_exact && !change.preview.unknown.is_empty()
        }
        _ => false,
    };
    if steps.iter().any(is_unknown) {
        output.note(
            "Cannot compare the secrets with those on the server; connections whose secrets are equal are not saved",
        );
    }
}

/// Notes secrets that a copy leaves as they are.
fn note_uncopied(steps: &[PlanStep], output: &Output) {
    let kept: usize = steps.iter().map(|step| step.uncopied_secrets.len()).sum();
    if kept > 0 {
        output.note(&format!(
            "Secrets that differ and are not copied: {kept}. Add --with-secrets to copy them"
        ));
    }
    let lists: usize = steps.iter().map(|step| step.uncopied_lists.len()).sum();
    if lists > 0 {
        output.note(&format!(
            "Settings that are lists or objects are not copied: {lists}. Set them in the backoffice"
        ));
    }
}

fn plural(count: usize) -> String {
    match count {
        0 => "no connections".into(),
        1 => "1 connection is up to date".into(),
        count => format!("{count} connections are up to date"),
    }
}
