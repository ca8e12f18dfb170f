//! Commands of plain mode: an action, a list entry by number, or a text for a field.

use super::{App, Pane};
use crate::connection::PasteResult;
use crate::text::case_fold::fold;
use crate::tui::action::Action;
use crate::tui::bulk::BulkPhase;
use crate::tui::dialog::Dialog;
use crate::tui::effect::Effect;
use crate::tui::event::{PastedText, PlainInput};
use crate::tui::form::Form;
use crate::tui::form::field::FieldValue;
use crate::tui::info;
use crate::tui::notice::Notice;
use crate::tui::tabs::Tab;

impl App {
    /// Runs a command of plain mode.
    pub(super) fn run_plain_input(&mut self, spoken: PlainInput) -> Option<Effect> {
        match spoken {
            PlainInput::Action(action) => self.act(action),
            PlainInput::Select(number) => self.pick(number),
            PlainInput::Text(text) => {
                self.set_text(&text);
                None
            }
        }
    }

    /// Selects the entry with this index, and confirms it in dialogs where a selection is a choice.
    #[expect(clippy::too_many_lines, reason = "one arm for each dialog")]
    fn pick(&mut self, number: usize) -> Option<Effect> {
        match self.dialogs.last_mut() {
            Some(Dialog::Picker(picker)) => {
                picker.choices.selected = number;
                return self.act(Action::Choose);
            }
            Some(Dialog::Palette(palette)) => {
                palette.choices.selected = number;
                return self.act(Action::Choose);
            }
            Some(Dialog::Confirm(confirm)) => {
                confirm.focus = number;
                return self.act(Action::Choose);
            }
            Some(Dialog::EnvImport(import)) => {
                import.choices.selected = number;
                return self.act(Action::Choose);
            }
            Some(Dialog::MoveToReference(moving)) => {
                moving.selected = number.min(moving.suggestions.len().saturating_sub(1));
            }
            Some(Dialog::Models(models)) => models.choices.selected = number,
            Some(Dialog::Trash(trash)) => trash.choices.selected = number,
            Some(Dialog::Bulk) => {
                let bulk = self.bulk.as_mut()?;
                if bulk.phase == BulkPhase::Preview {
                    bulk.focus_button(number);
                    return self.act(Action::Choose);
                }
                bulk.select(number);
            }
            Some(Dialog::Drafts(drafts)) => drafts.choices.selected = number,
            Some(Dialog::Merge(merge)) => {
                merge.selected = number.min(merge.conflicts.len().saturating_sub(1));
            }
            Some(Dialog::Compare(compare)) => {
                compare.selected = number.min(compare.changes().len().saturating_sub(1));
            }
            Some(Dialog::Form(form)) if form.is_choosing() => {
                form.choose_key(number, &self.catalog);
            }
            Some(Dialog::Form(form)) => {
                if let Some(at) = form.visible_fields().get(number) {
                    form.focus_on(*at);
                }
            }
            Some(_) => {}
            None => match (self.pane, self.workspace.tab) {
                (Pane::Detail, Tab::Info) => {
                    self.workspace.line = number.min(info::LINES - 1);
                }
                (Pane::Detail, Tab::History) => {
                    let count = self.workspace.history.versions().len();
                    self.workspace.history.selected = number.min(count.saturating_sub(1));
                }
                (Pane::Detail, Tab::Settings) | (Pane::Tree | Pane::List, _) => {
                    self.pane = Pane::Tree;
                    self.tree.select_shown(number);
                }
            },
        }
        None
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each dialog")]
    fn set_text(&mut self, text: &PastedText) {
        if matches!(self.dialogs.last(), Some(Dialog::Picker(_)))
            && self.open_pasted_connection(text)
        {
            return;
        }
        if self.choose_profile(text) {
            return;
        }
        let notice = match self.dialogs.last_mut() {
            Some(Dialog::Form(form)) if form.is_choosing() => {
                form.filter_keys(&text.0);
                None
            }
            Some(Dialog::Form(form)) => fill(form, text, &self.catalog),
            Some(Dialog::Picker(picker)) => {
                picker.choices.line.set(&text.0);
                picker.choices.selected = 0;
                None
            }
            Some(Dialog::Palette(palette)) => {
                palette.choices.line.set(&text.0);
                palette.choices.selected = 0;
                self.look_up();
                None
            }
            Some(Dialog::EnvImport(import)) => {
                import.choices.line.set(&text.0);
                import.choices.selected = 0;
                None
            }
            Some(Dialog::Models(models)) => {
                models.choices.line.set(&text.0);
                models.choices.selected = 0;
                None
            }
            Some(Dialog::Confirm(confirm)) => {
                if let Some(line) = &mut confirm.line {
                    line.set(&text.0);
                }
                None
            }
            Some(Dialog::Bulk) => {
                let bulk = self.bulk.as_mut().filter(|bulk| bulk.is_typing());
                if let Some(line) = bulk.and_then(|bulk| bulk.file.as_mut()) {
                    line.set(&text.0);
                }
                None
            }
            Some(_) => None,
            None => {
                self.pane = Pane::Tree;
                self.tree.start_filter();
                self.tree.edit_filter(|line| {
                    line.set(&text.0);
                    true
                });
                self.tree.accept_filter();
                None
            }
        };
        if let Some(notice) = notice {
            self.notify(notice);
        }
    }
}

/// Fills the focused field and moves to the next one; on an invalid value, keeps the focus and returns a notice.
fn fill(
    form: &mut Form,
    text: &PastedText,
    catalog: &crate::provider::ProviderCatalog,
) -> Option<Notice> {
    if form.saving.is_some() {
        return None;
    }
    let pasted = PasteResult::read(&text.0, catalog, Some(&form.provider));
    let is_text = pasted == PasteResult::NotAConnection;
    let field = form.fields.get_mut(form.focus)?;
    let label = field.label.clone();
    let word = fold(text.0.trim());
    let notice = match &mut field.value {
        FieldValue::Text(_) | FieldValue::Secret(_) => {
            if is_text && let Some(line) = field.line_mut() {
                line.set("");
            }
            form.paste(text, catalog)
        }
        FieldValue::Switch(on) => {
            match word.as_str() {
                "on" | "yes" | "true" | "active" => *on = true,
                "off" | "no" | "false" | "inactive" => *on = false,
                _ => {
                    return Some(Notice::warning(format!("{label} must be on or off")));
                }
            }
            field.error = None;
            None
        }
        FieldValue::Choice { options, at } => {
            let by_number = word.parse::<usize>().ok().and_then(|at| at.checked_sub(1));
            let by_name = options.iter().position(|option| fold(option) == word);
            let Some(chosen) = by_name.or(by_number.filter(|at| *at < options.len())) else {
                return Some(Notice::warning(format!(
                    "{label} must be one of {}",
                    options.join(", ")
                )));
            };
            *at = Some(chosen);
            field.error = None;
            None
        }
    };
    // A key in the name is reported at its field.
    if is_text && !form.is_on_stray_key() {
        form.act(Action::NextField, catalog);
    }
    notice
}
