//! Form of a duplicate: another connection's values under an available name and alias.

use super::field::{FieldId, FieldValue};
use super::{AliasCheck, Form, FormSubject};
use crate::connection::alias::first_free;
use crate::connection::validate::MAX_NAME;
use crate::connection::{Connection, alias};
use crate::provider::Provider;

/// Suffix of the name of a duplicate.
const SUFFIX: &str = " (copy)";

/// Limit of aliases to try.
const MAX_TRIES: usize = 50;

impl Form {
    /// Creates the form of a duplicate, which keeps the original's secrets.
    pub fn duplicate(connection: &Connection, provider: &Provider) -> Self {
        let mut form = Self::edit(connection, provider);
        form.subject = FormSubject::Copy {
            of: connection.item.id,
            name: connection.item.name.clone(),
        };
        form.remove_note();
        form.alias_follows = true;
        form.alias_check = AliasCheck::Unknown(String::new());
        form.set_initial(&FieldId::Name, &copy_name(&connection.item.name));
        form.set_initial(&FieldId::Alias, &alias::suggest(form.name()));
        form
    }

    /// Removes the field for the note of a change.
    pub fn remove_note(&mut self) {
        self.fields.retain(|field| field.id != FieldId::Note);
    }

    /// Sets the initial value of a field.
    fn set_initial(&mut self, id: &FieldId, text: &str) {
        if let Some(field) = self.fields.iter_mut().find(|field| field.id == *id)
            && let FieldValue::Text(line) = &mut field.value
        {
            line.set(text);
            field.reset_initial();
        }
    }

    /// Returns the taken alias that a free one is to be offered for.
    pub fn taken_alias(&self) -> Option<&str> {
        match self.alias_status()? {
            AliasCheck::Taken { alias, .. } => Some(alias),
            AliasCheck::Unknown(_) | AliasCheck::Checking(..) | AliasCheck::Available(_) => None,
        }
    }

    /// Offers a free alias as the completion of the taken one; `None` withdraws the offer.
    pub fn offer_alias(&mut self, free: Option<String>) {
        let mut fields = self.fields.iter_mut();
        if let Some(field) = fields.find(|field| field.id == FieldId::Alias) {
            field.suggestions = free.into_iter().collect();
        }
    }

    /// Returns the offered alias if it completes the typed one.
    pub(super) fn offered_alias(&self) -> Option<&str> {
        let field = self.field(&FieldId::Alias)?;
        let typed = field.line()?.value();
        let offered = field.suggestions.first()?;
        offered.starts_with(typed).then_some(offered.as_str())
    }

    /// Replaces an unavailable alias of a duplicate with the next one as long as its name and alias are not edited.
    pub(super) fn try_next_alias(&mut self) {
        let is_ours = [FieldId::Name, FieldId::Alias].iter().all(|id| {
            let field = self.field(id);
            field.is_some_and(|field| !field.is_changed())
        });
        let AliasCheck::Taken { alias, .. } = &self.alias_check else {
            return;
        };
        if !matches!(self.subject, FormSubject::Copy { .. })
            || !is_ours
            || self.tried_aliases.len() >= MAX_TRIES
        {
            return;
        }
        self.tried_aliases.push(alias.clone());
        let tried = &self.tried_aliases;
        let next = first_free(&tried[0], |alias| tried.iter().any(|one| one == alias));
        self.set_initial(&FieldId::Alias, &next);
    }
}

/// Name of a duplicate, within the length limit.
fn copy_name(name: &str) -> String {
    let room = MAX_NAME - SUFFIX.chars().count();
    let name: String = name.chars().take(room).collect();
    format!("{}{SUFFIX}", name.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_of_a_duplicate_is_never_too_long() {
        assert_eq!(copy_name("OpenAI"), "OpenAI (copy)");
        let long = copy_name(&"é".repeat(MAX_NAME));
        assert_eq!(long.chars().count(), MAX_NAME);
        assert!(long.ends_with("é (copy)"));
    }
}
