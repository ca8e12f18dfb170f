//! Runs actions in the topmost dialog and handles their outcome.

use std::sync::Arc;

use super::{App, Waiting};
use crate::connection::{PasteResult, PastedConnection};
use crate::tui::action::Action;
use crate::tui::confirm::Confirm;
use crate::tui::effect::Effect;
use crate::tui::event::Pasted;
use crate::tui::form::Form;
use crate::tui::help::Help;
use crate::tui::layer::{Answer, Layer, Outcome};
use crate::tui::messages::Messages;
use crate::tui::notice::Notice;
use crate::tui::palette::Palette;
use crate::tui::picker::Picker;

impl App {
    /// Runs an action from a key, the palette or the mouse.
    pub(super) fn act(&mut self, action: Action) -> Option<Effect> {
        if self.refuse_write(action) {
            return None;
        }
        match action {
            Action::Quit => return Some(Effect::Quit),
            Action::Redraw => return Some(Effect::Redraw),
            Action::NextTheme => {
                self.next_theme();
                return None;
            }
            Action::Suspend => {
                self.hide_secrets();
                return Some(Effect::Suspend);
            }
            Action::Leave => return self.leave(),
            Action::EditExternally if matches!(self.layers.last(), Some(Layer::Form(_))) => {
                return self.edit_externally();
            }
            Action::Palette if !matches!(self.layers.last(), Some(Layer::Palette(_))) => {
                let place = self.context();
                let mut palette = Palette::new(place);
                palette.hides_writes = self.site.is_read_only();
                palette.hides_trash = !self.features.trash;
                self.layers.push(Layer::Palette(palette));
                return None;
            }
            Action::Help if !matches!(self.layers.last(), Some(Layer::Help(_))) => {
                let place = self.context();
                self.layers.push(Layer::Help(Help::new(place)));
                return None;
            }
            Action::Messages if !matches!(self.layers.last(), Some(Layer::Messages(_))) => {
                self.layers.push(Layer::Messages(Messages::default()));
                return None;
            }
            Action::CopyCommand if matches!(self.layers.last(), Some(Layer::Form(_))) => {
                return self.copy_command_of_form();
            }
            Action::MoveToReference if matches!(self.layers.last(), Some(Layer::Form(_))) => {
                self.move_out();
                return None;
            }
            _ => {}
        }
        let help_area = self.layout().help_text();
        let layout = self.layout();
        let outcome = match self.layers.last_mut() {
            Some(Layer::Picker(picker)) => picker.act(action, &self.catalog),
            Some(Layer::Form(_)) => self.act_on_form(action),
            Some(Layer::Report(report)) => {
                let count = report.lines(layout.reading_width()).len();
                let rows = layout.reading_text(count).height;
                report.act(action, count, rows.into())
            }
            Some(Layer::Models(models)) => match action {
                Action::Choose => return self.copy_model(),
                Action::Back => Outcome::Close,
                other => {
                    let count = models.left().len();
                    models.choices.act(other, count);
                    Outcome::Stay
                }
            },
            Some(Layer::Import(_)) => {
                self.act_in_import(action);
                return None;
            }
            Some(Layer::Moving(_)) => return self.act_in_moving(action),
            Some(Layer::Compare(_)) => return self.act_in_compare(action),
            Some(Layer::Trash(_)) => return self.act_in_trash(action),
            Some(Layer::Merge(_)) => return self.act_in_merge(action),
            Some(Layer::Drafts(_)) => return self.act_in_drafts(action),
            Some(Layer::Bulk) => return self.act_in_bulk(action),
            Some(Layer::Confirm(confirm)) => confirm.act(action),
            Some(Layer::Palette(palette)) => palette.act(action, &self.tree),
            Some(Layer::Help(help)) => {
                let count = help
                    .lines(&self.keymap, &self.startup_notices, help_area.width)
                    .len();
                help.act(action, count, help_area.height.into())
            }
            Some(Layer::Messages(messages)) => {
                let count = self.log.lines(layout.reading_width()).len();
                let rows = layout.reading_text(count).height;
                messages.act(action, count, rows.into())
            }
            Some(Layer::Clipboard) => return self.copy(action),
            Some(Layer::Sorting) => {
                self.act_in_sort_menu(action);
                return None;
            }
            None => return self.act_in_tree(action),
        };
        self.follow_up(outcome)
    }

    pub(super) fn act_on_form(&mut self, action: Action) -> Outcome {
        let catalog = Arc::clone(&self.catalog);
        match self.form_mut() {
            Some(form) => form.act(action, &catalog),
            None => Outcome::Stay,
        }
    }

    /// Replaces the provider list with a form filled from a paste; returns false if the text is not a connection.
    pub(super) fn open_pasted_connection(&mut self, pasted: &Pasted) -> bool {
        if matches!(self.layers.last(), Some(Layer::Picker(picker)) if !picker.lists_providers()) {
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
                self.layers.pop();
                self.layers
                    .push(Layer::Picker(Picker::of_profiles(profiles)));
                return true;
            }
            PasteResult::NotAConnection => return false,
        };
        self.open_form_for(connection);
        true
    }

    /// Lists the profiles of a paste above the form; returns false if it does not have several.
    pub(super) fn choose_profile(&mut self, pasted: &Pasted) -> bool {
        let Some(Layer::Form(form)) = self.layers.last() else {
            return false;
        };
        if form.saving.is_some() || form.is_choosing() {
            return false;
        }
        let read = PasteResult::read(&pasted.0, &self.catalog, Some(&form.provider));
        let PasteResult::ChooseProfile(profiles) = read else {
            return false;
        };
        let picker = Picker::of_profiles(profiles);
        self.layers.push(Layer::Picker(picker));
        true
    }

    /// Fills the form below the profile list, or opens a new one.
    fn fill_from_profile(&mut self, connection: PastedConnection) {
        let catalog = Arc::clone(&self.catalog);
        let below = self.layers.len().saturating_sub(2);
        if let Some(Layer::Form(form)) = self.layers.get_mut(below) {
            let notice = form.fill(connection, &catalog);
            self.layers.pop();
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
        self.layers.pop();
        self.layers.push(Layer::Form(Box::new(form)));
        self.notify(notice);
    }

    /// Handles the outcome of a dialog.
    pub(super) fn follow_up(&mut self, outcome: Outcome) -> Option<Effect> {
        match outcome {
            Outcome::Stay => None,
            Outcome::Close => {
                self.layers.pop();
                None
            }
            Outcome::Tell(notice) => {
                self.notify(notice);
                None
            }
            Outcome::Ask(request) => {
                let ticket = self.ticket(Waiting::Save);
                if let Some(form) = self.form_mut() {
                    form.saving = Some(ticket);
                }
                Some(Effect::Call(ticket, request))
            }
            Outcome::Picked(id) => {
                self.layers.pop();
                let catalog = Arc::clone(&self.catalog);
                if let Some(provider) = catalog.get(&id) {
                    self.layers.push(Layer::Form(Box::new(Form::new(provider))));
                }
                None
            }
            Outcome::PickedProfile(connection) => {
                self.fill_from_profile(*connection);
                None
            }
            Outcome::Run(action) => {
                self.layers.pop();
                self.act(action)
            }
            Outcome::GoTo(id) => {
                self.layers.pop();
                self.go_to(id);
                None
            }
            Outcome::CopyCommand(wanted) => {
                self.layers.pop();
                self.copy_command(wanted)
            }
            Outcome::Test(subject) => self.test_form(subject),
            Outcome::TestAgain => self.repeat_test(),
            Outcome::Browse(id, name) => Some(self.browse_models(id, name)),
            Outcome::Answered(answer) => self.answer(answer),
            Outcome::PromptUnsavedChanges => {
                self.layers.push(Layer::Confirm(Confirm::leave()));
                None
            }
            Outcome::PromptDeletedElsewhere => {
                self.open_deleted_elsewhere_prompt();
                None
            }
            Outcome::Merge => {
                self.open_merge();
                None
            }
        }
    }

    /// Runs the button of a prompt.
    fn answer(&mut self, answer: Answer) -> Option<Effect> {
        let note = match self.layers.pop() {
            Some(Layer::Confirm(confirm)) => confirm.typed(),
            _ => None,
        };
        match answer {
            Answer::Cancel => None,
            Answer::RollBack(..) | Answer::RollBackField(..) => {
                self.roll_back(answer, note.as_deref())
            }
            Answer::Save => self.act(Action::Save),
            Answer::SaveAndTest => self.save_and_test(),
            Answer::Discard => {
                self.layers.pop();
                None
            }
            Answer::DiscardAndQuit => {
                self.layers.retain(|layer| !matches!(layer, Layer::Form(_)));
                Some(Effect::Quit)
            }
            Answer::StopAndQuit => Some(Effect::Quit),
            Answer::RestoreDeleted => self.restore_form_connection(),
            Answer::CreateNew => self.create_from_form(),
            Answer::DiscardDraft(id) => Some(self.discard_draft(id)),
            Answer::Delete(id) => Some(self.delete(id)),
            Answer::Replace => {
                self.replace_file();
                None
            }
            Answer::Purge(_) | Answer::Empty => self.purge(answer),
        }
    }

    fn leave(&mut self) -> Option<Effect> {
        if self.form().is_some_and(Form::is_changed) {
            self.layers.push(Layer::Confirm(Confirm::quit()));
            None
        } else if self.confirm_quit_during_bulk() {
            None
        } else {
            Some(Effect::Quit)
        }
    }

    pub(super) fn pick_provider(&mut self) {
        self.layers.push(Layer::Picker(Picker::default()));
    }
}
