//! Dialogs above the tree, and the outcomes of their actions.

use uuid::Uuid;

use super::action::{Action, Context};
use super::compare::Compare;
use super::confirm::Confirm;
use super::drafts::Drafts;
use super::effect::{Request, Ticket};
use super::form::Form;
use super::help::Help;
use super::import::Import;
use super::merge::Merge;
use super::messages::Messages;
use super::models::Models;
use super::moving::Moving;
use super::notice::Notice;
use super::palette::Palette;
use super::picker::Picker;
use super::report::Report;
use super::trash::Trash;
use crate::connection::PastedConnection;
use crate::connection::TestSubject;

/// Dialog above the tree that receives the keys.
#[derive(Debug)]
pub enum Layer {
    /// Provider picker.
    Picker(Picker),
    /// Form of a connection.
    Form(Box<Form>),
    /// Prompt.
    Confirm(Confirm),
    /// Command palette.
    Palette(Palette),
    /// Help.
    Help(Help),
    /// Connection test.
    Report(Report),
    /// Models of a connection.
    Models(Models),
    /// Comparison of two versions.
    Compare(Compare),
    /// Trash.
    Trash(Trash),
    /// Merge conflicts.
    Merge(Merge),
    /// Unsaved drafts.
    Drafts(Drafts),
    /// Bulk operation. Its state is in the app, because it continues in the background.
    Bulk,
    /// Message log.
    Messages(Messages),
    /// Import from environment variables.
    Import(Import),
    /// Move of a secret to a reference, above its form.
    Moving(Moving),
    /// Copy menu.
    Clipboard,
    /// Sort menu.
    Sorting,
}

impl Layer {
    /// Returns the context of its keys.
    pub fn context(&self) -> Context {
        match self {
            Self::Picker(_)
            | Self::Palette(_)
            | Self::Help(_)
            | Self::Models(_)
            | Self::Messages(_)
            | Self::Import(_) => Context::List,
            Self::Form(form) if form.is_choosing() => Context::List,
            Self::Form(_) => Context::Form,
            Self::Confirm(_) => Context::Confirm,
            Self::Report(_) => Context::Report,
            Self::Compare(_) => Context::Compare,
            Self::Trash(_) => Context::Trash,
            Self::Merge(_) => Context::Merge,
            Self::Drafts(_) => Context::Drafts,
            Self::Bulk => Context::Bulk,
            Self::Moving(_) => Context::Moving,
            Self::Clipboard => Context::Clipboard,
            Self::Sorting => Context::Sorting,
        }
    }

    /// Returns the ticket of the request that the dialog waits for.
    pub const fn ticket(&self) -> Option<Ticket> {
        match self {
            Self::Report(report) => report.ticket,
            Self::Models(models) => models.ticket,
            Self::Compare(compare) => compare.ticket,
            Self::Picker(_)
            | Self::Form(_)
            | Self::Confirm(_)
            | Self::Palette(_)
            | Self::Help(_)
            | Self::Messages(_)
            | Self::Trash(_)
            | Self::Merge(_)
            | Self::Drafts(_)
            | Self::Bulk
            | Self::Import(_)
            | Self::Moving(_)
            | Self::Clipboard
            | Self::Sorting => None,
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
pub enum Outcome {
    /// Nothing to do.
    Stay,
    /// Close the dialog.
    Close,
    /// Send a request to the service and wait for the reply.
    Ask(Request),
    /// Show a notice.
    Tell(Notice),
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
    Answered(Answer),
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
    /// Command that creates this connection.
    Connection(Uuid),
}

/// Action of a prompt button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
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
