//! `umai connections activate` and `deactivate`.

use super::super::dry_run::DryRunArg;
use super::super::exit::Failure;
use super::super::open_service::{CliContext, with_service};
use super::super::output::{Audience, Output};
use super::{format, run_each};
use crate::connection::{Command, IdOrAlias};

/// Activates or deactivates each connection, or reports what would be done.
pub fn run(
    connections: &[IdOrAlias],
    active: bool,
    dry: DryRunArg,
    context: &CliContext,
    output: &mut Output,
) -> Result<(), Failure> {
    let is_one = connections.len() == 1;
    let commands = connections.iter().map(|key| Command::SetActive {
        key: key.clone(),
        active,
    });
    with_service(context, output, async |service, output| {
        let mode = dry.mode();
        run_each(commands, &**service, mode, output, |outcome, output| {
            let connection = outcome.connection()?;
            match output.audience() {
                Audience::Program if is_one => output.value(&connection),
                Audience::Program => output.value_line(&connection),
                Audience::Person => {
                    let state = format::status(connection.item.is_active);
                    output.line(&format!(
                        "{} ({}): {state}",
                        connection.item.name, connection.item.alias
                    ))
                }
            }
        })
        .await
    })
}
