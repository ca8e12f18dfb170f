//! `umai connections update` and `duplicate`.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::super::dry_run::{self, DryRunArg};
use super::super::exit::Failure;
use super::super::open_service::{CliContext, with_service};
use super::super::output::{Audience, Output};
use super::format;
use super::setting_args::SettingArgs;
use crate::connection::{Command, Connection, ConnectionDraft, IdOrAlias, SettingValue, alias};
use crate::provider::ProviderCatalog;
use crate::text::file;

/// Maximum size of a file with changes, in bytes; the limit of the API's request body.
const LONGEST: usize = 256 * 1024;

/// Arguments of `umai connections update`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  umai connections update openai-prod --name 'OpenAI Team A' --set organization=org-1
  pass show openai | umai connections update openai-prod --secret-stdin apiKey
  umai connections update openai-prod --unset endpoint
  umai connections update openai-prod --from-json change.json --if-version 4

Options that are not given keep their values, including secrets. A new endpoint requires its secret again.")]
pub struct Update {
    /// Connection to change
    #[arg(value_name = "ID_OR_ALIAS")]
    connection: IdOrAlias,
    /// New name
    #[arg(long)]
    name: Option<String>,
    /// New alias; scripts that use the old alias must be changed
    #[arg(long)]
    alias: Option<String>,
    /// Settings.
    #[command(flatten)]
    settings: SettingArgs,
    /// Clear this setting
    #[arg(long, value_name = "KEY")]
    unset: Vec<String>,
    /// Note for the history
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Save only if the connection is still at this version
    #[arg(long, value_name = "N")]
    if_version: Option<u64>,
    /// Read the API's request body from a file
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["name", "alias", "set", "unset", "note", "secret_stdin", "secret_file"]
    )]
    from_json: Option<PathBuf>,
    /// Dry-run option.
    #[command(flatten)]
    pub(super) dry_run: DryRunArg,
}

impl Update {
    /// Runs the command.
    pub fn run(&self, context: &CliContext, output: &mut Output) -> Result<(), Failure> {
        let saved = self.save(context, output);
        if self.from_json.is_some() {
            saved
        } else {
            saved.map_err(Failure::in_options)
        }
    }

    fn save(&self, context: &CliContext, output: &mut Output) -> Result<(), Failure> {
        let draft = self.draft(context, output)?;
        let command = Command::Update {
            key: self.connection.clone(),
            draft,
            expected_version: self.if_version,
        };
        with_service(context, output, async |service, output| match dry_run::run(
            &**service,
            command,
            self.dry_run.mode(),
            output,
        )
        .await?
        {
            Some(outcome) => write_saved("Saved", &outcome.connection()?, output),
            None => Ok(()),
        })
    }

    fn draft(&self, context: &CliContext, output: &mut Output) -> Result<ConnectionDraft, Failure> {
        if let Some(path) = &self.from_json {
            return from_json(path);
        }
        if self.name.is_none()
            && self.alias.is_none()
            && self.settings.is_empty()
            && self.unset.is_empty()
        {
            return Err(Failure::Usage(
                "Nothing to change. Add an option, for example --name or --set".into(),
            ));
        }
        let mut settings = if self.settings.is_empty() {
            crate::connection::Settings::default()
        } else {
            // The provider tells which settings are secret; the store must not stay open while stdin is read.
            let (before, catalog) = read(&self.connection, context, output)?;
            let provider = catalog.get(&before.item.provider_id);
            self.settings.settings(provider, output)?
        };
        for key in &self.unset {
            if settings.get(key).is_some() {
                return Err(Failure::Usage(format!(
                    "Setting {key} is both set and unset"
                )));
            }
            settings.set(key.clone(), SettingValue::Null);
        }
        Ok(ConnectionDraft {
            name: self.name.clone(),
            alias: self.alias.clone(),
            settings: (!settings.is_empty()).then_some(settings),
            note: self.note.clone(),
            ..ConnectionDraft::default()
        })
    }
}

/// Arguments of `umai connections duplicate`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  umai connections duplicate openai-prod --name 'OpenAI Staging' --set organization=org-2"
)]
pub struct Duplicate {
    /// Connection to copy, including its secrets
    #[arg(value_name = "ID_OR_ALIAS")]
    connection: IdOrAlias,
    /// Name of the copy
    #[arg(long)]
    name: String,
    /// Alias of the copy [default: derived from the name]
    #[arg(long)]
    alias: Option<String>,
    /// Create it as inactive
    #[arg(long)]
    inactive: bool,
    /// Settings that differ.
    #[command(flatten)]
    settings: SettingArgs,
    /// Dry-run option.
    #[command(flatten)]
    pub(super) dry_run: DryRunArg,
}

impl Duplicate {
    /// Runs the command.
    pub fn run(&self, context: &CliContext, output: &mut Output) -> Result<(), Failure> {
        self.save(context, output).map_err(Failure::in_options)
    }

    fn save(&self, context: &CliContext, output: &mut Output) -> Result<(), Failure> {
        let settings = if self.settings.is_empty() {
            None
        } else {
            let (original, catalog) = read(&self.connection, context, output)?;
            let provider = catalog.get(&original.item.provider_id);
            Some(self.settings.settings(provider, output)?)
        };
        let draft = ConnectionDraft {
            alias: self
                .alias
                .clone()
                .or_else(|| Some(alias::suggest(&self.name)).filter(|alias| !alias.is_empty())),
            name: Some(self.name.clone()),
            is_active: self.inactive.then_some(false),
            settings,
            ..ConnectionDraft::default()
        };
        let key = self.connection.clone();
        let command = Command::Duplicate { key, draft };
        with_service(context, output, async |service, output| {
            let mode = self.dry_run.mode();
            let Some(outcome) = dry_run::run(&**service, command, mode, output).await? else {
                return Ok(());
            };
            let copy = outcome.connection()?;
            match output.audience() {
                Audience::Program => output.value(&copy),
                Audience::Person => format::created(&copy, output),
            }
        })
    }
}

/// Writes the result of a change.
pub fn write_saved(
    command: &str,
    connection: &Connection,
    output: &mut Output,
) -> Result<(), Failure> {
    let item = &connection.item;
    match output.audience() {
        Audience::Program => output.value(connection),
        Audience::Person => output.line(&format!(
            "{command} {} ({}), version {}",
            item.name, item.alias, item.version
        )),
    }
}

/// Reads a connection and the providers, and closes the store.
pub fn read(
    key: &IdOrAlias,
    context: &CliContext,
    output: &mut Output,
) -> Result<(Connection, Arc<ProviderCatalog>), Failure> {
    let mut found = None;
    with_service(context, output, async |service, _| {
        found = Some((service.get(key).await?, service.providers()));
        Ok(())
    })?;
    found.ok_or_else(|| Failure::Other(anyhow::anyhow!("the connection was not read")))
}

fn from_json(path: &std::path::Path) -> Result<ConnectionDraft, Failure> {
    let text = file::read(path, LONGEST).map_err(|error| {
        let reason = match error {
            file::FileFlaw::NotFound => "does not exist".into(),
            file::FileFlaw::Unusable(reason) => reason,
        };
        Failure::Usage(format!("{} {reason}", path.display()))
    })?;
    Ok(ConnectionDraft::from_json(text.as_bytes())?)
}
