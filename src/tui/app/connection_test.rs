//! Starts connection tests and opens model lists.

use uuid::Uuid;

use super::App;
use crate::connection::TestSubject;
use crate::search::TreeItem;
use crate::tui::action::Action;
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::dialogs::models::Models;
use crate::tui::dialogs::test_report::{ReportDialog, ReportSubject, TestOutcome};
use crate::tui::effect::{Effect, ServiceRequest};
use crate::tui::form::{Form, FormSubject};
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
                self.dialogs.push(ConfirmDialog::save_and_test());
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
        self.open_with_request(ServiceRequest::Test(subject), |ticket| {
            ReportDialog::new(tried, name, ticket).into()
        })
    }

    /// Repeats the test of the topmost report.
    pub(super) fn repeat_test(&mut self) -> Option<Effect> {
        let report = self.dialogs.top::<ReportDialog>()?;
        let (stored, name) = (report.stored(), report.name.clone());
        self.dialogs.pop();
        match stored {
            Some(id) => Some(self.test(
                ReportSubject::Stored(id),
                &name,
                TestSubject::Stored(id.into()),
            )),
            None => self
                .dialogs
                .is_on::<Form>()
                .then(|| self.act(Action::Test))?,
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
        self.open_with_request(ServiceRequest::Models(id), |ticket| {
            Models::new(name, ticket).into()
        })
    }

    /// Records the result of a test of a stored connection.
    pub(super) fn record_test(&mut self, id: Uuid, outcome: TestOutcome) {
        let version = self.tree.item(id).map_or(0, TreeItem::version);
        self.update_bulk_test(id, &outcome);
        self.tests.insert(id, LastTest { version, outcome });
    }
}
