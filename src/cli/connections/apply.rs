//! `umai connections apply`: makes the connections what documents say.

use std::path::PathBuf;

use clap::Args;

use super::super::ask;
use super::super::exit::{Exit, Failure};
use super::super::output::{Format, Output};
use super::super::plan::carry::{Done, carry};
use super::super::plan::look::{Conflict, Looking, look};
use super::super::plan::{Step, What, shown, source};
use super::super::session::{self, Ground, with_service};

/// Which documents, and how far it goes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  umai connections apply -f connections.yaml --dry-run
  umai connections apply -f connections/ --prune
  umai connections export --format yaml | umai --target test connections apply -f - --yes

A connection is known by its alias. What a document does not name stays as it is, a blank keeps the secret that is stored, null clears.
A secret is referred to as $Section:Key, or is elsewhere: {file: PATH} or {stdin: true}. It is never written into a document.")]
pub struct Apply {
    /// The document in YAML or JSON, a folder of them, or '-' for stdin; may be given more than once
    #[arg(long = "file", short, value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Delete what is in no document as well: into the trash
    #[arg(long)]
    prune: bool,
    /// Yes, make it so. Without it, it is asked on a terminal
    #[arg(long)]
    yes: bool,
    /// Only show what is different, and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl Apply {
    /// Carries it out.
    pub fn run(&self, ground: &Ground, output: &mut Output) -> Result<(), Failure> {
        let catalog = session::catalog(ground)?;
        let source::Documents { entries, others } = source::read(&self.files, &catalog, output)?;
        if self.prune && entries.is_empty() && others > 0 {
            return Err(Failure::Some(
                "Nothing was changed: the files hold artifacts, but no connection, and --prune would delete all connections. \
                 To delete them all, apply a document with connections: []"
                    .into(),
                Exit::Refused,
            ));
        }
        if self.prune && entries.is_empty() && !self.yes && !self.dry_run {
            output.note("The documents name no connection: with --prune, all would be deleted");
        }
        with_service(ground, output, async |service, output| {
            let looking = Looking {
                conflict: Conflict::Update,
                is_pruning: self.prune,
                is_shown: true,
            };
            let steps = look(service, entries, looking, output).await?;
            let whole = Done::of(&steps);
            if output.format() == Format::Text {
                shown::tell(&steps, output)?;
                output.flush()?;
            }
            tell_from_afar(&steps, output);
            if whole.deleted > 0
                && let Some(warning) = service.features().deletion_warning()
            {
                output.note(&format!("{warning} ({} to delete)", whole.deleted));
            }
            let changes = shown::as_json(&steps);
            if self.dry_run || whole.changes() == 0 {
                return match output.format() {
                    Format::Json => output.json(&shown::summary(&changes, &whole, self.dry_run)),
                    Format::Text if whole.changes() == 0 => {
                        output.note(&format!(
                            "Nothing to do: {}",
                            many(whole.unchanged, "as it should be")
                        ));
                        Ok(())
                    }
                    Format::Text => {
                        output.note(&whole.sentence("It would be: "));
                        Ok(())
                    }
                };
            }
            if !self.yes && !is_agreed(&whole, output)? {
                output.note("Nothing was changed");
                return Ok(());
            }
            let done = carry(service, steps, "Applying", output).await?;
            match output.format() {
                Format::Json => output.json(&shown::summary(&changes, &done, false)),
                Format::Text => output.line(&done.sentence("")),
            }
        })
    }
}

fn is_agreed(whole: &Done, output: &Output) -> Result<bool, Failure> {
    let question = format!("{}. Make it so?", whole.sentence("It will be: "));
    ask::is_agreed(
        &question,
        "Nothing was changed: repeat the command with --yes if it shall be",
        output,
    )
}

/// Says what could not be told.
pub fn tell_from_afar(steps: &[Step], output: &Output) {
    let is_untold = |step: &Step| match &step.what {
        What::Update(change) => !change.foreseen.is_exact && !change.foreseen.untold.is_empty(),
        What::Create(_) | What::Delete(_) | What::Nothing | What::Skip => false,
    };
    if steps.iter().any(is_untold) {
        output.note(
            "Whether a secret that is given is the one the server keeps cannot be told from here; where it is, nothing is saved",
        );
    }
}

fn many(count: usize, words: &str) -> String {
    match count {
        0 => "no connection is named".into(),
        1 => format!("1 connection is {words}"),
        count => format!(
            "{count} connections are {}",
            words.replace("it should", "they should")
        ),
    }
}
