//! What is in the trash, to be brought back or deleted for good.

use uuid::Uuid;

use super::action::Action;
use super::choices::Choices;
use crate::connection::{ConnectionItem, alias};

/// What is in the trash.
#[derive(Debug, Default)]
pub struct Trash {
    /// What is selected.
    pub choices: Choices,
    /// What is in it, or why that is not known, once that is known.
    pub found: Option<Result<Vec<ConnectionItem>, String>>,
    /// Whether it is to be read again.
    pub is_behind: bool,
    /// Under which other alias the next Enter brings one back.
    pub offer: Option<Offer>,
    /// What is deleted for good when that is answered: no more than what was counted in the question.
    pub asked: Vec<Uuid>,
}

/// Another alias for a connection whose own one is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The connection.
    pub id: Uuid,
    /// The alias that is taken.
    pub taken: String,
    /// The name of the connection that has it.
    pub by: String,
    /// The other alias.
    pub alias: String,
}

impl Trash {
    /// The trash before it was read.
    pub fn unread() -> Self {
        Self {
            is_behind: true,
            ..Self::default()
        }
    }

    /// What is in it, as far as that is known.
    pub fn items(&self) -> &[ConnectionItem] {
        match &self.found {
            Some(Ok(items)) => items,
            Some(Err(_)) | None => &[],
        }
    }

    /// The one that is selected.
    pub fn selected(&self) -> Option<&ConnectionItem> {
        self.items().get(self.choices.selected)
    }

    /// What is offered for the one that is selected.
    pub fn offered(&self) -> Option<&Offer> {
        let id = self.selected()?.id;
        self.offer.as_ref().filter(|offer| offer.id == id)
    }

    /// It was read; what was selected stays selected where it is still there.
    pub fn show(&mut self, items: Vec<ConnectionItem>) {
        let id = self.selected().map(|item| item.id);
        if let Some(at) = items.iter().position(|item| Some(item.id) == id) {
            self.choices.selected = at;
        }
        self.found = Some(Ok(items));
    }

    /// It could not be read; what was read before stays.
    pub fn broke(&mut self, why: String) {
        if !matches!(self.found, Some(Ok(_))) {
            self.found = Some(Err(why));
        }
    }

    /// These are in it no more.
    pub fn take_out(&mut self, ids: &[Uuid]) {
        if let Some(Ok(items)) = &mut self.found {
            let at = self.choices.selected;
            let above = items.iter().take(at);
            let gone = above.filter(|item| ids.contains(&item.id)).count();
            self.choices.selected = at - gone;
            items.retain(|item| !ids.contains(&item.id));
        }
    }

    /// Moves the selection.
    pub fn go(&mut self, action: Action) {
        let count = self.items().len();
        self.choices.act(action, count);
    }

    /// Keeps the selection seen.
    pub fn scroll(&mut self, rows: usize) {
        let count = self.items().len();
        self.choices.scroll(rows, count);
    }
}

/// The first of `alias-2`, `alias-3` … that is free, as long as an alias may be.
pub fn first_free(alias: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut number: u64 = 2;
    loop {
        let behind = format!("-{number}");
        let room = alias::MAX_LENGTH - behind.len();
        let mut free: String = alias.chars().take(room).collect();
        free.truncate(free.trim_end_matches('-').len());
        free.push_str(&behind);
        if !is_taken(&free) {
            return free;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_free_alias_is_offered() {
        assert_eq!(first_free("a", |_| false), "a-2");
        assert_eq!(first_free("a", |alias| alias < "a-4"), "a-4");
    }

    #[test]
    fn an_offered_alias_is_never_too_long() {
        let long = "a".repeat(alias::MAX_LENGTH);
        let free = first_free(&long, |_| false);
        assert_eq!(free.len(), alias::MAX_LENGTH);
        assert!(free.ends_with("a-2"));
    }
}
