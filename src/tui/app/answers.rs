//! Handles replies of the service; each is matched by its ticket, and unexpected ones are dropped.

use std::sync::Arc;

use super::undo::Done;
use super::{App, Switch, Waiting};
use crate::connection::{Connection, ConnectionError};
use crate::tui::effect::{Reply, Ticket};
use crate::tui::form::{Elsewhere, Form, Subject};
use crate::tui::layer::Layer;
use crate::tui::notice::{Mood, Notice};
use crate::tui::tree::Item;

impl App {
    pub(super) fn handle_reply(&mut self, ticket: Ticket, reply: Reply) {
        let Some(waiting) = self.pending.remove(&ticket) else {
            return;
        };
        match (waiting, reply) {
            (Waiting::Page, Reply::Listed(Ok(page))) => {
                if self.tree.loading.awaits(ticket) {
                    self.tree.take_page(page.items, page.total);
                }
            }
            (Waiting::Page, Reply::Listed(Err(error))) => {
                self.tree.loading.fail();
                self.show_error(&error);
            }
            (Waiting::Detail, Reply::Got(Ok(connection))) => self.detail.show(connection),
            (Waiting::Detail, Reply::Got(Err(error))) => self.detail.fail(error.to_string()),
            (Waiting::Edit, Reply::Got(Ok(connection))) => self.open_form(connection),
            (Waiting::Theirs, Reply::Theirs(theirs)) => {
                self.handle_theirs(ticket, theirs.map(|theirs| *theirs));
            }
            (Waiting::Duplicate, Reply::Got(Ok(connection))) => self.open_copy(&connection),
            (Waiting::Keys, Reply::ConfigurationKeys(found)) => {
                self.keys_found(ticket, found.map_err(|error| error.to_string()));
            }
            (Waiting::Variable, Reply::LookedUp(lookup)) => {
                self.variable_looked_up(lookup.ok().as_ref());
            }
            (Waiting::Alias, Reply::AliasOwner(owner)) => {
                let owner = owner.ok().map(|owner| owner.map(|item| item.name));
                if let Some(form) = self.form_mut() {
                    form.alias_checked(ticket, owner);
                }
            }
            (Waiting::Lookup, Reply::LookedUp(lookup)) => {
                if let Some(form) = self.form_mut() {
                    form.looked_up(lookup.ok());
                }
                self.update_suggestions();
            }
            (Waiting::Save, Reply::Saved(saved)) => self.saved(ticket, saved),
            (Waiting::Toggle(switch), Reply::Saved(Ok(connection))) => {
                self.toggle_succeeded(&switch, connection);
            }
            (Waiting::Toggle(switch), Reply::Saved(Err(error))) => {
                self.revert_toggle(&switch);
                self.show_error(&error);
            }
            (Waiting::Delete(_), Reply::Deleted(Ok(item))) => {
                self.tree.remove(item.id);
                if !self.features.trash {
                    // Without a trash, no change of it can be undone.
                    self.forget_toggles(&[item.id]);
                }
                let notice = Notice::done(format!("Deleted \"{}\"", item.name));
                // The delete may have been undone before its reply.
                self.notify(if self.is_next_undo_restoring(item.id) {
                    notice.with_undo()
                } else {
                    notice
                });
            }
            (Waiting::Delete(id), Reply::Deleted(Err(error))) => {
                if matches!(error, ConnectionError::NotFound(_)) {
                    self.tree.remove(id);
                }
                self.forget_delete(id);
                self.show_error(&error);
            }
            (Waiting::Trash, Reply::Trash(found)) => self.show_trash(found),
            (Waiting::Restore(restore), Reply::Saved(Ok(connection))) => {
                self.restored(&restore, connection);
            }
            (Waiting::Restore(restore), Reply::Saved(Err(error))) => {
                self.restore_failed(restore, &error);
            }
            (Waiting::Purge, Reply::Purged(gone, done)) => self.purged(&gone, done),
            (Waiting::Test, Reply::Tested(tested)) => self.tested(ticket, tested),
            (Waiting::Models, Reply::Models(found)) => {
                self.models_found(ticket, found.map_err(|error| error.to_string()));
            }
            (Waiting::Versions(id, window), Reply::Versions(Ok(page))) => {
                self.workspace.history.take(id, window, page);
            }
            (Waiting::Versions(..), Reply::Versions(Err(error))) => {
                self.workspace.history.fail(error.to_string());
            }
            (Waiting::Compare, Reply::Compared(found)) => {
                let found = found.map(|found| *found).map_err(|error| error.to_string());
                self.compared(ticket, found);
            }
            (Waiting::Rollback(number), Reply::RolledBack(done)) => {
                self.rolled_back(number, done.map(|done| *done));
            }
            (Waiting::RollbackField(number), Reply::Saved(done)) => {
                self.field_rolled_back(number, done);
            }
            (Waiting::Edit | Waiting::Duplicate, Reply::Got(Err(error))) => self.show_error(&error),
            (Waiting::Bulk(of), reply) => self.handle_bulk_reply(of, reply),
            (Waiting::ExportFile, Reply::Exported(written)) => self.export_finished(written),
            // A reply of the wrong kind, or none.
            (waiting, Reply::Lost(reason)) => self.request_failed(ticket, waiting, &reason),
            (waiting, _) => self.request_failed(ticket, waiting, "unexpected response"),
        }
    }

    fn request_failed(&mut self, ticket: Ticket, waiting: Waiting, reason: &str) {
        match waiting {
            Waiting::Page => self.tree.loading.fail(),
            Waiting::Detail => self.detail.fail(reason.to_owned()),
            Waiting::Save => {
                if let Some(form) = self.form_mut() {
                    form.saving = None;
                }
            }
            Waiting::Theirs => {
                if let Some(form) = self.form_mut() {
                    form.saving = form.saving.filter(|saving| *saving != ticket);
                    form.theirs_failed();
                }
            }
            Waiting::Alias => {
                if let Some(form) = self.form_mut() {
                    form.alias_checked(ticket, None);
                }
            }
            Waiting::Lookup => {
                if let Some(form) = self.form_mut() {
                    form.looked_up(None);
                }
            }
            Waiting::Toggle(switch) => self.revert_toggle(&switch),
            Waiting::Delete(id) => self.forget_delete(id),
            Waiting::Trash => self.trash_failed(reason.to_owned()),
            Waiting::Restore(restore) => self.retry_undo(restore),
            Waiting::Purge => self.reload_trash(),
            Waiting::Test => {
                self.test_ended(ticket, Err(reason.to_owned()));
                return;
            }
            Waiting::Models => {
                self.models_found(ticket, Err(reason.to_owned()));
                return;
            }
            Waiting::Compare => {
                self.compared(ticket, Err(reason.to_owned()));
                return;
            }
            Waiting::Bulk(of) => self.handle_bulk_reply(of, Reply::Lost(reason.to_owned())),
            Waiting::ExportFile => self.export_failed(String::new()),
            Waiting::Versions(..) => self.workspace.history.fail(reason.to_owned()),
            Waiting::Keys => {
                self.keys_found(ticket, Err(reason.to_owned()));
                return;
            }
            Waiting::Variable => {
                self.variable_looked_up(None);
                return;
            }
            Waiting::Edit
            | Waiting::Editor
            | Waiting::Duplicate
            | Waiting::Rollback(_)
            | Waiting::RollbackField(_) => {}
        }
        self.notify(Notice::error(format!("The request failed: {reason}")));
    }

    pub(super) fn show_error(&mut self, error: &ConnectionError) {
        self.notify(Notice::error(error.to_string()));
    }

    fn open_form(&mut self, connection: Connection) {
        if !self.layers.is_empty() {
            return;
        }
        let catalog = Arc::clone(&self.catalog);
        match catalog.get(&connection.item.provider_id) {
            Some(provider) => {
                let form = Form::edit(&connection, provider);
                self.layers.push(Layer::Form(Box::new(form)));
                self.report_change_before_open();
            }
            None => self.notify(Notice::error(format!(
                "Provider '{}' is not in the catalogue; its settings cannot be edited",
                connection.item.provider_id
            ))),
        }
        self.detail.show(connection);
    }

    fn saved(&mut self, ticket: Ticket, saved: Result<Connection, ConnectionError>) {
        let Some(form) = self.form_mut().filter(|form| form.saving == Some(ticket)) else {
            return;
        };
        form.saving = None;
        let is_to_test = self.test_after.take() == Some(ticket);
        let Some(form) = self.form_mut() else { return };
        match saved {
            Ok(connection) => {
                let notice = match form.subject {
                    Subject::New | Subject::Copy { .. } => {
                        Notice::done(format!("Created \"{}\"", connection.item.name))
                    }
                    Subject::Stored { version, .. } if version == connection.item.version => {
                        Notice::info("Nothing to save")
                    }
                    Subject::Stored { .. } => {
                        Notice::done(format!("Saved \"{}\"", connection.item.name))
                    }
                };
                self.layers.retain(|layer| !matches!(layer, Layer::Form(_)));
                self.tree.upsert(item_of(&connection));
                self.tree.select_id(connection.item.id);
                self.notify(notice);
                self.test_due = is_to_test.then_some(connection.item.id);
                self.detail.show(connection);
            }
            Err(ConnectionError::Invalid(problems)) => {
                let notice = form.show_errors(&problems);
                // The current notice is about an earlier attempt.

                self.notice = None;
                if let Some(notice) = notice {
                    self.notify(notice);
                }
            }
            Err(ConnectionError::VersionMoved { found, .. }) if form.id().is_some() => {
                form.wait_for_theirs(found);
            }
            Err(ConnectionError::NotFound(_)) if form.id().is_some() => {
                form.changed_elsewhere(Elsewhere::Deleted);
                self.open_deleted_elsewhere_prompt();
            }
            Err(error) => self.show_error(&error),
        }
    }

    fn toggle_succeeded(&mut self, switch: &Switch, connection: Connection) {
        let item = &connection.item;
        let state = if item.is_active { "active" } else { "inactive" };
        let again = if switch.is_undo { " again" } else { "" };
        let notice = Notice::done(format!("\"{}\" is {state}{again}", item.name));
        self.notify(if switch.is_undo {
            notice
        } else {
            notice.with_undo()
        });
        // A later toggle of this connection is already on screen.
        if !self.has_later_toggle(switch) {
            self.tree.upsert(item_of(&connection));
        }
        for later in self.pending.values_mut() {
            if let Waiting::Toggle(later) = later
                && later.id == switch.id
            {
                later.from = item.is_active;
            }
        }
        if self.detail.id() == Some(item.id) {
            self.detail.show(connection);
        }
    }

    /// Reverts a failed toggle on screen and removes it from the undo stack.
    fn revert_toggle(&mut self, switch: &Switch) {
        if !self.has_later_toggle(switch) {
            self.tree.set_active(switch.id, switch.from);
        }
        let undone = |done: &Done| match done {
            Done::Toggled(done) => done.id == switch.id && done.to == switch.to,
            Done::Deleted(..) | Done::Many(_) => false,
        };
        if !switch.is_undo
            && let Some(at) = self.undo.iter().rposition(undone)
        {
            self.undo.remove(at);
        }
    }

    fn has_later_toggle(&self, switch: &Switch) -> bool {
        self.is_pending(
            |waiting| matches!(waiting, Waiting::Toggle(later) if later.id == switch.id),
        )
    }

    /// Returns true if a request of this kind is pending.
    pub(super) fn is_pending(&self, kind: impl Fn(&Waiting) -> bool) -> bool {
        self.pending.values().any(kind)
    }

    /// Handles a timer that expired.
    pub(super) fn timer_expired(&mut self, ticket: Ticket) {
        if self
            .notice
            .as_ref()
            .is_some_and(|notice| notice.expiry == Some(ticket) && notice.mood != Mood::Error)
        {
            self.notice = None;
        }
        self.draft_timer_expired(ticket);
        if let Some(form) = self.form_mut()
            && form.hiding == Some(ticket)
        {
            form.hide_secrets();
        }
    }
}

pub(super) fn item_of(connection: &Connection) -> Item {
    let provider = Arc::from(connection.item.provider_id.as_str());
    Item::new(&connection.listed(), provider)
}
