//! The filter of the tree: what is typed into it, and what it leaves.

use std::collections::HashSet;

use super::Tree;
use super::terms::Terms;
use crate::tui::line::Line;

/// A filter over the tree.
pub struct Filter {
    /// What was typed.
    pub line: Line,
    /// Whether keys go into it.
    pub is_typing: bool,
    /// What in it cannot be asked for, in a sentence.
    pub problem: Option<String>,
    /// What it asks for.
    pub(super) terms: Terms,
    /// Whether the best one found is selected, because nobody chose another.
    pub(super) follows_best: bool,
    /// Which providers were closed before it opened them all.
    pub(super) closed_before: Option<HashSet<u16>>,
}

impl Filter {
    fn new(is_typing: bool) -> Self {
        Self {
            line: Line::text(""),
            is_typing,
            problem: None,
            terms: Terms::default(),
            follows_best: is_typing,
            closed_before: None,
        }
    }

    /// Whether it asks for nothing.
    pub const fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether those that fit better come before others.
    pub const fn has_best(&self) -> bool {
        !self.terms.words.is_empty()
    }
}

impl Tree {
    /// Opens the filter for typing.
    pub fn start_filter(&mut self) {
        let filter = self.filter.get_or_insert_with(|| Filter::new(true));
        filter.is_typing = true;
        self.open = [true; 3];
    }

    /// Stops typing; a filter that asks for nothing goes away.
    pub fn accept_filter(&mut self) {
        match &mut self.filter {
            Some(filter) if !filter.is_empty() => filter.is_typing = false,
            _ => self.clear_filter(),
        }
    }

    /// Shows everything again, with the same selection.
    pub fn clear_filter(&mut self) {
        self.drop_filter();
        self.rearrange();
    }

    /// Takes the filter away; what it opened is closed again.
    pub(super) fn drop_filter(&mut self) {
        let filter = self.filter.take();
        if let Some(closed) = filter.and_then(|filter| filter.closed_before) {
            self.closed = closed;
            self.open_the_way();
        }
    }

    /// Changes what the filter asks for.
    pub fn edit_filter(&mut self, edit: impl FnOnce(&mut Line) -> bool) {
        let Some(filter) = &mut self.filter else {
            return;
        };
        if !edit(&mut filter.line) {
            return;
        }
        filter.follows_best = true;
        self.coming = None;
        if self.read_filter() {
            self.rearrange_at_once();
        }
    }

    /// Has a filter that somebody typed before.
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

    /// Reads what the filter's text asks for; answers whether that is something else than before.
    fn read_filter(&mut self) -> bool {
        let Some(filter) = &mut self.filter else {
            return false;
        };
        let terms = Terms::read(filter.line.value());
        filter.problem = terms.problem(&self.providers);
        if !terms.is_empty() && filter.closed_before.is_none() {
            filter.closed_before = Some(std::mem::take(&mut self.closed));
        }
        let is_other = terms != filter.terms;
        filter.terms = terms;
        is_other
    }
}
