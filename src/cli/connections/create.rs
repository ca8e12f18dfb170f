//! `umai connections create`: a draft from the command line.

use std::path::PathBuf;

use clap::Args;

use super::super::ask;
use super::super::exit::Failure;
use super::super::import::Source;
use super::super::output::Output;
use super::super::secret;
use super::from_env::{Taken, Wish};
use super::given::{self, Given};
use crate::connection::validate::Stored;
use crate::connection::{
    Connection, ConnectionDraft, ConnectionError, Field, Reason, Setting, alias,
};
use crate::provider::{Provider, ProviderCatalog};
use crate::text::key_like;

/// What the new connection is.
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

On a terminal a required secret that is missing is asked for, and not shown.")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct Create {
    /// The name people see; with --from-env it may be left out and is the provider's
    #[arg(long)]
    name: Option<String>,
    /// The name scripts use; the name suggests it
    #[arg(long)]
    alias: Option<String>,
    /// The provider's id; 'umai providers list' lists them
    #[arg(long, value_name = "ID")]
    provider: Option<String>,
    /// Its settings.
    #[command(flatten)]
    given: Given,
    /// Create it switched off
    #[arg(long)]
    inactive: bool,
    /// Take the settings from the variables that providers name.
    #[arg(
        long,
        help = "Take the settings from the variables that providers name, such as OPENAI_API_KEY"
    )]
    from_env: bool,
    /// With --from-env: refer to secrets instead of storing them.
    #[arg(
        long,
        requires = "from_env",
        help = "With --from-env: refer to secrets, as $OPENAI_API_KEY, instead of storing them"
    )]
    as_references: bool,
    /// Examine everything, say what would be created, and change nothing; with --from-env: only say which variables are set, for
    /// which providers
    #[arg(long)]
    dry_run: bool,
    /// Read the API's request body from a file or '-': one object, an array, or JSON lines. Of many, each is told as it becomes
    /// durable, in whatever order; refusals come in the order of the input
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["name", "alias", "provider", "set", "inactive", "secret_stdin", "secret_file", "from_env"]
    )]
    from_json: Option<PathBuf>,
}

impl Create {
    /// Whether it is only said what would be created.
    pub const fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// Where JSON is read from, when it is.
    pub fn source(&self) -> Result<Option<Source>, Failure> {
        self.from_json.as_deref().map(Source::open).transpose()
    }

    /// What is wished of the environment, when something is.
    pub fn from_env(&self) -> Option<Wish<'_>> {
        self.from_env.then_some(Wish {
            provider: self.provider.as_deref(),
            by_reference: self.as_references,
            is_dry_run: self.dry_run,
        })
    }

    /// The draft; secrets are read, or asked for where somebody can answer. What is given goes before what was taken from the
    /// environment.
    pub fn draft(
        &self,
        catalog: &ProviderCatalog,
        taken: Option<Taken>,
        output: &Output,
    ) -> Result<ConnectionDraft, Failure> {
        let taken_id = taken.as_ref().map(|taken| taken.provider_id.clone());
        let provider_id = taken_id.or_else(|| self.provider.clone());
        let provider = provider_id.as_deref().and_then(|id| catalog.get(id));
        let named = taken.as_ref().map(|taken| taken.name.clone());
        let name = self.name.clone().or(named);
        let mut settings = taken.map(|taken| taken.settings).unwrap_or_default();
        for (key, value) in self.given.settings(provider, output)?.iter() {
            let known = provider.and_then(|provider| provider.field(key));
            let key = known.map_or(key, |field| field.key.as_str());
            settings.set(key, value.clone());
        }
        let has_key = |name: &str| key_like::has_key_with(name, catalog.key_prefixes());
        if name.as_deref().is_some_and(has_key) {
            // Such a name suggests no alias, and "Alias is required" would be the first error.
            let refused = ConnectionError::at(Field::Name, Reason::LooksLikeKey);
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
        if let Some(provider) = provider.filter(|_| ask::is_possible()) {
            ask_for_missing(&mut draft, provider, catalog, output)?;
        }
        Ok(draft)
    }

    /// Says what was decided for whoever created this connection.
    pub fn tell(&self, created: &Connection, catalog: &ProviderCatalog, output: &Output) {
        if self.alias.is_none() {
            output.note(&format!(
                "The alias is {}, as the name suggests; --alias takes another",
                created.item.alias
            ));
        }
        if created.settings.is_none() {
            output.note(
                "It has no settings yet and cannot be used without them; give them in the app",
            );
            let provider = catalog.get(&created.item.provider_id);
            if let Some(key) = provider.and_then(required_secret)
                && secret::is_stdin_a_source()
            {
                output.note(&format!(
                    "Nothing was read from stdin; --secret-stdin {key} takes the secret from there"
                ));
            }
        }
    }
}

fn suggested_alias(name: Option<&str>) -> Option<String> {
    let alias = alias::suggest(name?);
    (!alias.is_empty()).then_some(alias)
}

/// Asks for the required secrets that were not given, unless something else is wrong anyway.
fn ask_for_missing(
    draft: &mut ConnectionDraft,
    provider: &Provider,
    catalog: &ProviderCatalog,
    output: &Output,
) -> Result<(), Failure> {
    let problems = draft.problems(catalog, Stored::Nothing);
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
        if let Some(secret) = ask::secret(&field.label)? {
            let secret = given::cleaned(Setting::Secret(secret), field, output);
            settings.set(&field.key, secret);
        }
    }
    draft.settings = (!settings.is_empty()).then_some(settings);
    Ok(())
}

/// The first setting without which a connection does nothing, and that is a secret.
fn required_secret(provider: &Provider) -> Option<&str> {
    let mut fields = provider.settings.iter();
    let field = fields.find(|field| field.required && field.sensitive)?;
    Some(&field.key)
}
