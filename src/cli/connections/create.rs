//! `umai connections create`: a draft from the command line.

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::Args;

use super::super::ask;
use super::super::exit::Failure;
use super::super::import::Source;
use super::super::output::Output;
use super::super::secret::{self, SecretFile, Taken};
use crate::appsettings::Reference;
use crate::connection::validate::Stored;
use crate::connection::{Connection, ConnectionDraft, Mask, Plain, Setting, Settings, alias};
use crate::provider::{FieldKind, Provider, ProviderCatalog};

/// What the new connection is.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  umai connections create --name 'OpenAI Production' --provider openai --set 'apiKey=$OpenAI:ApiKey'
  pass show openai | umai connections create --name 'Team B' --provider openai --secret-stdin apiKey
  umai connections create --name Bedrock --provider amazon --set region=eu-central-1 \\
      --secret-file accessKeyId=id.txt --secret-file secretAccessKey=key.txt
  umai connections create --from-json request.json
  umai connections create --from-json - --json < many.jsonl

On a terminal a required secret that is missing is asked for, and not shown.")]
pub struct Create {
    /// The name people see
    #[arg(long)]
    name: Option<String>,
    /// The name scripts use; the name suggests it
    #[arg(long)]
    alias: Option<String>,
    /// The provider's id; 'umai providers list' lists them
    #[arg(long, value_name = "ID")]
    provider: Option<String>,
    /// A setting that is no secret, or a reference: 'apiKey=$Section:Key'
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Assignment>,
    /// Create it switched off
    #[arg(long)]
    inactive: bool,
    /// Read this setting's secret from stdin
    #[arg(long, value_name = "KEY")]
    secret_stdin: Option<String>,
    /// Read this setting's secret from a file
    #[arg(long, value_name = "KEY=PATH")]
    secret_file: Vec<SecretFile>,
    /// Read the API's request body from a file or '-': one object, an array, or JSON lines. Of many, each is told as it becomes
    /// durable, in whatever order; refusals come in the order of the input
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["name", "alias", "provider", "set", "inactive", "secret_stdin", "secret_file"]
    )]
    from_json: Option<PathBuf>,
}

/// `KEY=VALUE` of `--set`.
#[derive(Clone)]
pub struct Assignment {
    key: String,
    value: Plain,
}

impl std::fmt::Debug for Assignment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}=…", self.key)
    }
}

impl std::str::FromStr for Assignment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => Ok(Self {
                key: key.trim().to_owned(),
                value: Plain::new(value),
            }),
            _ => Err("write it as KEY=VALUE".into()),
        }
    }
}

impl Create {
    /// Where JSON is read from, when it is.
    pub fn source(&self) -> Result<Option<Source>, Failure> {
        self.from_json.as_deref().map(Source::open).transpose()
    }

    /// The draft; secrets are read, or asked for where somebody can answer.
    pub fn draft(
        &self,
        catalog: &ProviderCatalog,
        output: &Output,
    ) -> Result<ConnectionDraft, Failure> {
        let provider = self
            .provider
            .as_deref()
            .and_then(|id| catalog.get(id.trim()));
        let mut settings = Settings::default();
        for Assignment { key, value } in &self.set {
            let value = value.expose().unwrap_or_default();
            if is_secret(provider, key, value) {
                let known = provider.and_then(|provider| provider.field(key));
                let key = known.map(|field| field.key.as_str());
                return Err(Failure::Usage(format!(
                    "--set takes no secret, because {}",
                    secret::way(key)
                )));
            }
            put(&mut settings, key, setting(provider, key, value))?;
        }
        for file in &self.secret_file {
            let secret = secret::from_file(file)?;
            put(&mut settings, &file.key, taken(secret, &file.key, output))?;
        }
        if let Some(key) = &self.secret_stdin {
            let label = provider.and_then(|provider| provider.field(key));
            let label = label.map_or(key, |field| &field.label);
            put(&mut settings, key, from_stdin(key, label, output)?)?;
        }
        let mut draft = ConnectionDraft {
            alias: self.alias.clone().or_else(|| self.suggested_alias()),
            name: self.name.clone(),
            provider_id: self.provider.clone(),
            is_active: Some(!self.inactive),
            settings: (!settings.is_empty()).then_some(settings),
            change_description: None,
            misread: Vec::new(),
        };
        if let Some(provider) = provider.filter(|_| ask::is_possible()) {
            ask_for_missing(&mut draft, provider, catalog)?;
        }
        Ok(draft)
    }

    fn suggested_alias(&self) -> Option<String> {
        let alias = alias::suggest(self.name.as_deref()?);
        (!alias.is_empty()).then_some(alias)
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

/// Asks for the required secrets that were not given, unless something else is wrong anyway.
fn ask_for_missing(
    draft: &mut ConnectionDraft,
    provider: &Provider,
    catalog: &ProviderCatalog,
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
            settings.set(&field.key, Setting::Secret(secret));
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

fn put(settings: &mut Settings<Plain>, key: &str, value: Setting<Plain>) -> Result<(), Failure> {
    if settings.get(key).is_some() {
        return Err(Failure::Usage(format!("The setting {key} is given twice")));
    }
    settings.set(key, value);
    Ok(())
}

/// What stdin holds; where it is a terminal, what is typed there must not be shown.
fn from_stdin(key: &str, label: &str, output: &Output) -> Result<Setting<Plain>, Failure> {
    if std::io::stdin().is_terminal() {
        return Ok(ask::secret(label)?.map_or(Setting::Null, Setting::Secret));
    }
    Ok(taken(secret::from_stdin()?, key, output))
}

fn taken(taken: Taken, key: &str, output: &Output) -> Setting<Plain> {
    if taken.is_trimmed {
        output.note(&format!(
            "The line end after the secret for {key} was left out"
        ));
    }
    Setting::Secret(taken.secret)
}

/// The value as the provider's field wants it; what does not fit is left for validation to name.
fn setting(provider: Option<&Provider>, key: &str, value: &str) -> Setting<Plain> {
    let field = provider.and_then(|provider| provider.field(key));
    match field.map(|field| (field.kind, field.sensitive)) {
        Some((FieldKind::Switch, _)) if value.eq_ignore_ascii_case("true") => Setting::Switch(true),
        Some((FieldKind::Switch, _)) if value.eq_ignore_ascii_case("false") => {
            Setting::Switch(false)
        }
        Some((_, true)) => Setting::Secret(Plain::new(value)),
        Some((
            FieldKind::Text | FieldKind::Url | FieldKind::Headers | FieldKind::Switch,
            false,
        ))
        | None => Setting::Text(value.to_owned()),
    }
}

/// Whether a value is a secret in clear, by the provider's word or by its looks.
///
/// A reference, a masked text and nothing at all are none; validation has its own sentences for them.
fn is_secret(provider: Option<&Provider>, key: &str, value: &str) -> bool {
    let value = value.trim();
    let is_half_reference = value.starts_with('$') && !value.starts_with("$$");
    if value.is_empty()
        || is_half_reference
        || Reference::read(value).is_some()
        || Mask::is_mask(value)
    {
        return false;
    }
    let field = provider.and_then(|provider| provider.field(key));
    let is_sensitive = field.map_or_else(|| secret::is_secret_name(key), |field| field.sensitive);
    is_sensitive || value.starts_with("sk-") || secret::looks_like_one(value)
}
