//! Warns of a key that looks like another provider's.

use super::Form;
use super::field::FieldValue;
use crate::provider::{Provider, ProviderCatalog};

/// Limit of provider names in the warning.
const MAX_NAMES: usize = 3;

impl Form {
    /// Checks the secret in a field.
    pub(super) fn check_key_owner(&mut self, at: usize, catalog: &ProviderCatalog) {
        self.check_stray_key(at, catalog);
        let Some(field) = self.fields.get_mut(at) else {
            return;
        };
        let FieldValue::Secret(secret) = &field.value else {
            return;
        };
        let key = secret.input.value().trim();
        field.warning = (!may_become_own_key(key, &self.provider))
            .then(|| sentence(&catalog.other_owners_of(key, &self.provider)))
            .flatten();
    }
}

/// Returns whether the text can still become a key of the provider itself: there is no warning while it is typed.
fn may_become_own_key(key: &str, provider: &Provider) -> bool {
    let mut prefixes = provider.settings.iter().flat_map(|field| &field.prefixes);
    prefixes.any(|prefix| prefix.starts_with(key))
}

fn sentence(owners: &[&Provider]) -> Option<String> {
    let names: Vec<&str> = owners.iter().map(|owner| owner.name.as_str()).collect();
    let whose = match names.as_slice() {
        [] => return None,
        [only] => (*only).to_owned(),
        [before @ .., last] if names.len() <= MAX_NAMES => {
            format!("{} or {last}", before.join(", "))
        }
        _ => "another provider".to_owned(),
    };
    Some(format!("This looks like a key for {whose}"))
}
