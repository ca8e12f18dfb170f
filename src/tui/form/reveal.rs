//! Shows and hides secrets.

use super::Form;
use super::field::{FieldValue, FormField, SecretInput};

impl Form {
    /// Hides every shown secret.
    pub fn hide_secrets(&mut self) {
        self.hiding = None;
        for field in &mut self.fields {
            if let FieldValue::Secret(secret) = &mut field.value {
                secret.is_shown = false;
                secret.is_reveal_refused = false;
            }
        }
    }

    /// Returns whether a secret is shown.
    pub fn shows_secret(&self) -> bool {
        self.fields.iter().any(
            |field| matches!(&field.value, FieldValue::Secret(SecretInput { is_shown, .. }) if *is_shown),
        )
    }

    /// Returns whether a secret field has the focus.
    pub fn is_on_secret(&self) -> bool {
        self.fields
            .get(self.focus)
            .is_some_and(|field| matches!(field.value, FieldValue::Secret(_)))
    }

    /// Shows or hides the focused secret; a stored one is never shown.
    pub(super) fn toggle_reveal(&mut self) {
        let Some(FormField {
            value: FieldValue::Secret(secret),
            ..
        }) = self.fields.get_mut(self.focus)
        else {
            return;
        };
        let is_empty = secret.input.is_empty();
        let show = !secret.is_shown && !is_empty;
        self.hide_secrets();
        if let Some(FormField {
            value: FieldValue::Secret(secret),
            ..
        }) = self.fields.get_mut(self.focus)
        {
            secret.is_shown = show;
            secret.is_reveal_refused = is_empty;
        }
    }
}
