//! Deletes and restores connections, and undoes the last change.

use uuid::Uuid;

use super::undo::{EditedVersion, UndoableChange};
use super::{App, AwaitedReply, PendingToggle};
use crate::connection::{
    Command, Connection, ConnectionError, ConnectionItem, FieldReason, RollbackResult,
};
use crate::search::TreeItem;
use crate::tui::action::Action;
use crate::tui::dialog::ConfirmAction;
use crate::tui::dialogs::trash::TrashDialog;
use crate::tui::effect::{Effect, ServiceRequest};
use crate::tui::notice::{FILTER_REMOVED, Notice};
use crate::tui::tree::{ItemChange, Node};

/// Connection that is being restored.
#[derive(Debug, Clone, Copy)]
pub(super) struct PendingRestore {
    pub id: Uuid,
    pub from: RestoreOrigin,
}

/// Origin of a restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RestoreOrigin {
    /// Undo.
    Undo,
    /// Trash dialog.
    Trash,
    /// Form of a connection that was deleted elsewhere.
    Form,
}

impl App {
    fn trash_mut(&mut self) -> Option<&mut TrashDialog> {
        self.dialogs.find_mut()
    }

    /// Marks the trash as stale.
    pub(super) fn reload_trash(&mut self) {
        if let Some(trash) = self.trash_mut() {
            trash.is_stale = true;
        }
    }

    /// Restores a connection, unless it is being restored.
    pub(super) fn restore_from_trash(&mut self, id: Uuid, alias: Option<String>) -> Option<Effect> {
        let is_same = |waiting: &AwaitedReply| matches!(waiting, AwaitedReply::Restore(pending) if pending.id == id);
        if self.requests.has(is_same) {
            return None;
        }
        Some(self.restore(id, alias, RestoreOrigin::Trash))
    }

    /// Moves a restored connection from the trash to the tree.
    pub(super) fn on_restored(&mut self, restore: &PendingRestore, connection: Connection) {
        let item = &connection.item;
        self.drop_delete(item.id);
        // The restored version is newer than the delete, in whichever order both arrive.
        self.tree
            .apply(vec![ItemChange::Saved(TreeItem::from(&connection))]);
        let shown_alias = self
            .trash_mut()
            .and_then(|trash| trash.restored(restore.id));
        let name = &item.name;
        let mut notice = Notice::done(match shown_alias {
            Some(alias) if alias == item.alias => format!("Restored \"{name}\" as '{alias}'"),
            Some(_) | None => format!("Restored \"{name}\""),
        });
        let mut dialogs = self.dialogs.iter();
        let is_shown = dialogs.all(|dialog| dialog.downcast::<TrashDialog>().is_some());
        if is_shown && self.tree.select_id(item.id) {
            notice = notice.followed_by(FILTER_REMOVED);
        }
        self.notify(notice);
        match restore.from {
            RestoreOrigin::Trash => self.undo.push(UndoableChange::Created(item.id)),
            RestoreOrigin::Undo => self.undo.note_undone(item.id, item.version),
            RestoreOrigin::Form => {}
        }
        if restore.from == RestoreOrigin::Form {
            self.form_connection_restored(item.id, item.version);
        }
        if is_shown {
            self.workspace.detail.show(connection);
        }
    }

    /// Reports a failed restore; offers a different alias if the old one is already used.
    pub(super) fn restore_failed(&mut self, restore: PendingRestore, error: &ConnectionError) {
        self.reload_trash();
        let taken = error.fields().iter().find_map(|field| match &field.reason {
            FieldReason::AliasTaken { alias, by } => Some((alias.clone(), by.clone())),
            _ => None,
        });
        match (taken, restore.from) {
            (Some(taken), RestoreOrigin::Trash) => {
                if let Some(trash) = self.dialogs.find_mut::<TrashDialog>() {
                    trash.suggest(restore.id, taken, &self.tree);
                }
            }
            (Some(_), RestoreOrigin::Form) => self.form_restore_failed(error),
            (Some((taken, by)), RestoreOrigin::Undo) => {
                let key = self.key_of(Action::Trash);
                self.notify(Notice::error(format!(
                    "Alias '{taken}' is already used by \"{by}\". Restore from the trash{key} with another alias"
                )));
            }
            (None, _) => self.show_error(error),
        }
    }

    /// Deletes permanently what was confirmed.
    pub(super) fn purge(&mut self, answer: ConfirmAction) -> Option<Effect> {
        let asked = std::mem::take(&mut self.trash_mut()?.to_purge);
        let ids = match answer {
            ConfirmAction::Purge(id) => vec![id],
            ConfirmAction::Empty => asked,
            _ => return None,
        };
        Some(self.call(AwaitedReply::Purge, ServiceRequest::Purge(ids)))
    }

    /// Reports a permanent delete, which may have been partial.
    pub(super) fn purged(&mut self, deleted: &[Uuid], done: Result<(), ConnectionError>) {
        for id in deleted {
            self.drop_delete(*id);
        }
        self.drop_changes_of(deleted);
        if let Some(trash) = self.trash_mut() {
            trash.take_out(deleted);
            trash.is_stale = true;
        }
        if !deleted.is_empty() {
            self.undo.push_permanent(
                "A permanent delete cannot be undone; 'umai backup' lists the backups".into(),
            );
        }
        match (done, deleted.len()) {
            (Err(error), _) => self.show_error(&error),
            (Ok(()), 1) => self.notify(Notice::done("Permanently deleted 1 connection")),
            (Ok(()), count) => self.notify(Notice::done(format!(
                "Permanently deleted {count} connections"
            ))),
        }
    }

    /// Deletes a connection. The save queue keeps the order of saves, so it can be undone before the reply.
    pub(super) fn delete(&mut self, id: Uuid) -> Effect {
        if self.service.features.trash {
            self.undo.push(UndoableChange::Deleted(id));
        }
        let command = Command::Delete {
            key: id.into(),
            expected_version: None,
        };
        self.call(AwaitedReply::Delete(id), command)
    }

    /// Reports a delete.
    pub(super) fn deleted(&mut self, id: Uuid, done: Result<ConnectionItem, ConnectionError>) {
        match done {
            Ok(item) => {
                self.tree.remove(item.id);
                if !self.service.features.trash {
                    self.undo.push_permanent(format!(
                        "\"{}\" was deleted permanently: this server has no trash. Create it again",
                        item.name
                    ));
                    // Without a trash, no change of it can be undone.
                    self.drop_changes_of(&[item.id]);
                }
                let notice = Notice::done(format!("Deleted \"{}\"", item.name));
                // The delete may have been undone before its reply.
                self.notify(if self.undo.is_restoring_next(item.id) {
                    notice.with_undo()
                } else {
                    notice
                });
            }
            Err(error) => {
                if matches!(error, ConnectionError::NotFound(_)) {
                    self.tree.remove(id);
                }
                self.drop_delete(id);
                self.show_error(&error);
            }
        }
    }

    /// Removes a delete from the undo stack.
    pub(super) fn drop_delete(&mut self, id: Uuid) {
        self.undo.drop_delete(id, self.dialogs.running_bulk());
    }

    /// Removes changes of deleted connections from the undo stack, except those that this user is deleting.
    pub(super) fn drop_changes_of(&mut self, deleted: &[Uuid]) {
        let ids = deleted.iter().copied();
        let ids: Vec<Uuid> = ids.filter(|id| !self.is_deleting(*id)).collect();
        self.undo.drop_changes_of(&ids, self.dialogs.running_bulk());
    }

    /// Makes a restore with an unknown result available again.
    pub(super) fn retry_undo(&mut self, restore: PendingRestore) {
        match restore.from {
            RestoreOrigin::Undo => self.undo.push(UndoableChange::Deleted(restore.id)),
            RestoreOrigin::Trash => self.reload_trash(),
            RestoreOrigin::Form => {}
        }
    }

    /// Requests a restore from the trash, optionally with another alias.
    pub(super) fn restore(
        &mut self,
        id: Uuid,
        alias: Option<String>,
        from: RestoreOrigin,
    ) -> Effect {
        self.call(
            AwaitedReply::Restore(PendingRestore { id, from }),
            Command::Restore { id, alias },
        )
    }

    /// Undoes the last change. One that needs a confirmation stays the last one until it is confirmed.
    pub(super) fn undo_last(&mut self) -> Option<Effect> {
        if let Some(confirm) = self.undo.prompt(&self.tree, self.service.features) {
            self.dialogs.push(confirm);
            return None;
        }
        match self.undo.pop() {
            Some(UndoableChange::Toggled(done)) => {
                let switch = PendingToggle {
                    active: !done.active,
                    from: done.active,
                    is_undo: true,
                    ..done
                };
                return Some(self.request_toggle(switch));
            }
            Some(UndoableChange::Deleted(id)) => {
                return Some(self.restore(id, None, RestoreOrigin::Undo));
            }
            Some(UndoableChange::Bulk(many)) => self.undo_many(many),
            Some(UndoableChange::Edited(edit)) => return self.undo_edit(edit),
            // It is no longer there; otherwise it has a prompt.
            Some(UndoableChange::Created(_)) => {}
            Some(UndoableChange::Permanent(advice)) => self.notify(Notice::info(advice)),
            None => self.notify(Notice::info("Nothing to undo")),
        }
        None
    }

    /// Undoes the last change, which was to this connection and is confirmed.
    pub(super) fn undo_confirmed(&mut self, id: Uuid) -> Option<Effect> {
        match self.undo.pop_confirmed(id)? {
            UndoableChange::Created(id) => Some(self.delete(id)),
            UndoableChange::Edited(edit) => self.undo_edit(edit),
            _ => None,
        }
    }

    /// Saves the version before an edit as a new version, unless that would lose something else.
    fn undo_edit(&mut self, edit: EditedVersion) -> Option<Effect> {
        let item = self.tree.item(edit.id)?;
        let (name, current) = (item.name().to_owned(), item.version());
        if !self.undo.is_current(edit, current) {
            self.report_changed_again(&name, current);
            return None;
        }
        if self.service.features.change_feed {
            return self.roll_back_edit(edit);
        }
        // Changes by others may be unknown.
        Some(self.call(AwaitedReply::UndoCheck(edit), ServiceRequest::Get(edit.id)))
    }

    /// Undoes an edit if the connection, which was just read, is still as the edit saved it.
    pub(super) fn undo_checked_edit(
        &mut self,
        edit: EditedVersion,
        read: Result<Connection, ConnectionError>,
    ) -> Option<Effect> {
        match read {
            Ok(connection) if self.undo.is_current(edit, connection.item.version) => {
                self.roll_back_edit(edit)
            }
            Ok(connection) => {
                let item = &connection.item;
                self.report_changed_again(&item.name, item.version);
                self.tree.upsert(TreeItem::from(&connection));
                None
            }
            Err(error) => {
                self.undo.push(UndoableChange::Edited(edit));
                self.show_error(&error);
                None
            }
        }
    }

    fn report_changed_again(&mut self, name: &str, version: u64) {
        let key = self.key_of(Action::ShowHistory);
        self.notify(Notice::warning(format!(
            "\"{name}\" was changed again, now v{version}; compare the versions in History{key} instead"
        )));
    }

    fn roll_back_edit(&mut self, edit: EditedVersion) -> Option<Effect> {
        let before = edit.version.checked_sub(1).filter(|version| *version > 0)?;
        let takes_note = self.service.features.notes;
        let command = Command::Rollback {
            key: edit.id.into(),
            version: before,
            note: takes_note.then(|| format!("Undo of v{}", edit.version)),
        };
        Some(self.call(AwaitedReply::UndoEdit(edit), command))
    }

    /// Reports the undo of an edit.
    pub(super) fn edit_undone(
        &mut self,
        edit: EditedVersion,
        done: Result<RollbackResult, ConnectionError>,
    ) {
        match done {
            Ok(done) => {
                let connection = done.entity;
                let item = &connection.item;
                self.undo.note_undone(item.id, item.version);
                self.notify(edit.undone_notice(&item.name, self.service.features));
                self.tree.upsert(TreeItem::from(&connection));
                if self.tree.selected() == Node::Connection(item.id) {
                    self.workspace.detail.show(connection);
                }
            }
            Err(error) => {
                self.undo.push(UndoableChange::Edited(edit));
                self.show_error(&error);
            }
        }
    }
}
