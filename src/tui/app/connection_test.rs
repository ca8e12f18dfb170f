//! Connection tests and model lists, in the background; pending ones are dropped when their dialog closes.

use uuid::Uuid;

use super::{App, AwaitedReply};
use crate::connection::{ConnectionError, Model, TestReport, TestSubject};
use crate::tui::action::Action;
use crate::tui::dialog::Dialog;
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::dialogs::models::Models;
use crate::tui::dialogs::test_report::{ReportDialog, ReportSubject, TestOutcome};
use crate::tui::effect::{Effect, ServiceRequest, Ticket};
use crate::tui::form::FormSubject;
use crate::tui::info::LastTest;
use crate::tui::notice::Notice;

impl App {
    pub(super) fn test_selected(&mut self) -> Option<Effect> {
        let Some(item) = self.tree.selected_item() else {
            self.notify(Notice::info("Select a connection to test it"));
            return None;
        };
        let (id, name) = (item.id, item.name().to_owned());
        Some(self.test(
            ReportSubject::Stored(id),
            &name,
            TestSubject::Stored(id.into()),
        ))
    }

    /// Tests the values in the form.
    pub(super) fn test_form(&mut self, subject: TestSubject) -> Option<Effect> {
        if !self.features.draft_tests {
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
            FormSubject::Stored { id, .. } if !form.is_changed() => Some(self.test(
                ReportSubject::Stored(id),
                &name,
                TestSubject::Stored(id.into()),
            )),
            FormSubject::New | FormSubject::Copy { .. } | FormSubject::Stored { .. } => {
                self.dialogs
                    .push(Dialog::Confirm(ConfirmDialog::save_and_test()));
                None
            }
        }
    }

    /// Saves the form, then tests the connection.
    pub(super) fn save_and_test(&mut self) -> Option<Effect> {
        let effect = self.act(Action::Save);
        self.test_after = self.form().and_then(|form| form.saving);
        effect
    }

    /// Next test that was requested with a save.
    pub(super) fn next_test(&mut self) -> Option<Effect> {
        let id = self.test_due.take()?;
        let name = self.tree.item(id)?.name().to_owned();
        Some(self.test(
            ReportSubject::Stored(id),
            &name,
            TestSubject::Stored(id.into()),
        ))
    }

    fn test(&mut self, tried: ReportSubject, name: &str, subject: TestSubject) -> Effect {
        let ticket = self.ticket(AwaitedReply::Test);
        let report = ReportDialog::new(tried, name, ticket);
        self.dialogs.push(Dialog::Report(report));
        Effect::Call(ticket, ServiceRequest::Test(subject))
    }

    /// Repeats the test of the topmost report.
    pub(super) fn repeat_test(&mut self) -> Option<Effect> {
        let Some(Dialog::Report(report)) = self.dialogs.pop() else {
            return None;
        };
        match report.subject {
            ReportSubject::Stored(id) => Some(self.test(
                ReportSubject::Stored(id),
                &report.name,
                TestSubject::Stored(id.into()),
            )),
            ReportSubject::Form => {
                let outcome = self.act_on_form(Action::Test);
                self.follow_up(outcome)
            }
        }
    }

    /// Opens the models of the selected connection.
    pub(super) fn browse_selected(&mut self) -> Option<Effect> {
        let Some(item) = self.tree.selected_item() else {
            self.notify(Notice::info("Select a connection to browse its models"));
            return None;
        };
        let (id, name) = (item.id, item.name().to_owned());
        Some(self.browse_models(id, name))
    }

    /// Opens the models of a connection.
    pub(super) fn browse_models(&mut self, id: Uuid, name: String) -> Effect {
        let ticket = self.ticket(AwaitedReply::Models);
        self.dialogs
            .push(Dialog::Models(Models::new(id, name, ticket)));
        Effect::Call(ticket, ServiceRequest::Models(id))
    }

    /// Takes a test result: invalid fields are reported in the form, everything else in the report.
    pub(super) fn tested(&mut self, ticket: Ticket, tested: Result<TestReport, ConnectionError>) {
        let Some(at) = self.dialogs.iter().position(
            |dialog| matches!(dialog, Dialog::Report(report) if report.ticket == Some(ticket)),
        ) else {
            return;
        };
        let is_of_form = matches!(&self.dialogs[at], Dialog::Report(report) if report.subject == ReportSubject::Form);
        if let (Err(ConnectionError::Invalid(problems)), true) = (&tested, is_of_form) {
            self.dialogs.remove(at);
            if let Some(notice) = self.form_mut().and_then(|form| form.show_errors(problems)) {
                self.notify(notice);
            }
            return;
        }
        self.test_ended(ticket, tested.map_err(|error| error.to_string()));
    }

    /// Records the report or the error of a test.
    pub(super) fn test_ended(&mut self, ticket: Ticket, outcome: TestOutcome) {
        let mut stored = None;
        for dialog in &mut self.dialogs {
            if let Dialog::Report(report) = dialog
                && report.ticket == Some(ticket)
            {
                report.done(outcome.clone());
                stored = report.stored();
            }
        }
        let Some(id) = stored else { return };
        let version = self
            .tree
            .item(id)
            .map_or(0, crate::search::TreeItem::version);
        self.update_bulk_test(id, &outcome);
        self.tests.insert(id, LastTest { version, outcome });
    }

    /// Takes the models, or the error.
    pub(super) fn models_found(&mut self, ticket: Ticket, found: Result<Vec<Model>, String>) {
        for dialog in &mut self.dialogs {
            if let Dialog::Models(models) = dialog
                && models.ticket == Some(ticket)
            {
                models.done(found);
                return;
            }
        }
    }

    /// Copies the ID of the selected model.
    pub(super) fn copy_model(&mut self) -> Option<Effect> {
        let Some(Dialog::Models(models)) = self.dialogs.last() else {
            return None;
        };
        let id = models.selected()?.id.clone();
        self.copy_text(&format!("\"{id}\""), id)
    }

    /// Drops pending requests of closed dialogs.
    pub(super) fn drop_unneeded_requests(&mut self) {
        let dialogs = &self.dialogs;
        let bulk = self.bulk.as_ref();
        self.pending.retain(|ticket, waiting| match waiting {
            AwaitedReply::Test | AwaitedReply::Models | AwaitedReply::Compare => dialogs
                .iter()
                .any(|dialog| dialog.ticket() == Some(*ticket)),
            AwaitedReply::Bulk(of) => bulk.is_some_and(|bulk| bulk.awaits(*of)),
            _ => true,
        });
    }
}
