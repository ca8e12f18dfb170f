//! What actions do to the order of the connections, and to the way they stand below their providers.

use uuid::Uuid;

use super::{App, Pane};
use crate::tui::action::Action;
use crate::tui::layer::Layer;
use crate::tui::notice::Notice;
use crate::tui::tree::{Column, Sort};

impl App {
    /// Asks what the connections shall be ordered by.
    pub(super) fn ask_how_to_sort(&mut self) {
        self.layers.push(Layer::Sorting);
    }

    /// Orders as the second key says; any other key orders nothing.
    pub(super) fn arrange(&mut self, action: Action) {
        self.layers.retain(|layer| !matches!(layer, Layer::Sorting));
        let sort = self.tree.sort();
        match action {
            Action::SortByName => self.sort_by(sort.or_turned(Column::Name)),
            Action::SortByAlias => self.sort_by(sort.or_turned(Column::Alias)),
            Action::SortByProvider => self.sort_by(sort.or_turned(Column::Provider)),
            Action::SortByStatus => self.sort_by(sort.or_turned(Column::Status)),
            Action::SortByModified => self.sort_by(sort.or_turned(Column::Modified)),
            Action::ReverseSort => self.sort_by(sort.turned()),
            Action::Group => {
                let is_grouped = !self.tree.is_grouped();
                self.tree.group(is_grouped);
                self.tell(Notice::info(if is_grouped {
                    "Grouped by provider"
                } else {
                    "Grouping is off"
                }));
            }
            _ => {}
        }
    }

    /// Looks for connections by what is typed into the palette, where they can be gone to.
    pub(super) fn look_up(&mut self) {
        if let Some(Layer::Palette(palette)) = self.layers.last()
            && palette.offers_connections()
        {
            self.tree.look_up(palette.choices.line.value());
        }
    }

    /// Selects a connection, whatever hides it.
    pub(super) fn go_to(&mut self, id: Uuid) {
        self.tree.select_id(id);
        self.pane = Pane::Tree;
    }

    /// Orders by something, and says so.
    pub(super) fn sort_by(&mut self, sort: Sort) {
        self.tree.sort_by(sort);
        self.tell(Notice::info(format!("Sorted by {}", sort.description())));
    }
}
