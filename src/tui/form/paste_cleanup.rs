//! Removes text around keys in secret fields and reports it at the field.

use zeroize::Zeroizing;

use super::Form;
use super::field::{FieldId, FieldValue, FormField};
use super::layout::MessageKind;
use crate::connection::key_flaw::KeyFlaw;
use crate::connection::secret_input;
use crate::connection::validate::settings::field_path;
use crate::connection::{FieldError, FieldReason};
use crate::provider::{Provider, SettingsField};
use crate::tui::notice::Notice;

impl Form {
    /// Cleans the secret of one field.
    pub(super) fn clean_secret(&mut self, at: usize) {
        let Some(field) = self.fields.get_mut(at) else {
            return;
        };
        if let Some(setting) = secret_setting(&self.provider, field) {
            field.clean_secret(setting);
        }
    }

    /// Cleans every secret.
    pub(super) fn clean_secrets(&mut self) {
        (0..self.fields.len()).for_each(|at| self.clean_secret(at));
    }

    /// Errors for the masks that were typed or pasted as secrets: in a draft they would mean that the stored secret stays.
    pub(super) fn typed_masks(&self) -> Vec<FieldError> {
        let fields = self.fields.iter().filter(|field| !self.is_hidden(field));
        let masks = fields.filter_map(|field| {
            let setting = secret_setting(&self.provider, field)?;
            let is_mask = secret_input::is_mask(field.line()?.value(), setting);
            is_mask.then(|| FieldError {
                field: field_path(&self.provider, setting),
                reason: FieldReason::Masked,
            })
        });
        masks.collect()
    }

    /// Notes about a secret: what was removed, and what a save will remove or refuse.
    pub(super) fn secret_message(&self, field: &FormField) -> Option<(MessageKind, String)> {
        let removed = || Some((MessageKind::Hint, field.removed.clone()?));
        let Some(setting) = secret_setting(&self.provider, field) else {
            return removed();
        };
        let cleaned = secret_input::clean(field.line()?.value(), setting);
        if field.error.is_none()
            && let Some(flaw) = secret_input::unusable(cleaned.value)
        {
            return Some((MessageKind::Error, format!("✗ {}", refused(&flaw))));
        }
        if field.removed.is_some() {
            return removed();
        }
        cleaned.surrounding()?;
        let what = cleaned.described()?;
        Some((MessageKind::Hint, format!("Saving removes {what}")))
    }
}

impl FormField {
    /// Cleans the typed text. Hidden text stays unchanged if the result would be empty or the name of a reference, which is
    /// visible.
    fn clean_secret(&mut self, setting: &SettingsField) {
        let Some(line) = self.line_mut() else {
            return;
        };
        let cleaned = secret_input::clean(line.value(), setting);
        let Some(notice) = cleaned.notice() else {
            return;
        };
        let is_stripped = cleaned.surrounding().is_some();
        if is_stripped && (cleaned.value.is_empty() || cleaned.value.starts_with('$')) {
            return;
        }
        let value = Zeroizing::new(cleaned.value.to_owned());
        line.set(&value);
        self.removed = Some(notice);
    }
}

/// Notice about a pasted secret, and the note at its field.
type PasteNotice = (Notice, Option<String>);

/// Returns a pasted secret without the text around it, and the messages about that.
pub(super) fn pasted<'a>(
    text: &'a str,
    provider: &Provider,
    field: &FormField,
) -> (&'a str, Option<PasteNotice>) {
    let Some(setting) = secret_setting(provider, field) else {
        return (text, None);
    };
    let cleaned = secret_input::clean(text, setting);
    let label = &field.label;
    let messages = match (secret_input::unusable(cleaned.value), cleaned.notice()) {
        (Some(flaw), _) => {
            let notice = Notice::warning(format!("{label}: {}", refused(&flaw)));
            Some((notice, None))
        }
        (None, Some(note)) => {
            let notice = Notice::info(format!("{note} ({label})"));
            Some((notice, Some(note)))
        }
        (None, None) => None,
    };
    (cleaned.value, messages)
}

fn refused(flaw: &KeyFlaw) -> String {
    format!("This text {flaw}: {}", flaw.advice())
}

/// Setting of a secret field.
fn secret_setting<'a>(provider: &'a Provider, field: &FormField) -> Option<&'a SettingsField> {
    match (&field.id, &field.value) {
        (FieldId::Setting(key), FieldValue::Secret(_)) => provider.field(key),
        _ => None,
    }
}
