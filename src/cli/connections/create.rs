//! `umai connections create`: a draft from the command line.

use std::path::PathBuf;

use clap::Args;

use super::super::bulk_create::JsonSource;
use super::super::dry_run::DryRunArg;
use super::super::exit::Failure;
use super::super::output::Output;
use super::super::{prompt, secret_args};
use super::from_env::{EnvSettings, FromEnvArgs};
use super::setting_args::{self, SettingArgs};
use crate::connection::validate::MaskPolicy;
use crate::connection::{
    Connection, ConnectionDraft, ConnectionError, DraftField, FieldReason, Mode, SettingValue,
    alias,
};
use crate::provider::{Provider, ProviderCatalog};
use crate::text::key_like;

/// Arguments of `umai connections create`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  umai connections create --name 'OpenAI Production' --provider openai --set 'apiKey=$OpenAI:ApiKey'
  pass show openai | umai connections create --name 'Team B' --provider openai --secret-stdin apiKey
  umai connections create --name Bedrock --provider amazon --set region=eu-central-1 \\
      --secret-file accessKeyId=id.txt --secret-file secretAccessKey=key.txt
  umai connections create --from-env --dry-run
  umai connections create --from-env --provider openai --as-references
  umai connections create --from-json request.json
  umai connections create --from-json - --json < many.jsonl

On a terminal, a required secret that is missing is prompted for without echo.")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct Create {
    /// Display name; optional with --from-env, where it defaults to the provider's name
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
    /// Option to read the settings from environment variables.
    #[arg(
        long,
        help = "Read the settings from the environment variables of the providers, such as OPENAI_API_KEY"
    )]
    from_env: bool,
    /// Option to store references.
    #[arg(
        long,
        requires = "from_env",
        help = "With --from-env: store references such as $OPENAI_API_KEY instead of the secrets"
    )]
    as_references: bool,
    /// Check everything and show what would be created, without changes; with --from-env, list the variables that are set, by
    /// provider
    #[arg(long)]
    dry_run: bool,
    /// Read API request bodies from a file or '-': one object, an array, or JSON lines. Results are printed as they complete,
    /// errors in input order
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
        let env_provider = env_settings
            .as_ref()
            .map(|env_settings| env_settings.provider_id.clone());
        let provider_id = env_provider.or_else(|| self.provider.clone());
        let provider = provider_id.as_deref().and_then(|id| catalog.get(id));
        let env_name = env_settings
            .as_ref()
            .map(|env_settings| env_settings.name.clone());
        let name = self.name.clone().or(env_name);
        let mut settings = env_settings
            .map(|env_settings| env_settings.settings)
            .unwrap_or_default();
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
            change_description: None,
            misread: Vec::new(),
        };
        if let Some(provider) = provider.filter(|_| prompt::is_possible()) {
            prompt_for_missing(&mut draft, provider, catalog, output)?;
        }
        Ok(draft)
    }

    /// Notes the alias that was derived and settings that are missing.
    pub fn note_defaults(&self, created: &Connection, catalog: &ProviderCatalog, output: &Output) {
        if self.alias.is_none() {
            output.note(&format!(
                "Alias: {} (derived from the name; set another with --alias)",
                created.item.alias
            ));
        }
        if created.settings.is_none() {
            output.note(&format!(
                "The connection has no settings yet. Add them: umai connections update {} --set KEY=VALUE",
                created.item.alias
            ));
            let provider = catalog.get(&created.item.provider_id);
            if let Some(key) = provider.and_then(required_secret)
                && secret_args::is_stdin_a_source()
            {
                output.note(&format!(
                    "stdin was not read; add --secret-stdin {key} to read the secret from it"
                ));
            }
        }
    }
}

fn suggested_alias(name: Option<&str>) -> Option<String> {
    let alias = alias::suggest(name?);
    (!alias.is_empty()).then_some(alias)
}

/// Prompts for required secrets that are missing, unless another field is invalid.
fn prompt_for_missing(
    draft: &mut ConnectionDraft,
    provider: &Provider,
    catalog: &ProviderCatalog,
    output: &Output,
) -> Result<(), Failure> {
    let problems = draft.problems(catalog, MaskPolicy::Reject);
    if problems
        .iter()
        .any(|problem| problem.field.setting_key().is_none())
    {
        return Ok(());
    }
    let mut settings = draft.settings.take().unwrap_or_default();
    for field in provider
        .settings
        .iter()
        .filter(|field| field.required && field.sensitive)
    {
        let is_given = settings.iter().any(|(key, _)| {
            provider
                .field(key)
                .is_some_and(|given| given.key == field.key)
        });
        if is_given {
            continue;
        }
        if let Some(secret) = prompt::secret_or_skip(&field.label)? {
            let secret = setting_args::cleaned(SettingValue::Secret(secret), field, output);
            settings.set(&field.key, secret);
        }
    }
    draft.settings = (!settings.is_empty()).then_some(settings);
    Ok(())
}

/// Returns the key of the first setting that is required and secret.
fn required_secret(provider: &Provider) -> Option<&str> {
    let mut fields = provider.settings.iter();
    let field = fields.find(|field| field.required && field.sensitive)?;
    Some(&field.key)
}
