//! Outcome of an action or a reply in a dialog, which the app carries out.

use std::fmt;

use uuid::Uuid;

use super::Dialog;
use crate::connection::{FieldError, TestSubject};
use crate::provider::ProviderCatalog;
use crate::tui::action::{Action, KeyContext};
use crate::tui::effect::ServiceRequest;
use crate::tui::form::Form;
use crate::tui::info::TestOutcome;
use crate::tui::notice::Notice;

/// Outcome of an action in a dialog.
#[derive(Debug)]
pub enum DialogOutcome {
    /// Nothing to do.
    Stay,
    /// Close the topmost dialog.
    Close,
    /// Show a notice.
    Notify(Notice),
    /// Open a dialog above.
    Open(Box<dyn Dialog>),
    /// Run several outcomes, in this order; of their effects only the first is performed.
    All(Vec<Self>),
    /// Copy a text that has this label.
    CopyToClipboard(String, String),
    /// Run an action in the topmost dialog.
    Act(Action),
    /// Run an action of a context; go to its screen first if it does not work here.
    GoAndAct(Action, KeyContext),
    /// Choose the theme at an index.
    ChooseTheme(usize),
    /// Select a connection in the tree.
    GoTo(Uuid),
    /// Filter the tree.
    Filter(&'static str),
    /// Copy the CLI command.
    CopyCommand(CommandFor),
    /// Run the action of a prompt button.
    Answered(ConfirmAction),
    /// Change the open form.
    EditForm(FormEdit),
    /// Save the form: send the request and wait for the reply.
    Submit(ServiceRequest),
    /// Test the contents of the form.
    Test(TestSubject),
    /// Repeat the test.
    TestAgain,
    /// Start the app again with this target.
    SwitchTarget(String),
    /// Record the result of a test of a stored connection.
    Tested(Uuid, TestOutcome),
    /// Show the errors of a test at the fields of the form.
    TestRefused(Vec<FieldError>),
    /// Show the models of the connection with this ID and name.
    Browse(Uuid, String),
    /// Restore a connection from the trash, optionally with another alias.
    Restore(Uuid, Option<String>),
    /// Offer drafts to other processes.
    ReleaseDrafts(Vec<Uuid>),
    /// Record the start of a bulk operation or its retry.
    BulkStarted {
        /// True for a retry.
        is_retry: bool,
    },
    /// End a stopped bulk operation.
    BulkStopped,
    /// Discard a bulk operation before its start.
    BulkDiscarded,
    /// Remove the marks of these connections.
    Unmark(Vec<Uuid>),
    /// Undo the last change.
    Undo,
    /// Ask to restore or recreate a connection that was deleted elsewhere.
    PromptDeletedElsewhere,
    /// Resolve merge conflicts.
    Merge,
}

impl DialogOutcome {
    /// Close the dialog, then another outcome.
    pub fn close_and(then: Self) -> Self {
        Self::All(vec![Self::Close, then])
    }

    /// Change the open form.
    pub fn edit_form(
        edit: impl FnOnce(&mut Form, &ProviderCatalog) -> Option<Notice> + 'static,
    ) -> Self {
        Self::EditForm(FormEdit(Box::new(edit)))
    }

    /// Replace the dialog with a form, perhaps with a notice.
    pub fn open_form(form: Form, notice: Option<Notice>) -> Self {
        let mut all = vec![Self::Close, Self::Open(form.into())];
        all.extend(notice.map(Self::Notify));
        Self::All(all)
    }
}

/// Function that changes the open form, and may return a notice.
type EditFunction = dyn FnOnce(&mut Form, &ProviderCatalog) -> Option<Notice>;

/// Change of the open form.
pub struct FormEdit(Box<EditFunction>);

impl FormEdit {
    /// Changes the form.
    pub fn apply(self, form: &mut Form, catalog: &ProviderCatalog) -> Option<Notice> {
        (self.0)(form, catalog)
    }
}

impl fmt::Debug for FormEdit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FormEdit")
    }
}

/// Subject of a copied CLI command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandFor {
    /// Action in the current context.
    Action(Action),
    /// Command that shows this connection.
    Connection(Uuid),
}

/// Action of a prompt button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfirmAction {
    /// Do nothing.
    Cancel,
    /// Delete this connection.
    Delete(Uuid),
    /// Undo the last change, which was to this connection: delete it, or roll it back.
    Undo(Uuid),
    /// Delete this connection permanently.
    Purge(Uuid),
    /// Permanently delete the connections that were in the trash when the prompt opened.
    Empty,
    /// Roll this connection back to this version.
    RollBack(Uuid, u64),
    /// Roll the field selected in the comparison back to this version.
    RollBackField(Uuid, u64),
    /// Replace the existing file.
    Replace,
    /// Save the form and close it.
    Save,
    /// Save the form and test the saved connection.
    SaveAndTest,
    /// Test the values in the form from this machine.
    TestFromHere,
    /// Close the form without saving.
    Discard,
    /// Quit without saving.
    DiscardAndQuit,
    /// Stop the bulk operation and quit.
    StopAndQuit,
    /// Restore the deleted connection and save the form over it.
    RestoreDeleted,
    /// Save the form as a new connection.
    CreateNew,
    /// Discard this draft.
    DiscardDraft(Uuid),
    /// Record that the key has a backup.
    ConfirmKeyBackup,
}

impl ConfirmAction {
    /// Returns true if it removes connections or input; its button is red.
    pub const fn is_destructive(self) -> bool {
        matches!(
            self,
            Self::Delete(_)
                | Self::Undo(_)
                | Self::Purge(_)
                | Self::Empty
                | Self::Replace
                | Self::Discard
                | Self::DiscardAndQuit
                | Self::DiscardDraft(_)
        )
    }
}
