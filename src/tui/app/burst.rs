//! Decides what a burst is: text for the field with the focus, a key that is held down, or a paste that runs no action.

use super::App;
use crate::connection::PasteResult;
use crate::provider::Provider;
use crate::tui::action::{Action, Context};
use crate::tui::burst::Burst;
use crate::tui::event::{Event, Pasted};
use crate::tui::layer::Layer;
use crate::tui::notice::Notice;

/// Longer texts, in bytes, are pasted and not typed key by key where every key starts a search.
const LONGEST_TYPED: usize = 1024;

impl App {
    /// Takes the next event out of a burst; call it again after the event was handled, since the focus may have moved.
    pub fn take_from_burst(&self, burst: &mut Burst) -> Option<Event> {
        if burst.is_empty() {
            return None;
        }
        let is_in_form = matches!(self.layers.last(), Some(Layer::Form(_)));
        if self.has_text_focus() || (is_in_form && burst.has_begun()) {
            if !burst.has_begun() && self.is_pasted(burst) {
                return Some(burst.take_paste());
            }
            return burst.take_typed(self.takes_text());
        }
        if !burst.has_characters() || self.is_held(burst) {
            return burst.take_typed(false);
        }
        Some(burst.take_paste())
    }

    /// Whether characters go into a text field now.
    fn has_text_focus(&self) -> bool {
        match self.layers.last() {
            Some(Layer::Form(form)) => form.takes_text() || form.is_choosing(),
            _ => self.is_typing(),
        }
    }

    /// Whether text for a field is a paste for sure, and not what was typed ahead.
    fn is_pasted(&self, burst: &Burst) -> bool {
        let Some(text) = burst.text() else {
            return false;
        };
        let is_long = text.len() > LONGEST_TYPED && !self.takes_text();
        let wanted = match self.layers.last() {
            Some(Layer::Form(form)) => Some(&form.provider),
            _ => None,
        };
        burst.has_lines() || is_long || self.is_connection(text, wanted)
    }

    /// Whether a text describes a connection, be it one that cannot be read.
    fn is_connection(&self, text: &str, wanted: Option<&Provider>) -> bool {
        PasteResult::read(text, &self.catalog, wanted) != PasteResult::NotAConnection
    }

    /// Whether a burst is one key held down that only moves.
    fn is_held(&self, burst: &Burst) -> bool {
        let Some(key) = burst.held() else {
            return false;
        };
        let found = self.keymap.find(self.context(), key);
        let found = found.or_else(|| self.keymap.find(Context::Tree, key));
        found.is_some_and(|action| {
            action.is_move()
                || matches!(
                    action,
                    Action::NextPane | Action::NextField | Action::NextButton | Action::MarkRow
                )
        })
    }

    /// Takes a paste where no text field has the focus: in the tree, settings of a connection open its form.
    pub(super) fn paste_outside_fields(&mut self, pasted: &Pasted) {
        if !self.layers.is_empty() {
            self.tell(Notice::warning(
                "Paste ignored: no text field has the focus",
            ));
        } else if !self.is_connection(&pasted.0, None) {
            self.tell(Notice::warning(
                "Paste ignored: it contains no connection settings",
            ));
        } else if !self.refuses(Action::New) {
            self.open_filled(pasted);
        }
    }
}
