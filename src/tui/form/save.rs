//! Saves a form, and shows the errors of a refused save at its fields.

use super::field::{FieldId, FormField};
use super::{Form, FormSubject, TheirChange};
use crate::connection::validate::MaskPolicy;
use crate::connection::{
    Command, ConnectionDraft, DraftField, FieldError, FieldReason, TestSubject,
};
use crate::provider::ProviderCatalog;
use crate::tui::action::Action;
use crate::tui::dialog::DialogOutcome;
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::effect::ServiceRequest;
use crate::tui::notice::Notice;

impl Form {
    pub(super) fn close(&mut self) -> DialogOutcome {
        if self.has_unsaved_input() {
            DialogOutcome::Open(ConfirmDialog::unsaved_changes(self.title()).into())
        } else {
            DialogOutcome::Close
        }
    }

    /// Runs an action during a save: a save that waits for the changes by others can be cancelled, one that was sent cannot.
    pub(super) fn act_while_saving(&mut self, action: Action) -> DialogOutcome {
        if action != Action::Back {
            return DialogOutcome::Stay;
        }
        DialogOutcome::Notify(if self.take_waiting_save() {
            self.saving = None;
            Notice::info("Save cancelled")
        } else {
            Notice::info("The save was sent and cannot be cancelled; wait for the answer")
        })
    }

    /// Validates the form and requests the save.
    pub fn save(&mut self, catalog: &ProviderCatalog) -> DialogOutcome {
        match self.remote_change {
            None => {}
            Some(TheirChange::Deleted) => return DialogOutcome::PromptDeletedElsewhere,
            Some(TheirChange::Saved(version)) if self.their_version().is_none() => {
                self.wait_for_theirs(version);
                return DialogOutcome::Stay;
            }
            Some(TheirChange::Saved(_)) if self.conflicts().is_empty() => self.finish_merge(),
            Some(TheirChange::Saved(_)) => return DialogOutcome::Merge,
        }
        let draft = match self.valid_draft(catalog) {
            Ok(draft) => draft,
            Err(Some(notice)) => return DialogOutcome::Notify(notice),
            Err(None) => return DialogOutcome::Stay,
        };
        let command = match self.subject {
            FormSubject::New => Command::create(draft),
            FormSubject::Copy { of, .. } => Command::Duplicate {
                key: of.into(),
                draft,
            },
            FormSubject::Stored { id, version, .. } => Command::Update {
                key: id.into(),
                draft,
                expected_version: Some(version),
            },
        };
        DialogOutcome::Submit(command.into())
    }

    /// Returns the command that saves the form; otherwise the errors, one sentence each.
    pub fn save_command(&mut self, catalog: &ProviderCatalog) -> Result<Command, Vec<String>> {
        match self.save(catalog) {
            DialogOutcome::Submit(ServiceRequest::Run(command)) => Ok(command),
            DialogOutcome::Notify(notice) => Err(vec![notice.text]),
            _ => Err(self.field_errors()),
        }
    }

    /// Returns the errors at the fields, one sentence each.
    pub fn field_errors(&self) -> Vec<String> {
        let fields = self.fields.iter();
        let errors = fields.filter_map(|field| Some((field, field.error.as_ref()?)));
        errors
            .map(|(field, error)| format!("{}: {error}", field.label))
            .collect()
    }

    /// Validates the form and requests a connection test of it, saved or not.
    pub fn test(&mut self, catalog: &ProviderCatalog) -> DialogOutcome {
        let draft = match self.valid_draft(catalog) {
            Ok(draft) => draft,
            Err(Some(notice)) => return DialogOutcome::Notify(notice),
            Err(None) => return DialogOutcome::Stay,
        };
        DialogOutcome::Test(match self.subject {
            FormSubject::New => TestSubject::Draft(draft),
            // The secrets of the original are tested with the draft, by the rules of an update.
            FormSubject::Copy { of: id, .. } | FormSubject::Stored { id, .. } => {
                TestSubject::Edited(id.into(), draft)
            }
        })
    }

    /// Returns the draft if it is valid. Otherwise shows the errors at their fields; an error of no field is returned as a
    /// notice.
    fn valid_draft(
        &mut self,
        catalog: &ProviderCatalog,
    ) -> Result<ConnectionDraft, Option<Notice>> {
        self.was_tried = true;
        self.clean_secrets();
        self.invalidate_references();
        let draft = self.draft();
        let problems = self.problems(&draft, catalog);
        if !problems.is_empty() {
            return Err(self.show_errors(&problems));
        }
        self.hide_secrets();
        Ok(draft)
    }

    fn problems(&self, draft: &ConnectionDraft, catalog: &ProviderCatalog) -> Vec<FieldError> {
        let masks = match self.subject {
            FormSubject::New => MaskPolicy::Reject,
            FormSubject::Copy { .. } | FormSubject::Stored { .. } => MaskPolicy::KeepStored,
        };
        let mut problems = draft.problems(catalog, masks);
        // As in the service, a name or an alias that stays as it is stored is not refused.
        problems.retain(|problem| {
            problem.reason != FieldReason::LooksLikeKey
                || self.id().is_none()
                || self
                    .field_target(&problem.field)
                    .and_then(|id| self.field(&id))
                    .is_none_or(FormField::is_changed)
        });
        for mask in self.typed_masks() {
            if !problems.iter().any(|problem| problem.field == mask.field) {
                problems.push(mask);
            }
        }
        problems
    }

    /// Shows all errors as a save would; an error of no field is returned as a notice.
    pub(super) fn show_validation(&mut self, catalog: &ProviderCatalog) -> Option<Notice> {
        self.was_tried = true;
        let draft = self.draft();
        let problems = self.problems(&draft, catalog);
        self.show_errors(&problems)
    }

    /// Shows every error at its field and focuses the first; an error of no field is returned as a notice.
    pub fn show_errors(&mut self, problems: &[FieldError]) -> Option<Notice> {
        for field in &mut self.fields {
            field.error = None;
            field.refused = None;
        }
        let mut unassigned_error = None;
        for problem in problems {
            let (id, words) = match self.alternative_error(problem) {
                Some((id, words)) => (Some(id), words),
                None => (self.field_target(&problem.field), problem.reason.at_field()),
            };
            let mut fields = self.fields.iter_mut();
            match fields.find(|field| id.as_ref() == Some(&field.id)) {
                Some(field) if field.error.is_none() => {
                    field.error = Some(sentence(&words));
                    field.refused = match &problem.reason {
                        FieldReason::ReferenceMissing { .. }
                        | FieldReason::ReferenceRefused { .. } => field.reference(),
                        _ => None,
                    };
                }
                Some(_) => {}
                None => {
                    unassigned_error =
                        unassigned_error.or_else(|| Some(Notice::error(problem.to_string())));
                }
            }
        }
        if self.error_count() > 0 {
            self.focus_error(0);
        }
        unassigned_error
    }

    fn field_target(&self, at: &DraftField) -> Option<FieldId> {
        Some(match at {
            DraftField::Name => FieldId::Name,
            DraftField::Alias => FieldId::Alias,
            DraftField::IsActive => FieldId::Status,
            DraftField::Setting { key, .. } => {
                FieldId::Setting(self.provider.field(key)?.key.clone())
            }
            DraftField::ProviderId | DraftField::Settings => return None,
        })
    }

    /// Focuses the next field with an error, from this one on, wrapping around.
    pub(super) fn focus_error(&mut self, from: usize) {
        let count = self.fields.len();
        let next = (from..from + count)
            .map(|at| at % count.max(1))
            .find(|at| self.has_error(&self.fields[*at]));
        if let Some(next) = next {
            self.focus_on(next);
        }
    }
}

/// Text with its first letter in upper case.
fn sentence(words: &str) -> String {
    let mut characters = words.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}
