//! Trash: list, restore, delete permanently.

use uuid::Uuid;

use super::{App, Waiting};
use crate::connection::{Connection, ConnectionError, ConnectionItem, Reason};
use crate::tui::action::{Action, Context};
use crate::tui::confirm::Confirm;
use crate::tui::effect::{Effect, Request};
use crate::tui::layer::{Answer, Layer};
use crate::tui::notice::Notice;
use crate::tui::trash::{Offer, Trash, first_free};
use crate::tui::tree::News;

/// Connection that is being restored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Restore {
    pub id: Uuid,
    pub from: From,
}

/// Origin of a restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// Undo.
    Undo,
    /// Trash dialog.
    Trash,
    /// Form of a connection that was deleted elsewhere.
    Form,
}

impl App {
    fn trash_mut(&mut self) -> Option<&mut Trash> {
        self.layers.iter_mut().find_map(|layer| match layer {
            Layer::Trash(trash) => Some(trash),
            Layer::Picker(_)
            | Layer::Form(_)
            | Layer::Confirm(_)
            | Layer::Palette(_)
            | Layer::Help(_)
            | Layer::Report(_)
            | Layer::Models(_)
            | Layer::Compare(_)
            | Layer::Merge(_)
            | Layer::Drafts(_)
            | Layer::Bulk
            | Layer::Messages(_)
            | Layer::Import(_)
            | Layer::Moving(_)
            | Layer::Clipboard
            | Layer::Sorting => None,
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
        self.layers.push(Layer::Trash(Trash::unread()));
    }

    /// Loads the trash when it was opened or may have changed.
    pub(super) fn next_trash(&mut self) -> Option<Effect> {
        if self.is_pending(|waiting| matches!(waiting, Waiting::Trash)) {
            return None;
        }
        let trash = self.trash_mut()?;
        if !std::mem::take(&mut trash.is_stale) {
            return None;
        }
        Some(self.call(Waiting::Trash, Request::Trash))
    }

    /// Marks the trash as stale.
    pub(super) fn reload_trash(&mut self) {
        if let Some(trash) = self.trash_mut() {
            trash.is_stale = true;
        }
    }

    /// Marks the trash as stale if a change affects it.
    pub(super) fn update_trash_staleness(&mut self, change: &News) {
        let id = change.id();
        if let Some(trash) = self.trash_mut() {
            trash.is_stale |= match change {
                News::Deleted(_) => true,
                News::Saved(_) => trash.items().iter().any(|item| item.id == id),
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
        let Some(Layer::Trash(trash)) = self.layers.last_mut() else {
            return None;
        };
        match action {
            Action::Back => {
                self.layers.pop();
                None
            }
            Action::Restore => self.restore_selected(),
            Action::Purge => {
                let item = trash.selected()?;
                let (id, confirm) = (item.id, Confirm::purge(item.id, &item.name));
                trash.to_purge = vec![id];
                self.layers.push(Layer::Confirm(confirm));
                None
            }
            Action::Empty => {
                trash.to_purge = trash.items().iter().map(|item| item.id).collect();
                let count = trash.to_purge.len();
                if count > 0 {
                    self.layers.push(Layer::Confirm(Confirm::empty(count)));
                }
                None
            }
            other => {
                trash.go(other);
                None
            }
        }
    }

    fn restore_selected(&mut self) -> Option<Effect> {
        let trash = self.trash_mut()?;
        let id = trash.selected()?.id;
        let other = trash.offered().map(|offer| offer.alias.clone());
        if self
            .is_pending(|waiting| matches!(waiting, Waiting::Restore(pending) if pending.id == id))
        {
            return None;
        }
        let restore = Restore {
            id,
            from: From::Trash,
        };
        Some(self.call(Waiting::Restore(restore), Request::Restore(id, other)))
    }

    /// Moves a restored connection from the trash to the tree.
    pub(super) fn restored(&mut self, restore: &Restore, connection: Connection) {
        let item = &connection.item;
        self.forget_delete(item.id);
        // The restored version is newer than the delete, in whichever order both arrive.
        self.tree
            .apply(vec![News::Saved(super::answers::item_of(&connection))]);
        let mut shown_alias = None;
        if let Some(trash) = self.trash_mut() {
            let offer = trash.offer.take_if(|offer| offer.id == restore.id);
            shown_alias = offer.map(|offer| offer.alias);
            trash.take_out(&[item.id]);
            trash.is_stale = true;
        }
        let name = &item.name;
        self.notify(Notice::done(match shown_alias {
            Some(alias) if alias == item.alias => format!("Restored \"{name}\" as '{alias}'"),
            Some(_) | None => format!("Restored \"{name}\""),
        }));
        if restore.from == From::Form {
            self.form_connection_restored(item.id, item.version);
        }
        if self
            .layers
            .iter()
            .all(|layer| matches!(layer, Layer::Trash(_)))
        {
            self.tree.select_id(item.id);
            self.detail.show(connection);
        }
    }

    /// Reports a failed restore; offers a different alias if the old one is already used.
    pub(super) fn restore_failed(&mut self, restore: Restore, error: &ConnectionError) {
        self.reload_trash();
        let taken = error.fields().iter().find_map(|field| match &field.reason {
            Reason::AliasTaken { alias, by } => Some((alias.clone(), by.clone())),
            _ => None,
        });
        match (taken, restore.from) {
            (Some((taken, by)), From::Trash) => self.offer(restore.id, taken, by),
            (Some(_), From::Form) => self.form_restore_failed(error),
            (Some((taken, by)), From::Undo) => {
                let key = self.keymap.first_key(Context::Tree, Action::Trash);
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
            trash.offer = Some(Offer {
                id,
                taken,
                by,
                alias,
            });
        }
    }

    /// Deletes permanently what was confirmed.
    pub(super) fn purge(&mut self, answer: Answer) -> Option<Effect> {
        let asked = std::mem::take(&mut self.trash_mut()?.to_purge);
        let ids = match answer {
            Answer::Purge(id) => vec![id],
            Answer::Empty => asked,
            Answer::Cancel
            | Answer::Delete(_)
            | Answer::Replace
            | Answer::RollBack(..)
            | Answer::RollBackField(..)
            | Answer::Save
            | Answer::SaveAndTest
            | Answer::Discard
            | Answer::DiscardAndQuit
            | Answer::StopAndQuit
            | Answer::RestoreDeleted
            | Answer::CreateNew
            | Answer::DiscardDraft(_) => return None,
        };
        Some(self.call(Waiting::Purge, Request::Purge(ids)))
    }

    /// Reports a permanent delete, which may have been partial.
    pub(super) fn purged(&mut self, deleted: &[Uuid], done: Result<(), ConnectionError>) {
        for id in deleted {
            self.forget_delete(*id);
        }
        self.forget_toggles(deleted);
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
