//! The filter of the tree: what is typed into it, and what it leaves.

use super::news::Shift;
use super::search::{Search, Terms};
use super::{Node, Tree};
use crate::provider::ProviderCatalog;
use crate::tui::line::Line;

/// A filter over the tree.
pub struct Filter {
    /// What was typed.
    pub line: Line,
    /// Whether keys go into it.
    pub is_typing: bool,
    /// The work it does; none while nothing is asked for.
    pub(super) search: Option<Search>,
    /// Whether the best one found is selected, because nobody chose another.
    pub(super) follows_best: bool,
}

impl Tree {
    /// Opens the filter for typing.
    pub fn start_filter(&mut self) {
        let filter = self.filter.get_or_insert_with(|| Filter {
            line: Line::text(""),
            is_typing: true,
            search: None,
            follows_best: true,
        });
        filter.is_typing = true;
        self.open = [true; 3];
    }

    /// Stops typing; a filter that asks for nothing goes away.
    pub fn accept_filter(&mut self) {
        match &mut self.filter {
            Some(filter) if filter.search.is_some() => filter.is_typing = false,
            _ => self.clear_filter(),
        }
    }

    /// Shows everything again, with the same selection.
    pub fn clear_filter(&mut self) {
        self.filter = None;
        self.relocate();
    }

    /// Changes what the filter asks for.
    pub fn edit_filter(&mut self, catalog: &ProviderCatalog, edit: impl FnOnce(&mut Line) -> bool) {
        let Some(filter) = &mut self.filter else {
            return;
        };
        if !edit(&mut filter.line) {
            return;
        }
        let terms = Terms::read(filter.line.value());
        filter.search = (!terms.is_empty()).then(|| Search::new(terms, catalog));
        filter.follows_best = true;
        self.step_search();
        self.relocate();
    }

    /// Whether the filter has connections to look at.
    pub fn is_searching(&self) -> bool {
        self.search()
            .is_some_and(|search| search.has_more(&self.items))
    }

    /// Looks at the next connections.
    pub fn step_search(&mut self) {
        let Some(filter) = &mut self.filter else {
            return;
        };
        let Some(search) = &mut filter.search else {
            return;
        };
        search.step(&self.items);
        if filter.follows_best {
            match self.shown(0).map(|best| best.id) {
                Some(best) => self.selected = Node::Connection(best),
                None => self.selected = Node::Connections,
            }
            self.at = 0;
        } else {
            self.relocate();
        }
    }

    /// The whole list is another: looks at all of it at once, so that what is selected is found again.
    pub(super) fn search_again(&mut self) {
        let items = &self.items;
        if let Some(search) = self
            .filter
            .as_mut()
            .and_then(|filter| filter.search.as_mut())
        {
            search.restart();
            while search.has_more(items) {
                search.step(items);
            }
        }
    }

    /// Some places in the list are another: what was found moves, and only those are looked at.
    pub(super) fn search_changed(&mut self, shift: &Shift) {
        let items = &self.items;
        if let Some(search) = self
            .filter
            .as_mut()
            .and_then(|filter| filter.search.as_mut())
        {
            search.shift(shift, items);
        }
    }
}
