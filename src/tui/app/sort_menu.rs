//! Sorts and groups the connections.

use super::App;
use crate::search::{Column, Sort};
use crate::tui::action::Action;
use crate::tui::notice::Notice;

impl App {
    /// Changes the sort order or the groups.
    pub(super) fn act_on_sort(&mut self, action: Action) {
        let sort = self.tree.sort();
        match action {
            Action::SortByName => self.sort_by(sort.or_reversed(Column::Name)),
            Action::SortByAlias => self.sort_by(sort.or_reversed(Column::Alias)),
            Action::SortByProvider => self.sort_by(sort.or_reversed(Column::Provider)),
            Action::SortByStatus => self.sort_by(sort.or_reversed(Column::Status)),
            Action::SortByModified => self.sort_by(sort.or_reversed(Column::Modified)),
            Action::ReverseSort => self.sort_by(sort.turned()),
            Action::Group => {
                let is_grouped = !self.tree.is_grouped();
                self.tree.group(is_grouped);
                self.notify(Notice::info(if is_grouped {
                    "Grouped by provider"
                } else {
                    "Grouping is off"
                }));
            }
            _ => {}
        }
    }

    /// Sorts and reports the new order.
    pub(super) fn sort_by(&mut self, sort: Sort) {
        self.tree.sort_by(sort);
        self.notify(Notice::info(format!("Sorted by {}", sort.description())));
    }
}
