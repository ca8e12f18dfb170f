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
    pub(super) fn answered(&mut self, ticket: Ticket, reply: Reply) {
        let Some(waiting) = self.waiting.remove(&ticket) else {
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
                self.say(&error);
            }
            (Waiting::Detail, Reply::Got(Ok(connection))) => self.detail.show(connection),
            (Waiting::Detail, Reply::Got(Err(error))) => self.detail.fail(error.to_string()),
            (Waiting::Edit, Reply::Got(Ok(connection))) => self.open_form(connection),
            (Waiting::Theirs, Reply::Theirs(theirs)) => {
                self.theirs(ticket, theirs.map(|theirs| *theirs));
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
                self.learn_where_to_move();
            }
            (Waiting::Save, Reply::Saved(saved)) => self.saved(ticket, saved),
            (Waiting::Switch(switch), Reply::Saved(Ok(connection))) => {
                self.switched(&switch, connection);
            }
            (Waiting::Switch(switch), Reply::Saved(Err(error))) => {
                self.not_switched(&switch);
                self.say(&error);
            }
            (Waiting::Delete(_), Reply::Deleted(Ok(item))) => {
                self.tree.remove(item.id);
                if !self.features.trash {
                    // Without a trash, no change of it can be undone.
                    self.forget_switches(&[item.id]);
                }
                let notice = Notice::done(format!("Deleted \"{}\"", item.name));
                // The delete may have been undone before its reply.
                self.tell(if self.can_bring_back(item.id) {
                    notice.with_undo()
                } else {
                    notice
                });
            }
            (Waiting::Delete(id), Reply::Deleted(Err(error))) => {
                if matches!(error, ConnectionError::NotFound(_)) {
                    self.tree.remove(id);
                }
                self.not_deleted(id);
                self.say(&error);
            }
            (Waiting::Trash, Reply::Trash(found)) => self.trash_found(found),
            (Waiting::Restore(restore), Reply::Saved(Ok(connection))) => {
                self.restored(&restore, connection);
            }
            (Waiting::Restore(restore), Reply::Saved(Err(error))) => {
                self.not_restored(restore, &error);
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
            (Waiting::Edit | Waiting::Duplicate, Reply::Got(Err(error))) => self.say(&error),
            (Waiting::Bulk(of), reply) => self.bulk_answered(of, reply),
            (Waiting::File, Reply::Exported(written)) => self.file_written(written),
            // A reply of the wrong kind, or none.
            (waiting, Reply::Lost(why)) => self.lost(ticket, waiting, &why),
            (waiting, _) => self.lost(ticket, waiting, "unexpected response"),
        }
    }

    fn lost(&mut self, ticket: Ticket, waiting: Waiting, why: &str) {
        match waiting {
            Waiting::Page => self.tree.loading.fail(),
            Waiting::Detail => self.detail.fail(why.to_owned()),
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
            Waiting::Switch(switch) => self.not_switched(&switch),
            Waiting::Delete(id) => self.not_deleted(id),
            Waiting::Trash => self.trash_broke(why.to_owned()),
            Waiting::Restore(restore) => self.undo_again(restore),
            Waiting::Purge => self.read_trash_again(),
            Waiting::Test => {
                self.test_ended(ticket, Err(why.to_owned()));
                return;
            }
            Waiting::Models => {
                self.models_found(ticket, Err(why.to_owned()));
                return;
            }
            Waiting::Compare => {
                self.compared(ticket, Err(why.to_owned()));
                return;
            }
            Waiting::Bulk(of) => self.bulk_answered(of, Reply::Lost(why.to_owned())),
            Waiting::File => self.not_written(String::new()),
            Waiting::Versions(..) => self.workspace.history.fail(why.to_owned()),
            Waiting::Keys => {
                self.keys_found(ticket, Err(why.to_owned()));
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
        self.tell(Notice::error(format!("The request failed: {why}")));
    }

    pub(super) fn say(&mut self, error: &ConnectionError) {
        self.tell(Notice::error(error.to_string()));
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
                self.compare_with_tree();
            }
            None => self.tell(Notice::error(format!(
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
                self.tell(notice);
                self.test_due = is_to_test.then_some(connection.item.id);
                self.detail.show(connection);
            }
            Err(ConnectionError::Invalid(problems)) => {
                let notice = form.show_errors(&problems);
                // The current notice is about an earlier attempt.

                self.notice = None;
                if let Some(notice) = notice {
                    self.tell(notice);
                }
            }
            Err(ConnectionError::VersionMoved { found, .. }) if form.id().is_some() => {
                form.wait_for_theirs(found);
            }
            Err(ConnectionError::NotFound(_)) if form.id().is_some() => {
                form.changed_elsewhere(Elsewhere::Deleted);
                self.ask_what_of_deleted();
            }
            Err(error) => self.say(&error),
        }
    }

    fn switched(&mut self, switch: &Switch, connection: Connection) {
        let item = &connection.item;
        let state = if item.is_active { "active" } else { "inactive" };
        let again = if switch.is_undo { " again" } else { "" };
        let notice = Notice::done(format!("\"{}\" is {state}{again}", item.name));
        self.tell(if switch.is_undo {
            notice
        } else {
            notice.with_undo()
        });
        // A later toggle of this connection is already on screen.
        if !self.is_overtaken(switch) {
            self.tree.upsert(item_of(&connection));
        }
        for later in self.waiting.values_mut() {
            if let Waiting::Switch(later) = later
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
    fn not_switched(&mut self, switch: &Switch) {
        if !self.is_overtaken(switch) {
            self.tree.set_active(switch.id, switch.from);
        }
        let undone = |done: &Done| match done {
            Done::Switched(done) => done.id == switch.id && done.to == switch.to,
            Done::Deleted(..) | Done::Many(_) => false,
        };
        if !switch.is_undo
            && let Some(at) = self.undo.iter().rposition(undone)
        {
            self.undo.remove(at);
        }
    }

    fn is_overtaken(&self, switch: &Switch) -> bool {
        self.is_waiting(
            |waiting| matches!(waiting, Waiting::Switch(later) if later.id == switch.id),
        )
    }

    /// Returns true if a request of this kind is pending.
    pub(super) fn is_waiting(&self, kind: impl Fn(&Waiting) -> bool) -> bool {
        self.waiting.values().any(kind)
    }

    /// Handles a timer that expired.
    pub(super) fn woken(&mut self, ticket: Ticket) {
        if self
            .notice
            .as_ref()
            .is_some_and(|notice| notice.expiry == Some(ticket) && notice.mood != Mood::Error)
        {
            self.notice = None;
        }
        self.woken_to_keep(ticket);
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
