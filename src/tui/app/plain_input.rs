//! Commands of plain mode: an action, a list entry by number, or a text for a field.

use super::{App, Pane};
use crate::tui::effect::Effect;
use crate::tui::event::{PastedText, PlainInput};
use crate::tui::info;
use crate::tui::tabs::Tab;

impl App {
    /// Runs a command of plain mode.
    pub(super) fn run_plain_input(&mut self, spoken: PlainInput) -> Option<Effect> {
        match spoken {
            PlainInput::Action(action) => self.act(action),
            PlainInput::Select(number) if self.dialogs.is_empty() => {
                self.select_in_pane(number);
                None
            }
            PlainInput::Select(number) => self.pick_in_dialog(number),
            PlainInput::Text(text) => self.set_text(&text),
        }
    }

    fn select_in_pane(&mut self, number: usize) {
        match (self.pane, self.workspace.tab) {
            (Pane::Detail, Tab::Info) => self.workspace.line = number.min(info::LINES - 1),
            (Pane::Detail, Tab::History) => {
                let count = self.workspace.history.versions().len();
                self.workspace.history.selected = number.min(count.saturating_sub(1));
            }
            (Pane::Detail, Tab::Settings) | (Pane::Tree | Pane::List, _) => {
                self.pane = Pane::Tree;
                self.tree.select_shown(number);
            }
        }
    }

    fn set_text(&mut self, text: &PastedText) -> Option<Effect> {
        let outcome = self.with_top(|dialog, cx| dialog.set_text(text, cx));
        if let Some(outcome) = outcome {
            self.look_up();
            return self.follow_up(outcome);
        }
        self.pane = Pane::Tree;
        self.tree.start_filter();
        self.tree.edit_filter(|line| {
            line.set(&text.0);
            true
        });
        self.tree.accept_filter();
        None
    }
}
