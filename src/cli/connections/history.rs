//! `umai connections history`, `diff` and `rollback`: versions of a connection.

use clap::Args;
use serde_json::{Value, json};

use super::super::dry_run::{self, DryRunArg};
use super::super::exit::Failure;
use super::super::open_service::{self, CliContext, with_service};
use super::super::output::{Audience, Output};
use super::super::prompt;
use super::format;
use crate::connection::{
    ChangeType, Command, Difference, IdOrAlias, PageRequest, Version, VersionComparison,
};

/// Arguments of `umai connections history`.
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// ID or alias of the connection; only the ID for one in the trash
    #[arg(value_name = "ID_OR_ALIAS")]
    connection: IdOrAlias,
    /// Number of versions to skip
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        allow_negative_numbers = true
    )]
    skip: usize,
    /// Maximum number of versions to list
    #[arg(
        long,
        value_name = "N",
        default_value_t = 20,
        allow_negative_numbers = true
    )]
    take: usize,
}

impl HistoryArgs {
    /// Runs the command.
    pub fn run(&self, context: &CliContext, output: &mut Output) -> Result<(), Failure> {
        let window = PageRequest {
            skip: self.skip,
            take: self.take,
        };
        with_service(context, output, async |service, output| {
            let page = service.versions(&self.connection, window).await?;
            let has_snapshots = service.features().version_snapshots;
            if output.audience() == Audience::Program {
                if has_snapshots {
                    output.value(&page)?;
                } else {
                    let items: Vec<Value> = page.items.iter().map(record).collect();
                    output.value(&json!({ "items": items, "total": page.total }))?;
                }
                format::note_part(&page, self.skip, "versions", output);
                return Ok(());
            }
            let rows: Vec<_> = page
                .items
                .iter()
                .map(|version| row(version, output))
                .collect();
            output.table(["VERSION", "SAVED", "CHANGED", "NOTE"], &rows)?;
            if !has_snapshots && page.total > 1 {
                output.note("This server does not list what was changed. Compare two versions: umai connections diff ID_OR_ALIAS VERSION");
            }
            format::note_part(&page, self.skip, "versions", output);
            Ok(())
        })
    }
}

fn row(version: &Version, output: &Output) -> [String; 4] {
    let change = &version.change;
    [
        version.number().to_string(),
        output.when(version.snapshot.item.date_modified),
        change.paths.join(", "),
        change.note.clone().unwrap_or_default(),
    ]
}

/// Returns what a server without snapshots knows of a version.
fn record(version: &Version) -> Value {
    json!({
        "version": version.number(),
        "dateCreated": version.snapshot.item.date_modified,
        "change": version.change,
    })
}

/// Arguments of `umai connections diff`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  umai connections diff openai-prod 2\n  umai connections diff openai-prod 1 3 --json"
)]
pub struct DiffArgs {
    /// ID or alias of the connection; only the ID for one in the trash
    #[arg(value_name = "ID_OR_ALIAS")]
    connection: IdOrAlias,
    /// Version to compare
    from: u64,
    /// Version to compare it to [default: the current one]
    to: Option<u64>,
}

impl DiffArgs {
    /// Runs the command.
    pub fn run(&self, context: &CliContext, output: &mut Output) -> Result<(), Failure> {
        with_service(context, output, async |service, output| {
            let to = if let Some(to) = self.to {
                to
            } else {
                let newest = PageRequest { skip: 0, take: 1 };
                let page = service.versions(&self.connection, newest).await?;
                page.items.first().map_or(0, Version::number)
            };
            let compared = service.compare(&self.connection, self.from, to).await?;
            match output.audience() {
                Audience::Program if service.features().version_snapshots => {
                    output.value(&compared)
                }
                Audience::Program => output.value(&json!({
                    "entityId": compared.entity_id,
                    "fromVersion": compared.from_version,
                    "toVersion": compared.to_version,
                    "changes": compared.changes,
                })),
                Audience::Person => write_comparison(&compared, output),
            }
        })
    }
}

fn write_comparison(compared: &VersionComparison, output: &mut Output) -> Result<(), Failure> {
    if compared.changes.is_empty() {
        output.note("No differences");
        return Ok(());
    }
    let rows: Vec<_> = compared.changes.iter().map(difference).collect();
    output.table(
        [
            "FIELD",
            "CHANGE",
            &format!("V{}", compared.from_version),
            &format!("V{}", compared.to_version),
        ],
        &rows,
    )
}

fn difference(difference: &Difference) -> [String; 4] {
    let how = match difference.change_type {
        ChangeType::Added => "added",
        ChangeType::Removed => "removed",
        ChangeType::Modified => "changed",
    };
    [
        difference.path.clone(),
        how.into(),
        format_value(difference.from_value.as_ref()),
        format_value(difference.to_value.as_ref()),
    ]
}

fn format_value(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".into(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Arguments of `umai connections rollback`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  umai connections rollback openai-prod 3 --note 'The new endpoint was wrong'\n\nVersions contain no secrets: the stored secrets are kept. An Umbraco site restores the old secrets, too, so there is a prompt."
)]
pub struct RollbackArgs {
    /// Connection to roll back
    #[arg(value_name = "ID_OR_ALIAS")]
    connection: IdOrAlias,
    /// Version to roll back to
    version: u64,
    /// Note for the history
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Skip the confirmation prompt on an Umbraco site
    #[arg(long)]
    yes: bool,
    /// Dry-run option.
    #[command(flatten)]
    pub(super) dry_run: DryRunArg,
}

impl RollbackArgs {
    /// Runs the command.
    pub fn run(&self, context: &CliContext, output: &mut Output) -> Result<(), Failure> {
        let command = Command::Rollback {
            key: self.connection.clone(),
            version: self.version,
            note: self.note.clone(),
        };
        if !self.is_confirmed(context, output)? {
            output.note("Nothing changed");
            return Ok(());
        }
        with_service(context, output, async |service, output| {
            let mode = self.dry_run.mode();
            let Some(outcome) = dry_run::run(&**service, command, mode, output).await? else {
                return Ok(());
            };
            let done = outcome.rollback()?;
            match output.audience() {
                Audience::Program => output.value(&done),
                Audience::Person if done.new_version == done.previous_version => {
                    output.line(&format!(
                        "Nothing to roll back: the connection equals version {}",
                        self.version
                    ))
                }
                Audience::Person => {
                    output.line(&format!(
                        "Rolled back {} to version {}; this is version {}",
                        done.entity.item.name, done.restored_from_version, done.new_version
                    ))?;
                    output.note(if service.features().rollback_keeps_secrets {
                        "Versions contain no secrets: the stored secrets are kept"
                    } else {
                        "The server also restored the secrets of that version"
                    });
                    Ok(())
                }
            }
        })
    }
    /// Prompts before a rollback that restores old secrets.
    fn is_confirmed(&self, context: &CliContext, output: &Output) -> Result<bool, Failure> {
        const WARNING: &str = "The site restores the secrets of that version, too";
        if self.yes
            || self.dry_run.dry_run
            || open_service::features(context)?.rollback_keeps_secrets
        {
            return Ok(true);
        }
        let question = format!("Roll back {} to version {}?", self.connection, self.version);
        prompt::confirm(
            &format!("{} {WARNING}.", context.question(&question)),
            &format!("Nothing changed. {WARNING}. Add --yes to confirm."),
            output,
        )
    }
}
