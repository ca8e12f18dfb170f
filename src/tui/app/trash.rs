//! Deletes and restores connections.

use uuid::Uuid;

use super::undo::UndoableChange;
use super::{App, AwaitedReply};
use crate::connection::{Command, Connection, ConnectionError, ConnectionItem, FieldReason};
use crate::search::TreeItem;
use crate::tui::action::Action;
use crate::tui::dialog::{ConfirmAction, DialogKind};
use crate::tui::dialogs::trash::TrashDialog;
use crate::tui::effect::{Effect, ServiceRequest};
use crate::tui::notice::{FILTER_REMOVED, Notice};
use crate::tui::tree::ItemChange;

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

    /// Opens the trash; an old notice would cover its keys in a small terminal.
    pub(super) fn open_trash(&mut self) {
        if !self.service.features.trash {
            self.notify(Notice::info(
                "This server has no trash: deleting is permanent",
            ));
            return;
        }
        self.notices.current = None;
        self.dialogs.push(TrashDialog::loading());
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
        let is_shown = dialogs.all(|dialog| TrashDialog::of(dialog).is_some());
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
}
