//! Runs actions: which are available, in the topmost dialog or the tree, and the outcomes of dialogs.

use std::ops::ControlFlow;
use std::sync::Arc;

use uuid::Uuid;

use super::{App, AwaitedReply, Pane};
use crate::service::ServiceFeatures;
use crate::tui::action::{Action, ActionEntry, KeyContext};
use crate::tui::dialog::{ConfirmAction, Dialog, DialogOutcome, FormEdit};
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::dialogs::help::HelpDialog;
use crate::tui::dialogs::menu::Menu;
use crate::tui::dialogs::messages::MessagesDialog;
use crate::tui::dialogs::palette::{PaletteChoice, PaletteDialog};
use crate::tui::dialogs::provider_picker::ProviderPicker;
use crate::tui::dialogs::test_report::ReportDialog;
use crate::tui::effect::{Effect, ServiceReply};
use crate::tui::form::Form;
use crate::tui::key::KeyPress;
use crate::tui::notice::{FILTER_REMOVED, Notice};
use crate::tui::tabs::Tab;
use crate::tui::target_info::TargetInfo;

impl App {
    /// Runs an action from a key, the palette or the mouse.
    pub(super) fn act(&mut self, action: Action) -> Option<Effect> {
        if self.reject_write(action) {
            return None;
        }
        if let ControlFlow::Break(effect) = self.act_anywhere(action) {
            return effect;
        }
        let outcome = self.with_top(|dialog, cx| {
            if action.is_move() {
                dialog.step(action, cx)
            } else {
                dialog.act(action, cx)
            }
        });
        match outcome {
            Some(outcome) => self.follow_up(outcome),
            None => self.act_in_tree(action),
        }
    }

    /// Runs an action that does the same in every context; continues with any other.
    fn act_anywhere(&mut self, action: Action) -> ControlFlow<Option<Effect>> {
        let effect = match action {
            Action::QuitNow => Some(Effect::Quit),
            Action::Redraw => Some(Effect::Redraw),
            Action::NextTheme => {
                let notice = self.themes.choose_next();
                self.notify(notice);
                None
            }
            Action::Suspend => {
                self.hide_secrets();
                Some(Effect::Suspend)
            }
            Action::Quit => self.leave(),
            Action::EditExternally if self.dialogs.is_on::<Form>() => self.edit_externally(),
            Action::Palette if !self.dialogs.is_on::<PaletteDialog>() => {
                self.open_palette();
                None
            }
            Action::Help if !self.dialogs.is_on::<HelpDialog>() => {
                self.close_lookup();
                let place = self.context();
                self.dialogs.push(HelpDialog::new(place));
                None
            }
            Action::Messages if !self.dialogs.is_on::<MessagesDialog>() => {
                self.dialogs.push(MessagesDialog::default());
                None
            }
            Action::CopyCommand if self.dialogs.is_on::<Form>() => self.copy_command_of_form(),
            Action::MoveToReference if self.dialogs.is_on::<Form>() => {
                self.move_out();
                None
            }
            _ => return ControlFlow::Continue(()),
        };
        ControlFlow::Break(effect)
    }

    fn open_palette(&mut self) {
        self.close_lookup();
        let mut palette = PaletteDialog::new(self.context());
        palette.hides_writes = self.service.target.is_read_only();
        palette.unavailable = Action::unavailable(self.service.features);
        let current = self.themes.current;
        let themes = (0..).zip(&self.themes.names);
        let themes = themes.map(|(at, name)| PaletteChoice::Theme {
            at,
            name: name.clone(),
            is_current: at == current,
        });
        let targets = self.service.target_entries().into_iter();
        let targets = targets.filter(|target| !target.is_current);
        let filters = PaletteChoice::FILTERS.into_iter();
        let filters = filters.filter(|_| palette.lists_connections());
        let targets = targets.map(PaletteChoice::Target);
        palette.named = filters.chain(themes).chain(targets).collect();
        self.dialogs.push(palette);
    }

    /// Closes the help, the palette or a menu on top: one replaces the other.
    fn close_lookup(&mut self) {
        let is_lookup = self.dialogs.is_on::<PaletteDialog>()
            || self.dialogs.is_on::<HelpDialog>()
            || self.dialogs.top::<Menu>().is_some();
        if is_lookup {
            self.dialogs.pop();
        }
    }

    /// Handles the outcome of a dialog.
    pub(super) fn follow_up(&mut self, outcome: DialogOutcome) -> Option<Effect> {
        match outcome {
            DialogOutcome::Stay => {}
            DialogOutcome::Close => self.dialogs.pop(),
            DialogOutcome::Notify(notice) => self.notify(notice),
            DialogOutcome::Open(dialog) => self.open_dialog(dialog),
            DialogOutcome::All(all) => {
                let effects = all.into_iter().map(|one| self.follow_up(one));
                return effects.fold(None, Option::or);
            }
            DialogOutcome::CopyToClipboard(label, text) => return self.copy_text(&label, text),
            DialogOutcome::Act(action) => return self.act(action),
            DialogOutcome::GoAndAct(action, context) => return self.go_and_act(action, context),
            DialogOutcome::ChooseTheme(at) => {
                let notice = self.themes.choose(at);
                self.notify_any(notice);
            }
            DialogOutcome::GoTo(id) => {
                self.select_connection(id);
                self.focus.pane = Pane::Tree;
            }
            DialogOutcome::Filter(text) => self.apply_filter(text),
            DialogOutcome::CopyCommand(wanted) => return self.copy_command(wanted),
            DialogOutcome::Answered(answer) => return self.answer(answer),
            DialogOutcome::EditForm(edit) => self.edit_form(edit),
            DialogOutcome::Submit(request) => {
                let ticket = self.requests.register(AwaitedReply::Save);
                if let Some(form) = self.form_mut() {
                    form.saving = Some(ticket);
                }
                return Some(Effect::Call(ticket, request));
            }
            DialogOutcome::Test(subject) => return self.test_form(subject),
            DialogOutcome::TestAgain => return self.repeat_test(),
            DialogOutcome::SwitchTarget(name) => return self.switch_target(name),
            DialogOutcome::Tested(id, outcome) => self.record_test(id, outcome),
            DialogOutcome::TestRefused(problems) => {
                self.dialogs
                    .retain(|report: &mut ReportDialog| report.stored().is_some());
                let notice = self.form_mut().and_then(|form| form.show_errors(&problems));
                self.notify_any(notice);
            }
            DialogOutcome::Browse(id, name) => return Some(self.browse_models(id, name)),
            DialogOutcome::Restore(id, alias) => return self.restore_from_trash(id, alias),
            DialogOutcome::ReleaseDrafts(ids) => self.open_draft.release(ids),
            DialogOutcome::BulkStarted { is_retry } => self.bulk_started(is_retry),
            DialogOutcome::BulkStopped => self.end_bulk_if_done(),
            DialogOutcome::BulkDiscarded => self.dialogs.discard_bulk(),
            DialogOutcome::Unmark(ids) => {
                for id in ids {
                    self.tree.unmark(id);
                }
            }
            DialogOutcome::Undo => return self.undo_last(),
            DialogOutcome::PromptDeletedElsewhere => self.open_deleted_elsewhere_prompt(),
            DialogOutcome::Merge => self.open_merge(),
        }
        None
    }

    /// Opens a dialog; a form of a stored connection selects it and reports changes since it was loaded.
    fn open_dialog(&mut self, dialog: Box<dyn Dialog>) {
        self.dialogs.push(dialog);
        if let Some(id) = self.dialogs.top().and_then(Form::id) {
            self.select_connection(id);
            self.report_change_before_open();
        }
    }

    /// Selects a connection, and reports if that removed the filter.
    fn select_connection(&mut self, id: Uuid) {
        if self.tree.select_id(id) {
            self.notify(Notice::info(FILTER_REMOVED));
        }
    }

    fn edit_form(&mut self, edit: FormEdit) {
        let catalog = Arc::clone(&self.service.catalog);
        let notice = self.form_mut().and_then(|form| edit.apply(form, &catalog));
        self.notify_any(notice);
    }

    /// Runs the button of a prompt.
    fn answer(&mut self, answer: ConfirmAction) -> Option<Effect> {
        let note = self.dialogs.top().and_then(ConfirmDialog::typed);
        self.dialogs.pop();
        match answer {
            ConfirmAction::Cancel => None,
            ConfirmAction::RollBack(..) | ConfirmAction::RollBackField(..) => {
                self.roll_back(answer, note.as_deref())
            }
            ConfirmAction::Save => self.act(Action::Save),
            ConfirmAction::SaveAndTest => self.save_and_test(),
            ConfirmAction::TestFromHere => self.test_from_here(),
            ConfirmAction::Discard => {
                self.dialogs.pop();
                None
            }
            ConfirmAction::DiscardAndQuit => {
                self.dialogs.close::<Form>();
                Some(Effect::Quit)
            }
            ConfirmAction::StopAndQuit => Some(Effect::Quit),
            ConfirmAction::RestoreDeleted => self.restore_form_connection(),
            ConfirmAction::CreateNew => self.create_from_form(),
            ConfirmAction::DiscardDraft(id) => Some(self.discard_draft(id)),
            ConfirmAction::ConfirmKeyBackup => Some(Effect::ConfirmKeyBackup),
            ConfirmAction::Delete(id) => Some(self.delete(id)),
            ConfirmAction::Undo(id) => self.undo_confirmed(id),
            ConfirmAction::Replace => {
                self.replace_file();
                None
            }
            ConfirmAction::Purge(_) | ConfirmAction::Empty => self.purge(answer),
        }
    }

    fn leave(&mut self) -> Option<Effect> {
        if self.form().is_some_and(Form::has_unsaved_input) {
            self.dialogs.push(ConfirmDialog::quit());
            None
        } else if let Some(warning) = self.dialogs.quit_warning() {
            self.dialogs.push(ConfirmDialog::stop(warning));
            None
        } else {
            Some(Effect::Quit)
        }
    }

    /// Ends the app to start it again with another target, unless something would be lost.
    fn switch_target(&mut self, name: String) -> Option<Effect> {
        let is_busy = self.dialogs.running_bulk().is_some();
        if is_busy || self.form().is_some_and(Form::has_unsaved_input) {
            self.notify(Notice::warning(
                "Finish what is running or unsaved, then switch the target",
            ));
            return None;
        }
        Some(Effect::SwitchTarget(name))
    }

    pub(super) fn pick_provider(&mut self) {
        self.dialogs.push(ProviderPicker::default());
    }

    /// Returns true if an action has an effect now; the footer shows only those.
    pub fn can(&self, action: Action) -> bool {
        if let Some((dialog, cx)) = self.top_dialog() {
            return action != Action::CompleteFilter && dialog.can(action, &cx);
        }
        let is_connection = self.tree.selected_item().is_some();
        match action {
            Action::Toggle | Action::Test | Action::Delete => is_connection || self.has_marks(),
            Action::Edit
            | Action::EditExternally
            | Action::Models
            | Action::Duplicate
            | Action::Copy => is_connection,
            // The history already has the focus.
            Action::ShowHistory => is_connection && self.tab_in_focus() != Some(Tab::History),
            Action::CompareVersions | Action::MarkVersion => {
                self.workspace.history.versions().len() > 1
            }
            Action::Undo => self.undo.can_undo(),
            Action::Filter | Action::Sort | Action::ReverseSort | Action::Group => {
                self.tree.len() > 1
            }
            Action::Back if !self.tree.is_filtering() => self.can_go_back(),
            _ => true,
        }
    }

    /// First key that runs an action here.
    pub fn key_here(&self, action: Action) -> Option<KeyPress> {
        let inherits = |(dialog, _): &(&dyn Dialog, _)| dialog.inherits(action);
        let context = if self.top_dialog().as_ref().is_some_and(inherits) {
            KeyContext::Tree
        } else {
            self.context()
        };
        self.keymap.first_key(context, action)
    }

    /// Label of an action in the footer.
    pub fn hint(&self, entry: &ActionEntry) -> Option<&'static str> {
        if let Some((dialog, _)) = self.top_dialog() {
            return dialog.hint(entry.action);
        }
        match entry.action {
            Action::Choose if self.tree.is_filtering() => Some("Keep"),
            Action::Back if self.tree.is_filtering() => Some("Show all"),
            Action::Back if self.back_removes_marks() => Some("Unmark"),
            Action::Toggle => self.toggle_hint(),
            Action::ShowHistory if self.shows_history_beside() => Some("Into history"),
            _ => entry.hint,
        }
    }

    /// Label of what the toggle does to the selected connection.
    fn toggle_hint(&self) -> Option<&'static str> {
        match self.tree.selected_item() {
            Some(_) | None if self.has_marks() => Action::Toggle.entry().hint,
            Some(item) if item.is_active => Some("Deactivate"),
            Some(_) | None => Some("Activate"),
        }
    }

    /// Sets the target; a read-only one hides the keys that write.
    pub fn set_target(&mut self, target: TargetInfo) {
        if target.is_read_only() {
            self.keymap.hide_writes();
        }
        self.service.target = target;
    }

    /// Sets the features of the service and hides keys without effect.
    pub(super) fn learn_features(&mut self, features: ServiceFeatures) {
        for action in Action::unavailable(features) {
            self.keymap.hide(action);
        }
        self.service.features = features;
    }

    /// Refuses an action that writes in read-only mode, with a notice.
    pub(super) fn reject_write(&mut self, action: Action) -> bool {
        let Some(reason) = &self.service.target.read_only else {
            return false;
        };
        let edits = match action {
            Action::Edit => true,
            // In the tree, Choose is the same as Edit.
            Action::Choose => self.dialogs.is_empty() && !self.tree.is_filtering(),
            _ => false,
        };
        let is_harmless = if edits {
            self.dialogs.is_empty() && self.tree.is_on_expandable_node()
        } else {
            !action.is_write()
        };
        if is_harmless {
            return false;
        }
        let text = format!("Read-only: {reason}");
        self.notify(Notice::warning(text));
        true
    }

    /// Drops requests that change connections in read-only mode, as a second safeguard.
    pub(super) fn block_writes(&mut self, effect: Option<Effect>) -> Option<Effect> {
        match (effect, &self.service.target.read_only) {
            (
                Some(Effect::Call(ticket, request) | Effect::CallConcurrent(ticket, request)),
                Some(reason),
            ) if request.changes_connections() => {
                let reason = reason.clone();
                self.handle_reply(ticket, ServiceReply::TaskFailed(reason))
            }
            (effect, _) => effect,
        }
    }
}
