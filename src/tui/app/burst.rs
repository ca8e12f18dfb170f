//! Classifies a burst of input: text for the focused field, a held key, or a paste that runs no action.

use super::App;
use crate::connection::PasteResult;
use crate::provider::Provider;
use crate::tui::action::{Action, KeyContext};
use crate::tui::burst::Burst;
use crate::tui::dialogs::provider_picker::pasted_connection;
use crate::tui::effect::Effect;
use crate::tui::event::{Event, PastedText};
use crate::tui::form::Form;
use crate::tui::notice::Notice;

/// Longest text, in bytes, that is typed key by key where every key starts a search; longer texts are pasted.
const LONGEST_TYPED: usize = 1024;

impl App {
    /// Takes the next event out of a burst. Call it again after the event was handled: the focus may have moved.
    pub fn take_from_burst(&self, burst: &mut Burst) -> Option<Event> {
        if burst.is_empty() {
            return None;
        }
        let is_in_form = self.dialogs.is_on::<Form>();
        if self.has_text_focus() || (is_in_form && burst.has_begun()) {
            if !burst.has_begun() && self.is_pasted(burst) {
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
            None => self.is_typing(),
        }
    }

    /// Returns true if the text is certainly a paste and not typed ahead.
    fn is_pasted(&self, burst: &Burst) -> bool {
        let Some(text) = burst.text() else {
            return false;
        };
        let is_long = text.len() > LONGEST_TYPED && !self.takes_text();
        let wanted = self.dialogs.top::<Form>().map(|form| &form.provider);
        burst.has_lines() || is_long || self.is_connection(text, wanted)
    }

    /// Returns true if the text describes a connection, even an unreadable one.
    fn is_connection(&self, text: &str, wanted: Option<&Provider>) -> bool {
        PasteResult::read(text, &self.catalog, wanted) != PasteResult::NotAConnection
    }

    /// Returns true if the burst is one held key that only moves the selection.
    fn is_held_key(&self, burst: &Burst) -> bool {
        let Some(key) = burst.held() else {
            return false;
        };
        let found = self.keymap.find(self.context(), key);
        let found = found.or_else(|| self.keymap.find(KeyContext::Tree, key));
        found.is_some_and(|action| {
            action.is_move()
                || matches!(
                    action,
                    Action::NextPane | Action::NextField | Action::NextButton | Action::MarkRow
                )
        })
    }

    /// Handles a paste without a focused text field: in the tree, connection settings open a filled form.
    pub(super) fn paste_outside_fields(&mut self, pasted: &PastedText) -> Option<Effect> {
        if !self.dialogs.is_empty() {
            self.notify(Notice::warning(
                "Paste ignored: no text field has the focus",
            ));
        } else if !self.is_connection(&pasted.0, None) {
            self.notify(Notice::warning(
                "Paste ignored: it contains no connection settings",
            ));
        } else if !self.reject_write(Action::New)
            && let Some(outcome) = pasted_connection(pasted, &self.catalog)
        {
            return self.follow_up(outcome);
        }
        None
    }
}
