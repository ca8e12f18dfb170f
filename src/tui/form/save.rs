//! Saves a form, and shows the errors of a refused save at its fields.

use super::field::{Field, Place};
use super::{Elsewhere, Form, Subject};
use crate::connection::validate::Stored as Keep;
use crate::connection::{ConnectionDraft, Field as DraftField, FieldError, Reason, TestSubject};
use crate::provider::ProviderCatalog;
use crate::tui::effect::{Change, Request};
use crate::tui::layer::Outcome;
use crate::tui::notice::Notice;

impl Form {
    pub(super) fn leave(&mut self) -> Outcome {
        if self.is_changed() {
            Outcome::PromptUnsavedChanges
        } else {
            Outcome::Close
        }
    }

    /// Validates the form and requests the save.
    pub fn save(&mut self, catalog: &ProviderCatalog) -> Outcome {
        match self.elsewhere {
            None => {}
            Some(Elsewhere::Deleted) => return Outcome::PromptDeletedElsewhere,
            Some(Elsewhere::Saved(version)) if self.their_version().is_none() => {
                self.wait_for_theirs(version);
                return Outcome::Stay;
            }
            Some(Elsewhere::Saved(_)) if self.conflicts().is_empty() => self.finish_merge(),
            Some(Elsewhere::Saved(_)) => return Outcome::Merge,
        }
        let draft = match self.valid_draft(catalog) {
            Ok(draft) => draft,
            Err(Some(notice)) => return Outcome::Tell(notice),
            Err(None) => return Outcome::Stay,
        };
        Outcome::Ask(match self.subject {
            Subject::New => Request::Create(draft),
            Subject::Copy { of, .. } => Request::Duplicate(of, draft),
            Subject::Stored { id, version, .. } => Request::Update(Change {
                id,
                draft,
                over: version,
            }),
        })
    }

    /// Validates the form and requests a connection test of it, saved or not.
    pub fn test(&mut self, catalog: &ProviderCatalog) -> Outcome {
        let draft = match self.valid_draft(catalog) {
            Ok(draft) => draft,
            Err(Some(notice)) => return Outcome::Tell(notice),
            Err(None) => return Outcome::Stay,
        };
        Outcome::Test(match self.subject {
            Subject::New => TestSubject::Draft(draft),
            // The secrets of the original are tested with the draft, by the rules of an update.
            Subject::Copy { of: id, .. } | Subject::Stored { id, .. } => {
                TestSubject::Changed(id.into(), draft)
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
        let keep = match self.subject {
            Subject::New => Keep::Nothing,
            Subject::Copy { .. } | Subject::Stored { .. } => Keep::Secrets,
        };
        let mut problems = draft.problems(catalog, keep);
        // As in the service, a name or an alias that stays as it is stored is not refused.
        problems.retain(|problem| {
            problem.reason != Reason::LooksLikeKey
                || self.id().is_none()
                || self
                    .place_of(&problem.field)
                    .and_then(|place| self.field(&place))
                    .is_none_or(Field::is_changed)
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
        let mut homeless = None;
        for problem in problems {
            let (place, words) = match self.alternative_error(problem) {
                Some((place, words)) => (Some(place), words),
                None => (self.place_of(&problem.field), problem.reason.at_field()),
            };
            let mut fields = self.fields.iter_mut();
            match fields.find(|field| place.as_ref() == Some(&field.place)) {
                Some(field) if field.error.is_none() => {
                    field.error = Some(sentence(&words));
                    field.refused = match &problem.reason {
                        Reason::ReferenceMissing { .. } | Reason::ReferenceRefused { .. } => {
                            field.reference()
                        }
                        _ => None,
                    };
                }
                Some(_) => {}
                None => homeless = homeless.or_else(|| Some(Notice::error(problem.to_string()))),
            }
        }
        if self.error_count() > 0 {
            self.focus_error(0);
        }
        homeless
    }

    fn place_of(&self, at: &DraftField) -> Option<Place> {
        Some(match at {
            DraftField::Name => Place::Name,
            DraftField::Alias => Place::Alias,
            DraftField::IsActive => Place::Status,
            DraftField::Setting { key, .. } => {
                Place::Setting(self.provider.field(key)?.key.clone())
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
    let mut signs = words.chars();
    match signs.next() {
        Some(first) => first.to_uppercase().chain(signs).collect(),
        None => String::new(),
    }
}
