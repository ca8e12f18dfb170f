//! The one validation, used by the form and by the service.

pub mod settings;

use super::alias;
use super::draft::ConnectionDraft;
use super::error::{Field, FieldError, Reason};
use super::secret::Plain;
use super::setting::Settings;
use crate::appsettings::Reference;
use crate::provider::{Provider, ProviderCatalog};
use crate::text::{self, key_like};

/// The most characters a name has.
pub const MAX_NAME: usize = 255;

/// Whether a masked text may stand for the secret that is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// There is none: a masked text is refused.
    Nothing,
    /// A masked text means: keep it.
    Secrets,
}

/// A draft that was looked through: what is wrong with it, and what it comes to where nothing is.
#[derive(Debug)]
pub struct Examined {
    /// Every field that is wrong, in the order of a request.
    pub errors: Vec<FieldError>,
    /// The alias, when it is well formed.
    pub alias: Option<String>,
    /// The name without outer spaces.
    pub name: String,
    /// The provider as the catalogue spells it.
    pub provider_id: String,
    /// Active unless said otherwise.
    pub is_active: bool,
    /// The settings with secrets told apart from text.
    pub settings: Option<Settings<Plain>>,
    /// The references among the settings, for whoever can look them up.
    pub references: Vec<(Field, Reference)>,
}

impl Examined {
    /// Adds an error in its place.
    pub fn refuse(&mut self, field: Field, reason: Reason) {
        let behind = self
            .errors
            .partition_point(|error| error.field.place() <= field.place());
        self.errors.insert(behind, FieldError { field, reason });
    }
}

impl ConnectionDraft {
    /// Every field that is wrong, in the order of a request; empty when the draft may be sent.
    pub fn problems(&self, catalog: &ProviderCatalog, stored: Stored) -> Vec<FieldError> {
        self.examine(catalog, stored).errors
    }

    /// Looks through everything that can be told without a store or application settings.
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

/// Whether a name or an alias contains an API key.
pub(crate) fn has_key(text: &str, catalog: &ProviderCatalog) -> bool {
    key_like::has_key_with(text, catalog.key_prefixes())
}
