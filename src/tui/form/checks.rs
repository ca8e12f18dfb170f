//! What is asked about a form while it is filled: who has its alias, where its references lead.

use super::Form;
use super::field::{Field, Place};
use crate::appsettings::{Lookup, Reference};
use crate::connection::alias;
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

/// What is known of a reference.
#[derive(Debug, PartialEq)]
pub(super) enum Known {
    Asking,
    Answered(Lookup),
    Unanswered,
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
        (typed != known && alias::is_well_formed(typed) && typed.len() <= alias::MAX_LENGTH)
            .then_some(typed)
    }

    /// What is known of the alias as it is typed now; nothing is said of the one a connection has.
    pub fn alias_known(&self) -> Option<&AliasCheck> {
        let typed = self.typed(&Place::Alias);
        if !self.field(&Place::Alias).is_some_and(Field::is_changed) {
            return None;
        }
        match &self.alias_check {
            AliasCheck::Unknown(_) => None,
            AliasCheck::Checking(..) => alias::is_well_formed(typed).then_some(&self.alias_check),
            AliasCheck::Free(alias) | AliasCheck::Taken { alias, .. } => {
                (alias == typed).then_some(&self.alias_check)
            }
        }
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
        }
    }

    /// A reference that nothing is known of, when none is being asked about.
    pub fn reference_to_look_up(&self) -> Option<Reference> {
        if self
            .lookups
            .iter()
            .any(|(_, known)| *known == Known::Asking)
        {
            return None;
        }
        self.fields
            .iter()
            .filter_map(Field::reference)
            .find(|reference| self.lookups.iter().all(|(known, _)| known != reference))
    }

    /// Where a reference leads, when that is known.
    pub fn lookup(&self, reference: &Reference) -> Option<&Lookup> {
        self.lookups
            .iter()
            .find_map(|(known, answer)| match answer {
                Known::Answered(lookup) if known == reference => Some(lookup),
                Known::Answered(_) | Known::Asking | Known::Unanswered => None,
            })
    }

    /// Remembers that a reference is being asked about.
    pub fn looking_up(&mut self, reference: Reference) {
        // As many as a form has fields are enough to remember.
        if self.lookups.len() >= 32 {
            self.lookups.remove(0);
        }
        self.lookups.push((reference, Known::Asking));
    }

    /// Takes the answer about the reference that was asked about.
    pub fn looked_up(&mut self, lookup: Option<Lookup>) {
        if let Some((_, known)) = self
            .lookups
            .iter_mut()
            .find(|(_, known)| *known == Known::Asking)
        {
            *known = lookup.map_or(Known::Unanswered, Known::Answered);
        }
    }
}
