//! Routes keys, pastes, bursts, the mouse and plain-mode input to text fields, selections and actions.

use super::{App, Pane};
use crate::connection::PasteResult;
use crate::provider::Provider;
use crate::tui::action::{Action, KeyContext};
use crate::tui::burst::Burst;
use crate::tui::dialog::Pick;
use crate::tui::dialogs::menu::Menu;
use crate::tui::dialogs::palette::PaletteDialog;
use crate::tui::dialogs::provider_picker::pasted_connection;
use crate::tui::effect::Effect;
use crate::tui::event::{Event, Mouse, MouseKind, PastedText, PlainInput};
use crate::tui::form::Form;
use crate::tui::key::KeyPress;
use crate::tui::layout::{Area, PaneCount, ScreenLayout};
use crate::tui::notice::Notice;
use crate::tui::tabs::Tab;
use crate::tui::text_input::PasteOutcome;
use crate::tui::{columns, info};

/// Columns at the left edge of a row in which a click toggles the mark.
const MARK_WIDTH: u16 = 4;

/// Rows per step of the wheel.
const WHEEL: isize = 3;

impl App {
    /// Returns true if typed characters go to the dialog or the filter and not to the keymap.
    pub(super) fn takes_characters(&self) -> bool {
        match self.dialogs.last() {
            Some(dialog) => dialog.takes_characters(),
            None => self.tree.is_filtering(),
        }
    }

    /// Handles a key in the current context.
    pub(super) fn key(&mut self, key: KeyPress) -> Option<Effect> {
        if self.takes_characters() && key.typed().is_some() {
            self.type_key(key);
            return None;
        }
        let mut found = self.keymap.find(self.context(), key);
        // The filter shares its context with the lists of dialogs, where there is nothing to complete.
        let is_in_filter = self.dialogs.is_empty() && self.tree.is_filtering();
        found = found.filter(|action| *action != Action::CompleteFilter || is_in_filter);
        if self.dialogs.is_on::<Form>() {
            // A key that an open list in the form does not use goes to the form.
            found = found.or_else(|| self.keymap.find(KeyContext::Form, key));
        }
        if let Some(dialog) = self.dialogs.last() {
            let inherited = self.keymap.find(KeyContext::Tree, key);
            found = found.or(inherited.filter(|action| dialog.inherits(*action)));
        }
        if let Some(action) = found {
            return self.act(action);
        }
        if !self.takes_characters() && self.dialogs.top::<Menu>().is_none() {
            self.report_unknown_key(key);
        }
        self.type_key(key);
        None
    }

    /// Reports a key without an action, once in a row.
    fn report_unknown_key(&mut self, key: KeyPress) {
        if self.notices.unknown_key.replace(key) == Some(key) {
            return;
        }
        let help = self.key_here(Action::Help);
        let help = help.map_or_else(String::new, |key| format!("; {key} shows the keys"));
        self.notify(Notice::info(format!("{key} has no action here{help}")));
    }

    fn type_key(&mut self, key: KeyPress) {
        if self.tree.is_filtering() && self.dialogs.is_empty() {
            self.tree.edit_filter(|line| line.edit(key));
        }
        self.with_top(|dialog, cx| dialog.key(key, cx));
        self.search_connections();
    }

    /// Types several characters that arrived together, so that each of them does not start a search.
    pub(super) fn type_characters(&mut self, text: &str) {
        if self.tree.is_filtering() && self.dialogs.is_empty() {
            self.tree.edit_filter(|line| line.type_text(text));
        }
        self.with_top(|dialog, cx| dialog.type_characters(text, cx));
        self.search_connections();
    }

    /// Returns true if the focused field takes several characters at once.
    pub fn takes_text(&self) -> bool {
        match self.dialogs.top::<Form>() {
            Some(form) => form.takes_text(),
            None => self.takes_characters(),
        }
    }

    /// Pastes into the focused text field.
    pub(super) fn paste(&mut self, pasted: &PastedText) -> Option<Effect> {
        if !self.takes_characters() {
            return self.paste_outside_fields(pasted);
        }
        let outcome = self.with_top(|dialog, cx| dialog.paste(pasted, cx));
        if let Some(outcome) = outcome {
            self.search_connections();
            return self.follow_up(outcome);
        }
        let mut is_too_long = false;
        self.tree.edit_filter(|line| {
            is_too_long = line.paste(&pasted.0) == PasteOutcome::TooLong;
            !is_too_long
        });
        if is_too_long {
            self.notify(Notice::too_long());
        }
        None
    }

    /// Searches connections for the text typed in the palette, if the palette offers connections.
    pub(super) fn search_connections(&mut self) {
        if let Some(palette) = self.dialogs.top::<PaletteDialog>()
            && palette.lists_connections()
        {
            self.tree.search_connections(palette.choices.line.value());
        }
    }

    /// Runs a command of plain mode.
    pub(super) fn run_plain_input(&mut self, input: PlainInput) -> Option<Effect> {
        match input {
            PlainInput::Action(action) => {
                let effect = self.act(action);
                let is_tab = matches!(
                    action,
                    Action::ShowSettings | Action::ShowInfo | Action::ShowHistory
                );
                // Only the pane in focus is printed.
                if is_tab && self.dialogs.is_empty() && self.tree.selected_item().is_some() {
                    self.focus.enter_workspace();
                }
                effect
            }
            PlainInput::Select(number) if self.dialogs.is_empty() => {
                self.select_in_pane(number);
                None
            }
            PlainInput::Select(number) => self.pick_in_dialog(number),
            PlainInput::Text(text) => self.set_text(&text),
        }
    }

    fn select_in_pane(&mut self, number: usize) {
        match (self.focus.pane, self.workspace.tab) {
            (Pane::Workspace, Tab::Info) => self.workspace.line = number.min(info::LINES - 1),
            (Pane::Workspace, Tab::History) => {
                let count = self.workspace.history.versions().len();
                self.workspace.history.selected = number.min(count.saturating_sub(1));
            }
            (Pane::Workspace, Tab::Settings) | (Pane::Tree | Pane::Table, _) => {
                self.focus.pane = Pane::Tree;
                self.tree.select_shown(number);
            }
        }
    }

    fn set_text(&mut self, text: &PastedText) -> Option<Effect> {
        let outcome = self.with_top(|dialog, cx| dialog.set_text(text, cx));
        if let Some(outcome) = outcome {
            self.search_connections();
            return self.follow_up(outcome);
        }
        self.apply_filter(&text.0);
        None
    }

    /// Filters the tree by a text.
    pub(super) fn apply_filter(&mut self, text: &str) {
        self.focus.pane = Pane::Tree;
        self.tree.start_filter();
        self.tree.edit_filter(|line| {
            line.set(text);
            true
        });
        self.tree.accept_filter();
    }

    /// Takes the next event out of a burst. Call it again after the event was handled: the focus may have moved.
    pub fn take_from_burst(&self, burst: &mut Burst) -> Option<Event> {
        if burst.is_empty() {
            return None;
        }
        let is_in_form = self.dialogs.is_on::<Form>();
        if self.has_text_focus() || (is_in_form && burst.has_begun()) {
            if !burst.has_begun() && self.is_certain_paste(burst) {
                return Some(burst.take_paste());
            }
            return burst.take_typed(self.takes_text());
        }
        if !burst.has_characters() || self.is_held_key(burst) {
            return burst.take_typed(false);
        }
        Some(burst.take_paste())
    }

    /// Returns true if characters go into a text field.
    fn has_text_focus(&self) -> bool {
        match self.dialogs.top::<Form>() {
            Some(form) => form.takes_text() || form.is_choosing(),
            None => self.takes_characters(),
        }
    }

    /// Returns true if the text is certainly a paste and not typed ahead.
    fn is_certain_paste(&self, burst: &Burst) -> bool {
        let Some(text) = burst.text() else {
            return false;
        };
        let wanted = self.dialogs.top::<Form>().map(|form| &form.provider);
        burst.has_lines() || self.is_connection(text, wanted)
    }

    /// Returns true if the text describes a connection, even an unreadable one.
    fn is_connection(&self, text: &str, wanted: Option<&Provider>) -> bool {
        PasteResult::read(text, &self.service.catalog, wanted) != PasteResult::NotAConnection
    }

    /// Returns true if the burst is one held key that only moves the selection.
    fn is_held_key(&self, burst: &Burst) -> bool {
        let Some(key) = burst.held() else {
            return false;
        };
        let found = self.keymap.find(self.context(), key);
        let found = found.or_else(|| self.keymap.find(KeyContext::Tree, key));
        let moves_focus = |action| {
            use Action::{MarkRow, NextButton, NextField, NextPane};
            matches!(action, NextPane | NextField | NextButton | MarkRow)
        };
        found.is_some_and(|action| action.is_move() || moves_focus(action))
    }

    /// Handles a paste without a focused text field: in the tree, connection settings open a filled form.
    pub(super) fn paste_outside_fields(&mut self, pasted: &PastedText) -> Option<Effect> {
        let reason = if !self.dialogs.is_empty() {
            "no text field has the focus"
        } else if !self.is_connection(&pasted.0, None) {
            "it contains no connection settings"
        } else if self.reject_write(Action::New) {
            return None;
        } else {
            let outcome = pasted_connection(pasted, &self.service.catalog)?;
            return self.follow_up(outcome);
        };
        self.notify(Notice::warning(format!("Paste ignored: {reason}")));
        None
    }

    pub(super) fn mouse(&mut self, mouse: Mouse) -> Option<Effect> {
        let by = match mouse.kind {
            MouseKind::WheelUp => return self.wheel(mouse, -WHEEL),
            MouseKind::WheelDown => return self.wheel(mouse, WHEEL),
            MouseKind::Click => Pick::Click,
            MouseKind::DoubleClick => Pick::DoubleClick,
        };
        if self.dialogs.is_empty() {
            self.click_in_panes(mouse, by == Pick::DoubleClick)
        } else {
            self.click_in_dialog(mouse, by)
        }
    }

    fn wheel(&mut self, mouse: Mouse, by: isize) -> Option<Effect> {
        if let Some(dialog) = self.dialogs.last() {
            return self.act(dialog.wheel(by > 0)?);
        }
        match self.pane_at(mouse)? {
            // The table beside the tree has the only rows that scroll.
            Pane::Tree if self.shows_table() => self.move_selection(by),
            pane => {
                self.focus.pane = pane;
                self.move_selection(by);
            }
        }
        None
    }

    fn click_in_panes(&mut self, mouse: Mouse, is_double: bool) -> Option<Effect> {
        let layout = self.layout();
        let pane = self.pane_at(mouse)?;
        let selected = match pane {
            Pane::Tree => {
                let row = point(mouse, layout.tree.inside(), self.tree.top)?;
                if row >= self.tree.rows() {
                    return None;
                }
                self.focus.pane = pane;
                self.tree.select_row(row);
                if mouse.x < layout.tree.inside().x + MARK_WIDTH {
                    self.tree.toggle_mark();
                    return None;
                }
                true
            }
            Pane::Table => {
                let inside = layout.side.inside();
                if let Some(column) = columns::title_at(inside, (mouse.x, mouse.y)) {
                    let notice = self.tree.sort_by(Some(column));
                    self.notify(notice);
                    return None;
                }
                let (_, rows) = inside.split_top(1);
                let at = point(mouse, rows, self.tree.list_top)?;
                let is_there = at < self.tree.shown_len();
                if is_there {
                    self.focus.enter_table(at, &mut self.tree);
                    if mouse.x == rows.x {
                        self.tree.toggle_mark();
                        return None;
                    }
                }
                is_there
            }
            Pane::Workspace => {
                self.focus.enter_workspace();
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
        let area = self.layout().side;
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

    fn pane_at(&self, mouse: Mouse) -> Option<Pane> {
        let layout = self.layout();
        if layout.panes == PaneCount::One {
            return layout
                .body
                .contains(mouse.x, mouse.y)
                .then_some(self.focus.pane);
        }
        if layout.tree.contains(mouse.x, mouse.y) {
            return Some(Pane::Tree);
        }
        if !layout.side.contains(mouse.x, mouse.y) {
            return None;
        }
        if self.shows_table() {
            return Some(Pane::Table);
        }
        self.tree.selected_item().map(|_| Pane::Workspace)
    }
}

/// Index of the list row at the mouse position.
fn point(mouse: Mouse, area: Area, top: usize) -> Option<usize> {
    area.contains(mouse.x, mouse.y)
        .then(|| top + usize::from(mouse.y - area.y))
}
