//! Handles text that is typed faster than it can be shown: a paste in a terminal without bracketed paste.

use super::Form;
use super::field::FieldValue;
use crate::provider::ProviderCatalog;

impl Form {
    /// Returns whether typed characters go into a text input.
    pub fn takes_text(&self) -> bool {
        let field = self.fields.get(self.focus);
        self.saving.is_none() && field.is_some_and(|field| field.line().is_some())
    }

    /// Types characters into the focused field, as many as fit: the same as one key after the other.
    pub fn type_text(&mut self, text: &str, catalog: &ProviderCatalog) {
        if !self.takes_text() {
            return;
        }
        let Some(field) = self.fields.get_mut(self.focus) else {
            return;
        };
        field.clear_default();
        if !field.line_mut().is_some_and(|line| line.type_text(text)) {
            return;
        }
        field.mark_filled();
        if let FieldValue::Secret(secret) = &mut field.value {
            secret.is_cleared = false;
        }
        self.changed(catalog);
    }
}
