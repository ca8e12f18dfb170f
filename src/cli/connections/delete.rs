//! `umai connections delete`: moves connections to the trash, after confirmation.

use super::super::exit::Failure;
use super::super::open_service::{self, CliContext, with_service};
use super::super::output::{Audience, Output};
use super::super::prompt;
use super::run_each;
use crate::connection::{Command, ConnectionItem, IdOrAlias, Mode};
use crate::service::ServiceFeatures;

/// Deletes the connections after confirmation, or reports what would be deleted.
pub fn run(
    connections: &[IdOrAlias],
    yes: bool,
    mode: Mode,
    context: &CliContext,
    output: &mut Output,
) -> Result<(), Failure> {
    if mode == Mode::Commit && !yes {
        let names: Vec<_> = connections.iter().map(ToString::to_string).collect();
        let question = context.question(&format!("Delete {}?", names.join(", ")));
        let is_certain = match open_service::features(context)?.deletion_warning() {
            None => prompt::confirm_deletion(&question, output)?,
            Some(warning) => prompt::confirm(
                &format!("{question} {warning}."),
                &format!("Nothing deleted. {warning}. Add --yes to confirm."),
                output,
            )?,
        };
        if !is_certain {
            output.note("Nothing deleted");
            return Ok(());
        }
    }
    let commands = connections.iter().map(|key| Command::Delete {
        key: key.clone(),
        expected_version: None,
    });
    with_service(context, output, async |service, output| {
        let features = service.features();
        run_each(commands, &**service, mode, output, |outcome, output| {
            write_deleted(&outcome.deleted()?, features, output)
        })
        .await?;
        if mode == Mode::DryRun
            && let Some(warning) = features.deletion_warning()
        {
            output.note(warning);
        }
        Ok(())
    })
}

fn write_deleted(
    item: &ConnectionItem,
    features: ServiceFeatures,
    output: &mut Output,
) -> Result<(), Failure> {
    if output.audience() == Audience::Program {
        return Ok(());
    }
    output.line(&format!("Deleted {} ({})", item.name, item.alias))?;
    if features.trash {
        output.note(&format!(
            "Moved to trash. Undo: umai connections restore {}",
            item.alias
        ));
    } else {
        output.note("Deleted permanently: this server has no trash");
    }
    Ok(())
}
