//! `umai connections delete`: for good, so it wants a yes.

use super::super::ask;
use super::super::exit::Failure;
use super::super::output::{Format, Output};
use super::super::session::{Ground, with_service};
use super::each;
use crate::connection::IdOrAlias;

/// Deletes when it was said or is answered that it shall.
pub fn run(
    connections: &[IdOrAlias],
    yes: bool,
    ground: &Ground,
    output: &mut Output,
) -> Result<(), Failure> {
    if !yes {
        // Programs are asked nothing, even where somebody could answer.
        if output.format() == Format::Json || !ask::is_possible() {
            return Err(Failure::Usage(
                "Nothing was deleted, because there is no undo: repeat the command with --yes"
                    .into(),
            ));
        }
        let names: Vec<_> = connections.iter().map(ToString::to_string).collect();
        let question = format!("Delete {}? There is no undo", names.join(", "));
        if !ask::yes_or_no(&question)? {
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
                    Format::Text => output.line(&format!("Deleted {} ({})", item.name, item.alias)),
                }
            },
        )
        .await
    })
}
