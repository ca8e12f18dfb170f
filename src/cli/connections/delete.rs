//! `umai connections delete`: into the trash, when it was said or is answered that it shall.

use super::super::ask;
use super::super::dry;
use super::super::exit::Failure;
use super::super::output::{Format, Output};
use super::super::session::{Ground, with_service};
use super::{each, foresee_each};
use crate::connection::{IdOrAlias, Proposal};

/// Says what would be deleted.
pub fn foresee(
    connections: &[IdOrAlias],
    ground: &Ground,
    output: &mut Output,
) -> Result<(), Failure> {
    let proposal = |key: &IdOrAlias| Proposal::Delete {
        key: key.clone(),
        over: None,
    };
    foresee_each(connections, proposal, dry::DELETE, ground, output)
}

/// Deletes when it was said or is answered that it shall.
pub fn run(
    connections: &[IdOrAlias],
    yes: bool,
    ground: &Ground,
    output: &mut Output,
) -> Result<(), Failure> {
    if !yes {
        let names: Vec<_> = connections.iter().map(ToString::to_string).collect();
        if !ask::is_certain(&format!("Delete {}?", names.join(", ")), output)? {
            output.note("Nothing was deleted");
            return Ok(());
        }
    }
    with_service(ground, output, async |service, output| {
        each(
            connections,
            service,
            output,
            async |service, key, output| {
                let item = service.delete(key, None).await?;
                match output.format() {
                    Format::Json => Ok(()),
                    Format::Text => {
                        output.line(&format!("Deleted {} ({})", item.name, item.alias))?;
                        output.note(&format!(
                            "It is in the trash; umai connections restore {} brings it back",
                            item.id
                        ));
                        Ok(())
                    }
                }
            },
        )
        .await
    })
}
