//! Validation of drafts, shared by the form and the service.

pub mod settings;

use super::alias;
use super::draft::ConnectionDraft;
use super::error::{DraftField, FieldError, FieldReason};
use super::secret::PlainSecret;
use super::setting::Settings;
use crate::appsettings::{Reference, ReferenceLookup};
use crate::provider::{Provider, ProviderCatalog};
use crate::text::{self, key_like};

/// Maximum length of a name in characters.
pub const MAX_NAME: usize = 255;

/// Meaning of a mask in a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaskPolicy {
    /// No stored secret: a mask is refused.
    Reject,
    /// A mask keeps the stored secret.
    KeepStored,
}

/// Validated draft: errors and normalized values.
#[derive(Debug)]
pub struct ValidatedDraft {
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
    pub settings: Option<Settings<PlainSecret>>,
    /// References in the settings, not resolved.
    pub references: Vec<(DraftField, Reference)>,
}

impl ValidatedDraft {
    /// Adds an error in the order of the fields.
    pub fn push_error(&mut self, field: DraftField, reason: FieldReason) {
        let behind = self
            .errors
            .partition_point(|error| error.field.place() <= field.place());
        self.errors.insert(behind, FieldError { field, reason });
    }

    /// Adds the error of a reference that does not resolve.
    pub fn push_lookup(
        &mut self,
        field: DraftField,
        reference: &Reference,
        lookup: ReferenceLookup,
    ) {
        let key = reference.key().to_owned();
        let reason = match lookup {
            ReferenceLookup::Found { .. } => return,
            ReferenceLookup::Missing { looked_in } => {
                FieldReason::ReferenceMissing { key, looked_in }
            }
            ReferenceLookup::Refused { allowed } => FieldReason::ReferenceRefused { key, allowed },
        };
        self.push_error(field, reason);
    }
}

impl ConnectionDraft {
    /// Returns the errors in the order of a request.
    pub fn problems(&self, catalog: &ProviderCatalog, masks: MaskPolicy) -> Vec<FieldError> {
        self.validate(catalog, masks).errors
    }

    /// Validates everything that does not need the store or appsettings.
    pub fn validate(&self, catalog: &ProviderCatalog, masks: MaskPolicy) -> ValidatedDraft {
        let mut found = ValidatedDraft {
            errors: self.misread.clone(),
            alias: None,
            name: String::new(),
            provider_id: String::new(),
            is_active: self.is_active.unwrap_or(true),
            settings: None,
            references: Vec::new(),
        };
        found.errors.sort_by_key(|error| error.field.place());
        self.validate_alias(catalog, &mut found);
        self.validate_name(catalog, &mut found);
        if let Some(provider) = self.validate_provider(catalog, &mut found) {
            found.provider_id.clone_from(&provider.id);
            if let Some(settings) = &self.settings {
                let sorted = settings::validate_settings(settings, provider, masks, &mut found);
                found.settings = Some(sorted);
            }
        }
        found
    }

    fn validate_alias(&self, catalog: &ProviderCatalog, found: &mut ValidatedDraft) {
        if self.has_misread("alias") {
            return;
        }
        let given = self.alias.as_deref().unwrap_or_default();
        let reason = if given.trim().is_empty() {
            FieldReason::Required
        } else if given.chars().count() > alias::MAX_LENGTH {
            FieldReason::TooLong(alias::MAX_LENGTH)
        } else if !alias::is_well_formed(given) {
            FieldReason::AliasFormat
        } else if alias::is_reserved(given) {
            FieldReason::AliasReserved(given.to_owned())
        } else if has_key(given, catalog) {
            FieldReason::LooksLikeKey
        } else {
            found.alias = Some(given.to_owned());
            return;
        };
        found.push_error(DraftField::Alias, reason);
    }

    fn validate_name(&self, catalog: &ProviderCatalog, found: &mut ValidatedDraft) {
        if self.has_misread("name") {
            return;
        }
        let given = self.name.as_deref().unwrap_or_default().trim();
        let reason = if given.is_empty() {
            FieldReason::Required
        } else if given.chars().count() > MAX_NAME {
            FieldReason::TooLong(MAX_NAME)
        } else if given.chars().any(text::is_unprintable) || !text::is_visible_text(given) {
            FieldReason::Unprintable
        } else if has_key(given, catalog) {
            FieldReason::LooksLikeKey
        } else {
            given.clone_into(&mut found.name);
            return;
        };
        found.push_error(DraftField::Name, reason);
    }

    fn validate_provider<'c>(
        &self,
        catalog: &'c ProviderCatalog,
        found: &mut ValidatedDraft,
    ) -> Option<&'c Provider> {
        if self.has_misread("providerId") {
            return None;
        }
        let given = self.provider_id.as_deref().unwrap_or_default();
        let provider = catalog.get(given);
        if given.trim().is_empty() {
            found.push_error(DraftField::ProviderId, FieldReason::Required);
        } else if provider.is_none() && has_key(given, catalog) {
            found.push_error(DraftField::ProviderId, FieldReason::LooksLikeKey);
        } else if provider.is_none() {
            found.push_error(
                DraftField::ProviderId,
                FieldReason::UnknownProvider(given.to_owned()),
            );
        }
        provider
    }
}

/// Returns whether a name or an alias contains an API key.
pub(crate) fn has_key(text: &str, catalog: &ProviderCatalog) -> bool {
    key_like::has_key_with(text, catalog.key_prefixes())
}
