//! Dry runs: report what a command would do, after all checks that need no change.

use clap::Args;
use serde_json::{Value, json};

use super::exit::Failure;
use super::output::{Format, Output};
use crate::connection::{ConnectionService, Foreseen, Proposal};

/// Option of every command that changes something and can be checked beforehand.
#[derive(Debug, Clone, Copy, Args)]
pub struct DryRun {
    /// Check everything and show what would be done, without changes
    #[arg(long)]
    pub dry_run: bool,
}

/// Name of an operation, for people and for programs.
#[derive(Clone, Copy)]
pub struct Deed {
    /// Action in JSON: `create`.
    pub word: &'static str,
    /// Start of the sentence: `Would create`.
    pub would: &'static str,
}

/// Create a connection.
pub const CREATE: Deed = Deed {
    word: "create",
    would: "Would create",
};
/// Change a connection.
pub const UPDATE: Deed = Deed {
    word: "update",
    would: "Would save",
};
/// Activate a connection; in JSON an update.
pub const ACTIVATE: Deed = Deed {
    word: "update",
    would: "Would activate",
};
/// Deactivate a connection; in JSON an update.
pub const DEACTIVATE: Deed = Deed {
    word: "update",
    would: "Would deactivate",
};
/// Move a connection to the trash.
pub const DELETE: Deed = Deed {
    word: "delete",
    would: "Would delete",
};
/// Restore a connection.
pub const RESTORE: Deed = Deed {
    word: "restore",
    would: "Would restore",
};
/// Delete a connection permanently.
pub const PURGE: Deed = Deed {
    word: "purge",
    would: "Would permanently delete",
};

/// Reports the result of one change, and what could not be checked.
pub async fn run(
    service: &dyn ConnectionService,
    proposal: Proposal,
    operation: Deed,
    output: &mut Output,
) -> Result<(), Failure> {
    let foreseen = service.foresee(proposal).await?;
    match output.format() {
        Format::Json => output.json(&to_json(operation, &foreseen))?,
        Format::Text => output.line(&sentence(operation, &foreseen))?,
    }
    note_local_check(&foreseen, output);
    Ok(())
}

/// Reports what would be done to something that is not a connection.
pub fn write_action(action: &str, sentence: &str, output: &mut Output) -> Result<(), Failure> {
    match output.format() {
        Format::Json => output.json(&json!({
            "dryRun": true,
            "action": action,
            "detail": sentence,
        })),
        Format::Text => output.line(sentence),
    }
}

/// Reports the result of one of several changes, on one line.
pub fn write_line(
    operation: Deed,
    foreseen: &Foreseen,
    output: &mut Output,
) -> Result<(), Failure> {
    match output.format() {
        Format::Json => output.json_line(&to_json(operation, foreseen)),
        Format::Text => output.line(&sentence(operation, foreseen)),
    }
}

/// Notes that the server was only read.
pub fn note_local_check(foreseen: &Foreseen, output: &Output) {
    if foreseen.is_exact {
        return;
    }
    output.note(
        "Checked locally: the server was only read, so its own checks and the token's write permission are unknown",
    );
    if !foreseen.untold.is_empty() {
        output.note(&format!(
            "Cannot tell locally whether {} would change",
            foreseen.untold.join(", ")
        ));
    }
}

fn sentence(operation: Deed, foreseen: &Foreseen) -> String {
    let item = &foreseen.connection.item;
    let name = format!("{} ({})", item.name, item.alias);
    if operation.word == UPDATE.word && foreseen.paths.is_empty() {
        return format!("Nothing to change: {name}");
    }
    if operation.would != UPDATE.would {
        return format!("{} {name}", operation.would);
    }
    format!("{} {name}: {}", operation.would, foreseen.paths.join(", "))
}

/// JSON of a dry run, without the values that only a save assigns.
fn to_json(operation: Deed, foreseen: &Foreseen) -> Value {
    let item = &foreseen.connection.item;
    json!({
        "dryRun": true,
        "action": operation.word,
        "connection": {
            "alias": item.alias,
            "name": item.name,
            "providerId": item.provider_id,
            "isActive": item.is_active,
            "settings": foreseen.connection.settings,
        },
        "changes": foreseen.paths,
        "untold": foreseen.untold,
        "isExact": foreseen.is_exact,
    })
}
