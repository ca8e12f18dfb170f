//! `umai connections activate` and `deactivate`.

use super::super::dry_run::{self, DryRunArg};
use super::super::exit::Failure;
use super::super::open_service::{CliContext, with_service};
use super::super::output::{Output, OutputReader};
use super::{dry_run_each, each, format};
use crate::connection::IdOrAlias;
use crate::service::ProposedChange;

/// Activates or deactivates each connection, or reports what would be done.
pub fn run(
    connections: &[IdOrAlias],
    active: bool,
    dry: DryRunArg,
    context: &CliContext,
    output: &mut Output,
) -> Result<(), Failure> {
    let is_one = connections.len() == 1;
    if dry.dry_run {
        let proposal = |key: &IdOrAlias| ProposedChange::SetActive {
            key: key.clone(),
            active,
        };
        let operation = if active {
            dry_run::ACTIVATE
        } else {
            dry_run::DEACTIVATE
        };
        return dry_run_each(connections, proposal, operation, context, output);
    }
    with_service(context, output, async |service, output| {
        each(
            connections,
            service,
            output,
            async |service, key, output| {
                let connection = service.set_active(key, active).await?;
                match output.reader() {
                    OutputReader::Json if is_one => output.json(&connection),
                    OutputReader::Json => output.json_line(&connection),
                    OutputReader::Text => {
                        let state = format::status(connection.item.is_active);
                        output.line(&format!(
                            "{} ({}): {state}",
                            connection.item.name, connection.item.alias
                        ))
                    }
                }
            },
        )
        .await
    })
}
