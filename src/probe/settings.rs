//! Reads the settings for a test: resolves references and collects the secrets to redact.

use secrecy::{ExposeSecret, SecretString};

use super::ProbeSubject;
use super::failure::ProbeFailure;
use crate::appsettings::{AppSettings, Reference, ReferenceLookup};
use crate::connection::test_report::SettingsFlaw;
use crate::connection::{PlainSecret, SettingValue, Settings, secret_input};
use crate::provider::probe::ResolvedSettings;
use crate::provider::{DefaultValue, FieldKind, Provider, SettingsField};
use crate::text;

/// Settings read so far.
#[derive(Default)]
pub(super) struct ProbeSettings {
    /// Resolved values.
    pub values: ResolvedSettings,
    /// Values to redact from reports: sensitive settings and resolved references.
    pub secrets: Vec<SecretString>,
    /// Setting keys with the reference of their value.
    pub references: Vec<(String, String)>,
}

impl ProbeSettings {
    /// Returns the provider of a connection and its settings, with resolved references and defaults.
    pub(super) fn of<'a>(
        subject: &'a ProbeSubject<'_>,
    ) -> Result<(&'a Provider, Self), ProbeFailure> {
        let Some(provider) = subject.provider else {
            let id = subject.provider_id;
            return Err(ProbeFailure::incomplete(
                format!("Provider '{id}' not found"),
                "Add its file to the providers folder of the config directory",
            ));
        };
        let defaults = Settings::default();
        let settings = match subject.settings {
            Some(settings) => settings,
            None if provider.requires_settings() => {
                return Err(ProbeFailure::incomplete(
                    "The connection has no settings".into(),
                    "Edit the connection and fill in the required settings",
                ));
            }
            None => &defaults,
        };
        let read = Self::all(provider, settings, subject.appsettings)?;
        Ok((provider, read))
    }

    fn all(
        provider: &Provider,
        settings: &Settings<PlainSecret>,
        appsettings: &AppSettings,
    ) -> Result<Self, ProbeFailure> {
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
        value: Option<&SettingValue<PlainSecret>>,
        appsettings: &AppSettings,
    ) -> Result<(), ProbeFailure> {
        if let Some(SettingValue::Secret(secret)) = value
            && secret.expose().is_none()
        {
            return Err(ProbeFailure::unusable(
                SettingsFlaw::NotDecrypted,
                format!(
                    "The stored {} cannot be decrypted with this encryption key",
                    field.label
                ),
                "Restore the matching key file, or edit the connection and enter the value again",
            ));
        }
        let given = value
            .and_then(SettingValue::text)
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
            self.references
                .push((field.key.clone(), reference.to_string()));
            resolved(&reference, field, appsettings)?
        } else {
            // `$$x` is a literal `$x`.
            let literal = given.strip_prefix('$').filter(|rest| rest.starts_with('$'));
            reject_unusable(given, field, &field.label, STORED)?;
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
fn reject_unusable(
    value: &str,
    field: &SettingsField,
    subject: &str,
    advice: &str,
) -> Result<(), ProbeFailure> {
    let flaw = field
        .sensitive
        .then(|| secret_input::key_error(value, field))
        .flatten();
    flaw.map_or(Ok(()), |flaw| {
        Err(ProbeFailure::incomplete(
            format!("{subject} {flaw}"),
            advice,
        ))
    })
}

/// Resolves a reference; an unusable value or a missing key is a failure.
fn resolved(
    reference: &Reference,
    field: &SettingsField,
    appsettings: &AppSettings,
) -> Result<SecretString, ProbeFailure> {
    let label = &field.label;
    if let Some(value) = appsettings.resolve(reference) {
        let value = text::trim_invisible(value.expose_secret());
        let subject = format!("{label} refers to {reference}, whose value");
        reject_unusable(value, field, &subject, REFERRED)?;
        return Ok(SecretString::from(value));
    }
    Err(match appsettings.lookup(reference) {
        ReferenceLookup::Refused { .. } => ProbeFailure::unusable(
            SettingsFlaw::ReferenceNotFound,
            format!("{label} refers to {reference}, which may not be referenced"),
            "Add its prefix to Umbraco:AI:AllowedConfigurationKeyPrefixes, or enter the value itself",
        ),
        ReferenceLookup::Found { .. } | ReferenceLookup::Missing { .. } => ProbeFailure::unusable(
            SettingsFlaw::ReferenceNotFound,
            format!("{label} refers to {reference}, which is not found"),
            "Add the key to appsettings.json or to the environment",
        ),
    })
}
