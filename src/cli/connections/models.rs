//! `umai connections models`: lists the models that the provider offers.

use serde::Serialize;

use super::super::exit::Failure;
use super::super::open_service::{CliContext, with_service};
use super::super::output::{Audience, Output};
use crate::connection::{IdOrAlias, Model};
use crate::provider::Capability;

#[derive(Serialize)]
struct ModelItems<'a> {
    items: &'a [Model],
}

/// Lists the models, optionally only those with a capability.
pub fn run(
    connection: &IdOrAlias,
    capability: Option<Capability>,
    context: &CliContext,
    output: &mut Output,
) -> Result<(), Failure> {
    with_service(context, output, async |service, output| {
        let models = service.models(connection, capability).await?;
        if output.audience() == Audience::Program {
            return output.value(&ModelItems { items: &models });
        }
        if models.is_empty() {
            output.note("The provider lists no matching model");
            return Ok(());
        }
        let rows: Vec<_> = models
            .into_iter()
            .map(|model| {
                let able: Vec<_> = model
                    .capabilities
                    .iter()
                    .map(|able| able.as_str())
                    .collect();
                [model.id, model.name, able.join(", ")]
            })
            .collect();
        output.table(["ID", "NAME", "CAPABILITIES"], &rows)
    })
}
