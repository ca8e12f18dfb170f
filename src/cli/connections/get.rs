//! `umai connections get`: shows a connection with masked secrets.

use super::super::exit::Failure;
use super::super::open_service::{CliContext, with_service};
use super::super::output::{Audience, Output, OutputFormat};
use super::format;
use crate::connection::{Connection, IdOrAlias, SettingValue, Settings};

/// Shows a connection.
pub fn run(key: &IdOrAlias, context: &CliContext, output: &mut Output) -> Result<(), Failure> {
    with_service(context, output, async |service, output| {
        let connection = service.get(key).await?;
        match output.audience() {
            Audience::Person => format::one(&connection, &service.providers(), output),
            Audience::Program if output.format() == OutputFormat::Env => {
                variables(connection, context.server.is_none(), output)
            }
            Audience::Program => output.value(&connection),
        }
    })
}

/// Writes shell variables without the secrets: a mask would be taken for the key.
fn variables(
    mut connection: Connection,
    is_local: bool,
    output: &mut Output,
) -> Result<(), Failure> {
    let settings = connection.settings.take().unwrap_or_default();
    let (secrets, visible): (Vec<_>, Vec<_>) = settings
        .iter()
        .map(|(key, value)| (key.to_owned(), value.clone()))
        .partition(|(_, value)| matches!(value, SettingValue::Secret(_)));
    connection.settings = Some(visible.into_iter().collect::<Settings<_>>());
    output.value(&connection)?;
    if !secrets.is_empty() {
        let names: Vec<_> = secrets.into_iter().map(|(key, _)| key).collect();
        let names = names.join(", ");
        let hint = if is_local {
            let alias = &connection.item.alias;
            format!(". To start a program with them: umai run {alias} -- COMMAND")
        } else {
            String::new()
        };
        output.note(&format!(
            "Not printed, because umai prints no secrets: {names}{hint}"
        ));
    }
    Ok(())
}
