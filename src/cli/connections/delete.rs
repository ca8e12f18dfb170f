//! `umai connections delete`: moves connections to the trash, after confirmation.

use super::super::exit::Failure;
use super::super::open_service::{self, CliContext, with_service};
use super::super::output::{Output, OutputReader};
use super::super::{dry_run, prompt};
use super::{dry_run_each, each};
use crate::connection::IdOrAlias;
use crate::service::ProposedChange;

/// Reports what would be deleted.
pub fn dry_run(
    connections: &[IdOrAlias],
    context: &CliContext,
    output: &mut Output,
) -> Result<(), Failure> {
    let proposal = |key: &IdOrAlias| ProposedChange::Delete {
        key: key.clone(),
        over: None,
    };
    dry_run_each(connections, proposal, dry_run::DELETE, context, output)
}

/// Deletes the connections after confirmation.
pub fn run(
    connections: &[IdOrAlias],
    yes: bool,
    context: &CliContext,
    output: &mut Output,
) -> Result<(), Failure> {
    if !yes {
        let names: Vec<_> = connections.iter().map(ToString::to_string).collect();
        let question = format!("Delete {}?", names.join(", "));
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
    with_service(context, output, async |service, output| {
        each(
            connections,
            service,
            output,
            async |service, key, output| {
                let item = service.delete(key, None).await?;
                match output.reader() {
                    OutputReader::Json => Ok(()),
                    OutputReader::Text => {
                        output.line(&format!("Deleted {} ({})", item.name, item.alias))?;
                        if service.features().trash {
                            output.note(&format!(
                                "Moved to trash. Undo: umai connections restore {}",
                                item.alias
                            ));
                        } else {
                            output.note("Deleted permanently: this server has no trash");
                        }
                        Ok(())
                    }
                }
            },
        )
        .await
    })
}
