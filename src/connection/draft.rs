//! A connection before it is one: the form's content, the command line's flags and the request body.

use super::error::FieldError;
use super::secret::Plain;
use super::setting::Settings;

/// What is asked to be kept. A create takes what is left out as missing or default, an update as unchanged.
///
/// Every text in `settings` may be a [`super::Setting::Secret`]: whoever fills a draft need not know which are, validation sorts them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConnectionDraft {
    /// The alias.
    pub alias: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The provider's id, in any case.
    pub provider_id: Option<String>,
    /// Active unless said otherwise.
    pub is_active: Option<bool>,
    /// The provider's values.
    pub settings: Option<Settings<Plain>>,
    /// What could not be read as the type it should be; validation reports it with the rest.
    pub misread: Vec<FieldError>,
}
