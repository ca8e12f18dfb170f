//! Asynchronous checks while the form is edited: availability of the alias, and references.

use super::Form;
use super::field::{FieldId, FormField};
use crate::appsettings::{Reference, ReferenceLookup};
use crate::connection::validate::MaskPolicy;
use crate::connection::{ConnectionDraft, DraftField, FieldReason};
use crate::provider::ProviderCatalog;
use crate::tui::effect::Ticket;

/// Availability of the alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AliasCheck {
    /// Not known for this alias.
    Unknown(String),
    /// Request in progress.
    Checking(Ticket, String),
    /// Available.
    Available(String),
    /// Used by another connection.
    Taken {
        /// Alias.
        alias: String,
        /// Name of the connection that uses it.
        by: String,
    },
}

/// Status of a reference.
#[derive(Debug)]
pub(super) struct ReferenceCheck {
    reference: Reference,
    /// Newest reply; it stays until the next one.
    result: Option<ReferenceLookup>,
    is_checking: bool,
    is_stale: bool,
}

/// Checks while typing.
impl Form {
    /// Alias to check, if its availability is unknown and no check is in progress.
    pub fn alias_to_check(&self) -> Option<&str> {
        let typed = self.typed(&FieldId::Alias);
        let known = match &self.alias_check {
            AliasCheck::Checking(..) => return None,
            AliasCheck::Unknown(alias)
            | AliasCheck::Available(alias)
            | AliasCheck::Taken { alias, .. } => alias,
        };
        (typed != known && !typed.is_empty() && self.alias_problem().is_none()).then_some(typed)
    }

    /// Reason for which a save would refuse the typed alias; an empty alias may still be filled in.
    pub fn alias_problem(&self) -> Option<FieldReason> {
        let typed = self.typed(&FieldId::Alias);
        if typed.is_empty() || self.keeps_alias() {
            return None;
        }
        let draft = ConnectionDraft {
            alias: Some(typed.to_owned()),
            ..ConnectionDraft::default()
        };
        // Only the alias is validated, which needs no provider.
        draft
            .problems(&ProviderCatalog::default(), MaskPolicy::Reject)
            .into_iter()
            .find(|problem| problem.field == DraftField::Alias)
            .map(|problem| problem.reason)
    }

    /// Availability of the typed alias; `None` for the alias that the connection already has.
    pub fn alias_status(&self) -> Option<&AliasCheck> {
        let typed = self.typed(&FieldId::Alias);
        if self.keeps_alias() {
            return None;
        }
        match &self.alias_check {
            AliasCheck::Unknown(_) => None,
            AliasCheck::Checking(..) => (!typed.is_empty()).then_some(&self.alias_check),
            AliasCheck::Available(alias) | AliasCheck::Taken { alias, .. } => {
                (alias == typed).then_some(&self.alias_check)
            }
        }
    }

    /// Returns whether the alias is the one of the stored connection.
    fn keeps_alias(&self) -> bool {
        self.id().is_some()
            && !self
                .field(&FieldId::Alias)
                .is_some_and(FormField::is_changed)
    }

    /// Repeats checks that failed.
    pub fn request_again(&mut self) {
        if let AliasCheck::Unknown(alias) = &mut self.alias_check {
            alias.clear();
        }
        self.invalidate_references();
        self.retry_theirs();
    }

    /// Handles the reply about an alias.
    pub fn alias_checked(&mut self, ticket: Ticket, owner: Option<Option<String>>) {
        let AliasCheck::Checking(awaited, alias) = &self.alias_check else {
            return;
        };
        if *awaited == ticket {
            let alias = alias.clone();
            self.alias_check = match owner {
                None => AliasCheck::Unknown(alias),
                Some(None) => AliasCheck::Available(alias),
                Some(Some(by)) => AliasCheck::Taken { alias, by },
            };
            self.try_next_alias();
        }
    }

    /// Unknown reference to look up, if no lookup is in progress.
    pub fn reference_to_look_up(&self) -> Option<Reference> {
        if self.reference_checks.iter().any(|known| known.is_checking) {
            return None;
        }
        self.fields
            .iter()
            .filter_map(FormField::reference)
            .chain(self.suggested.iter().cloned())
            .find(|reference| self.known(reference).is_none_or(|known| known.is_stale))
    }

    /// Sets the suggested references, which are looked up again like those in the fields.
    pub fn suggest(&mut self, references: Vec<Reference>) {
        for known in &mut self.reference_checks {
            known.is_stale |= references.contains(&known.reference);
        }
        self.suggested = references;
    }

    /// Returns whether a field has a reference, whose file may change while the form is open.
    pub fn has_reference(&self) -> bool {
        let mut fields = self.fields.iter().filter(|field| !self.is_hidden(field));
        fields.any(|field| field.reference().is_some())
    }

    /// Looks all references up again when the wake-up for it expires.
    pub fn recheck_expired(&mut self, ticket: Ticket) {
        if self.recheck == Some(ticket) {
            self.recheck = None;
            self.invalidate_references();
        }
    }

    fn known(&self, reference: &Reference) -> Option<&ReferenceCheck> {
        self.reference_checks
            .iter()
            .find(|known| known.reference == *reference)
    }

    /// Marks the reference of a field as outdated: files change while a form is open.
    pub(super) fn invalidate_reference(&mut self, field: usize) {
        let Some(reference) = self.fields.get(field).and_then(FormField::reference) else {
            return;
        };
        for known in &mut self.reference_checks {
            known.is_stale |= known.reference == reference;
        }
    }

    /// Marks every reference as outdated.
    pub(super) fn invalidate_references(&mut self) {
        for known in &mut self.reference_checks {
            known.is_stale = true;
        }
    }

    /// Returns whether a field has an error: from a refused save, or after a tried save from a later check.
    pub fn has_error(&self, field: &FormField) -> bool {
        !self.is_hidden(field)
            && (field.error.is_some() || (self.was_tried && self.has_known_error(field)))
    }

    fn has_known_error(&self, field: &FormField) -> bool {
        if field.id == FieldId::Alias {
            return matches!(self.alias_status(), Some(AliasCheck::Taken { .. }));
        }
        if !field.is_changed() {
            // A stored value is kept, even if its reference no longer resolves.
            return false;
        }
        field.reference().is_some_and(|reference| {
            matches!(
                self.lookup(&reference),
                Some(ReferenceLookup::Missing { .. } | ReferenceLookup::Refused { .. })
            )
        })
    }

    /// Result of a lookup, if known.
    pub fn lookup(&self, reference: &Reference) -> Option<&ReferenceLookup> {
        self.known(reference)?.result.as_ref()
    }

    /// Records a lookup in progress.
    pub fn start_check(&mut self, reference: Reference) {
        if let Some(known) = self
            .reference_checks
            .iter_mut()
            .find(|known| known.reference == reference)
        {
            known.is_checking = true;
            known.is_stale = false;
            return;
        }
        // More than the number of fields in any form.
        if self.reference_checks.len() >= 32 {
            self.reference_checks.remove(0);
        }
        self.reference_checks.push(ReferenceCheck {
            reference,
            result: None,
            is_checking: true,
            is_stale: false,
        });
    }

    /// Handles the result of the lookup in progress.
    pub fn finish_check(&mut self, lookup: Option<ReferenceLookup>) {
        let Some(known) = self
            .reference_checks
            .iter_mut()
            .find(|known| known.is_checking)
        else {
            return;
        };
        known.is_checking = false;
        if matches!(lookup, Some(ReferenceLookup::Found { .. })) {
            // The reference that the save was refused for resolves now.
            for field in &mut self.fields {
                field.clear_reference_error(&known.reference);
            }
        }
        known.result = lookup;
    }
}
