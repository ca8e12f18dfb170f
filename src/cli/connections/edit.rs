//! `umai connections edit`: edits a connection as a text in the user's editor, like Ctrl-E in the app.

use std::path::PathBuf;

use clap::Args;

use super::super::dry_run::{self, DryRunArg};
use super::super::exit::{Exit, Failure};
use super::super::open_service::{self, CliContext, with_service};
use super::super::output::{Audience, Output};
use super::super::prompt;
use super::super::signals::StopSignals;
use super::update::{read, write_saved};
use crate::connection::{Command, IdOrAlias};
use crate::provider::ProviderCatalog;
use crate::tui;
use crate::tui::form::{EditorDocument, Form, join_names};
use crate::tui::notice::NoticeSeverity;

/// Arguments of `umai connections edit`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  umai connections edit openai-prod
  EDITOR='code --wait' umai connections edit openai-prod

The text is JSON with comments and contains no stored secret. It is saved when the editor ends. The editor is VISUAL, EDITOR, vi or \
nano. If it cannot be saved, it is kept in a private file, and --file opens it again.")]
pub struct Edit {
    /// Connection to edit
    #[arg(value_name = "ID_OR_ALIAS")]
    connection: IdOrAlias,
    /// Edit the text of a file, which an edit that could not be saved has left
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Dry-run option.
    #[command(flatten)]
    pub(super) dry_run: DryRunArg,
}

impl Edit {
    /// Runs the command.
    pub fn run(&self, context: &CliContext, output: &mut Output) -> Result<(), Failure> {
        // The store must not stay open while the editor runs.
        let (connection, catalog) = read(&self.connection, context, output)?;
        let id = &connection.item.provider_id;
        let Some(provider) = catalog.get(id) else {
            return Err(Failure::NoProvider(id.clone()));
        };
        let mut form = Form::edit(&connection, provider);
        let Some((command, document)) = self.edited(&mut form, &catalog, output)? else {
            output.note("Nothing changed");
            return Ok(());
        };
        let saved = with_service(context, output, async |service, output| {
            let mode = self.dry_run.mode();
            match dry_run::run(&**service, command, mode, output).await? {
                Some(outcome) => write_saved("Saved", &outcome.connection()?, output),
                None => Ok(()),
            }
        });
        match saved {
            Err(failure @ Failure::Connection(_)) if !self.dry_run.dry_run => {
                Err(self.with_kept(&document, failure, output))
            }
            saved => saved,
        }
    }

    /// Opens the editor until the text is valid; returns the command that saves it and its text, or none without a change.
    fn edited(
        &self,
        form: &mut Form,
        catalog: &ProviderCatalog,
        output: &Output,
    ) -> Result<Option<(Command, EditorDocument)>, Failure> {
        let kept = self.file.as_deref().map(|path| {
            let read = tui::read_document(path);
            read.map_err(|reason| Failure::Usage(format!("{}: {reason}", path.display())))
        });
        let mut kept = kept.transpose()?;
        loop {
            let document = form.document();
            let document = in_editor(&kept.take().unwrap_or(document))?;
            let errors = match command(form, &document, catalog, output) {
                Ok(command) => return Ok(command.map(|command| (command, document))),
                Err(errors) => errors,
            };
            let refused = Failure::Partial(errors.join("\n"), Exit::Invalid);
            if !prompt::is_possible() || output.audience() == Audience::Program {
                return Err(self.with_kept(&document, refused, output));
            }
            output.failure(&refused);
            if !prompt::ask_yes_no("Nothing saved. Edit again?")? {
                return Ok(None);
            }
        }
    }

    /// Keeps the text of an edit that was not saved, and adds to the failure where it is.
    fn with_kept(&self, document: &EditorDocument, failure: Failure, output: &Output) -> Failure {
        let hint = match tui::keep_document(document) {
            Ok(path) => format!(
                "Your text is in {0}; reopen it with: umai connections edit {1} --file {0}",
                path.display(),
                self.connection
            ),
            Err(error) => format!("Your text could not be kept: {error}"),
        };
        if output.audience() == Audience::Program {
            output.note(&hint);
            return failure;
        }
        let exit = failure.exit();
        Failure::Partial(format!("{failure}\n{hint}"), exit)
    }
}

/// Applies the edited text; returns the command that saves it, or none without a change.
fn command(
    form: &mut Form,
    document: &EditorDocument,
    catalog: &ProviderCatalog,
    output: &Output,
) -> Result<Option<Command>, Vec<String>> {
    let notice = form.take_document(document, catalog, None);
    let left_out = form.left_out_members();
    match notice.severity {
        NoticeSeverity::Error => Err(vec![notice.text]),
        _ if !left_out.is_empty() => Err(vec![format!(
            "Not a member that can be edited: {}. Correct or remove it",
            join_names(left_out)
        )]),
        _ if form.error_count() > 0 => Err(form.field_errors()),
        _ if !form.is_changed() => Ok(None),
        severity => {
            if severity == NoticeSeverity::Warning {
                output.note(&notice.text);
            }
            form.save_command(catalog).map(Some)
        }
    }
}

fn in_editor(document: &EditorDocument) -> Result<EditorDocument, Failure> {
    let runtime = open_service::runtime(open_service::WORKERS)?;
    let edited = runtime.block_on(async {
        let mut signals = StopSignals::listen()?;
        let terminated = async {
            // Ctrl-C belongs to the editor.
            while signals.next().await != Exit::Terminated {}
        };
        let edited = tui::edit(document, terminated).await;
        let edited = edited.ok_or(Failure::Signal(Exit::Terminated))?;
        edited.map_err(|reason| Failure::Partial(reason, Exit::Other))
    });
    runtime.shutdown_background();
    edited
}
