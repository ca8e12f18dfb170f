//! Routes keys and pastes to text fields and actions.

use super::App;
use crate::tui::action::{Action, Context};
use crate::tui::bulk::Bulk;
use crate::tui::effect::Effect;
use crate::tui::event::Pasted;
use crate::tui::help::Help;
use crate::tui::key::Key;
use crate::tui::layer::Layer;
use crate::tui::line::Pasting;
use crate::tui::notice::Notice;

impl App {
    /// Returns true if a text field has the focus.
    pub(super) fn is_typing(&self) -> bool {
        match self.layers.last() {
            Some(
                Layer::Picker(_)
                | Layer::Palette(_)
                | Layer::Form(_)
                | Layer::Models(_)
                | Layer::Import(_),
            ) => true,
            Some(Layer::Confirm(confirm)) => confirm.line.is_some(),
            Some(Layer::Bulk) => self.bulk.as_ref().is_some_and(Bulk::is_typing),
            Some(
                Layer::Help(_)
                | Layer::Report(_)
                | Layer::Compare(_)
                | Layer::Trash(_)
                | Layer::Merge(_)
                | Layer::Drafts(_)
                | Layer::Messages(_)
                | Layer::Moving(_)
                | Layer::Clipboard
                | Layer::Sorting,
            ) => false,
            None => self.is_filtering(),
        }
    }

    /// Handles a key in the current context.
    pub(super) fn key(&mut self, key: Key) -> Option<Effect> {
        if self.is_typing() && key.typed().is_some() {
            self.type_key(key);
            return None;
        }
        let mut found = self.keymap.find(self.context(), key);
        if matches!(self.layers.last(), Some(Layer::Form(_))) {
            // An open list in a form takes only the keys of its context.
            found = found.or_else(|| self.keymap.find(Context::Form, key));
        }
        if found.is_none() {
            // Dialogs without a text field also take the movement keys of the tree.
            found =
                self.keymap
                    .find(Context::Tree, key)
                    .filter(|action| match self.layers.last() {
                        Some(Layer::Help(_)) => Help::handles(*action),
                        Some(Layer::Messages(_)) => action.is_move() || *action == Action::Messages,
                        Some(
                            Layer::Report(_)
                            | Layer::Compare(_)
                            | Layer::Trash(_)
                            | Layer::Merge(_)
                            | Layer::Drafts(_)
                            | Layer::Bulk
                            | Layer::Moving(_),
                        ) => action.is_move(),
                        _ => false,
                    });
        }
        if let Some(action) = found {
            return self.act(action);
        }
        self.type_key(key);
        None
    }

    fn type_key(&mut self, key: Key) {
        let is_filtering = self.is_filtering();
        match self.layers.last_mut() {
            Some(Layer::Picker(picker)) => picker.choices.key(key),
            Some(Layer::Palette(palette)) => {
                if palette.choices.line.edit(key) {
                    palette.choices.selected = 0;
                    self.look_up();
                }
            }
            Some(Layer::Models(models)) => models.choices.key(key),
            Some(Layer::Import(import)) => import.choices.key(key),
            Some(Layer::Form(form)) => form.key(key, &self.catalog),
            Some(Layer::Confirm(confirm)) => confirm.key(key),
            Some(Layer::Bulk) => self.type_in_bulk(key),
            None if is_filtering => {
                self.tree.edit_filter(|line| line.edit(key));
            }
            Some(
                Layer::Help(_)
                | Layer::Report(_)
                | Layer::Compare(_)
                | Layer::Trash(_)
                | Layer::Merge(_)
                | Layer::Drafts(_)
                | Layer::Messages(_)
                | Layer::Moving(_)
                | Layer::Clipboard
                | Layer::Sorting,
            )
            | None => {}
        }
    }

    /// Returns true if the focused field takes several characters at once.
    pub fn takes_text(&self) -> bool {
        matches!(self.layers.last(), Some(Layer::Form(form)) if form.takes_text())
    }

    pub(super) fn type_text(&mut self, text: &Pasted) {
        if let Some(Layer::Form(form)) = self.layers.last_mut() {
            form.type_text(&text.0, &self.catalog);
        }
    }

    /// Pastes into the focused text field.
    pub(super) fn paste(&mut self, pasted: &Pasted) {
        if matches!(self.layers.last(), Some(Layer::Picker(_)))
            && self.open_pasted_connection(pasted)
        {
            return;
        }
        if self.choose_profile(pasted) {
            return;
        }
        let is_filtering = self.is_filtering();
        if !self.is_typing() {
            return self.paste_outside_fields(pasted);
        }
        let notice = match self.layers.last_mut() {
            Some(Layer::Form(form)) => form.paste(pasted, &self.catalog),
            Some(Layer::Picker(picker)) => too_long(picker.choices.line.paste(&pasted.0)),
            Some(Layer::Palette(palette)) => {
                let notice = too_long(palette.choices.line.paste(&pasted.0));
                self.look_up();
                notice
            }
            Some(Layer::Models(models)) => too_long(models.choices.line.paste(&pasted.0)),
            Some(Layer::Import(import)) => too_long(import.choices.line.paste(&pasted.0)),
            Some(Layer::Confirm(confirm)) => confirm
                .line
                .as_mut()
                .and_then(|line| too_long(line.paste(&pasted.0))),
            Some(Layer::Bulk) => {
                let bulk = self.bulk.as_mut().filter(|bulk| bulk.is_typing());
                bulk.and_then(|bulk| too_long(bulk.file.as_mut()?.paste(&pasted.0)))
            }
            None if is_filtering => {
                let mut notice = None;
                self.tree.edit_filter(|line| {
                    notice = too_long(line.paste(&pasted.0));
                    notice.is_none()
                });
                notice
            }
            Some(
                Layer::Help(_)
                | Layer::Report(_)
                | Layer::Compare(_)
                | Layer::Trash(_)
                | Layer::Merge(_)
                | Layer::Drafts(_)
                | Layer::Messages(_)
                | Layer::Moving(_)
                | Layer::Clipboard
                | Layer::Sorting,
            )
            | None => None,
        };
        if let Some(notice) = notice {
            self.notify(notice);
        }
    }
}

fn too_long(pasting: Pasting) -> Option<Notice> {
    (pasting == Pasting::TooLong).then(|| Notice::warning("Paste ignored: longer than 64 KiB"))
}
