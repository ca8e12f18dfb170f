//! Dialogs above the tree, and the outcomes of their actions.

use uuid::Uuid;

use super::action::{Action, KeyContext};
use super::dialogs::confirm::ConfirmDialog;
use super::dialogs::drafts::DraftsDialog;
use super::dialogs::env_import::EnvImport;
use super::dialogs::help::HelpDialog;
use super::dialogs::merge::MergeDialog;
use super::dialogs::models::Models;
use super::dialogs::move_to_reference::MoveToReference;
use super::dialogs::palette::PaletteDialog;
use super::dialogs::provider_picker::ProviderPicker;
use super::dialogs::test_report::ReportDialog;
use super::dialogs::trash::TrashDialog;
use super::dialogs::version_diff::VersionDiff;
use super::effect::{ServiceRequest, Ticket};
use super::form::Form;
use super::message_log::MessagesDialog;
use super::notice::Notice;
use crate::connection::{PastedConnection, TestSubject};

/// Dialog above the tree that receives the keys.
#[derive(Debug)]
pub enum Dialog {
    /// Provider picker.
    Picker(ProviderPicker),
    /// Form of a connection.
    Form(Box<Form>),
    /// Prompt.
    Confirm(ConfirmDialog),
    /// Command palette.
    Palette(PaletteDialog),
    /// Help.
    Help(HelpDialog),
    /// Connection test.
    Report(ReportDialog),
    /// Models of a connection.
    Models(Models),
    /// Comparison of two versions.
    Compare(VersionDiff),
    /// Trash.
    Trash(TrashDialog),
    /// Merge conflicts.
    Merge(MergeDialog),
    /// Unsaved drafts.
    Drafts(DraftsDialog),
    /// Bulk operation. Its state is in the app, because it continues in the background.
    Bulk,
    /// Message log.
    Messages(MessagesDialog),
    /// Import from environment variables.
    EnvImport(EnvImport),
    /// Move of a secret to a reference, above its form.
    MoveToReference(MoveToReference),
    /// Copy menu.
    Clipboard,
    /// Sort menu.
    Sorting,
}

impl Dialog {
    /// Returns the context of its keys.
    pub fn context(&self) -> KeyContext {
        match self {
            Self::Picker(_)
            | Self::Palette(_)
            | Self::Help(_)
            | Self::Models(_)
            | Self::Messages(_)
            | Self::EnvImport(_) => KeyContext::List,
            Self::Form(form) if form.is_choosing() => KeyContext::List,
            Self::Form(_) => KeyContext::Form,
            Self::Confirm(_) => KeyContext::Confirm,
            Self::Report(_) => KeyContext::Report,
            Self::Compare(_) => KeyContext::Compare,
            Self::Trash(_) => KeyContext::Trash,
            Self::Merge(_) => KeyContext::Merge,
            Self::Drafts(_) => KeyContext::Drafts,
            Self::Bulk => KeyContext::Bulk,
            Self::MoveToReference(_) => KeyContext::MoveToReference,
            Self::Clipboard => KeyContext::CopyMenu,
            Self::Sorting => KeyContext::SortMenu,
        }
    }

    /// Returns the ticket of the request that the dialog waits for.
    pub const fn ticket(&self) -> Option<Ticket> {
        match self {
            Self::Report(report) => report.ticket,
            Self::Models(models) => models.ticket,
            Self::Compare(compare) => compare.ticket,
            _ => None,
        }
    }

    /// Returns the form, if the dialog is one.
    pub fn form(&self) -> Option<&Form> {
        if let Self::Form(form) = self {
            Some(form)
        } else {
            None
        }
    }

    /// Returns the form, if the dialog is one.
    pub fn form_mut(&mut self) -> Option<&mut Form> {
        if let Self::Form(form) = self {
            Some(form)
        } else {
            None
        }
    }
}

/// Outcome of an action in a dialog.
#[derive(Debug)]
pub enum DialogOutcome {
    /// Nothing to do.
    Stay,
    /// Close the dialog.
    Close,
    /// Send a request to the service and wait for the reply.
    Submit(ServiceRequest),
    /// Show a notice.
    Notify(Notice),
    /// Open a form for this provider.
    Picked(String),
    /// Open a form with this profile of a paste.
    PickedProfile(Box<PastedConnection>),
    /// Run an action.
    Run(Action),
    /// Select a connection in the tree.
    GoTo(Uuid),
    /// Copy the CLI command.
    CopyCommand(CommandFor),
    /// Run the action of a prompt button.
    Answered(ConfirmAction),
    /// Test the contents of the form.
    Test(TestSubject),
    /// Repeat the test.
    TestAgain,
    /// Show the models of the connection with this ID and name.
    Browse(Uuid, String),
    /// Ask to save or discard the changes.
    PromptUnsavedChanges,
    /// Ask to restore or recreate a connection that was deleted elsewhere.
    PromptDeletedElsewhere,
    /// Resolve merge conflicts.
    Merge,
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
}
