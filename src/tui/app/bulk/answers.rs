//! Replies to the requests of a bulk operation.

use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::connection::export::{Exported, NotWritten};
use crate::connection::{Connection, ConnectionError, Reason, ServerError, TestReport};
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::app::answers::item_of;
use crate::tui::bulk::{GONE, Job, Of, Phase, State};
use crate::tui::confirm::Confirm;
use crate::tui::effect::Reply;
use crate::tui::info::Tested;
use crate::tui::layer::Layer;
use crate::tui::notice::Notice;
use crate::tui::report::Outcome;
use crate::tui::tree::News;

impl App {
    /// Records the reply for a row.
    pub(in crate::tui::app) fn bulk_answered(&mut self, of: Of, reply: Reply) {
        let Some(bulk) = self.bulk.as_ref().filter(|bulk| bulk.awaits(of)) else {
            return;
        };
        let job = bulk.job;
        match (job, reply) {
            (Job::Enable | Job::Disable | Job::Restore, Reply::Saved(Ok(saved))) => {
                self.one_saved(of, &saved);
            }
            (Job::Delete, Reply::Deleted(Ok(item))) => {
                self.heard_of(News::Deleted(item.id));
                self.one_done(of, None);
            }
            // Already deleted elsewhere: the goal is reached.
            (Job::Delete, Reply::Deleted(Err(ConnectionError::NotFound(_)))) => {
                if let Some(id) = self.id_of(of) {
                    self.heard_of(News::Deleted(id));
                }
                self.one_is(of, State::Unchanged);
            }
            (Job::Test, Reply::Tested(Ok(report))) => self.one_tested(of, report),
            (Job::Export, Reply::Got(Ok(connection))) => {
                let exported = Exported::of(connection, &self.catalog);
                if let Some(bulk) = &mut self.bulk {
                    bulk.gathered.push(exported);
                }
                self.one_done(of, None);
            }
            (
                _,
                Reply::Saved(Err(error))
                | Reply::Deleted(Err(error))
                | Reply::Tested(Err(error))
                | Reply::Got(Err(error)),
            ) => self.one_refused(of, &error),
            (_, Reply::Lost(why)) => self.one_failed(of, &format!("The request failed: {why}")),
            (_, _) => self.one_failed(of, "The request failed: unexpected response"),
        }
        self.settle_bulk();
    }

    fn one_saved(&mut self, of: Of, connection: &Connection) {
        let Some(bulk) = &self.bulk else { return };
        let row = bulk.rows().get(of.row);
        let is_same =
            row.is_some_and(|row| row.over == connection.item.version) && bulk.job != Job::Restore;
        self.heard_of(News::Saved(item_of(connection)));
        if is_same {
            self.one_is(of, State::Unchanged);
        } else {
            self.one_done(of, None);
        }
    }

    fn one_done(&mut self, of: Of, said: Option<Box<str>>) {
        let row = self.bulk.as_ref().and_then(|bulk| bulk.rows().get(of.row));
        if let Some(row) = row {
            let (id, name) = (row.id, row.name.clone());
            self.done_to(of.number, id, name);
        }
        self.one_is(of, State::Done(said));
    }

    fn one_tested(&mut self, of: Of, report: TestReport) {
        let outcome = Ok(report);
        let state = state_of(&outcome);
        self.keep_test(of, outcome);
        self.one_is(of, state);
    }

    /// Updates the row of a finished bulk test when its connection is tested again.
    pub(in crate::tui::app) fn tested_again(&mut self, id: Uuid, outcome: &Outcome) {
        let Some(bulk) = self.bulk.as_mut().filter(|bulk| bulk.job == Job::Test) else {
            return;
        };
        let at = bulk.rows().iter().position(|row| row.id == id);
        if let Some(at) = at.filter(|_| bulk.phase == Phase::Over) {
            bulk.set(at, state_of(outcome));
        }
    }

    fn one_refused(&mut self, of: Of, error: &ConnectionError) {
        let mut said = match error {
            ConnectionError::NotFound(_) => GONE.to_owned(),
            error => error.to_string(),
        };
        let is_taken = |reason: &Reason| matches!(reason, Reason::AliasTaken { .. });
        if error.fields().iter().any(|field| is_taken(&field.reason)) {
            let trash = self.key_of(Action::Trash);
            said = format!("{said}; restore it from the trash{trash} with another alias");
        }
        self.one_failed(of, &said);
        if is_lasting(error)
            && let Some(bulk) = &mut self.bulk
        {
            bulk.stop(&error.to_string());
        }
    }

    fn one_failed(&mut self, of: Of, why: &str) {
        if self.bulk.as_ref().is_some_and(|bulk| bulk.job == Job::Test) {
            self.keep_test(of, Err(why.to_owned()));
        }
        self.one_is(of, State::Failed(why.into()));
    }

    fn one_is(&mut self, of: Of, state: State) {
        if let Some(bulk) = &mut self.bulk {
            bulk.set(of.row, state);
        }
    }

    fn keep_test(&mut self, of: Of, outcome: Outcome) {
        let row = self.bulk.as_ref().and_then(|bulk| bulk.rows().get(of.row));
        if let Some(row) = row {
            let version = row.over;
            self.tests.insert(row.id, Tested { version, outcome });
        }
    }

    fn id_of(&self, of: Of) -> Option<Uuid> {
        let row = self.bulk.as_ref()?.rows().get(of.row)?;
        Some(row.id)
    }

    /// Collects changes for the tree, which applies all replies of a frame in one pass.
    fn heard_of(&mut self, news: News) {
        if let Some(bulk) = &mut self.bulk {
            bulk.news.push(news);
        }
    }

    /// Applies the changes collected since the last frame to the tree.
    pub(in crate::tui::app) fn tell_tree(&mut self) {
        let Some(bulk) = &mut self.bulk else { return };
        if !bulk.news.is_empty() {
            let news = std::mem::take(&mut bulk.news);
            self.take_in(news);
        }
    }

    /// Ends the operation when nothing is left to do.
    pub(in crate::tui::app) fn settle_bulk(&mut self) {
        let Some(bulk) = &mut self.bulk else { return };
        if !bulk.is_through() {
            return;
        }
        if bulk.job == Job::Export && bulk.stopped.is_none() && !bulk.gathered.is_empty() {
            bulk.write();
            return;
        }
        self.end_bulk();
    }

    /// Ends the operation: unmarks what succeeded and keeps the marks of the rest.
    fn end_bulk(&mut self) {
        self.tell_tree();
        let Some(bulk) = &mut self.bulk else { return };
        bulk.end();
        let over = bulk.rows().iter();
        let over = over.filter(|row| matches!(row.state, State::Done(_) | State::Unchanged));
        for row in over {
            self.tree.unmark(row.id);
        }
        self.forget_what_was_done_to_none();
        self.remember_what_undo_left();
        let is_seen = self.layers.iter().any(|layer| matches!(layer, Layer::Bulk));
        if let Some(bulk) = self.bulk.as_ref().filter(|_| !is_seen) {
            let text = format!("{}{}", bulk.notice(), self.key_of(Action::ShowBulk));
            let notice = if bulk.tally.left() > 0 {
                Notice::warning(text)
            } else {
                Notice::done(text)
            };
            self.tell(notice);
        }
    }

    /// Records the result of writing the export file.
    pub(in crate::tui::app) fn file_written(&mut self, written: Result<PathBuf, NotWritten>) {
        let Some(bulk) = self
            .bulk
            .as_mut()
            .filter(|bulk| bulk.phase == Phase::Writing)
        else {
            return;
        };
        bulk.replaces = false;
        match written {
            Ok(path) => {
                bulk.written = Some(path.display().to_string());
                self.end_bulk();
            }
            Err(NotWritten::Exists(path)) => self.ask_to_replace(&path),
            Err(refused @ NotWritten::Refused { .. }) => self.not_written(refused.to_string()),
        }
    }

    fn ask_to_replace(&mut self, path: &Path) {
        self.not_written(String::new());
        let confirm = Confirm::replace(&path.display().to_string());
        self.layers.push(Layer::Confirm(confirm));
    }

    /// Returns to the prompt for a file name.
    pub(in crate::tui::app) fn not_written(&mut self, why: String) {
        if let Some(bulk) = &mut self.bulk {
            bulk.ask_again();
        }
        if !self.layers.iter().any(|layer| matches!(layer, Layer::Bulk)) {
            self.layers.push(Layer::Bulk);
        }
        if !why.is_empty() {
            self.tell(Notice::error(why));
        }
    }
}

/// Row state for a test result.
fn state_of(outcome: &Outcome) -> State {
    match outcome {
        Ok(report) if report.success => {
            let time = report.latency_ms;
            State::Done(time.map(|time| format!("accepted, {time} ms").into()))
        }
        Ok(report) => {
            let cause = report.error_message.as_deref();
            State::Failed(cause.unwrap_or("test failed").into())
        }
        Err(why) => State::Failed(why.as_str().into()),
    }
}

/// Returns true if the same error would fail all following requests, too.
const fn is_lasting(error: &ConnectionError) -> bool {
    match error {
        ConnectionError::Store(_) | ConnectionError::ReadOnly(_) => true,
        ConnectionError::Server(error) => match error {
            ServerError::Unreachable { .. }
            | ServerError::SignIn
            | ServerError::Forbidden(_)
            | ServerError::Foreign { .. } => true,
            ServerError::Refused { .. } => false,
        },
        ConnectionError::Invalid(_)
        | ConnectionError::Malformed(_)
        | ConnectionError::NotFound(_)
        | ConnectionError::VersionNotFound(_)
        | ConnectionError::VersionMoved { .. }
        | ConnectionError::Provider(_) => false,
    }
}
