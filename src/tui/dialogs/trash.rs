//! Trash dialog: restores connections or deletes them permanently.

use uuid::Uuid;

use crate::connection::{ConnectionItem, alias};
use crate::tui::action::Action;
use crate::tui::select_list::SelectList;

/// Trash dialog.
#[derive(Debug, Default)]
pub struct TrashDialog {
    /// Selection.
    pub choices: SelectList,
    /// Connections or the load error, once known.
    pub items: Option<Result<Vec<ConnectionItem>, String>>,
    /// True if a reload is needed.
    pub is_stale: bool,
    /// Alternative alias that the next Enter uses to restore.
    pub suggestion: Option<AliasSuggestion>,
    /// Connections that the open prompt deletes permanently: those that it counted.
    pub to_purge: Vec<Uuid>,
}

/// Alternative alias for a connection whose alias is in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AliasSuggestion {
    /// ID of the connection.
    pub id: Uuid,
    /// Alias in use.
    pub taken: String,
    /// Name of the connection that uses it.
    pub by: String,
    /// Alternative alias.
    pub alias: String,
}

impl TrashDialog {
    /// Creates the dialog before the trash is loaded.
    pub fn loading() -> Self {
        Self {
            is_stale: true,
            ..Self::default()
        }
    }

    /// Returns the loaded connections.
    pub fn items(&self) -> &[ConnectionItem] {
        match &self.items {
            Some(Ok(items)) => items,
            Some(Err(_)) | None => &[],
        }
    }

    /// Returns the selected connection.
    pub fn selected(&self) -> Option<&ConnectionItem> {
        self.items().get(self.choices.selected)
    }

    /// Returns the alias suggestion for the selected connection.
    pub fn suggested_alias(&self) -> Option<&AliasSuggestion> {
        let id = self.selected()?.id;
        self.suggestion.as_ref().filter(|offer| offer.id == id)
    }

    /// Sets the loaded connections and keeps the selection if possible.
    pub fn show(&mut self, items: Vec<ConnectionItem>) {
        let id = self.selected().map(|item| item.id);
        if let Some(at) = items.iter().position(|item| Some(item.id) == id) {
            self.choices.selected = at;
        }
        self.items = Some(Ok(items));
    }

    /// Sets the load error unless connections were loaded before.
    pub fn fail(&mut self, reason: String) {
        if !matches!(self.items, Some(Ok(_))) {
            self.items = Some(Err(reason));
        }
    }

    /// Removes connections.
    pub fn take_out(&mut self, ids: &[Uuid]) {
        if let Some(Ok(items)) = &mut self.items {
            let at = self.choices.selected;
            let above = items.iter().take(at);
            let gone = above.filter(|item| ids.contains(&item.id)).count();
            self.choices.selected = at - gone;
            items.retain(|item| !ids.contains(&item.id));
        }
    }

    /// Moves the selection.
    pub fn act(&mut self, action: Action) {
        let count = self.items().len();
        self.choices.act(action, count);
    }

    /// Scrolls so that the selection is visible.
    pub fn scroll(&mut self, rows: usize) {
        let count = self.items().len();
        self.choices.scroll(rows, count);
    }
}

/// Returns the first free alias of `alias-2`, `alias-3` …, cut to the maximum length.
pub fn first_free(alias: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut number: u64 = 2;
    loop {
        let suffix = format!("-{number}");
        let room = alias::MAX_LENGTH - suffix.len();
        let mut free: String = alias.chars().take(room).collect();
        free.truncate(free.trim_end_matches('-').len());
        free.push_str(&suffix);
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
    fn first_free_alias_is_suggested() {
        assert_eq!(first_free("a", |_| false), "a-2");
        assert_eq!(first_free("a", |alias| alias < "a-4"), "a-4");
    }

    #[test]
    fn suggested_alias_respects_the_maximum_length() {
        let long = "a".repeat(alias::MAX_LENGTH);
        let free = first_free(&long, |_| false);
        assert_eq!(free.len(), alias::MAX_LENGTH);
        assert!(free.ends_with("a-2"));
    }
}
