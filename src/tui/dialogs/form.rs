//! The form of a connection as a dialog: its rows are drawn by `view::form`.

use crate::connection::PasteResult;
use crate::provider::ProviderCatalog;
use crate::text::case_fold::fold;
use crate::tui::action::{Action, KeyContext};
use crate::tui::dialog::{Dialog, DialogContext, DialogModel, DialogOutcome, Frame, Pick, Spoken};
use crate::tui::dialogs::provider_picker::ProviderPicker;
use crate::tui::effect::Ticket;
use crate::tui::event::PastedText;
use crate::tui::form::field::{FieldId, FieldValue, FormField};
use crate::tui::form::layout::{self, RowContent};
use crate::tui::form::{Form, FormSubject};
use crate::tui::key::KeyPress;
use crate::tui::notice::Notice;
use crate::tui::plain::form as narration;
use crate::tui::select_list::Cursor;

impl Dialog for Form {
    fn context(&self) -> KeyContext {
        if self.is_choosing() {
            KeyContext::List
        } else {
            KeyContext::Form
        }
    }

    fn model<'a>(&'a self, _cx: &DialogContext<'a>) -> DialogModel<'a> {
        let provider = &self.provider.name;
        let title = match &self.subject {
            FormSubject::New => format!("Create Connection · {provider}"),
            FormSubject::Copy { name, .. } => format!("Copy of {name} · {provider}"),
            FormSubject::Stored { name, .. } => format!("{name} · {provider}"),
        };
        DialogModel {
            cursor: Cursor {
                selected: self.focus,
                top: self.top,
            },
            ..DialogModel::new(title, Frame::Beside)
        }
    }

    fn spoken(&self, _cx: &DialogContext<'_>) -> Spoken {
        if self.is_choosing() {
            narration::keys(self)
        } else {
            narration::fields(self, ":save")
        }
    }

    fn act(&mut self, action: Action, cx: &DialogContext<'_>) -> DialogOutcome {
        self.run(action, cx.catalog)
    }

    fn step(&mut self, action: Action, cx: &DialogContext<'_>) -> DialogOutcome {
        self.run(action, cx.catalog)
    }

    fn scroll(&mut self, cx: &DialogContext<'_>) {
        let height = cx.layout.form_rows().height.into();
        self.fit_configuration_keys(height);
        self.top = layout::follow(self, &layout::rows_on(self, &cx.layout, cx.keymap), height);
    }

    fn takes_characters(&self) -> bool {
        true
    }

    fn key(&mut self, key: KeyPress, cx: &DialogContext<'_>) {
        self.type_key(key, cx.catalog);
    }

    fn type_characters(&mut self, text: &str, cx: &DialogContext<'_>) {
        self.type_text(text, cx.catalog);
    }

    fn paste(&mut self, text: &PastedText, cx: &DialogContext<'_>) -> DialogOutcome {
        several_profiles(self, text, cx.catalog)
            .unwrap_or_else(|| notified(self.paste_text(text, cx.catalog)))
    }

    fn set_text(&mut self, text: &PastedText, cx: &DialogContext<'_>) -> DialogOutcome {
        if let Some(profiles) = several_profiles(self, text, cx.catalog) {
            return profiles;
        }
        if self.is_choosing() {
            self.filter_configuration_keys(&text.0);
            return DialogOutcome::Stay;
        }
        notified(fill(self, text, cx.catalog))
    }

    fn pick(&mut self, at: usize, _by: Pick, cx: &DialogContext<'_>) -> Option<Action> {
        if self.is_choosing() {
            self.choose_configuration_key(at, cx.catalog);
        } else if let Some(field) = self.visible_fields().get(at) {
            self.focus_on(*field);
        }
        None
    }

    /// Focuses the clicked field, or chooses the clicked configuration key.
    fn click_line(&mut self, line: usize, cx: &DialogContext<'_>) {
        let rows = layout::rows_on(self, &cx.layout, cx.keymap);
        let row = rows.get(line);
        if let Some(RowContent::Key(at)) = row.map(|row| &row.content) {
            self.choose_configuration_key(*at, cx.catalog);
        } else if let Some(field) = row.and_then(|row| row.field) {
            self.focus_on(field);
        }
    }

    fn wheel(&self, is_down: bool) -> Option<Action> {
        Some(if is_down {
            Action::NextField
        } else {
            Action::PreviousField
        })
    }

    fn hint(&self, action: Action) -> Option<&'static str> {
        match action {
            Action::Back if self.save_waits() => Some("Stop"),
            _ => action.entry().hint,
        }
    }

    fn ticket(&self) -> Option<Ticket> {
        self.saving
    }

    fn can(&self, action: Action, _cx: &DialogContext<'_>) -> bool {
        match action {
            Action::NextError => self.error_count() > 0,
            Action::Reveal => {
                let field = self.fields.get(self.focus);
                let line = field
                    .filter(|_| self.is_on_secret())
                    .and_then(FormField::line);
                line.is_some_and(|line| !line.is_empty())
            }
            Action::Clear | Action::MoveToReference => self.is_on_secret(),
            Action::InsertReference => {
                let field = self.fields.get(self.focus);
                field.is_some_and(|field| matches!(field.id, FieldId::Setting(_)))
            }
            _ => true,
        }
    }
}

fn notified(notice: Option<Notice>) -> DialogOutcome {
    notice.map_or(DialogOutcome::Stay, DialogOutcome::Notify)
}

/// Lists the profiles of a paste above the form; `None` if it does not have several.
fn several_profiles(
    form: &Form,
    text: &PastedText,
    catalog: &ProviderCatalog,
) -> Option<DialogOutcome> {
    if form.saving.is_some() || form.is_choosing() {
        return None;
    }
    match PasteResult::read(&text.0, catalog, Some(&form.provider)) {
        PasteResult::ChooseProfile(profiles) => Some(DialogOutcome::Open(
            ProviderPicker::from_profiles(profiles).into(),
        )),
        PasteResult::Connection(_) | PasteResult::Unreadable(_) | PasteResult::NotAConnection => {
            None
        }
    }
}

/// Fills the focused field and moves to the next one; on an invalid value, keeps the focus and returns a notice.
fn fill(form: &mut Form, text: &PastedText, catalog: &ProviderCatalog) -> Option<Notice> {
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
            form.paste_text(text, catalog)
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
        form.run(Action::NextField, catalog);
    }
    notice
}
