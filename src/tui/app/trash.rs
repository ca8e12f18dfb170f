//! Trash: list, restore, delete permanently.

use uuid::Uuid;

use super::{App, AwaitedReply};
use crate::connection::{Command, Connection, ConnectionError, ConnectionItem, FieldReason};
use crate::tui::action::{Action, KeyContext};
use crate::tui::dialog::{ConfirmAction, Dialog};
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::dialogs::trash::{AliasSuggestion, TrashDialog, first_free};
use crate::tui::effect::{Effect, ServiceRequest};
use crate::tui::notice::Notice;
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
        self.dialogs.iter_mut().find_map(|dialog| match dialog {
            Dialog::Trash(trash) => Some(trash),
            _ => None,
        })
    }

    /// Opens the trash; an old notice would cover its keys in a small terminal.
    pub(super) fn open_trash(&mut self) {
        if !self.features.trash {
            self.notify(Notice::info(
                "This server has no trash: deleting is permanent",
            ));
            return;
        }
        self.notice = None;
        self.dialogs.push(Dialog::Trash(TrashDialog::loading()));
    }

    /// Loads the trash when it was opened or may have changed.
    pub(super) fn next_trash(&mut self) -> Option<Effect> {
        if self.is_pending(|waiting| matches!(waiting, AwaitedReply::Trash)) {
            return None;
        }
        let trash = self.trash_mut()?;
        if !std::mem::take(&mut trash.is_stale) {
            return None;
        }
        Some(self.call(AwaitedReply::Trash, ServiceRequest::Trash))
    }

    /// Marks the trash as stale.
    pub(super) fn reload_trash(&mut self) {
        if let Some(trash) = self.trash_mut() {
            trash.is_stale = true;
        }
    }

    /// Marks the trash as stale if a change affects it.
    pub(super) fn update_trash_staleness(&mut self, change: &ItemChange) {
        let id = change.id();
        if let Some(trash) = self.trash_mut() {
            trash.is_stale |= match change {
                ItemChange::Deleted(_) => true,
                ItemChange::Saved(_) => trash.items().iter().any(|item| item.id == id),
            };
        }
    }

    pub(super) fn show_trash(&mut self, found: Result<Vec<ConnectionItem>, ConnectionError>) {
        match found {
            Ok(items) => {
                if let Some(trash) = self.trash_mut() {
                    trash.show(items);
                }
            }
            Err(error) => {
                self.show_error(&error);
                self.trash_failed(error.to_string());
            }
        }
    }

    pub(super) fn trash_failed(&mut self, reason: String) {
        if let Some(trash) = self.trash_mut() {
            trash.fail(reason);
        }
    }

    pub(super) fn act_in_trash(&mut self, action: Action) -> Option<Effect> {
        let Some(Dialog::Trash(trash)) = self.dialogs.last_mut() else {
            return None;
        };
        match action {
            Action::Back => {
                self.dialogs.pop();
                None
            }
            Action::Restore => self.restore_selected(),
            Action::Purge => {
                let item = trash.selected()?;
                let (id, confirm) = (item.id, ConfirmDialog::purge(item.id, &item.name));
                trash.to_purge = vec![id];
                self.dialogs.push(Dialog::Confirm(confirm));
                None
            }
            Action::EmptyTrash => {
                trash.to_purge = trash.items().iter().map(|item| item.id).collect();
                let count = trash.to_purge.len();
                if count > 0 {
                    self.dialogs
                        .push(Dialog::Confirm(ConfirmDialog::empty(count)));
                }
                None
            }
            other => {
                trash.act(other);
                None
            }
        }
    }

    fn restore_selected(&mut self) -> Option<Effect> {
        let trash = self.trash_mut()?;
        let id = trash.selected()?.id;
        let other = trash.suggested_alias().map(|offer| offer.alias.clone());
        if self.is_pending(
            |waiting| matches!(waiting, AwaitedReply::Restore(pending) if pending.id == id),
        ) {
            return None;
        }
        let restore = PendingRestore {
            id,
            from: RestoreOrigin::Trash,
        };
        let command = Command::Restore { id, alias: other };
        Some(self.call(AwaitedReply::Restore(restore), command))
    }

    /// Moves a restored connection from the trash to the tree.
    pub(super) fn on_restored(&mut self, restore: &PendingRestore, connection: Connection) {
        let item = &connection.item;
        self.drop_delete(item.id);
        // The restored version is newer than the delete, in whichever order both arrive.
        self.tree
            .apply(vec![ItemChange::Saved(super::replies::item_of(
                &connection,
            ))]);
        let mut shown_alias = None;
        if let Some(trash) = self.trash_mut() {
            let offer = trash.suggestion.take_if(|offer| offer.id == restore.id);
            shown_alias = offer.map(|offer| offer.alias);
            trash.take_out(&[item.id]);
            trash.is_stale = true;
        }
        let name = &item.name;
        self.notify(Notice::done(match shown_alias {
            Some(alias) if alias == item.alias => format!("Restored \"{name}\" as '{alias}'"),
            Some(_) | None => format!("Restored \"{name}\""),
        }));
        if restore.from == RestoreOrigin::Form {
            self.form_connection_restored(item.id, item.version);
        }
        if self
            .dialogs
            .iter()
            .all(|dialog| matches!(dialog, Dialog::Trash(_)))
        {
            self.tree.select_id(item.id);
            self.detail.show(connection);
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
            (Some((taken, by)), RestoreOrigin::Trash) => self.offer(restore.id, taken, by),
            (Some(_), RestoreOrigin::Form) => self.form_restore_failed(error),
            (Some((taken, by)), RestoreOrigin::Undo) => {
                let key = self.keymap.first_key(KeyContext::Tree, Action::Trash);
                let key = key.map_or_else(String::new, |key| format!(" ({key})"));
                self.notify(Notice::error(format!(
                    "Alias '{taken}' is already used by \"{by}\". Restore from the trash{key} with another alias"
                )));
            }
            (None, _) => self.show_error(error),
        }
    }

    fn offer(&mut self, id: Uuid, taken: String, by: String) {
        let Some(own) = self.trash_mut().and_then(|trash| {
            let item = trash.items().iter().find(|item| item.id == id)?;
            Some(item.alias.clone())
        }) else {
            return;
        };
        let alias = first_free(&own, |alias| alias == taken || self.tree.has_alias(alias));
        if let Some(trash) = self.trash_mut() {
            trash.suggestion = Some(AliasSuggestion {
                id,
                taken,
                by,
                alias,
            });
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
        self.drop_toggles(deleted);
        if let Some(trash) = self.trash_mut() {
            trash.take_out(deleted);
            trash.is_stale = true;
        }
        match (done, deleted.len()) {
            (Err(error), _) => self.show_error(&error),
            (Ok(()), 1) => self.notify(Notice::done("Permanently deleted 1 connection")),
            (Ok(()), count) => self.notify(Notice::done(format!(
                "Permanently deleted {count} connections"
            ))),
        }
    }
}
