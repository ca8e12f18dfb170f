//! Reads the settings for a test: resolves references and collects the secrets to redact.

use secrecy::{ExposeSecret, SecretString};

use super::refusal::Refusal;
use crate::appsettings::{AppSettings, Lookup, Reference};
use crate::connection::{Plain, Setting, Settings, secret_input};
use crate::provider::probe::Values;
use crate::provider::{DefaultValue, FieldKind, Provider, SettingsField};
use crate::text;

/// Settings read so far.
#[derive(Default)]
pub(super) struct Read {
    /// Resolved values.
    pub values: Values,
    /// Values to redact from reports: sensitive settings and resolved references.
    pub secrets: Vec<SecretString>,
    /// Setting keys with the reference of their value.
    pub referred: Vec<(String, String)>,
}

impl Read {
    /// Reads every setting of the provider, resolves references and applies defaults.
    pub(super) fn all(
        provider: &Provider,
        settings: &Settings<Plain>,
        appsettings: &AppSettings,
    ) -> Result<Self, Refusal> {
        let mut read = Self::default();
        for field in &provider.settings {
            let keys = std::iter::once(&field.key).chain(&field.accepted_as);
            let value = keys.into_iter().find_map(|key| settings.get(key));
            read.field(field, value, appsettings)?;
        }
        Ok(read)
    }

    fn field(
        &mut self,
        field: &SettingsField,
        value: Option<&Setting<Plain>>,
        appsettings: &AppSettings,
    ) -> Result<(), Refusal> {
        if let Some(Setting::Secret(secret)) = value
            && secret.expose().is_none()
        {
            return Err(Refusal::incomplete(
                format!(
                    "The stored {} cannot be decrypted with this encryption key",
                    field.label
                ),
                "Restore the matching key file, or edit the connection and enter the value again",
            ));
        }
        let given = value
            .and_then(Setting::text)
            .map(text::trim_invisible)
            .unwrap_or_default();
        if given.is_empty() {
            if let Some(DefaultValue::Text(default)) = &field.default {
                self.values
                    .set(&field.key, SecretString::from(default.as_str()));
            }
            return Ok(());
        }
        let text = if let Some(reference) = Reference::read(given) {
            self.referred
                .push((field.key.clone(), reference.to_string()));
            resolved(&reference, field, appsettings)?
        } else {
            // `$$x` is a literal `$x`.
            let literal = given.strip_prefix('$').filter(|rest| rest.starts_with('$'));
            refuse_unusable(given, field, &field.label, STORED)?;
            SecretString::from(literal.unwrap_or(given))
        };
        let is_hidden = field.sensitive || Reference::read(given).is_some();
        if field.kind == FieldKind::Headers {
            let lines = text.expose_secret().split(';');
            let values = lines.filter_map(|line| line.split_once(':'));
            self.secrets
                .extend(values.map(|(_, value)| SecretString::from(value.trim())));
        }
        if is_hidden {
            self.secrets.push(text.clone());
        }
        self.values.set(&field.key, text);
        Ok(())
    }
}

const STORED: &str = "Edit the connection and enter the key itself, without anything around it";
const REFERRED: &str = "Correct the value in appsettings.json or in the environment: the key alone";

/// Refuses a secret that no provider could accept; the sentence begins with `subject` and never contains the value.
fn refuse_unusable(
    value: &str,
    field: &SettingsField,
    subject: &str,
    advice: &str,
) -> Result<(), Refusal> {
    let flaw = field
        .sensitive
        .then(|| secret_input::flaw(value, field))
        .flatten();
    flaw.map_or(Ok(()), |flaw| {
        Err(Refusal::incomplete(format!("{subject} {flaw}"), advice))
    })
}

/// Resolves a reference; an unusable value or a missing key is a failure.
fn resolved(
    reference: &Reference,
    field: &SettingsField,
    appsettings: &AppSettings,
) -> Result<SecretString, Refusal> {
    let label = &field.label;
    if let Some(value) = appsettings.resolve(reference) {
        let value = text::trim_invisible(value.expose_secret());
        let subject = format!("{label} refers to {reference}, whose value");
        refuse_unusable(value, field, &subject, REFERRED)?;
        return Ok(SecretString::from(value));
    }
    Err(match appsettings.lookup(reference) {
        Lookup::Refused { .. } => Refusal::incomplete(
            format!("{label} refers to {reference}, which may not be referenced"),
            "Add its prefix to Umbraco:AI:AllowedConfigurationKeyPrefixes, or enter the value itself",
        ),
        Lookup::Found { .. } | Lookup::Missing { .. } => Refusal::incomplete(
            format!("{label} refers to {reference}, which is not found"),
            "Add the key to appsettings.json or to the environment",
        ),
    })
}
