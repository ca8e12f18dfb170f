//! Runs actions in the topmost dialog and handles their outcome.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::{App, AwaitedReply};
use crate::connection::{PasteResult, PastedConnection};
use crate::tui::action::Action;
use crate::tui::dialog::{ConfirmAction, Dialog, DialogOutcome};
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::dialogs::help::HelpDialog;
use crate::tui::dialogs::palette::PaletteDialog;
use crate::tui::dialogs::provider_picker::ProviderPicker;
use crate::tui::effect::Effect;
use crate::tui::event::PastedText;
use crate::tui::form::Form;
use crate::tui::message_log::MessagesDialog;
use crate::tui::notice::Notice;

impl App {
    /// Runs an action from a key, the palette or the mouse.
    pub(super) fn act(&mut self, action: Action) -> Option<Effect> {
        if self.reject_write(action) {
            return None;
        }
        if let ControlFlow::Break(effect) = self.act_anywhere(action) {
            return effect;
        }
        let help_area = self.layout().help_text();
        let layout = self.layout();
        let outcome = match self.dialogs.last_mut() {
            Some(Dialog::Picker(picker)) => picker.act(action, &self.catalog),
            Some(Dialog::Form(_)) => self.act_on_form(action),
            Some(Dialog::Report(report)) => {
                let count = report.lines(layout.reading_width()).len();
                let rows = layout.reading_text(count).height;
                report.act(action, count, rows.into())
            }
            Some(Dialog::Models(models)) => match action {
                Action::Choose => return self.copy_model(),
                Action::Back => DialogOutcome::Close,
                other => {
                    let count = models.left().len();
                    models.choices.act(other, count);
                    DialogOutcome::Stay
                }
            },
            Some(Dialog::EnvImport(_)) => {
                self.act_in_import(action);
                return None;
            }
            Some(Dialog::MoveToReference(_)) => return self.act_in_moving(action),
            Some(Dialog::Compare(_)) => return self.act_in_compare(action),
            Some(Dialog::Trash(_)) => return self.act_in_trash(action),
            Some(Dialog::Merge(_)) => return self.act_in_merge(action),
            Some(Dialog::Drafts(_)) => return self.act_in_drafts(action),
            Some(Dialog::Bulk) => return self.act_in_bulk(action),
            Some(Dialog::Confirm(confirm)) => confirm.act(action),
            Some(Dialog::Palette(palette)) => palette.act(action, &self.tree),
            Some(Dialog::Help(help)) => {
                let count = help
                    .lines(&self.keymap, &self.startup_notices, help_area.width)
                    .len();
                help.act(action, count, help_area.height.into())
            }
            Some(Dialog::Messages(messages)) => {
                let count = self.log.lines(layout.reading_width()).len();
                let rows = layout.reading_text(count).height;
                messages.act(action, count, rows.into())
            }
            Some(Dialog::Clipboard) => return self.copy(action),
            Some(Dialog::Sorting) => {
                self.act_in_sort_menu(action);
                return None;
            }
            None => return self.act_in_tree(action),
        };
        self.follow_up(outcome)
    }

    /// Runs an action that does the same in every context; continues with any other.
    fn act_anywhere(&mut self, action: Action) -> ControlFlow<Option<Effect>> {
        let effect = match action {
            Action::Quit => Some(Effect::Quit),
            Action::Redraw => Some(Effect::Redraw),
            Action::NextTheme => {
                self.next_theme();
                None
            }
            Action::Suspend => {
                self.hide_secrets();
                Some(Effect::Suspend)
            }
            Action::Leave => self.go_back(),
            Action::EditExternally if matches!(self.dialogs.last(), Some(Dialog::Form(_))) => {
                self.edit_externally()
            }
            Action::Palette if !matches!(self.dialogs.last(), Some(Dialog::Palette(_))) => {
                let place = self.context();
                let mut palette = PaletteDialog::new(place);
                palette.hides_writes = self.target.is_read_only();
                palette.hides_trash = !self.features.trash;
                self.dialogs.push(Dialog::Palette(palette));
                None
            }
            Action::Help if !matches!(self.dialogs.last(), Some(Dialog::Help(_))) => {
                let place = self.context();
                self.dialogs.push(Dialog::Help(HelpDialog::new(place)));
                None
            }
            Action::Messages if !matches!(self.dialogs.last(), Some(Dialog::Messages(_))) => {
                self.dialogs
                    .push(Dialog::Messages(MessagesDialog::default()));
                None
            }
            Action::CopyCommand if matches!(self.dialogs.last(), Some(Dialog::Form(_))) => {
                self.copy_command_of_form()
            }
            Action::MoveToReference if matches!(self.dialogs.last(), Some(Dialog::Form(_))) => {
                self.move_out();
                None
            }
            _ => return ControlFlow::Continue(()),
        };
        ControlFlow::Break(effect)
    }

    pub(super) fn act_on_form(&mut self, action: Action) -> DialogOutcome {
        let catalog = Arc::clone(&self.catalog);
        match self.form_mut() {
            Some(form) => form.act(action, &catalog),
            None => DialogOutcome::Stay,
        }
    }

    /// Replaces the provider list with a form filled from a paste; returns false if the text is not a connection.
    pub(super) fn open_pasted_connection(&mut self, pasted: &PastedText) -> bool {
        if matches!(self.dialogs.last(), Some(Dialog::Picker(picker)) if !picker.lists_providers())
        {
            return false;
        }
        let catalog = Arc::clone(&self.catalog);
        let connection = match PasteResult::read(&pasted.0, &catalog, None) {
            PasteResult::Connection(connection) => connection,
            PasteResult::Unreadable(unreadable) => {
                self.notify(Notice::warning(unreadable.to_string()));
                return true;
            }
            PasteResult::ChooseProfile(profiles) => {
                self.dialogs.pop();
                self.dialogs
                    .push(Dialog::Picker(ProviderPicker::from_profiles(profiles)));
                return true;
            }
            PasteResult::NotAConnection => return false,
        };
        self.open_form_for(connection);
        true
    }

    /// Lists the profiles of a paste above the form; returns false if it does not have several.
    pub(super) fn choose_profile(&mut self, pasted: &PastedText) -> bool {
        let Some(Dialog::Form(form)) = self.dialogs.last() else {
            return false;
        };
        if form.saving.is_some() || form.is_choosing() {
            return false;
        }
        let read = PasteResult::read(&pasted.0, &self.catalog, Some(&form.provider));
        let PasteResult::ChooseProfile(profiles) = read else {
            return false;
        };
        let picker = ProviderPicker::from_profiles(profiles);
        self.dialogs.push(Dialog::Picker(picker));
        true
    }

    /// Fills the form below the profile list, or opens a new one.
    fn fill_from_profile(&mut self, connection: PastedConnection) {
        let catalog = Arc::clone(&self.catalog);
        let below = self.dialogs.len().saturating_sub(2);
        if let Some(Dialog::Form(form)) = self.dialogs.get_mut(below) {
            let notice = form.fill(connection, &catalog);
            self.dialogs.pop();
            self.notify(notice);
        } else {
            self.open_form_for(connection);
        }
    }

    /// Replaces the list with a form for a pasted connection.
    fn open_form_for(&mut self, connection: PastedConnection) {
        let catalog = Arc::clone(&self.catalog);
        let id = connection.draft.provider_id.as_deref();
        let Some(provider) = id.and_then(|id| catalog.get(id)) else {
            self.notify(Notice::warning(
                "The pasted text does not name a provider; select one",
            ));
            return;
        };
        let mut form = Form::new(provider);
        let notice = form.fill(connection, &catalog);
        self.dialogs.pop();
        self.dialogs.push(Dialog::Form(Box::new(form)));
        self.notify(notice);
    }

    /// Handles the outcome of a dialog.
    #[expect(clippy::too_many_lines, reason = "one arm for each outcome")]
    pub(super) fn follow_up(&mut self, outcome: DialogOutcome) -> Option<Effect> {
        match outcome {
            DialogOutcome::Stay => None,
            DialogOutcome::Close => {
                self.dialogs.pop();
                None
            }
            DialogOutcome::Notify(notice) => {
                self.notify(notice);
                None
            }
            DialogOutcome::Submit(request) => {
                let ticket = self.ticket(AwaitedReply::Save);
                if let Some(form) = self.form_mut() {
                    form.saving = Some(ticket);
                }
                Some(Effect::Call(ticket, request))
            }
            DialogOutcome::Picked(id) => {
                self.dialogs.pop();
                let catalog = Arc::clone(&self.catalog);
                if let Some(provider) = catalog.get(&id) {
                    self.dialogs
                        .push(Dialog::Form(Box::new(Form::new(provider))));
                }
                None
            }
            DialogOutcome::PickedProfile(connection) => {
                self.fill_from_profile(*connection);
                None
            }
            DialogOutcome::Run(action) => {
                self.dialogs.pop();
                self.act(action)
            }
            DialogOutcome::GoTo(id) => {
                self.dialogs.pop();
                self.go_to(id);
                None
            }
            DialogOutcome::CopyCommand(wanted) => {
                self.dialogs.pop();
                self.copy_command(wanted)
            }
            DialogOutcome::Test(subject) => self.test_form(subject),
            DialogOutcome::TestAgain => self.repeat_test(),
            DialogOutcome::Browse(id, name) => Some(self.browse_models(id, name)),
            DialogOutcome::Answered(answer) => self.answer(answer),
            DialogOutcome::PromptUnsavedChanges => {
                if let Some(form) = self.form() {
                    let prompt = ConfirmDialog::unsaved_changes(form.title());
                    self.dialogs.push(Dialog::Confirm(prompt));
                }
                None
            }
            DialogOutcome::PromptDeletedElsewhere => {
                self.open_deleted_elsewhere_prompt();
                None
            }
            DialogOutcome::Merge => {
                self.open_merge();
                None
            }
        }
    }

    /// Runs the button of a prompt.
    fn answer(&mut self, answer: ConfirmAction) -> Option<Effect> {
        let note = match self.dialogs.pop() {
            Some(Dialog::Confirm(confirm)) => confirm.typed(),
            _ => None,
        };
        match answer {
            ConfirmAction::Cancel => None,
            ConfirmAction::RollBack(..) | ConfirmAction::RollBackField(..) => {
                self.roll_back(answer, note.as_deref())
            }
            ConfirmAction::Save => self.act(Action::Save),
            ConfirmAction::SaveAndTest => self.save_and_test(),
            ConfirmAction::Discard => {
                self.dialogs.pop();
                None
            }
            ConfirmAction::DiscardAndQuit => {
                self.dialogs
                    .retain(|dialog| !matches!(dialog, Dialog::Form(_)));
                Some(Effect::Quit)
            }
            ConfirmAction::StopAndQuit => Some(Effect::Quit),
            ConfirmAction::RestoreDeleted => self.restore_form_connection(),
            ConfirmAction::CreateNew => self.create_from_form(),
            ConfirmAction::DiscardDraft(id) => Some(self.discard_draft(id)),
            ConfirmAction::Delete(id) => Some(self.delete(id)),
            ConfirmAction::Replace => {
                self.replace_file();
                None
            }
            ConfirmAction::Purge(_) | ConfirmAction::Empty => self.purge(answer),
        }
    }

    fn go_back(&mut self) -> Option<Effect> {
        if self.form().is_some_and(Form::is_changed) {
            self.dialogs.push(Dialog::Confirm(ConfirmDialog::quit()));
            None
        } else if self.confirm_quit_during_bulk() {
            None
        } else {
            Some(Effect::Quit)
        }
    }

    pub(super) fn pick_provider(&mut self) {
        self.dialogs.push(Dialog::Picker(ProviderPicker::default()));
    }
}
