//! What is asked about a form while it is filled: who has its alias, where its references lead.

use super::Form;
use super::field::{Field, Place};
use crate::appsettings::{Lookup, Reference};
use crate::connection::validate::Stored;
use crate::connection::{ConnectionDraft, Field as DraftField, Reason};
use crate::provider::ProviderCatalog;
use crate::tui::effect::Ticket;

/// What is known of the alias on screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AliasCheck {
    /// Nothing; this one was not answered for.
    Unknown(String),
    /// It is being asked for.
    Checking(Ticket, String),
    /// Nobody has this one.
    Free(String),
    /// Someone has this one.
    Taken {
        /// The alias.
        alias: String,
        /// The name of the connection that has it.
        by: String,
    },
}

/// What is known of a reference, and whether it is to be asked again.
#[derive(Debug)]
pub(super) struct Known {
    reference: Reference,
    /// The newest answer; it stays until the next one is there.
    answer: Option<Lookup>,
    is_asking: bool,
    is_stale: bool,
}

/// What is asked while typing.
impl Form {
    /// The alias to ask about, when nothing is known of it and nothing is being asked.
    pub fn alias_to_check(&self) -> Option<&str> {
        let typed = self.typed(&Place::Alias);
        let known = match &self.alias_check {
            AliasCheck::Checking(..) => return None,
            AliasCheck::Unknown(alias)
            | AliasCheck::Free(alias)
            | AliasCheck::Taken { alias, .. } => alias,
        };
        (typed != known && !typed.is_empty() && self.alias_problem().is_none()).then_some(typed)
    }

    /// Why a save would refuse the alias as it is typed now; an empty one may still be filled in.
    pub fn alias_problem(&self) -> Option<Reason> {
        let typed = self.typed(&Place::Alias);
        if typed.is_empty() || self.keeps_alias() {
            return None;
        }
        let draft = ConnectionDraft {
            alias: Some(typed.to_owned()),
            ..ConnectionDraft::default()
        };
        // Only the alias is looked at, which needs no provider.
        draft
            .problems(&ProviderCatalog::default(), Stored::Nothing)
            .into_iter()
            .find(|problem| problem.field == DraftField::Alias)
            .map(|problem| problem.reason)
    }

    /// What is known of the alias as it is typed now; nothing is said of the one a connection has.
    pub fn alias_known(&self) -> Option<&AliasCheck> {
        let typed = self.typed(&Place::Alias);
        if self.keeps_alias() {
            return None;
        }
        match &self.alias_check {
            AliasCheck::Unknown(_) => None,
            AliasCheck::Checking(..) => (!typed.is_empty()).then_some(&self.alias_check),
            AliasCheck::Free(alias) | AliasCheck::Taken { alias, .. } => {
                (alias == typed).then_some(&self.alias_check)
            }
        }
    }

    /// Whether the alias is the one that a stored connection has.
    fn keeps_alias(&self) -> bool {
        self.id().is_some() && !self.field(&Place::Alias).is_some_and(Field::is_changed)
    }

    /// What could not be answered is asked again.
    pub fn ask_again(&mut self) {
        if let AliasCheck::Unknown(alias) = &mut self.alias_check {
            alias.clear();
        }
        self.look_all_up_again();
        self.ask_for_theirs_again();
    }

    /// Takes the answer about an alias.
    pub fn alias_answered(&mut self, ticket: Ticket, owner: Option<Option<String>>) {
        let AliasCheck::Checking(awaited, alias) = &self.alias_check else {
            return;
        };
        if *awaited == ticket {
            let alias = alias.clone();
            self.alias_check = match owner {
                None => AliasCheck::Unknown(alias),
                Some(None) => AliasCheck::Free(alias),
                Some(Some(by)) => AliasCheck::Taken { alias, by },
            };
            self.take_next_alias();
        }
    }

    /// A reference that nothing is known of, when none is being asked about.
    pub fn reference_to_look_up(&self) -> Option<Reference> {
        if self.lookups.iter().any(|known| known.is_asking) {
            return None;
        }
        self.fields
            .iter()
            .filter_map(Field::reference)
            .chain(self.suggested.iter().cloned())
            .find(|reference| self.known(reference).is_none_or(|known| known.is_stale))
    }

    /// These are thought of: they are asked about like those in the fields, afresh.
    pub fn suggest(&mut self, references: Vec<Reference>) {
        for known in &mut self.lookups {
            known.is_stale |= references.contains(&known.reference);
        }
        self.suggested = references;
    }

    fn known(&self, reference: &Reference) -> Option<&Known> {
        self.lookups
            .iter()
            .find(|known| known.reference == *reference)
    }

    /// The reference of a field is to be looked up again: files change while a form is open.
    pub(super) fn look_up_again(&mut self, field: usize) {
        let Some(reference) = self.fields.get(field).and_then(Field::reference) else {
            return;
        };
        for known in &mut self.lookups {
            known.is_stale |= known.reference == reference;
        }
    }

    /// Every reference is to be looked up again.
    pub(super) fn look_all_up_again(&mut self) {
        for known in &mut self.lookups {
            known.is_stale = true;
        }
    }

    /// Whether a field is wrong: refused by a save, or, once one was tried, by what is known since.
    pub fn is_wrong(&self, field: &Field) -> bool {
        !self.is_hidden(field)
            && (field.error.is_some() || (self.was_tried && self.is_known_wrong(field)))
    }

    fn is_known_wrong(&self, field: &Field) -> bool {
        if field.place == Place::Alias {
            return matches!(self.alias_known(), Some(AliasCheck::Taken { .. }));
        }
        if !field.is_changed() {
            // What is stored is kept, wherever it leads by now.
            return false;
        }
        field.reference().is_some_and(|reference| {
            matches!(
                self.lookup(&reference),
                Some(Lookup::Missing { .. } | Lookup::Refused { .. })
            )
        })
    }

    /// Where a reference leads, when that is known.
    pub fn lookup(&self, reference: &Reference) -> Option<&Lookup> {
        self.known(reference)?.answer.as_ref()
    }

    /// Remembers that a reference is being asked about.
    pub fn looking_up(&mut self, reference: Reference) {
        if let Some(known) = self
            .lookups
            .iter_mut()
            .find(|known| known.reference == reference)
        {
            known.is_asking = true;
            known.is_stale = false;
            return;
        }
        // As many as a form has fields are enough to remember.
        if self.lookups.len() >= 32 {
            self.lookups.remove(0);
        }
        self.lookups.push(Known {
            reference,
            answer: None,
            is_asking: true,
            is_stale: false,
        });
    }

    /// Takes the answer about the reference that was asked about.
    pub fn looked_up(&mut self, lookup: Option<Lookup>) {
        let Some(known) = self.lookups.iter_mut().find(|known| known.is_asking) else {
            return;
        };
        known.is_asking = false;
        if matches!(lookup, Some(Lookup::Found { .. })) {
            // A save was refused for it, and would not be any more.
            for field in &mut self.fields {
                field.forgive(&known.reference);
            }
        }
        known.answer = lookup;
    }
}
