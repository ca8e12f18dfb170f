//! Maps clicks and the wheel to selections and actions.

use super::{App, Pane};
use crate::provider::ProviderCatalog;
use crate::tui::action::{Action, KeyContext};
use crate::tui::columns;
use crate::tui::dialog::Dialog;
use crate::tui::effect::Effect;
use crate::tui::event::{Mouse, MouseKind};
use crate::tui::form::{Form, layout};
use crate::tui::layout::{Area, Columns, ScreenLayout};
use crate::tui::select_list::SelectList;
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
            MouseKind::Click => return self.click(mouse, false),
            MouseKind::DoubleClick => return self.click(mouse, true),
        }
        None
    }

    fn wheel(&mut self, mouse: Mouse, by: isize) {
        let up_or_down = if by < 0 { Action::Up } else { Action::Down };
        match self.dialogs.last_mut() {
            Some(Dialog::Form(form)) => {
                let step = if by < 0 {
                    Action::PreviousField
                } else {
                    Action::NextField
                };
                form.act(step, &self.catalog);
            }
            Some(Dialog::Confirm(_) | Dialog::Clipboard | Dialog::Sorting) => {}
            Some(_) => {
                self.act(up_or_down);
            }
            None => {
                if let Some(pane) = self.pane_at(mouse) {
                    self.pane = pane;
                    self.move_selection(by);
                }
            }
        }
    }

    fn click(&mut self, mouse: Mouse, is_double: bool) -> Option<Effect> {
        let layout = self.layout();
        match self.dialogs.last_mut() {
            Some(Dialog::Form(form)) => {
                click_in_form(mouse, layout.form_rows(), form, &self.catalog);
                None
            }
            Some(Dialog::Picker(picker)) => {
                let area = ScreenLayout::choice_list(layout.picker(picker.total(&self.catalog)));
                let count = picker.entries(&self.catalog).len();
                select_clicked(mouse, area, &mut picker.choices, count)?;
                is_double.then(|| self.act(Action::Choose)).flatten()
            }
            Some(Dialog::Palette(palette)) => {
                let area = ScreenLayout::choice_list(layout.palette());
                let count = palette.count(&self.tree);
                select_clicked(mouse, area, &mut palette.choices, count)?;
                self.act(Action::Choose)
            }
            Some(Dialog::Models(models)) => {
                let area = ScreenLayout::choice_list(layout.palette());
                let count = models.left().len();
                select_clicked(mouse, area, &mut models.choices, count)?;
                is_double.then(|| self.act(Action::Choose)).flatten()
            }
            Some(Dialog::Trash(trash)) => {
                let area = ScreenLayout::choice_list(layout.trash());
                let count = trash.items().len();
                select_clicked(mouse, area, &mut trash.choices, count)?;
                is_double.then(|| self.act(Action::Restore)).flatten()
            }
            Some(Dialog::Drafts(drafts)) => {
                let area = ScreenLayout::choice_list(layout.drafts(drafts.drafts.len()));
                let count = drafts.drafts.len();
                select_clicked(mouse, area, &mut drafts.choices, count)?;
                is_double.then(|| self.act(Action::RestoreDraft)).flatten()
            }
            Some(Dialog::Merge(merge)) => {
                let rows = merge.rows();
                let at = point(mouse, layout.reading_text(rows.len()), merge.top)?;
                merge.point_at(rows.get(at)?);
                None
            }
            Some(Dialog::Bulk) => self.click_in_bulk(mouse, is_double),
            Some(Dialog::EnvImport(import)) => {
                let area = layout.import_list(import);
                let count = import.left().len();
                select_clicked(mouse, area, &mut import.choices, count)?;
                is_double.then(|| self.act(Action::Choose)).flatten()
            }
            Some(Dialog::Confirm(confirm)) => {
                let button = layout
                    .buttons(confirm)
                    .iter()
                    .position(|area| area.contains(mouse.x, mouse.y))?;
                confirm.focus = button;
                self.act(Action::Choose)
            }
            Some(_) => None,
            None => self.click_in_panes(mouse, is_double),
        }
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

/// Focuses the clicked field, or chooses the clicked configuration key.
fn click_in_form(mouse: Mouse, area: Area, form: &mut Form, catalog: &ProviderCatalog) {
    if area.contains(mouse.x, mouse.y) {
        let rows = layout::rows(form, area.width);
        let row = form.top + usize::from(mouse.y - area.y);
        if let Some(layout::RowContent::Key(at)) = rows.get(row).map(|row| &row.content) {
            form.choose_key(*at, catalog);
        } else if let Some(field) = rows.get(row).and_then(|row| row.field) {
            form.focus_on(field);
        }
    }
}

/// Selects the clicked row of a list; `None` outside of its rows.
fn select_clicked(mouse: Mouse, area: Area, list: &mut SelectList, count: usize) -> Option<()> {
    let at = point(mouse, area, list.top).filter(|at| *at < count)?;
    list.selected = at;
    Some(())
}

/// Index of the list row at the mouse position.
fn point(mouse: Mouse, area: Area, top: usize) -> Option<usize> {
    area.contains(mouse.x, mouse.y)
        .then(|| top + usize::from(mouse.y - area.y))
}
