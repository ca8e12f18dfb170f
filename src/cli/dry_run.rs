//! Runs commands, or in a dry run reports what they would do, after all checks that need no change.

use clap::Args;
use serde_json::{Value, json};

use super::exit::Failure;
use super::output::{Audience, Output};
use crate::connection::{ChangePreview, Command, Mode, Outcome};
use crate::service::ConnectionService;

/// Option of every command that changes something and can be checked beforehand.
#[derive(Debug, Clone, Copy, Args)]
pub struct DryRunArg {
    /// Check everything and show what would be done, without changes
    #[arg(long)]
    pub dry_run: bool,
}

impl DryRunArg {
    /// Returns the mode in which the service runs the command.
    pub const fn mode(self) -> Mode {
        if self.dry_run {
            Mode::DryRun
        } else {
            Mode::Commit
        }
    }
}

/// Name of an operation, for people and for programs.
#[derive(Clone, Copy)]
pub struct OperationName {
    /// Action in JSON: `create`.
    verb: &'static str,
    /// Start of the sentence: `Would create`.
    conditional: &'static str,
}

/// Create a connection.
pub const CREATE: OperationName = OperationName::new("create", "Would create");

const UPDATE: OperationName = OperationName::new("update", "Would save");

impl OperationName {
    const fn new(verb: &'static str, conditional: &'static str) -> Self {
        Self { verb, conditional }
    }

    /// Name of a command; in JSON, an activation is an update.
    const fn of(command: &Command) -> Self {
        match command {
            Command::Create { .. } | Command::Duplicate { .. } => CREATE,
            Command::Update { .. } | Command::Rollback { .. } => UPDATE,
            Command::SetActive { active: true, .. } => Self::new(UPDATE.verb, "Would activate"),
            Command::SetActive { active: false, .. } => Self::new(UPDATE.verb, "Would deactivate"),
            Command::Delete { .. } => Self::new("delete", "Would delete"),
            Command::Restore { .. } => Self::new("restore", "Would restore"),
            Command::Purge { .. } => Self::new("purge", "Would permanently delete"),
        }
    }
}

/// Runs a command and returns its outcome; none for a dry run, which is reported with what could not be checked.
pub async fn run(
    service: &dyn ConnectionService,
    command: Command,
    mode: Mode,
    output: &mut Output,
) -> Result<Option<Outcome>, Failure> {
    let operation = OperationName::of(&command);
    match service.run(command, mode).await? {
        Outcome::Previewed(preview) => {
            match output.audience() {
                Audience::Program => output.value(&to_json(operation, &preview))?,
                Audience::Person => output.line(&sentence(operation, &preview))?,
            }
            note_local_check(&preview, output);
            Ok(None)
        }
        committed => Ok(Some(committed)),
    }
}

/// Runs one of several commands and returns its outcome; none for a dry run, which is reported on one line.
pub async fn run_one_of_many(
    service: &dyn ConnectionService,
    command: Command,
    mode: Mode,
    output: &mut Output,
) -> Result<Option<Outcome>, Failure> {
    let operation = OperationName::of(&command);
    match service.run(command, mode).await? {
        Outcome::Previewed(preview) => write_line(operation, &preview, output).map(|()| None),
        committed => Ok(Some(committed)),
    }
}

/// Reports what would be done to something that is not a connection.
pub fn write_action(action: &str, sentence: &str, output: &mut Output) -> Result<(), Failure> {
    match output.audience() {
        Audience::Program => output.value(&json!({
            "dryRun": true,
            "action": action,
            "detail": sentence,
        })),
        Audience::Person => output.line(sentence),
    }
}

/// Reports the result of one of several changes, on one line.
pub fn write_line(
    operation: OperationName,
    preview: &ChangePreview,
    output: &mut Output,
) -> Result<(), Failure> {
    match output.audience() {
        Audience::Program => output.value_line(&to_json(operation, preview)),
        Audience::Person => output.line(&sentence(operation, preview)),
    }
}

/// Notes that the server was only read.
fn note_local_check(preview: &ChangePreview, output: &Output) {
    if preview.is_exact {
        return;
    }
    output.note(
        "Checked locally, from reads only: the target may check more, and may not permit the change",
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
        "unknown": preview.unknown,
        // The name until 0.2; it goes with 0.3.
        "untold": preview.unknown,
        "isExact": preview.is_exact,
    })
}
