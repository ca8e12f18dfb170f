//! Maps clicks and the wheel to selections and actions.

use super::{App, Pane};
use crate::tui::action::{Action, KeyContext};
use crate::tui::columns;
use crate::tui::dialog::Pick;
use crate::tui::effect::Effect;
use crate::tui::event::{Mouse, MouseKind};
use crate::tui::layout::{Area, Columns, ScreenLayout};
use crate::tui::tabs::Tab;

/// Columns before a connection in the tree, which contain its mark.
const MARK_WIDTH: u16 = 4;

/// Rows per step of the wheel.
const WHEEL: isize = 3;

impl App {
    pub(super) fn mouse(&mut self, mouse: Mouse) -> Option<Effect> {
        match mouse.kind {
            MouseKind::WheelUp => self.wheel(mouse, -WHEEL),
            MouseKind::WheelDown => self.wheel(mouse, WHEEL),
            MouseKind::Click if self.dialogs.is_empty() => self.click_in_panes(mouse, false),
            MouseKind::DoubleClick if self.dialogs.is_empty() => self.click_in_panes(mouse, true),
            MouseKind::Click => self.click_in_dialog(mouse, Pick::Click),
            MouseKind::DoubleClick => self.click_in_dialog(mouse, Pick::DoubleClick),
        }
    }

    fn wheel(&mut self, mouse: Mouse, by: isize) -> Option<Effect> {
        if let Some(dialog) = self.dialogs.last() {
            return self.act(dialog.get().wheel(by > 0)?);
        }
        if let Some(pane) = self.pane_at(mouse) {
            self.pane = pane;
            self.move_selection(by);
        }
        None
    }

    fn click_in_panes(&mut self, mouse: Mouse, is_double: bool) -> Option<Effect> {
        let layout = self.layout();
        let pane = self.pane_at(mouse)?;
        self.pane = pane;
        let selected = match pane {
            Pane::Tree => {
                let row = point(mouse, layout.tree.inside(), self.tree.top)?;
                if row >= self.tree.rows() {
                    return None;
                }
                self.tree.select_row(row);
                if mouse.x < layout.tree.inside().x + MARK_WIDTH {
                    self.mark_clicked();
                    return None;
                }
                true
            }
            Pane::List => {
                let inside = self.list_area().inside();
                let gutter = columns::gutter(self.tree.marked_len() > 0);
                if let Some(column) = columns::title_at(inside, gutter, (mouse.x, mouse.y)) {
                    self.sort_by(self.tree.sort().or_reversed(column));
                    return None;
                }
                let (_, rows) = inside.split_top(1);
                let at = point(mouse, rows, self.tree.list_top)?;
                let is_there = at < self.tree.shown_len();
                if is_there {
                    self.tree.select_shown(at);
                    if mouse.x == rows.x {
                        self.mark_clicked();
                        return None;
                    }
                }
                is_there
            }
            Pane::Detail => {
                self.click_in_tabs(mouse);
                true
            }
        };
        (selected && is_double)
            .then(|| self.act(Action::Edit))
            .flatten()
    }

    /// Shows the clicked tab, or selects the clicked row of it.
    fn click_in_tabs(&mut self, mouse: Mouse) {
        let area = self.detail_area();
        let tabs = ScreenLayout::tabs(area);
        if tabs.contains(mouse.x, mouse.y) {
            let mut x = tabs.x;
            for (tab, text) in self.tabs() {
                x += u16::try_from(crate::tui::text_width::width(&text) + 1).unwrap_or(0);
                if mouse.x < x {
                    self.workspace.tab = tab;
                    return;
                }
            }
        }
        match self.workspace.tab {
            Tab::Settings => {}
            Tab::Info => {
                if let Some(line) = point(mouse, ScreenLayout::tab(area), 0) {
                    self.workspace.line = line.min(crate::tui::info::LINES - 1);
                }
            }
            Tab::History => {
                let history = &mut self.workspace.history;
                if let Some(at) = point(mouse, ScreenLayout::versions(area).0, history.top)
                    && at < history.versions().len()
                {
                    history.selected = at;
                }
            }
        }
    }

    /// Tabs as they are drawn: with their keys, the current one in brackets.
    pub fn tabs(&self) -> [(Tab, String); 3] {
        Tab::ALL.map(|tab| {
            let action = match tab {
                Tab::Settings => Action::ShowSettings,
                Tab::Info => Action::ShowInfo,
                Tab::History => Action::ShowHistory,
            };
            let key = self.keymap.first_key(KeyContext::Tree, action);
            let key = key.map_or_else(String::new, |key| format!("{key} "));
            let (open, close) = if tab == self.workspace.tab {
                ("[", "]")
            } else {
                (" ", " ")
            };
            (tab, format!("{open}{key}{}{close}", tab.title()))
        })
    }

    /// Area of the workspace: next to the list if there is room for both.
    pub fn detail_area(&self) -> Area {
        let layout = self.layout();
        match layout.columns {
            Columns::Three => layout.list_and_detail().1,
            Columns::Nothing | Columns::One | Columns::Two => layout.side,
        }
    }

    fn pane_at(&self, mouse: Mouse) -> Option<Pane> {
        let layout = self.layout();
        let is_selected = self.tree.selected_item().is_some();
        if layout.columns == Columns::One {
            return layout.body.contains(mouse.x, mouse.y).then_some(self.pane);
        }
        if layout.tree.contains(mouse.x, mouse.y) {
            return Some(Pane::Tree);
        }
        if !layout.side.contains(mouse.x, mouse.y) {
            return None;
        }
        Some(match layout.columns {
            Columns::Three if self.list_area().contains(mouse.x, mouse.y) => Pane::List,
            Columns::Nothing | Columns::One | Columns::Two if !is_selected => Pane::Tree,
            Columns::Nothing | Columns::One | Columns::Two | Columns::Three => Pane::Detail,
        })
    }

    /// Area of the list: the whole side while no connection is selected.
    pub fn list_area(&self) -> Area {
        let layout = self.layout();
        match layout.columns {
            Columns::Three if self.tree.selected_item().is_some() => layout.list_and_detail().0,
            Columns::Nothing | Columns::One | Columns::Two | Columns::Three => layout.side,
        }
    }
}

/// Index of the list row at the mouse position.
fn point(mouse: Mouse, area: Area, top: usize) -> Option<usize> {
    area.contains(mouse.x, mouse.y)
        .then(|| top + usize::from(mouse.y - area.y))
}
