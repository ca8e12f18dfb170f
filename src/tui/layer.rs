//! What lies above the tree, and what a part answers to what it was told.

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

/// Something that lies above the tree and takes the keys.
#[derive(Debug)]
pub enum Layer {
    /// Select AI Provider.
    Picker(Picker),
    /// The form of a connection.
    Form(Box<Form>),
    /// A question.
    Confirm(Confirm),
    /// Every action, to be found and run.
    Palette(Palette),
    /// The keys.
    Help(Help),
    /// A test of a connection.
    Report(Report),
    /// The models of a connection.
    Models(Models),
    /// Two versions of a connection.
    Compare(Compare),
    /// What is in the trash.
    Trash(Trash),
    /// What both changed, here and elsewhere.
    Merge(Merge),
    /// What was typed and never saved.
    Drafts(Drafts),
    /// What is done to many connections; the app has it, since it goes on when nobody looks.
    Bulk,
    /// What was said since the start.
    Messages(Messages),
    /// What the environment has for connections.
    Import(Import),
    /// A secret that is moved to a reference, above its form.
    Moving(Moving),
    /// Something is to be copied; the next key says what.
    Clipboard,
    /// The connections are to be ordered; the next key says by what.
    Sorting,
}

impl Layer {
    /// The place its keys are looked up in.
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

    /// What it waits for, where it is only there for that.
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

    /// The form, when it is one.
    pub fn form(&self) -> Option<&Form> {
        if let Self::Form(form) = self {
            Some(form)
        } else {
            None
        }
    }

    /// The form, when it is one.
    pub fn form_mut(&mut self) -> Option<&mut Form> {
        if let Self::Form(form) = self {
            Some(form)
        } else {
            None
        }
    }
}

/// What a part answers.
#[derive(Debug)]
pub enum Outcome {
    /// Nothing more is to be done.
    Stay,
    /// It is done and goes away.
    Close,
    /// The service shall be asked; it waits for the answer.
    Ask(Request),
    /// Something is to be said.
    Tell(Notice),
    /// A provider was chosen.
    Picked(String),
    /// A profile of a paste was chosen.
    PickedProfile(Box<PastedConnection>),
    /// An action was chosen.
    Run(Action),
    /// A connection was chosen, to be shown.
    GoTo(Uuid),
    /// The command for what is selected shall be copied.
    CopyCommand(CommandFor),
    /// A question was answered.
    Answered(Answer),
    /// What is in the form shall be tested.
    Test(TestSubject),
    /// The same shall be tested again.
    TestAgain,
    /// The models of this connection, of this name, shall be shown.
    Browse(Uuid, String),
    /// Something would be lost by going away.
    AskWhetherToLeave,
    /// Others deleted the connection: what shall become of what is typed.
    AskWhatOfDeleted,
    /// Both changed something: which of the two shall be saved.
    Merge,
}

/// What a command is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandFor {
    /// An action, here and now.
    Action(Action),
    /// A connection, to be read.
    Connection(Uuid),
}

/// What a button of a question means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Nothing shall happen.
    Cancel,
    /// This connection shall be deleted.
    Delete(Uuid),
    /// This connection shall be deleted for good.
    Purge(Uuid),
    /// All that was in the trash when it was asked shall be deleted for good.
    Empty,
    /// This connection shall be what it was at this version.
    RollBack(Uuid, u64),
    /// The field that is selected in the comparison shall be what it was at this version.
    RollBackField(Uuid, u64),
    /// The file that is there shall be replaced.
    Replace,
    /// The form shall be saved, then left.
    Save,
    /// Save the form, then test what is saved.
    SaveAndTest,
    /// The form shall be left as it is.
    Discard,
    /// The app shall end though something is not saved.
    DiscardAndQuit,
    /// The app shall end though something is under way that was not all begun.
    StopAndQuit,
    /// The connection that others deleted shall come back from the trash, and what is typed be saved over it.
    BringBack,
    /// What is typed over a connection that others deleted shall be a new one.
    MakeNew,
    /// This draft shall be given up.
    DiscardDraft(Uuid),
}
