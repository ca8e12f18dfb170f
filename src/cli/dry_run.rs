//! Dry runs: report what a command would do, after all checks that need no change.

use clap::Args;
use serde_json::{Value, json};

use super::exit::Failure;
use super::output::{Output, OutputReader};
use crate::service::{ChangePreview, ConnectionService, ProposedChange};

/// Option of every command that changes something and can be checked beforehand.
#[derive(Debug, Clone, Copy, Args)]
pub struct DryRunArg {
    /// Check everything and show what would be done, without changes
    #[arg(long)]
    pub dry_run: bool,
}

/// Name of an operation, for people and for programs.
#[derive(Clone, Copy)]
pub struct OperationName {
    /// Action in JSON: `create`.
    pub verb: &'static str,
    /// Start of the sentence: `Would create`.
    pub conditional: &'static str,
}

/// Create a connection.
pub const CREATE: OperationName = OperationName {
    verb: "create",
    conditional: "Would create",
};
/// Change a connection.
pub const UPDATE: OperationName = OperationName {
    verb: "update",
    conditional: "Would save",
};
/// Activate a connection; in JSON an update.
pub const ACTIVATE: OperationName = OperationName {
    verb: "update",
    conditional: "Would activate",
};
/// Deactivate a connection; in JSON an update.
pub const DEACTIVATE: OperationName = OperationName {
    verb: "update",
    conditional: "Would deactivate",
};
/// Move a connection to the trash.
pub const DELETE: OperationName = OperationName {
    verb: "delete",
    conditional: "Would delete",
};
/// Restore a connection.
pub const RESTORE: OperationName = OperationName {
    verb: "restore",
    conditional: "Would restore",
};
/// Delete a connection permanently.
pub const PURGE: OperationName = OperationName {
    verb: "purge",
    conditional: "Would permanently delete",
};

/// Reports the result of one change, and what could not be checked.
pub async fn run(
    service: &dyn ConnectionService,
    proposal: ProposedChange,
    operation: OperationName,
    output: &mut Output,
) -> Result<(), Failure> {
    let preview = service.preview(proposal).await?;
    match output.reader() {
        OutputReader::Json => output.json(&to_json(operation, &preview))?,
        OutputReader::Text => output.line(&sentence(operation, &preview))?,
    }
    note_local_check(&preview, output);
    Ok(())
}

/// Reports what would be done to something that is not a connection.
pub fn write_action(action: &str, sentence: &str, output: &mut Output) -> Result<(), Failure> {
    match output.reader() {
        OutputReader::Json => output.json(&json!({
            "dryRun": true,
            "action": action,
            "detail": sentence,
        })),
        OutputReader::Text => output.line(sentence),
    }
}

/// Reports the result of one of several changes, on one line.
pub fn write_line(
    operation: OperationName,
    preview: &ChangePreview,
    output: &mut Output,
) -> Result<(), Failure> {
    match output.reader() {
        OutputReader::Json => output.json_line(&to_json(operation, preview)),
        OutputReader::Text => output.line(&sentence(operation, preview)),
    }
}

/// Notes that the server was only read.
pub fn note_local_check(preview: &ChangePreview, output: &Output) {
    if preview.is_exact {
        return;
    }
    output.note(
        "Checked locally: the server was only read, so its own checks and the token's write permission are unknown",
    );
    if !preview.unknown.is_empty() {
        output.note(&format!(
            "Cannot tell locally whether {} would change",
            preview.unknown.join(", ")
        ));
    }
}

fn sentence(operation: OperationName, preview: &ChangePreview) -> String {
    let item = &preview.connection.item;
    let name = format!("{} ({})", item.name, item.alias);
    if operation.verb == UPDATE.verb && preview.paths.is_empty() {
        return format!("Nothing to change: {name}");
    }
    if operation.conditional != UPDATE.conditional {
        return format!("{} {name}", operation.conditional);
    }
    format!(
        "{} {name}: {}",
        operation.conditional,
        preview.paths.join(", ")
    )
}

/// JSON of a dry run, without the values that only a save assigns.
fn to_json(operation: OperationName, preview: &ChangePreview) -> Value {
    let item = &preview.connection.item;
    json!({
        "dryRun": true,
        "action": operation.verb,
        "connection": {
            "alias": item.alias,
            "name": item.name,
            "providerId": item.provider_id,
            "isActive": item.is_active,
            "settings": preview.connection.settings,
        },
        "changes": preview.paths,
        "untold": preview.unknown,
        "isExact": preview.is_exact,
    })
}
