//! The form of a copy: what another connection is, under a name and an alias that nobody has.

use super::field::{Place, Value};
use super::{AliasCheck, Form, Subject};
use crate::connection::validate::MAX_NAME;
use crate::connection::{Connection, alias};
use crate::provider::Provider;
use crate::tui::trash::first_free;

/// What stands behind the name of a copy.
const BEHIND: &str = " (copy)";

/// More aliases than these are not tried.
const MOST_TRIED: usize = 50;

impl Form {
    /// The form of a new connection that is what this one is; its secrets go with it.
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

    /// Says something in a field as if it had been there from the start.
    fn begin_with(&mut self, place: &Place, text: &str) {
        if let Some(field) = self.fields.iter_mut().find(|field| field.place == *place)
            && let Value::Text(line) = &mut field.value
        {
            line.set(text);
            field.begin_here();
        }
    }

    /// As long as nobody typed a name or an alias for a copy, one that is taken gives way to the next.
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

/// The name of a copy, as long as a name may be.
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
