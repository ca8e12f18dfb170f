//! The provider catalogue: the embedded files and the user's.

use super::Provider;

/// All providers this installation knows, ordered by display name.
#[derive(Debug, Clone, Default)]
pub struct ProviderCatalog {
    providers: Vec<Provider>,
}

impl ProviderCatalog {
    /// The provider with this id, in any case.
    pub fn get(&self, id: &str) -> Option<&Provider> {
        self.providers
            .iter()
            .find(|provider| provider.id.eq_ignore_ascii_case(id))
    }

    /// All providers, ordered by display name without regard to case.
    pub fn all(&self) -> &[Provider] {
        &self.providers
    }
}
