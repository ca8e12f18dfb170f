//! `umai connections create`: a draft from the command line.

use std::path::PathBuf;

use clap::Args;

use super::super::bulk_create::JsonSource;
use super::super::dry_run::DryRunArg;
use super::super::exit::Failure;
use super::super::output::{Audience, Output};
use super::super::prompt;
use super::from_env::{EnvSettings, FromEnvArgs};
use super::missing;
use super::setting_args::SettingArgs;
use crate::connection::{
    Connection, ConnectionDraft, ConnectionError, DraftField, FieldError, FieldReason, Mode,
    Settings, alias,
};
use crate::provider::ProviderCatalog;
use crate::text::key_like;

/// Arguments of `umai connections create`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  umai connections create
  umai connections create --name 'OpenAI Production' --provider openai --set 'apiKey=$OpenAI:ApiKey'
  pass show openai | umai connections create --name B --provider openai --secret-stdin apiKey
  umai connections create --from-json - --json < many.jsonl

On a terminal, what is missing is prompted for, secrets without echo.")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct Create {
    /// Display name [default with --from-env: the name of the provider]
    #[arg(long)]
    name: Option<String>,
    /// Unique name for scripts [default: derived from the name]
    #[arg(long)]
    alias: Option<String>,
    /// Provider ID; see 'umai providers list'
    #[arg(long, value_name = "ID")]
    provider: Option<String>,
    /// Settings.
    #[command(flatten)]
    settings: SettingArgs,
    /// Create it as inactive
    #[arg(long)]
    inactive: bool,
    /// Create it without any setting, to add all required ones later
    #[arg(long, conflicts_with = "from_json")]
    allow_incomplete: bool,
    /// Read the settings from the variables of the providers.
    #[arg(long, help = "Read the settings from variables such as OPENAI_API_KEY")]
    from_env: bool,
    /// Store references.
    #[arg(
        long,
        requires = "from_env",
        help = "With --from-env: store $OPENAI_API_KEY, not its value"
    )]
    as_references: bool,
    /// Check everything without changes; with --from-env, list variables
    #[arg(long)]
    dry_run: bool,
    /// Read API request bodies (JSON or JSON lines) from a file or '-'
    ///
    /// Results are printed as they complete, errors in input order.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["name", "alias", "provider", "set", "inactive", "secret_stdin", "secret_file", "from_env"]
    )]
    from_json: Option<PathBuf>,
}

impl Create {
    /// Returns the mode in which the service runs the command.
    pub const fn mode(&self) -> Mode {
        DryRunArg {
            dry_run: self.dry_run,
        }
        .mode()
    }

    /// Returns true if connections are read from JSON.
    pub const fn is_from_json(&self) -> bool {
        self.from_json.is_some()
    }

    /// Returns the JSON source of `--from-json`.
    pub fn source(&self) -> Result<Option<JsonSource>, Failure> {
        self.from_json.as_deref().map(JsonSource::open).transpose()
    }

    /// Returns the options of `--from-env`.
    pub fn from_env(&self) -> Option<FromEnvArgs<'_>> {
        self.from_env.then_some(FromEnvArgs {
            provider: self.provider.as_deref(),
            by_reference: self.as_references,
            is_dry_run: self.dry_run,
        })
    }

    /// Returns the draft. Secrets are read, or prompted for on a terminal. Options override settings from the environment.
    pub fn draft(
        &self,
        catalog: &ProviderCatalog,
        env_settings: Option<EnvSettings>,
        output: &Output,
    ) -> Result<ConnectionDraft, Failure> {
        let (env_provider, env_name, env_values) = match env_settings {
            Some(found) => (Some(found.provider_id), Some(found.name), found.settings),
            None => (None, None, Settings::default()),
        };
        let is_prompted = prompt::is_possible() && output.audience() == Audience::Person;
        let name = self.name.clone().or(env_name);
        let name = name.map_or_else(|| missing::name(is_prompted), |name| Ok(Some(name)))?;
        let provider_id = env_provider.or_else(|| self.provider.clone());
        let provider_id = provider_id.map_or_else(
            || missing::provider(catalog, is_prompted),
            |id| Ok(Some(id)),
        )?;
        let provider = provider_id.as_deref().and_then(|id| catalog.get(id));
        let mut settings = env_values;
        for (key, value) in self.settings.settings(provider, output)?.iter() {
            let known = provider.and_then(|provider| provider.field(key));
            let key = known.map_or(key, |field| field.key.as_str());
            settings.set(key, value.clone());
        }
        let has_key = |name: &str| key_like::has_key_with(name, catalog.key_prefixes());
        if name.as_deref().is_some_and(has_key) {
            // No alias can be derived from such a name; without this check, the first error would be "Alias is required".
            let refused = ConnectionError::at(DraftField::Name, FieldReason::LooksLikeKey);
            return Err(refused.into());
        }
        let mut draft = ConnectionDraft {
            alias: self
                .alias
                .clone()
                .or_else(|| suggested_alias(name.as_deref())),
            name,
            provider_id,
            is_active: Some(!self.inactive),
            settings: (!settings.is_empty()).then_some(settings),
            note: None,
            misread: Vec::new(),
        };
        if let Some(provider) = provider.filter(|_| !self.allow_incomplete) {
            if is_prompted {
                missing::settings(&mut draft, provider, catalog, output)?;
            }
            if draft.settings.is_none() && provider.requires_settings() {
                // Settings that are given are validated.
                draft.settings = Some(Settings::default());
            }
        }
        Ok(draft)
    }

    /// Returns the hint that follows errors of missing settings.
    pub fn hint(&self, failure: &Failure) -> Option<String> {
        let is_missing = |error: &FieldError| {
            matches!(error.reason, FieldReason::Required | FieldReason::OneOf(_))
                && error.field.setting_key().is_some()
        };
        let Failure::Options(error, _) = failure else {
            return None;
        };
        let is_incomplete = self.settings.is_empty() && error.fields().iter().any(is_missing);
        let hint = "To create the connection without its settings, add --allow-incomplete";
        is_incomplete.then(|| hint.to_owned())
    }

    /// Notes the alias that was derived and settings that are missing.
    pub fn note_defaults(&self, created: &Connection, catalog: &ProviderCatalog, output: &Output) {
        if self.alias.is_none() {
            output.note(&format!(
                "Alias: {} (derived from the name; set another with --alias)",
                created.item.alias
            ));
        }
        if created.settings.is_none() && catalog.requires_settings(&created.item.provider_id) {
            output.note(&format!(
                "The connection has no settings yet. Add all that are required at once: umai connections update {} --set KEY=VALUE --secret-stdin KEY",
                created.item.alias
            ));
        }
    }
}

fn suggested_alias(name: Option<&str>) -> Option<String> {
    let alias = alias::suggest(name?);
    (!alias.is_empty()).then_some(alias)
}
