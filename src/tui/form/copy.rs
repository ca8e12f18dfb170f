//! Form of a duplicate: another connection's values under an available name and alias.

use super::field::{Place, Value};
use super::{AliasCheck, Form, Subject};
use crate::connection::validate::MAX_NAME;
use crate::connection::{Connection, alias};
use crate::provider::Provider;
use crate::tui::trash::first_free;

/// Suffix of the name of a duplicate.
const BEHIND: &str = " (copy)";

/// Limit of aliases to try.
const MOST_TRIED: usize = 50;

impl Form {
    /// Creates the form of a duplicate, which keeps the original's secrets.
    pub fn copy_of(connection: &Connection, provider: &Provider) -> Self {
        let mut form = Self::of(connection, provider);
        form.subject = Subject::Copy {
            of: connection.item.id,
            name: connection.item.name.clone(),
        };
        form.fields.retain(|field| field.place != Place::Note);
        form.alias_follows = true;
        form.alias_check = AliasCheck::Unknown(String::new());
        form.begin_with(&Place::Name, &named(&connection.item.name));
        form.begin_with(&Place::Alias, &alias::suggest(form.name()));
        form
    }

    /// Sets the initial value of a field.
    fn begin_with(&mut self, place: &Place, text: &str) {
        if let Some(field) = self.fields.iter_mut().find(|field| field.place == *place)
            && let Value::Text(line) = &mut field.value
        {
            line.set(text);
            field.begin_here();
        }
    }

    /// Replaces an unavailable alias of a duplicate with the next one as long as its name and alias are not edited.
    pub(super) fn take_next_alias(&mut self) {
        let is_ours = [Place::Name, Place::Alias].iter().all(|place| {
            let field = self.field(place);
            field.is_some_and(|field| !field.is_changed())
        });
        let AliasCheck::Taken { alias, .. } = &self.alias_check else {
            return;
        };
        if !matches!(self.subject, Subject::Copy { .. })
            || !is_ours
            || self.tried_aliases.len() >= MOST_TRIED
        {
            return;
        }
        self.tried_aliases.push(alias.clone());
        let tried = &self.tried_aliases;
        let next = first_free(&tried[0], |alias| tried.iter().any(|one| one == alias));
        self.begin_with(&Place::Alias, &next);
    }
}

/// Name of a duplicate, within the length limit.
fn named(name: &str) -> String {
    let room = MAX_NAME - BEHIND.chars().count();
    let name: String = name.chars().take(room).collect();
    format!("{}{BEHIND}", name.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_copy_is_never_too_long() {
        assert_eq!(named("OpenAI"), "OpenAI (copy)");
        let long = named(&"é".repeat(MAX_NAME));
        assert_eq!(long.chars().count(), MAX_NAME);
        assert!(long.ends_with("é (copy)"));
    }
}
