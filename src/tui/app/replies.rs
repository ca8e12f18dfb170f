//! Handles replies of the service; each is matched by its ticket, and unexpected ones are dropped.

use std::sync::Arc;

use uuid::Uuid;

use super::undo::{EditedVersion, UndoableChange};
use super::{App, AwaitedReply, PendingToggle};
use crate::connection::{Connection, ConnectionError, ConnectionItem, Outcome, SettingValue};
use crate::search::TreeItem;
use crate::tui::dialogs::drafts::DraftsDialog;
use crate::tui::effect::{DraftSlot, Effect, ServiceReply, Ticket};
use crate::tui::form::{Form, FormSubject, TheirChange};
use crate::tui::notice::{FILTER_REMOVED, Notice, NoticeSeverity};
use crate::tui::tabs::Tab;

impl App {
    #[expect(clippy::too_many_lines, reason = "one arm for each kind of reply")]
    pub(super) fn handle_reply(&mut self, ticket: Ticket, reply: ServiceReply) -> Option<Effect> {
        let waiting = self.requests.pending.remove(&ticket)?;
        if matches!(reply, ServiceReply::Ran(Ok(_))) {
            // Others may have made changes at the same time, so the list is reloaded.
            self.feed.reload.is_due = !self.service.features.change_feed;
        }
        match (waiting, reply) {
            (AwaitedReply::Dialog, reply) => return self.reply_to_dialog(ticket, reply),
            (AwaitedReply::Page, ServiceReply::Listed(Ok(page))) => {
                if self.tree.loading.awaits(ticket) {
                    self.tree.take_page(page.items, page.total);
                    self.feed.reload.is_undated = self.tree.loading.is_done();
                }
            }
            (AwaitedReply::Page, ServiceReply::Listed(Err(error))) => {
                self.tree.loading.fail();
                self.show_error(&error);
            }
            (AwaitedReply::Detail, ServiceReply::Connection(Ok(connection))) => {
                self.workspace.detail.show(connection);
            }
            (AwaitedReply::Detail, ServiceReply::Connection(Err(error))) => {
                self.workspace.detail.fail(error.to_string());
            }
            (AwaitedReply::Edit, ServiceReply::Connection(Ok(connection))) => {
                self.open_form(connection);
            }
            (AwaitedReply::TheirVersion, ServiceReply::TheirVersion(theirs)) => {
                self.handle_theirs(ticket, theirs.map(|theirs| *theirs));
            }
            (AwaitedReply::Duplicate, ServiceReply::Connection(Ok(connection))) => {
                self.open_copy(&connection);
            }
            (AwaitedReply::ConfigurationKeys, ServiceReply::ConfigurationKeys(found)) => {
                self.configuration_keys_found(ticket, found.map_err(|error| error.to_string()));
            }
            (AwaitedReply::Alias, ServiceReply::AliasOwner(owner)) => {
                let owner = owner.ok().map(|owner| owner.map(|item| item.name));
                if let Some(form) = self.form_mut() {
                    form.alias_checked(ticket, owner);
                }
                self.offer_free_alias();
            }
            (AwaitedReply::Lookup, ServiceReply::LookedUp(lookup)) => {
                if let Some(form) = self.form_mut() {
                    form.finish_check(lookup.ok());
                }
                self.update_suggestions();
            }
            (AwaitedReply::Save, ServiceReply::Ran(saved)) => {
                self.saved(ticket, saved.and_then(Outcome::connection));
            }
            (AwaitedReply::Toggle(switch), ServiceReply::Ran(Ok(Outcome::Saved(connection)))) => {
                self.toggle_succeeded(&switch, connection);
            }
            (AwaitedReply::Toggle(switch), ServiceReply::Ran(Err(error))) => {
                self.revert_toggle(&switch);
                self.show_error(&error);
            }
            (AwaitedReply::Delete(id), ServiceReply::Ran(done)) => {
                self.deleted(id, done.and_then(Outcome::deleted));
            }
            (AwaitedReply::Restore(restore), ServiceReply::Ran(Ok(Outcome::Saved(connection)))) => {
                self.on_restored(&restore, connection);
            }
            (AwaitedReply::Restore(restore), ServiceReply::Ran(Err(error))) => {
                self.restore_failed(restore, &error);
            }
            (AwaitedReply::Purge, ServiceReply::Purged(gone, done)) => self.purged(&gone, done),
            (AwaitedReply::Versions(id, window), ServiceReply::Versions(Ok(page))) => {
                self.workspace.history.take(id, window, page);
            }
            (AwaitedReply::Versions(..), ServiceReply::Versions(Err(error))) => {
                self.workspace.history.fail(error.to_string());
            }
            (AwaitedReply::Rollback(number), ServiceReply::Ran(done)) => {
                self.rolled_back(number, done.and_then(Outcome::rollback));
            }
            (AwaitedReply::UndoCheck(edit), ServiceReply::Connection(read)) => {
                return self.undo_checked_edit(edit, read);
            }
            (AwaitedReply::UndoEdit(edit), ServiceReply::Ran(done)) => {
                self.edit_undone(edit, done.and_then(Outcome::rollback));
            }
            (AwaitedReply::RollbackField(number), ServiceReply::Ran(done)) => {
                self.field_rolled_back(number, done.and_then(Outcome::connection));
            }
            (
                AwaitedReply::Edit | AwaitedReply::Duplicate,
                ServiceReply::Connection(Err(error)),
            ) => self.show_error(&error),
            (AwaitedReply::Bulk(of), reply) => self.handle_bulk_reply(of, reply),
            (AwaitedReply::ExportFile, ServiceReply::Exported(written)) => {
                self.export_finished(written);
            }
            // A reply of the wrong kind, or none.
            (waiting, ServiceReply::TaskFailed(reason)) => {
                self.request_failed(ticket, waiting, &reason);
            }
            (waiting, _) => self.request_failed(ticket, waiting, "unexpected response"),
        }
        None
    }

    fn request_failed(&mut self, ticket: Ticket, waiting: AwaitedReply, reason: &str) {
        match waiting {
            AwaitedReply::Page => self.tree.loading.fail(),
            AwaitedReply::Detail => self.workspace.detail.fail(reason.to_owned()),
            AwaitedReply::Save => {
                if let Some(form) = self.form_mut() {
                    form.saving = None;
                }
            }
            AwaitedReply::TheirVersion => {
                if let Some(form) = self.form_mut() {
                    form.saving = form.saving.filter(|saving| *saving != ticket);
                    form.their_version_failed();
                }
            }
            AwaitedReply::Alias => {
                if let Some(form) = self.form_mut() {
                    form.alias_checked(ticket, None);
                }
            }
            AwaitedReply::Lookup => {
                if let Some(form) = self.form_mut() {
                    form.finish_check(None);
                }
            }
            AwaitedReply::Toggle(switch) => self.revert_toggle(&switch),
            AwaitedReply::Delete(id) => self.drop_delete(id),
            AwaitedReply::Restore(restore) => self.retry_undo(restore),
            AwaitedReply::Purge => self.reload_trash(),
            AwaitedReply::Bulk(of) => {
                self.handle_bulk_reply(of, ServiceReply::TaskFailed(reason.to_owned()));
            }
            AwaitedReply::ExportFile => self.export_failed(String::new()),
            AwaitedReply::Versions(..) => self.workspace.history.fail(reason.to_owned()),
            AwaitedReply::ConfigurationKeys => {
                self.configuration_keys_found(ticket, Err(reason.to_owned()));
                return;
            }
            // The message below is enough.
            _ => {}
        }
        self.notify(Notice::error(format!("The request failed: {reason}")));
    }

    pub(super) fn show_error(&mut self, error: &ConnectionError) {
        self.notify(Notice::error(error.to_string()));
    }

    fn open_form(&mut self, connection: Connection) {
        if !self.dialogs.is_empty() {
            return;
        }
        let catalog = Arc::clone(&self.service.catalog);
        match catalog.get(&connection.item.provider_id) {
            Some(provider) => {
                let mut form = Form::edit(&connection, provider);
                if !self.service.features.notes {
                    form.remove_note();
                }
                self.dialogs.push(form);
                self.report_change_before_open();
            }
            None => self.notify(Notice::error(format!(
                "Provider '{}' is not in the catalog; its settings cannot be edited",
                connection.item.provider_id
            ))),
        }
        self.workspace.detail.show(connection);
    }

    fn saved(&mut self, ticket: Ticket, saved: Result<Connection, ConnectionError>) {
        let Some(form) = self.form_mut().filter(|form| form.saving == Some(ticket)) else {
            return;
        };
        form.saving = None;
        let is_to_test = self.follow_ups.test_after.take() == Some(ticket);
        let Some(form) = self.form_mut() else { return };
        match saved {
            Ok(connection) => {
                let (notice, change) = saved_change(form, &connection.item);
                if let Some(change) = change {
                    if matches!(change, UndoableChange::Created(_)) {
                        self.workspace.tab = Tab::Settings;
                    }
                    self.undo.push(change);
                }
                let has_secret = connection.settings.as_ref().is_some_and(|settings| {
                    let mut values = settings.iter();
                    values.any(|(_, value)| matches!(value, SettingValue::Secret(_)))
                });
                self.follow_ups.key_check_due |= has_secret;
                self.dialogs.close::<Form>();
                self.tree.upsert(TreeItem::from(&connection));
                let is_filter_removed = self.tree.select_id(connection.item.id);
                self.notify(if is_filter_removed {
                    notice.followed_by(FILTER_REMOVED)
                } else {
                    notice
                });
                self.follow_ups.test_due = is_to_test.then_some(connection.item.id);
                self.workspace.detail.show(connection);
            }
            Err(ConnectionError::Invalid(problems)) => {
                let notice = form.show_errors(&problems);
                // The current notice is about an earlier attempt.
                self.notices.current = None;
                self.notify_any(notice);
            }
            Err(ConnectionError::VersionConflict { found, .. }) if form.id().is_some() => {
                form.wait_for_theirs(found);
            }
            Err(ConnectionError::NotFound(_)) if form.id().is_some() => {
                form.changed_elsewhere(TheirChange::Deleted);
                self.open_deleted_elsewhere_prompt();
            }
            Err(error) => self.show_error(&error),
        }
    }

    /// Offers a free alias in place of a taken one.
    fn offer_free_alias(&mut self) {
        let taken = self.form().and_then(Form::taken_alias);
        let free = taken.map(|taken| self.tree.free_alias(taken));
        if let Some(form) = self.form_mut() {
            form.offer_alias(free);
        }
    }

    fn toggle_succeeded(&mut self, switch: &PendingToggle, connection: Connection) {
        let item = &connection.item;
        let state = if item.is_active { "active" } else { "inactive" };
        let again = if switch.is_undo { " again" } else { "" };
        let notice = Notice::done(format!("\"{}\" is {state}{again}", item.name));
        if switch.is_undo {
            self.undo.note_undone(item.id, item.version);
        }
        self.notify(if switch.is_undo {
            notice
        } else {
            notice.with_undo()
        });
        // A later toggle of this connection is already on screen.
        if self.requests.status_before_toggles(switch.id).is_none() {
            self.tree.upsert(TreeItem::from(&connection));
        }
        self.requests
            .set_status_before_toggles(switch.id, item.is_active);
        if self.workspace.detail.id() == Some(item.id) {
            self.workspace.detail.show(connection);
        }
    }

    /// Reverts a failed toggle on screen and removes it from the undo stack.
    fn revert_toggle(&mut self, switch: &PendingToggle) {
        if self.requests.status_before_toggles(switch.id).is_none() {
            self.tree.set_active(switch.id, switch.from);
        }
        if !switch.is_undo {
            self.undo.drop_toggle(switch);
        }
    }

    /// Discards a draft.
    pub(super) fn discard_draft(&mut self, id: Uuid) -> Effect {
        if let Some(drafts) = self.dialogs.top_mut::<DraftsDialog>() {
            drafts.take_out(id);
            if drafts.drafts.is_empty() {
                self.dialogs.pop();
            }
        }
        self.notify(Notice::done("Discarded the draft"));
        Effect::DeleteDraft(DraftSlot::Restored(id))
    }

    /// Handles a timer that expired.
    pub(super) fn timer_expired(&mut self, ticket: Ticket) {
        if self.notices.current.as_ref().is_some_and(|notice| {
            notice.expiry == Some(ticket) && notice.severity != NoticeSeverity::Error
        }) {
            self.notices.current = None;
        }
        if self.running.timer == Some(ticket) {
            self.running.timer = None;
            self.running.ticks = self.running.ticks.saturating_add(1);
        }
        self.open_draft.timer_expired(ticket);
        self.feed.reload.timer_expired(ticket);
        if let Some(form) = self.form_mut() {
            form.recheck_expired(ticket);
            if form.hiding == Some(ticket) {
                form.hide_secrets();
            }
        }
    }
}

/// Returns the notice of a saved form, and the change to undo.
fn saved_change(form: &Form, item: &ConnectionItem) -> (Notice, Option<UndoableChange>) {
    match form.subject {
        FormSubject::New | FormSubject::Copy { .. } => (
            Notice::done(format!("Created \"{}\"", item.name)),
            Some(UndoableChange::Created(item.id)),
        ),
        FormSubject::Stored { version, .. } if version == item.version => {
            (Notice::info("Nothing to save"), None)
        }
        FormSubject::Stored { .. } => {
            let edit = EditedVersion {
                id: item.id,
                version: item.version,
                has_secret: form.has_changed_secret(),
            };
            (
                Notice::done(format!("Saved \"{}\"", item.name)).with_undo(),
                Some(UndoableChange::Edited(edit)),
            )
        }
    }
}
