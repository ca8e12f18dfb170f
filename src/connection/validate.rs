//! Validation of drafts, shared by the form and the service.

pub mod settings;

use super::alias;
use super::draft::ConnectionDraft;
use super::error::{Field, FieldError, Reason};
use super::secret::Plain;
use super::setting::Settings;
use crate::appsettings::Reference;
use crate::provider::{Provider, ProviderCatalog};
use crate::text::{self, key_like};

/// Maximum length of a name in characters.
pub const MAX_NAME: usize = 255;

/// Meaning of a mask in a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// No stored secret: a mask is refused.
    Nothing,
    /// A mask keeps the stored secret.
    Secrets,
}

/// Validated draft: errors and normalized values.
#[derive(Debug)]
pub struct Examined {
    /// Errors in the order of a request.
    pub errors: Vec<FieldError>,
    /// Alias, if it is valid.
    pub alias: Option<String>,
    /// Trimmed name.
    pub name: String,
    /// Provider ID in the spelling of the catalog.
    pub provider_id: String,
    /// Status; Active by default.
    pub is_active: bool,
    /// Settings with secrets separated from text.
    pub settings: Option<Settings<Plain>>,
    /// References in the settings, not resolved.
    pub references: Vec<(Field, Reference)>,
}

impl Examined {
    /// Adds an error in the order of the fields.
    pub fn refuse(&mut self, field: Field, reason: Reason) {
        let behind = self
            .errors
            .partition_point(|error| error.field.place() <= field.place());
        self.errors.insert(behind, FieldError { field, reason });
    }
}

impl ConnectionDraft {
    /// Returns the errors in the order of a request.
    pub fn problems(&self, catalog: &ProviderCatalog, stored: Stored) -> Vec<FieldError> {
        self.examine(catalog, stored).errors
    }

    /// Validates everything that does not need the store or appsettings.
    pub fn examine(&self, catalog: &ProviderCatalog, stored: Stored) -> Examined {
        let mut found = Examined {
            errors: self.misread.clone(),
            alias: None,
            name: String::new(),
            provider_id: String::new(),
            is_active: self.is_active.unwrap_or(true),
            settings: None,
            references: Vec::new(),
        };
        found.errors.sort_by_key(|error| error.field.place());
        self.examine_alias(catalog, &mut found);
        self.examine_name(catalog, &mut found);
        if let Some(provider) = self.examine_provider(catalog, &mut found) {
            found.provider_id.clone_from(&provider.id);
            if let Some(settings) = &self.settings {
                let sorted = settings::examine(settings, provider, stored, &mut found);
                found.settings = Some(sorted);
            }
        }
        found
    }

    fn examine_alias(&self, catalog: &ProviderCatalog, found: &mut Examined) {
        if self.has_misread("alias") {
            return;
        }
        let given = self.alias.as_deref().unwrap_or_default();
        let reason = if given.trim().is_empty() {
            Reason::Required
        } else if given.chars().count() > alias::MAX_LENGTH {
            Reason::TooLong(alias::MAX_LENGTH)
        } else if !alias::is_well_formed(given) {
            Reason::AliasFormat
        } else if alias::is_reserved(given) {
            Reason::AliasReserved(given.to_owned())
        } else if has_key(given, catalog) {
            Reason::LooksLikeKey
        } else {
            found.alias = Some(given.to_owned());
            return;
        };
        found.refuse(Field::Alias, reason);
    }

    fn examine_name(&self, catalog: &ProviderCatalog, found: &mut Examined) {
        if self.has_misread("name") {
            return;
        }
        let given = self.name.as_deref().unwrap_or_default().trim();
        let reason = if given.is_empty() {
            Reason::Required
        } else if given.chars().count() > MAX_NAME {
            Reason::TooLong(MAX_NAME)
        } else if given.chars().any(text::is_unprintable) || !text::is_visible_text(given) {
            Reason::Unprintable
        } else if has_key(given, catalog) {
            Reason::LooksLikeKey
        } else {
            given.clone_into(&mut found.name);
            return;
        };
        found.refuse(Field::Name, reason);
    }

    fn examine_provider<'c>(
        &self,
        catalog: &'c ProviderCatalog,
        found: &mut Examined,
    ) -> Option<&'c Provider> {
        if self.has_misread("providerId") {
            return None;
        }
        let given = self.provider_id.as_deref().unwrap_or_default();
        let provider = catalog.get(given);
        if given.trim().is_empty() {
            found.refuse(Field::ProviderId, Reason::Required);
        } else if provider.is_none() && has_key(given, catalog) {
            found.refuse(Field::ProviderId, Reason::LooksLikeKey);
        } else if provider.is_none() {
            found.refuse(Field::ProviderId, Reason::UnknownProvider(given.to_owned()));
        }
        provider
    }
}

/// Returns whether a name or an alias contains an API key.
pub(crate) fn has_key(text: &str, catalog: &ProviderCatalog) -> bool {
    key_like::has_key_with(text, catalog.key_prefixes())
}
