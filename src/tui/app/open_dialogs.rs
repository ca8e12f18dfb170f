//! Open dialogs and screens: their view of the app, their input and requests; connection tests and model lists.

use std::sync::Arc;

use uuid::Uuid;

use super::{App, AwaitedReply};
use crate::connection::TestSubject;
use crate::search::TreeItem;
use crate::tui::action::{Action, KeyContext};
use crate::tui::dialog::{Dialog, DialogContext, DialogOutcome, Pick, Rows};
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::dialogs::models::Models;
use crate::tui::dialogs::test_report::{ReportDialog, ReportSubject};
use crate::tui::effect::{Effect, ServiceReply, ServiceRequest, Ticket};
use crate::tui::event::Mouse;
use crate::tui::form::{Form, FormSubject};
use crate::tui::health::TestRecord;
use crate::tui::info::{LastTest, TestOutcome};
use crate::tui::notice::Notice;
use crate::tui::tabs::Tab;

impl App {
    /// State that the dialog at an index may read.
    pub fn dialog_context(&self, at: usize) -> DialogContext<'_> {
        self.context_above(self.dialogs.get(..at).unwrap_or_default())
    }

    /// Topmost dialog, and the state that it may read.
    pub fn top_dialog(&self) -> Option<(&dyn Dialog, DialogContext<'_>)> {
        let (top, below) = self.dialogs.split_last()?;
        Some((&**top, self.context_above(below)))
    }

    fn context_above<'a>(&'a self, below: &'a [Box<dyn Dialog>]) -> DialogContext<'a> {
        DialogContext {
            catalog: &self.service.catalog,
            keymap: &self.keymap,
            tree: &self.tree,
            log: &self.notices.log,
            provider_variables: &self.service.provider_variables,
            features: self.service.features,
            target: &self.service.target,
            tests: &self.workspace.tests,
            undoable_bulk: self.undo.next_bulk(),
            ticks: self.running.ticks,
            layout: self.layout(),
            below,
        }
    }

    /// Changes the dialog at an index.
    pub(super) fn with_dialog<T>(
        &mut self,
        at: usize,
        change: impl FnOnce(&mut dyn Dialog, &DialogContext<'_>) -> T,
    ) -> Option<T> {
        let mut dialogs = std::mem::take(&mut self.dialogs);
        let at = at.min(dialogs.len());
        let (below, rest) = dialogs.split_at_mut(at);
        let changed = rest
            .first_mut()
            .map(|dialog| change(&mut **dialog, &self.context_above(below)));
        self.dialogs = dialogs;
        changed
    }

    /// Changes the topmost dialog.
    pub(super) fn with_top<T>(
        &mut self,
        change: impl FnOnce(&mut dyn Dialog, &DialogContext<'_>) -> T,
    ) -> Option<T> {
        self.with_dialog(self.dialogs.len().checked_sub(1)?, change)
    }

    /// Selects an entry of the topmost dialog, or presses its button, by number.
    pub(super) fn pick_in_dialog(&mut self, number: usize) -> Option<Effect> {
        let action = self.with_top(|dialog, cx| dialog.pick(number, Pick::Number, cx))?;
        self.act(action?)
    }

    /// Handles a click in the topmost dialog.
    pub(super) fn click_in_dialog(&mut self, mouse: Mouse, by: Pick) -> Option<Effect> {
        let action = self.with_top(|dialog, cx| {
            let model = dialog.model(cx);
            let areas = model.areas(&cx.layout);
            let mut buttons = areas.buttons.iter();
            if let Some(button) = buttons.position(|area| area.contains(mouse.x, mouse.y)) {
                drop(model);
                dialog.focus_button(button);
                return Some(Action::Choose);
            }
            if !areas.list.contains(mouse.x, mouse.y) {
                return None;
            }
            let at = model.cursor.top + usize::from(mouse.y - areas.list.y);
            match model.rows {
                Rows::List(count, _) => {
                    drop(model);
                    (at < count).then(|| dialog.pick(at, by, cx)).flatten()
                }
                Rows::Text(..) => {
                    drop(model);
                    dialog.click_line(at, cx);
                    None
                }
            }
        })?;
        self.act(action?)
    }

    /// Opens a dialog that waits for the reply to a request.
    pub(super) fn open_with_request<T: Dialog>(
        &mut self,
        request: ServiceRequest,
        open: impl FnOnce(Ticket) -> T,
    ) -> Effect {
        let ticket = self.requests.register(AwaitedReply::Dialog);
        self.dialogs.push(open(ticket));
        Effect::Call(ticket, request)
    }

    /// Next request of a dialog in the background.
    pub(super) fn next_dialog_request(&mut self) -> Option<Effect> {
        let next = self.requests.next_ticket();
        let mut dialogs = self.dialogs.iter_mut();
        let request = dialogs.find_map(|dialog| dialog.next_request(next))?;
        Some(self.call(AwaitedReply::Dialog, request))
    }

    /// Passes a reply to the dialog that waits for it.
    pub(super) fn reply_to_dialog(
        &mut self,
        ticket: Ticket,
        reply: ServiceReply,
    ) -> Option<Effect> {
        let mut dialogs = self.dialogs.iter();
        let at = dialogs.position(|dialog| dialog.ticket() == Some(ticket))?;
        let outcome = self.with_dialog(at, |dialog, cx| dialog.reply(reply, cx));
        self.follow_up(outcome.unwrap_or(DialogOutcome::Stay))
    }

    /// Runs an action of a context if it works here; otherwise opens its screen and names its key.
    pub(super) fn go_and_act(&mut self, action: Action, context: KeyContext) -> Option<Effect> {
        let here = self.context();
        let is_here = here.has(action.entry())
            || context == KeyContext::Global
            || here.menus().contains(&context);
        if is_here {
            return self.act(action);
        }
        let title = action.entry().title;
        if self.form().is_some_and(Form::has_unsaved_input) {
            self.notify(Notice::info(format!(
                "\"{title}\" is on another screen; save or close the form first"
            )));
            return None;
        }
        while !self.dialogs.is_empty() {
            self.dialogs.pop();
        }
        if self.context().has(action.entry()) {
            return self.act(action);
        }
        let effect = self.open_screen(context);
        if let Some(key) = self.keymap.first_key(context, action) {
            let text = format!("\"{title}\" is the key {key} on this screen");
            let has_arrived = self.context() == context || effect.is_some();
            if has_arrived {
                self.notify(Notice::info(text));
            }
        }
        effect
    }

    /// Opens the screen of a context, for the selected connection where it needs one.
    fn open_screen(&mut self, context: KeyContext) -> Option<Effect> {
        match context {
            KeyContext::Info => self.focus_tab(Tab::Info),
            KeyContext::History | KeyContext::Compare => self.focus_tab(Tab::History),
            KeyContext::Trash => return self.act(Action::Trash),
            KeyContext::Drafts => return self.act(Action::Drafts),
            KeyContext::Bulk => return self.act(Action::ShowBulk),
            KeyContext::Report => return self.act(Action::Test),
            KeyContext::CopyMenu => return self.act(Action::Copy),
            KeyContext::SortMenu => return self.act(Action::Sort),
            KeyContext::Form | KeyContext::MoveToReference | KeyContext::Merge => {
                if self.selected_to("edit it").is_some() {
                    return self.act(Action::Edit);
                }
            }
            KeyContext::List => return self.act(Action::Filter),
            KeyContext::Tree | KeyContext::Confirm | KeyContext::Global => {}
        }
        None
    }

    /// Shows a tab and moves the focus to it.
    fn focus_tab(&mut self, tab: Tab) {
        self.show_tab(tab);
        if self.tree.selected_item().is_some() {
            self.focus.enter_workspace();
        }
    }

    pub(super) fn test_selected(&mut self) -> Option<Effect> {
        let (id, name) = self.selected_to("test it")?;
        Some(self.test_stored(id, &name))
    }

    /// Tests the values in the form.
    pub(super) fn test_form(&mut self, subject: TestSubject) -> Option<Effect> {
        if !self.service.features.draft_tests {
            return self.test_saved_form();
        }
        let name = self.form()?.title().to_owned();
        Some(self.test(ReportSubject::Form, &name, subject))
    }

    /// Tests the saved values of the form; offers to save changes first.
    fn test_saved_form(&mut self) -> Option<Effect> {
        let form = self.form()?;
        let name = form.name().to_owned();
        match form.subject {
            FormSubject::Stored { id, .. } if !form.is_changed() => {
                Some(self.test_stored(id, &name))
            }
            FormSubject::New | FormSubject::Copy { .. } | FormSubject::Stored { .. } => {
                self.dialogs.push(ConfirmDialog::save_and_test());
                None
            }
        }
    }

    /// Saves the form, then tests the connection.
    pub(super) fn save_and_test(&mut self) -> Option<Effect> {
        let effect = self.act(Action::Save);
        self.follow_ups.test_after = self.form().and_then(|form| form.saving);
        effect
    }

    /// Tests the values in the form from this machine, as the user agreed to.
    pub(super) fn test_from_here(&mut self) -> Option<Effect> {
        let catalog = Arc::clone(&self.service.catalog);
        let form = self.form_mut()?;
        let name = form.title().to_owned();
        match form.test(&catalog) {
            DialogOutcome::Test(subject) => Some(self.test(ReportSubject::Form, &name, subject)),
            other => self.follow_up(other),
        }
    }

    /// Next test that was requested with a save.
    pub(super) fn next_test(&mut self) -> Option<Effect> {
        let id = self.follow_ups.test_due.take()?;
        let name = self.tree.item(id)?.name().to_owned();
        Some(self.test_stored(id, &name))
    }

    fn test_stored(&mut self, id: Uuid, name: &str) -> Effect {
        let subject = TestSubject::Stored(id.into());
        self.test(ReportSubject::Stored(id), name, subject)
    }

    fn test(&mut self, tried: ReportSubject, name: &str, subject: TestSubject) -> Effect {
        self.open_with_request(ServiceRequest::Test(subject), |ticket| {
            ReportDialog::new(tried, name, ticket)
        })
    }

    /// Repeats the test of the topmost report.
    pub(super) fn repeat_test(&mut self) -> Option<Effect> {
        let report = self.dialogs.top::<ReportDialog>()?;
        let (stored, name) = (report.stored(), report.name.clone());
        self.dialogs.pop();
        match stored {
            Some(id) => Some(self.test_stored(id, &name)),
            None if self.dialogs.is_on::<Form>() => self.act(Action::Test),
            None => None,
        }
    }

    /// Opens the models of the selected connection.
    pub(super) fn browse_selected(&mut self) -> Option<Effect> {
        let (id, name) = self.selected_to("browse its models")?;
        Some(self.browse_models(id, name))
    }

    /// Opens the models of a connection.
    pub(super) fn browse_models(&mut self, id: Uuid, name: String) -> Effect {
        self.open_with_request(ServiceRequest::Models(id), |ticket| {
            Models::new(id, name, ticket)
        })
    }

    /// Adds the result of a test. A test that could not run says nothing about the connection.
    pub(super) fn add_test(&mut self, id: Uuid, test: LastTest) {
        if let Ok(report) = &test.outcome {
            self.tree
                .record_test(id, TestRecord::new(test.version, report));
        }
        self.workspace.tests.insert(id, test);
    }

    /// Records the result of a test of a stored connection.
    pub(super) fn record_test(&mut self, id: Uuid, outcome: TestOutcome) {
        let version = self.tree.item(id).map_or(0, TreeItem::version);
        if let Some(bulk) = self.dialogs.bulk_mut() {
            bulk.retested(id, &outcome);
        }
        self.add_test(id, LastTest { version, outcome });
    }
}
