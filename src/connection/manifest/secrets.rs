//! Secrets in manifests: references, other sources and blanks; never plaintext.

use std::path::PathBuf;

use super::{BlankSetting, SecretSource};
use crate::appsettings::Reference;
use crate::connection::MaskedSecret;
use crate::connection::strict_json::StrictJson;
use crate::provider::{Provider, is_sensitive as is_secret_by_name};
use crate::text::secret_detector::looks_like_secret;

/// Prefix of a secret that an Umbraco site encrypted with its own keys.
const ENCRYPTED: &str = "ENC:";

/// Advice on secrets in manifests.
pub const SECRET_ADVICE: &str =
    "use a reference $Section:Key, or name the source: {file: PATH} or {stdin: true}";

/// Settings of a connection in a manifest.
#[derive(Default)]
pub struct ManifestSettings {
    /// Settings with a value.
    pub settings: Vec<(String, StrictJson)>,
    /// Settings whose secret comes from another source.
    pub secret_sources: Vec<(String, SecretSource)>,
    /// Settings whose stored secret is kept.
    pub blank: Vec<BlankSetting>,
}

impl ManifestSettings {
    /// Adds a setting; fails if it is not allowed in a manifest.
    pub fn take(
        &mut self,
        key: &str,
        value: StrictJson,
        provider: Option<&Provider>,
        named: &[String],
    ) -> Result<(), String> {
        let field = provider.and_then(|provider| provider.field_in_any_case(key));
        let text = match value {
            StrictJson::Object(members) => {
                self.secret_sources
                    .push((key.to_owned(), elsewhere(members)?));
                return Ok(());
            }
            StrictJson::Text(text) => text,
            _ => {
                self.settings.push((key.to_owned(), value));
                return Ok(());
            }
        };
        let is_sensitive = field.is_some_and(|field| field.sensitive);
        let trimmed = text.trim();
        let is_named = named.iter().any(|named| named == key);
        // A blank keeps the stored secret, even of a setting that only the server knows.
        let may_be_secret = is_sensitive || (field.is_none() && is_secret_by_name(provider, key));
        if trimmed.is_empty() && (may_be_secret || is_named) {
            self.blank.push(BlankSetting {
                key: key.to_owned(),
                requires_stored: is_named || field.is_some_and(|field| field.required),
            });
            return Ok(());
        }
        let is_half_reference = trimmed.starts_with('$') && !trimmed.starts_with("$$");
        if is_half_reference || Reference::read(trimmed).is_some() {
            self.settings.push((key.to_owned(), StrictJson::Text(text)));
            return Ok(());
        }
        if is_sensitive && MaskedSecret::is_mask(trimmed) && MaskedSecret::read(trimmed).is_none() {
            return Err(format!("masked value instead of a secret: {SECRET_ADVICE}"));
        }
        if is_sensitive && (MaskedSecret::is_mask(trimmed) || trimmed.starts_with(ENCRYPTED)) {
            self.blank.push(BlankSetting {
                key: key.to_owned(),
                requires_stored: true,
            });
            return Ok(());
        }
        if is_sensitive {
            return Err(format!(
                "a secret is not allowed in a manifest: {SECRET_ADVICE}"
            ));
        }
        if trimmed.starts_with("sk-") || looks_like_secret(trimmed) {
            return Err(format!(
                "this looks like a secret, which is not allowed in a manifest: {SECRET_ADVICE}"
            ));
        }
        self.settings.push((key.to_owned(), StrictJson::Text(text)));
        Ok(())
    }
}

/// Adds the required secrets that an artifact does not contain as blanks.
pub fn missing(given: &mut ManifestSettings, provider: Option<&Provider>) {
    let fields = provider.into_iter().flat_map(|it| &it.settings);
    let is_given = |key: &String| {
        given.settings.iter().any(|(given, _)| given == key)
            || given.blank.iter().any(|blank| blank.key == *key)
    };
    let missing: Vec<BlankSetting> = fields
        .filter(|field| field.required && field.sensitive && !is_given(&field.key))
        .map(|field| BlankSetting {
            key: field.key.clone(),
            requires_stored: true,
        })
        .collect();
    // A connection without settings stays without settings.
    if !given.settings.is_empty() || !given.blank.is_empty() {
        given.blank.extend(missing);
    }
}

fn elsewhere(members: Vec<(String, StrictJson)>) -> Result<SecretSource, String> {
    let mut members = members.into_iter();
    match (members.next(), members.next()) {
        (Some((name, StrictJson::Text(path))), None)
            if name == "file" && !path.trim().is_empty() =>
        {
            Ok(SecretSource::File(PathBuf::from(path)))
        }
        (Some((name, StrictJson::Switch(true))), None) if name == "stdin" => {
            Ok(SecretSource::Stdin)
        }
        _ => Err("expected one value, {file: PATH} or {stdin: true}".into()),
    }
}
