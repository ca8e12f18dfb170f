//! `umai connections edit`: edits a connection as a text in the user's editor, like Ctrl-E in the app.

use clap::Args;

use super::super::dry_run::{self, DryRunArg};
use super::super::exit::{Exit, Failure};
use super::super::open_service::{self, CliContext, with_service};
use super::super::output::{Output, OutputReader};
use super::super::prompt;
use super::super::signals::StopSignals;
use super::update::{read, write_saved};
use crate::connection::{Command, IdOrAlias};
use crate::provider::ProviderCatalog;
use crate::tui;
use crate::tui::form::{EditorDocument, Form};
use crate::tui::notice::NoticeSeverity;

/// Key that reopens refused text, for messages.
const AGAIN: &str = "Yes";

/// Arguments of `umai connections edit`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  umai connections edit openai-prod
  EDITOR='code --wait' umai connections edit openai-prod

The text is JSON with comments and contains no stored secret. It is saved when the editor ends. The editor is VISUAL, EDITOR, vi or \
nano.")]
pub struct Edit {
    /// Connection to edit
    #[arg(value_name = "ID_OR_ALIAS")]
    connection: IdOrAlias,
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
        let Some(command) = edited(&mut form, &catalog, output)? else {
            output.note("Nothing changed");
            return Ok(());
        };
        with_service(context, output, async |service, output| {
            let mode = self.dry_run.mode();
            match dry_run::run(&**service, command, mode, output).await? {
                Some(outcome) => write_saved("Saved", &outcome.connection()?, output),
                None => Ok(()),
            }
        })
    }
}

/// Opens the editor until the text is valid; returns the command that saves it, or none without a change.
fn edited(
    form: &mut Form,
    catalog: &ProviderCatalog,
    output: &Output,
) -> Result<Option<Command>, Failure> {
    loop {
        let document = in_editor(&form.document())?;
        let notice = form.take_document(&document, catalog, AGAIN);
        let errors = match notice.severity {
            NoticeSeverity::Error => vec![notice.text],
            _ if form.error_count() > 0 => form.field_errors(),
            _ if !form.is_changed() => return Ok(None),
            severity => {
                if severity == NoticeSeverity::Warning {
                    output.note(&notice.text);
                }
                match form.save_command(catalog) {
                    Ok(command) => return Ok(Some(command)),
                    Err(errors) => errors,
                }
            }
        };
        let refused = Failure::Partial(errors.join("\n"), Exit::Invalid);
        if !prompt::is_possible() || output.reader() == OutputReader::Json {
            return Err(refused);
        }
        output.failure(&refused);
        if !prompt::ask_yes_no("Nothing saved. Edit again?")? {
            return Ok(None);
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
