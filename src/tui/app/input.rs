//! Routes keys and pastes to text fields and actions.

use super::App;
use crate::tui::action::KeyContext;
use crate::tui::dialogs::palette::PaletteDialog;
use crate::tui::effect::Effect;
use crate::tui::event::PastedText;
use crate::tui::form::Form;
use crate::tui::key::KeyPress;
use crate::tui::notice::Notice;
use crate::tui::text_input::PasteOutcome;

impl App {
    /// Returns true if a text field has the focus.
    pub(super) fn is_typing(&self) -> bool {
        match self.dialogs.last() {
            Some(dialog) => dialog.get().is_typing(),
            None => self.is_filtering(),
        }
    }

    /// Handles a key in the current context.
    pub(super) fn key(&mut self, key: KeyPress) -> Option<Effect> {
        if self.is_typing() && key.typed().is_some() {
            self.type_key(key);
            return None;
        }
        let mut found = self.keymap.find(self.context(), key);
        if self.dialogs.is_on::<Form>() {
            // An open list in a form takes only the keys of its context.
            found = found.or_else(|| self.keymap.find(KeyContext::Form, key));
        }
        if let Some(dialog) = self.dialogs.last() {
            let inherited = self.keymap.find(KeyContext::Tree, key);
            found = found.or(inherited.filter(|action| dialog.get().inherits(*action)));
        }
        if let Some(action) = found {
            return self.act(action);
        }
        self.type_key(key);
        None
    }

    fn type_key(&mut self, key: KeyPress) {
        if self.is_filtering() && self.dialogs.is_empty() {
            self.tree.edit_filter(|line| line.edit(key));
        }
        self.with_top(|dialog, cx| dialog.key(key, cx));
        self.look_up();
    }

    /// Returns true if the focused field takes several characters at once.
    pub fn takes_text(&self) -> bool {
        self.dialogs.top().is_some_and(Form::takes_text)
    }

    pub(super) fn type_text(&mut self, text: &PastedText) {
        if let Some(form) = self.dialogs.top_mut::<Form>() {
            form.type_text(&text.0, &self.catalog);
        }
    }

    /// Pastes into the focused text field.
    pub(super) fn paste(&mut self, pasted: &PastedText) -> Option<Effect> {
        if !self.is_typing() {
            return self.paste_outside_fields(pasted);
        }
        let outcome = self.with_top(|dialog, cx| dialog.paste(pasted, cx));
        if let Some(outcome) = outcome {
            self.look_up();
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
    pub(super) fn look_up(&mut self) {
        if let Some(palette) = self.dialogs.top::<PaletteDialog>()
            && palette.lists_connections()
        {
            self.tree.look_up(palette.choices.line.value());
        }
    }
}
