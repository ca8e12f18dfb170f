//! Filter of the tree.

use std::collections::HashSet;

use super::Tree;
use crate::search::completion;
use crate::search::query::FilterQuery;
use crate::tui::text_input::TextInput;

/// Filter over the tree.
pub struct Filter {
    /// Input line.
    pub line: TextInput,
    /// True if the input line has the focus.
    pub is_typing: bool,
    /// Error in the filter text.
    pub problem: Option<String>,
    /// Parsed filter.
    pub(super) terms: FilterQuery,
    /// True if the best match is selected automatically, until the user moves.
    pub(super) follows_best: bool,
    /// Providers that were collapsed before the filter expanded all.
    pub(super) closed_before: Option<HashSet<u16>>,
}

impl Filter {
    fn new(is_typing: bool) -> Self {
        Self {
            line: TextInput::text(""),
            is_typing,
            problem: None,
            terms: FilterQuery::default(),
            follows_best: is_typing,
            closed_before: None,
        }
    }

    /// Returns true if the filter matches everything.
    pub const fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Returns true if matches are ordered by score.
    pub const fn is_ordered_by_score(&self) -> bool {
        !self.terms.words.is_empty()
    }
}

impl Tree {
    /// Focuses the filter.
    pub fn start_filter(&mut self) {
        let filter = self.filter.get_or_insert_with(|| Filter::new(true));
        filter.is_typing = true;
        self.open = [true; 3];
    }

    /// Leaves the input line; an empty filter is removed.
    pub fn accept_filter(&mut self) {
        match &mut self.filter {
            Some(filter) if !filter.is_empty() => filter.is_typing = false,
            _ => self.clear_filter(),
        }
    }

    /// Removes the filter and keeps the selection.
    pub fn clear_filter(&mut self) {
        self.drop_filter();
        self.rearrange();
    }

    /// Removes the filter and collapses what it expanded.
    pub(super) fn drop_filter(&mut self) {
        let filter = self.filter.take();
        if let Some(closed) = filter.and_then(|filter| filter.closed_before) {
            self.closed = closed;
            self.expand_ancestors();
        }
    }

    /// Edits the filter text.
    pub fn edit_filter(&mut self, edit: impl FnOnce(&mut TextInput) -> bool) {
        let Some(filter) = &mut self.filter else {
            return;
        };
        if !edit(&mut filter.line) {
            return;
        }
        filter.follows_best = true;
        self.pending_selection = None;
        if self.read_filter() {
            self.rearrange_at_once();
        }
    }

    /// Completes the last word of the filter. Returns false if there is nothing to complete.
    pub fn complete_filter(&mut self) -> bool {
        let filter = self.filter.as_ref().filter(|filter| filter.is_typing);
        let completed =
            filter.and_then(|filter| completion::complete(filter.line.value(), &self.providers));
        let Some(completed) = completed else {
            return false;
        };
        self.edit_filter(|line| {
            line.set(&completed);
            true
        });
        true
    }

    /// Returns the values that the word at the end of the filter can have.
    pub fn filter_values(&self) -> Option<String> {
        let filter = self.filter.as_ref()?;
        completion::possible_values(filter.line.value(), &self.providers)
    }

    /// Returns a filter that may be meant, if the present one matches nothing.
    pub fn filter_suggestion(&self) -> Option<String> {
        completion::suggestion(&self.filter.as_ref()?.terms)
    }

    /// Restores a saved filter text.
    pub(super) fn keep_filter(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let mut filter = Filter::new(false);
        filter.line.set(text);
        self.filter = Some(filter);
        self.read_filter();
        self.accept_filter();
    }

    /// Parses the filter text. Returns true if the filter changed.
    fn read_filter(&mut self) -> bool {
        let Some(filter) = &mut self.filter else {
            return false;
        };
        let terms = FilterQuery::read(filter.line.value());
        filter.problem = terms.problem(&self.providers);
        if !terms.is_empty() && filter.closed_before.is_none() {
            filter.closed_before = Some(std::mem::take(&mut self.closed));
        }
        let is_other = terms != filter.terms;
        filter.terms = terms;
        is_other
    }
}
