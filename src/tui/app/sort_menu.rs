//! Sorts and groups the connections.

use uuid::Uuid;

use super::{App, Pane};
use crate::search::{Column, Sort};
use crate::tui::action::Action;
use crate::tui::dialog::Dialog;
use crate::tui::notice::Notice;

impl App {
    /// Opens the sort menu.
    pub(super) fn open_sort_menu(&mut self) {
        self.dialogs.push(Dialog::Sorting);
    }

    /// Sorts by the key pressed in the sort menu; other keys close it.
    pub(super) fn act_in_sort_menu(&mut self, action: Action) {
        self.dialogs
            .retain(|dialog| !matches!(dialog, Dialog::Sorting));
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

    /// Searches connections for the text typed in the palette, if the palette offers connections.
    pub(super) fn look_up(&mut self) {
        if let Some(Dialog::Palette(palette)) = self.dialogs.last()
            && palette.lists_connections()
        {
            self.tree.look_up(palette.choices.line.value());
        }
    }

    /// Selects a connection, even if a filter or a closed node hides it.
    pub(super) fn go_to(&mut self, id: Uuid) {
        self.tree.select_id(id);
        self.pane = Pane::Tree;
    }

    /// Sorts and reports the new order.
    pub(super) fn sort_by(&mut self, sort: Sort) {
        self.tree.sort_by(sort);
        self.notify(Notice::info(format!("Sorted by {}", sort.description())));
    }
}
