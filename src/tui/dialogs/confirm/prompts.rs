//! The prompts of the app.

use uuid::Uuid;

use super::ConfirmDialog;
use crate::service::ServiceFeatures;
use crate::tui::dialog::ConfirmAction;
use crate::tui::notice::Notice;
use crate::tui::text_input::TextInput;
use crate::tui::text_width;

/// Note of a prompt before a permanent change.
const FINAL: &str = "This cannot be undone.";

/// Warning before a rollback on a service that keeps secrets in its versions.
const RESTORES_SECRETS: &str = "The secrets of that version are restored, too.";

/// Effect of a deletion on a service with a trash.
const MOVED_TO_TRASH: &str = "It is moved to the trash, with its history.";

/// Columns of a title within a question.
const LONGEST_TITLE: usize = 60;

impl ConfirmDialog {
    /// Asks to delete a connection. The default button is Cancel.
    pub fn delete(id: Uuid, name: &str, features: ServiceFeatures) -> Self {
        const QUESTION: &str = "Are you sure you want to delete this connection?";
        let button = ("Delete", ConfirmAction::Delete(id));
        match features.deletion_warning() {
            None => Self::or_cancel("Delete", QUESTION, button).with_warning(MOVED_TO_TRASH),
            // The text is wrapped, so the warning is readable at any width.
            Some(warning) => Self::or_cancel("Delete", format!("{QUESTION} {warning}."), button),
        }
        .about(name)
    }

    /// Asks to delete a connection to undo its creation. The default button is Cancel.
    pub fn undo_create(id: Uuid, name: &str, features: ServiceFeatures) -> Self {
        let button = ("Delete", ConfirmAction::Undo(id));
        let question = "Undo the creation of this connection by deleting it?";
        match features.deletion_warning() {
            None => Self::or_cancel("Undo", question, button).with_warning(MOVED_TO_TRASH),
            Some(warning) => Self::or_cancel("Undo", format!("{question} {warning}."), button),
        }
        .about(name)
    }

    /// Asks to roll back to the version before an edit, where that restores secrets. The default button is Cancel.
    pub fn undo_edit(id: Uuid, version: u64, name: &str) -> Self {
        let before = version.saturating_sub(1);
        Self::or_cancel(
            format!("Undo v{version}"),
            format!("Roll back to v{before}? {RESTORES_SECRETS}"),
            ("Roll back", ConfirmAction::Undo(id)),
        )
        .about(name)
    }

    /// Asks to delete a connection permanently. The default button is Cancel.
    pub fn purge(id: Uuid, name: &str) -> Self {
        Self::or_cancel(
            "Delete permanently",
            "Delete this connection and its history permanently?",
            ("Delete permanently", ConfirmAction::Purge(id)),
        )
        .about(name)
        .with_warning(FINAL)
    }

    /// Asks to empty the trash. The default button is Cancel.
    pub fn empty(count: usize) -> Self {
        let what = if count == 1 {
            "the 1 connection".to_owned()
        } else {
            format!("all {count} connections")
        };
        Self::or_cancel(
            "Empty the trash",
            format!("Permanently delete {what} in the trash, including history?"),
            ("Empty", ConfirmAction::Empty),
        )
        .with_warning(FINAL)
    }

    /// Asks to save or discard the changes of the form with this title.
    pub fn unsaved_changes(title: &str) -> Self {
        let title = text_width::cut(title, LONGEST_TITLE);
        Self::new(
            "Unsaved changes",
            format!("Save changes to \"{title}\"?"),
            &[
                ("Save", ConfirmAction::Save),
                ("Discard", ConfirmAction::Discard),
                ("Keep editing", ConfirmAction::Cancel),
            ],
        )
        .focused_on(2)
    }

    /// Asks to quit with unsaved changes.
    pub fn quit() -> Self {
        Self::new(
            "Unsaved changes",
            "You have unsaved changes. Quit anyway?",
            &[
                ("Keep editing", ConfirmAction::Cancel),
                ("Discard and quit", ConfirmAction::DiscardAndQuit),
            ],
        )
    }

    /// Asks to restore or recreate a connection that was deleted elsewhere during an edit; a new one loses the secrets `lost`.
    pub fn deleted_elsewhere(lost: &[String], features: ServiceFeatures) -> Self {
        let lost_secrets = match lost {
            [] => String::new(),
            lost => format!(
                " A new connection does not get the stored secrets: {}.",
                lost.join(", ")
            ),
        };
        let cancel = ("Cancel", ConfirmAction::Cancel);
        let create = ("Create", ConfirmAction::CreateNew);
        let (text, buttons) = if features.trash {
            let restore = ("Restore", ConfirmAction::RestoreDeleted);
            (
                "Restore it from the trash, or create a new connection?",
                vec![cancel, restore, create],
            )
        } else {
            (
                "This server has no trash. Create a new connection?",
                vec![cancel, create],
            )
        };
        let text = format!("{text}{lost_secrets}");
        Self::new("Deleted elsewhere", text, &buttons).focused_on(1)
    }

    /// Asks to save a form before a test.
    pub fn save_and_test() -> Self {
        Self::new(
            "Save and test",
            "This server tests only saved settings. Save the form, then test? Or test from here: this machine sends the key to the provider.",
            &[
                ("Cancel", ConfirmAction::Cancel),
                ("Save and test", ConfirmAction::SaveAndTest),
                ("Test from here", ConfirmAction::TestFromHere),
            ],
        )
    }

    /// Asks to discard a draft. The default button is Cancel.
    pub fn discard_draft(id: Uuid, name: &str) -> Self {
        let button = ("Discard", ConfirmAction::DiscardDraft(id));
        Self::or_cancel("Discard draft", "Discard this unsaved draft?", button)
            .about(name)
            .with_warning(FINAL)
    }

    /// Asks to quit during a bulk operation.
    pub fn stop(text: String) -> Self {
        Self::new(
            "Still running",
            text,
            &[
                ("Continue", ConfirmAction::Cancel),
                ("Stop and quit", ConfirmAction::StopAndQuit),
            ],
        )
    }

    /// Reminds of a backup of the key. The default button closes the prompt. A notice if the server has its own key.
    pub fn key_backup(path: Option<&str>) -> Result<Self, Notice> {
        let path = path.ok_or_else(|| {
            Notice::info("The server has its own key; back it up there with umai key export FILE")
        })?;
        Ok(Self::new(
            "Back up the encryption key",
            "Secrets are encrypted with the key in this file. Without it, they cannot be decrypted: copy it to a safe place, for example with umai key export FILE.",
            &[
                ("Later", ConfirmAction::Cancel),
                ("I have a backup", ConfirmAction::ConfirmKeyBackup),
            ],
        )
        .about(path))
    }

    /// Asks to replace an existing file. The default button is Cancel.
    pub fn replace(path: &str) -> Self {
        Self::or_cancel(
            "Replace file",
            "A file with this name exists. Replace it?",
            ("Replace", ConfirmAction::Replace),
        )
        .about(path)
    }

    /// Asks to roll back to a version. The default button is Cancel.
    pub fn roll_back(id: Uuid, number: u64, name: &str, features: ServiceFeatures) -> Self {
        let headline = format!("Roll back to v{number}");
        let button = ("Roll back", ConfirmAction::RollBack(id, number));
        let confirm = if features.rollback_keeps_secrets {
            let text = format!("{headline}? This creates a new version.");
            Self::or_cancel(headline, text, button).with_warning("Stored secrets are kept.")
        } else {
            // The text is wrapped, so the warning is readable at any width.
            let text = format!("{headline}? {RESTORES_SECRETS}");
            Self::or_cancel(headline, text, button)
        };
        Self {
            note: features.notes.then(|| TextInput::text("")),
            ..confirm.about(name)
        }
    }

    /// Asks to roll one field back to a version.
    pub fn roll_back_field(id: Uuid, number: u64, label: &str) -> Self {
        Self {
            note: Some(TextInput::text("")),
            ..Self::or_cancel(
                format!("Roll back to v{number}"),
                format!("Roll this field back to v{number}? This creates a new version."),
                ("Roll back", ConfirmAction::RollBackField(id, number)),
            )
        }
        .about(label)
    }
}
