//! Settings from the command line: plain values and references as arguments, secrets from stdin or files.

use std::io::IsTerminal;

use clap::Args;

use super::super::exit::Failure;
use super::super::output::Output;
use super::super::prompt;
use super::super::secret_args::{self, SecretArgument, SecretFile};
use crate::appsettings::Reference;
use crate::connection::{MaskedSecret, PlainSecret, SettingValue, Settings, secret_input};
use crate::provider::{Provider, SettingsField, ValueType};
use crate::text;

/// Options that set settings.
#[derive(Debug, Args)]
pub struct SettingArgs {
    /// Set a plain setting, or a reference: 'apiKey=$Section:Key'
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Assignment>,
    /// Read the secret of this setting from stdin
    #[arg(long, value_name = "KEY")]
    secret_stdin: Option<String>,
    /// Read the secret of this setting from a file
    #[arg(long, value_name = "KEY=PATH")]
    secret_file: Vec<SecretFile>,
}

/// `KEY=VALUE` of `--set`.
#[derive(Clone)]
pub struct Assignment {
    key: String,
    value: PlainSecret,
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
                value: PlainSecret::new(value),
            }),
            _ => Err("write it as KEY=VALUE".into()),
        }
    }
}

impl SettingArgs {
    /// Returns true if no setting was given.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.secret_file.is_empty() && self.secret_stdin.is_none()
    }

    /// Returns the settings. Secrets are read from files and stdin; on a terminal, stdin is a prompt.
    pub fn settings(
        &self,
        provider: Option<&Provider>,
        output: &Output,
    ) -> Result<Settings<PlainSecret>, Failure> {
        let mut settings = Settings::default();
        let field = |key: &str| provider.and_then(|provider| provider.field_in_any_case(key));
        for Assignment { key, value } in &self.set {
            let value = value.expose().unwrap_or_default();
            let is_sensitive = field(key).is_some_and(|field| field.sensitive);
            if is_sensitive && text::trim_invisible(value).is_empty() {
                return Err(no_secret(&format!("--set {key}= has no value"), key));
            }
            if is_secret(provider, key, value) {
                let known = provider.and_then(|provider| provider.field_in_any_case(key));
                let key = known.map(|field| field.key.as_str());
                return Err(Failure::Usage(format!(
                    "--set does not take secrets, because {}",
                    secret_args::advice(key)
                )));
            }
            put(&mut settings, key, setting(provider, key, value))?;
        }
        for file in &self.secret_file {
            let key = &file.key;
            let entered = EnteredSecret {
                secret: line(secret_args::from_file(file)?, key, output),
                empty: format!("The file of --secret-file {key}=PATH is empty"),
            };
            let secret = entered.usable(key, field(key), output)?;
            put(&mut settings, key, secret)?;
        }
        if let Some(key) = &self.secret_stdin {
            let label = field(key).map_or(key, |field| &field.label);
            let secret = from_stdin(key, label, output)?.usable(key, field(key), output)?;
            put(&mut settings, key, secret)?;
        }
        Ok(settings)
    }
}

fn put(
    settings: &mut Settings<PlainSecret>,
    key: &str,
    value: SettingValue<PlainSecret>,
) -> Result<(), Failure> {
    if settings
        .iter()
        .any(|(given, _)| given.eq_ignore_ascii_case(key))
    {
        return Err(Failure::Usage(format!("Setting {key} is set twice")));
    }
    settings.set(key, value);
    Ok(())
}

/// Secret as it was entered, and the message in case it is empty.
struct EnteredSecret {
    secret: PlainSecret,
    empty: String,
}

impl EnteredSecret {
    /// Returns the secret without surrounding characters, and notes what was removed; rejects an empty secret.
    fn usable(
        self,
        key: &str,
        field: Option<&SettingsField>,
        output: &Output,
    ) -> Result<SettingValue<PlainSecret>, Failure> {
        let secret = SettingValue::Secret(self.secret);
        let (secret, notice) = match field {
            Some(field) => secret_input::cleaned(secret, field),
            None => (secret, None),
        };
        let is_empty = |text: &str| text::trim_invisible(text).is_empty();
        if secret.text().is_none_or(is_empty) {
            return Err(no_secret(&self.empty, key));
        }
        let is_mask = |text: &str| MaskedSecret::is_mask(text::trim_invisible(text));
        if secret.text().is_some_and(is_mask) {
            return Err(Failure::NoSecret(format!(
                "The secret for {key} is a mask (***), not a key: enter the key itself"
            )));
        }
        if let Some(notice) = notice {
            output.note(&format!("{notice} for {key}"));
        }
        Ok(secret)
    }
}

/// Reads a secret from stdin; prompts without echo if stdin is a terminal.
fn from_stdin(key: &str, label: &str, output: &Output) -> Result<EnteredSecret, Failure> {
    if std::io::stdin().is_terminal() {
        return Ok(EnteredSecret {
            secret: prompt::secret(label)?.unwrap_or_else(|| PlainSecret::new("")),
            empty: format!("No input for {key}"),
        });
    }
    Ok(EnteredSecret {
        secret: line(secret_args::from_stdin()?, key, output),
        empty: format!("No input on stdin for {key}"),
    })
}

/// Returns the secret that was read; notes a removed line end.
fn line(taken: SecretArgument, key: &str, output: &Output) -> PlainSecret {
    let is_empty = taken.secret.expose().is_none_or(str::is_empty);
    if taken.is_trimmed && !is_empty {
        output.note(&format!("Removed the line end after the secret for {key}"));
    }
    taken.secret
}

/// Cleans the secret for its field, and notes what was removed.
pub fn cleaned(
    value: SettingValue<PlainSecret>,
    field: &SettingsField,
    output: &Output,
) -> SettingValue<PlainSecret> {
    let (value, notice) = secret_input::cleaned(value, field);
    if let Some(notice) = notice {
        output.note(&format!("{notice} for {}", field.key));
    }
    value
}

/// Converts a value that was typed for a field that is not secret.
pub fn typed(field: &SettingsField, value: &str) -> SettingValue<PlainSecret> {
    in_field(Some(field), value)
}

fn no_secret(what: &str, key: &str) -> Failure {
    Failure::NoSecret(format!(
        "{what}. To clear a stored secret, use umai connections update --unset {key}"
    ))
}

/// Converts the value to the type of the provider's field. A value of another type stays text for validation to reject.
fn setting(provider: Option<&Provider>, key: &str, value: &str) -> SettingValue<PlainSecret> {
    in_field(
        provider.and_then(|provider| provider.field_in_any_case(key)),
        value,
    )
}

fn in_field(field: Option<&SettingsField>, value: &str) -> SettingValue<PlainSecret> {
    match field.map(|field| (field.kind.value_type(), field.sensitive)) {
        Some((ValueType::Switch, _)) if value.eq_ignore_ascii_case("true") => {
            SettingValue::Switch(true)
        }
        Some((ValueType::Switch, _)) if value.eq_ignore_ascii_case("false") => {
            SettingValue::Switch(false)
        }
        Some((_, true)) => SettingValue::Secret(PlainSecret::new(value)),
        Some((ValueType::Number, false)) => serde_json::from_str(value.trim()).map_or_else(
            |_| SettingValue::Text(value.to_owned()),
            SettingValue::Number,
        ),
        Some((ValueType::Text | ValueType::Switch, false)) | None => {
            SettingValue::Text(value.to_owned())
        }
    }
}

/// Returns true for a secret in plaintext, by the provider's field or by its appearance.
///
/// False for references, masks and empty values; validation has its own messages for them.
fn is_secret(provider: Option<&Provider>, key: &str, value: &str) -> bool {
    let value = value.trim();
    let is_half_reference = value.starts_with('$') && !value.starts_with("$$");
    if value.is_empty()
        || is_half_reference
        || Reference::read(value).is_some()
        || MaskedSecret::is_mask(value)
    {
        return false;
    }
    let field = provider.and_then(|provider| provider.field_in_any_case(key));
    let is_sensitive =
        field.map_or_else(|| secret_args::is_secret_name(key), |field| field.sensitive);
    is_sensitive || value.starts_with("sk-") || secret_args::looks_like_one(value)
}
