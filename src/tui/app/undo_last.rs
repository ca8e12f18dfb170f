//! Undoes the last change, after a prompt where that deletes a connection or restores secrets.

use uuid::Uuid;

use super::trash::RestoreOrigin;
use super::undo::{EditedVersion, UndoableChange};
use super::{App, AwaitedReply, PendingToggle};
use crate::connection::{Command, Connection, ConnectionError, RollbackResult};
use crate::search::TreeItem;
use crate::tui::action::Action;
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::effect::{Effect, ServiceRequest};
use crate::tui::notice::Notice;
use crate::tui::tree::Node;

impl App {
    /// Undoes the last change. One that needs a confirmation stays the last one until it is confirmed.
    pub(super) fn undo_last(&mut self) -> Option<Effect> {
        if let Some(confirm) = self.undo_prompt() {
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

    /// Prompt before the undo of the last change; none if it needs no confirmation.
    fn undo_prompt(&self) -> Option<ConfirmDialog> {
        let features = self.service.features;
        match self.undo.last()? {
            UndoableChange::Created(id) => {
                let item = self.tree.item(*id)?;
                Some(ConfirmDialog::undo_create(*id, item.name(), features))
            }
            UndoableChange::Edited(edit) if edit.has_secret && !features.rollback_keeps_secrets => {
                let item = self.tree.item(edit.id)?;
                let is_current = self.is_current(*edit, item.version());
                is_current.then(|| ConfirmDialog::undo_edit(edit.id, edit.version, item.name()))
            }
            _ => None,
        }
    }

    /// Undoes the last change, which was to this connection and is confirmed.
    pub(super) fn undo_confirmed(&mut self, id: Uuid) -> Option<Effect> {
        match self.undo.pop_confirmed(id)? {
            UndoableChange::Created(id) => Some(self.delete(id)),
            UndoableChange::Edited(edit) => self.undo_edit(edit),
            _ => None,
        }
    }

    /// Returns true if a version of the connection equals the one that the edit saved.
    fn is_current(&self, edit: EditedVersion, version: u64) -> bool {
        self.undo.earliest_equal(edit.id, version) == edit.version
    }

    /// Saves the version before an edit as a new version, unless that would lose something else.
    fn undo_edit(&mut self, edit: EditedVersion) -> Option<Effect> {
        let item = self.tree.item(edit.id)?;
        let (name, current) = (item.name().to_owned(), item.version());
        if !self.is_current(edit, current) {
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
            Ok(connection) if self.is_current(edit, connection.item.version) => {
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
                let text = format!(
                    "Undid the last change of \"{}\" (v{})",
                    item.name, edit.version
                );
                let is_key_new = edit.has_secret && self.service.features.rollback_keeps_secrets;
                self.notify(if is_key_new {
                    Notice::warning(format!(
                        "{text}; the new key stays, because the history has no secrets"
                    ))
                } else {
                    Notice::done(text)
                });
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
