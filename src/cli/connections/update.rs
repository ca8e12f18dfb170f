//! `umai connections update` and `duplicate`: a draft over what is stored.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::super::dry::{self, DryRun};
use super::super::exit::Failure;
use super::super::output::{Format, Output};
use super::super::session::{Ground, with_service};
use super::given::Given;
use super::show;
use crate::connection::{Connection, ConnectionDraft, IdOrAlias, Proposal, Setting, alias};
use crate::provider::ProviderCatalog;
use crate::text::file;

/// The longest file of a change, in bytes; the API takes no longer body either.
const LONGEST: usize = 256 * 1024;

/// What shall be different.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  umai connections update openai-prod --name 'OpenAI Team A' --set organization=org-1
  pass show openai | umai connections update openai-prod --secret-stdin apiKey
  umai connections update openai-prod --unset endpoint
  umai connections update openai-prod --from-json change.json --if-version 4

What is not named stays as it is, secrets among it. A secret does not follow its endpoint to another address: give it again.")]
pub struct Update {
    /// The connection
    #[arg(value_name = "ID_OR_ALIAS")]
    connection: IdOrAlias,
    /// Another name
    #[arg(long)]
    name: Option<String>,
    /// Another alias; scripts that use the old one have to follow
    #[arg(long)]
    alias: Option<String>,
    /// Its settings.
    #[command(flatten)]
    given: Given,
    /// Clear this setting
    #[arg(long, value_name = "KEY")]
    unset: Vec<String>,
    /// What the history says about it
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Only when it is still at this version
    #[arg(long, value_name = "N")]
    if_version: Option<u64>,
    /// Read the API's request body from a file
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["name", "alias", "set", "unset", "note", "secret_stdin", "secret_file"]
    )]
    from_json: Option<PathBuf>,
    /// Whether it is only said.
    #[command(flatten)]
    dry: DryRun,
}

impl Update {
    /// Carries it out.
    pub fn run(&self, ground: &Ground, output: &mut Output) -> Result<(), Failure> {
        let draft = self.draft(ground, output)?;
        if self.dry.dry_run {
            let proposal = Proposal::Update {
                key: self.connection.clone(),
                draft,
                over: self.if_version,
            };
            return with_service(ground, output, async |service, output| {
                dry::run(&**service, proposal, dry::UPDATE, output).await
            });
        }
        with_service(ground, output, async |service, output| {
            let saved = service
                .update(&self.connection, draft, self.if_version)
                .await?;
            told("Saved", &saved, output)
        })
    }

    fn draft(&self, ground: &Ground, output: &mut Output) -> Result<ConnectionDraft, Failure> {
        if let Some(path) = &self.from_json {
            return from_json(path);
        }
        if self.name.is_none()
            && self.alias.is_none()
            && self.given.is_empty()
            && self.unset.is_empty()
        {
            return Err(Failure::Usage(
                "Nothing to change: name it, for example with --name or --set".into(),
            ));
        }
        let mut settings = if self.given.is_empty() {
            crate::connection::Settings::default()
        } else {
            // Which settings are secret is known from the provider, and the store is not held while stdin is read.
            let (before, catalog) = read(&self.connection, ground, output)?;
            let provider = catalog.get(&before.item.provider_id);
            self.given.settings(provider, output)?
        };
        for key in &self.unset {
            if settings.get(key).is_some() {
                return Err(Failure::Usage(format!(
                    "The setting {key} is both given and unset"
                )));
            }
            settings.set(key.clone(), Setting::Null);
        }
        Ok(ConnectionDraft {
            name: self.name.clone(),
            alias: self.alias.clone(),
            settings: (!settings.is_empty()).then_some(settings),
            change_description: self.note.clone(),
            ..ConnectionDraft::default()
        })
    }
}

/// What the copy shall be.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  umai connections duplicate openai-prod --name 'OpenAI Staging' --set organization=org-2"
)]
pub struct Duplicate {
    /// The connection to copy, with its secrets
    #[arg(value_name = "ID_OR_ALIAS")]
    connection: IdOrAlias,
    /// The copy's name
    #[arg(long)]
    name: String,
    /// The copy's alias; the name suggests it
    #[arg(long)]
    alias: Option<String>,
    /// Create it switched off
    #[arg(long)]
    inactive: bool,
    /// What is different in it.
    #[command(flatten)]
    given: Given,
    /// Whether it is only said.
    #[command(flatten)]
    dry: DryRun,
}

impl Duplicate {
    /// Carries it out.
    pub fn run(&self, ground: &Ground, output: &mut Output) -> Result<(), Failure> {
        let settings = if self.given.is_empty() {
            None
        } else {
            let (original, catalog) = read(&self.connection, ground, output)?;
            let provider = catalog.get(&original.item.provider_id);
            Some(self.given.settings(provider, output)?)
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
        if self.dry.dry_run {
            let key = self.connection.clone();
            return with_service(ground, output, async |service, output| {
                let proposal = Proposal::Duplicate { key, draft };
                dry::run(&**service, proposal, dry::CREATE, output).await
            });
        }
        with_service(ground, output, async |service, output| {
            let copy = service.duplicate(&self.connection, draft).await?;
            match output.format() {
                Format::Json => output.json(&copy),
                Format::Text => show::created(&copy, output),
            }
        })
    }
}

/// Says what became of a connection.
pub fn told(verb: &str, connection: &Connection, output: &mut Output) -> Result<(), Failure> {
    let item = &connection.item;
    match output.format() {
        Format::Json => output.json(connection),
        Format::Text => output.line(&format!(
            "{verb} {} ({}), version {}",
            item.name, item.alias, item.version
        )),
    }
}

fn read(
    key: &IdOrAlias,
    ground: &Ground,
    output: &mut Output,
) -> Result<(Connection, Arc<ProviderCatalog>), Failure> {
    let mut found = None;
    with_service(ground, output, async |service, _| {
        found = Some((service.get(key).await?, service.providers()));
        Ok(())
    })?;
    found.ok_or_else(|| Failure::Trouble(anyhow::anyhow!("The connection was not read")))
}

fn from_json(path: &std::path::Path) -> Result<ConnectionDraft, Failure> {
    let text = file::read(path, LONGEST).map_err(|flaw| {
        let why = match flaw {
            file::FileFlaw::NotThere => "is not there".into(),
            file::FileFlaw::Unusable(why) => why,
        };
        Failure::Usage(format!("{} {why}", path.display()))
    })?;
    Ok(ConnectionDraft::from_json(text.as_bytes())?)
}
