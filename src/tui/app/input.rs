//! Routes keys and pastes to text fields and actions.

use super::App;
use crate::tui::action::{Action, KeyContext};
use crate::tui::bulk::BulkOperation;
use crate::tui::dialog::Dialog;
use crate::tui::dialogs::help::HelpDialog;
use crate::tui::effect::Effect;
use crate::tui::event::PastedText;
use crate::tui::key::KeyPress;
use crate::tui::notice::Notice;
use crate::tui::text_input::PasteOutcome;

impl App {
    /// Returns true if a text field has the focus.
    pub(super) fn is_typing(&self) -> bool {
        match self.dialogs.last() {
            Some(
                Dialog::Picker(_)
                | Dialog::Palette(_)
                | Dialog::Form(_)
                | Dialog::Models(_)
                | Dialog::EnvImport(_),
            ) => true,
            Some(Dialog::Confirm(confirm)) => confirm.line.is_some(),
            Some(Dialog::Bulk) => self.bulk.as_ref().is_some_and(BulkOperation::is_typing),
            Some(_) => false,
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
        if matches!(self.dialogs.last(), Some(Dialog::Form(_))) {
            // An open list in a form takes only the keys of its context.
            found = found.or_else(|| self.keymap.find(KeyContext::Form, key));
        }
        if found.is_none() {
            // Dialogs without a text field also take the movement keys of the tree.
            found = self.keymap.find(KeyContext::Tree, key).filter(|action| {
                match self.dialogs.last() {
                    Some(Dialog::Help(_)) => HelpDialog::handles(*action),
                    Some(Dialog::Messages(_)) => action.is_move() || *action == Action::Messages,
                    Some(
                        Dialog::Report(_)
                        | Dialog::Compare(_)
                        | Dialog::Trash(_)
                        | Dialog::Merge(_)
                        | Dialog::Drafts(_)
                        | Dialog::Bulk
                        | Dialog::MoveToReference(_),
                    ) => action.is_move(),
                    _ => false,
                }
            });
        }
        if let Some(action) = found {
            return self.act(action);
        }
        self.type_key(key);
        None
    }

    fn type_key(&mut self, key: KeyPress) {
        let is_filtering = self.is_filtering();
        match self.dialogs.last_mut() {
            Some(Dialog::Picker(picker)) => picker.choices.key(key),
            Some(Dialog::Palette(palette)) => {
                let is_changed = palette.choices.line.edit(key);
                if is_changed {
                    palette.choices.selected = 0;
                    self.look_up();
                }
            }
            Some(Dialog::Models(models)) => models.choices.key(key),
            Some(Dialog::EnvImport(import)) => import.choices.key(key),
            Some(Dialog::Form(form)) => form.key(key, &self.catalog),
            Some(Dialog::Confirm(confirm)) => confirm.key(key),
            Some(Dialog::Bulk) => self.type_in_bulk(key),
            None if is_filtering => {
                self.tree.edit_filter(|line| line.edit(key));
            }
            _ => {}
        }
    }

    /// Returns true if the focused field takes several characters at once.
    pub fn takes_text(&self) -> bool {
        matches!(self.dialogs.last(), Some(Dialog::Form(form)) if form.takes_text())
    }

    pub(super) fn type_text(&mut self, text: &PastedText) {
        if let Some(Dialog::Form(form)) = self.dialogs.last_mut() {
            form.type_text(&text.0, &self.catalog);
        }
    }

    /// Pastes into the focused text field.
    pub(super) fn paste(&mut self, pasted: &PastedText) {
        if matches!(self.dialogs.last(), Some(Dialog::Picker(_)))
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
        let notice = match self.dialogs.last_mut() {
            Some(Dialog::Form(form)) => form.paste(pasted, &self.catalog),
            Some(Dialog::Picker(picker)) => too_long(picker.choices.line.paste(&pasted.0)),
            Some(Dialog::Palette(palette)) => {
                let notice = too_long(palette.choices.line.paste(&pasted.0));
                self.look_up();
                notice
            }
            Some(Dialog::Models(models)) => too_long(models.choices.line.paste(&pasted.0)),
            Some(Dialog::EnvImport(import)) => too_long(import.choices.line.paste(&pasted.0)),
            Some(Dialog::Confirm(confirm)) => confirm
                .line
                .as_mut()
                .and_then(|line| too_long(line.paste(&pasted.0))),
            Some(Dialog::Bulk) => {
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
            _ => None,
        };
        if let Some(notice) = notice {
            self.notify(notice);
        }
    }
}

fn too_long(pasting: PasteOutcome) -> Option<Notice> {
    (pasting == PasteOutcome::TooLong).then(|| Notice::warning("Paste ignored: longer than 64 KiB"))
}
