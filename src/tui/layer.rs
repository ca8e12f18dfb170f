//! What lies above the tree, and what a part answers to what it was told.

use uuid::Uuid;

use super::action::{Action, Context};
use super::confirm::Confirm;
use super::effect::Request;
use super::form::Form;
use super::help::Help;
use super::notice::Notice;
use super::palette::Palette;
use super::picker::Picker;

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
    /// Something is to be copied; the next key says what.
    Clipboard,
}

impl Layer {
    /// The place its keys are looked up in.
    pub const fn context(&self) -> Context {
        match self {
            Self::Picker(_) | Self::Palette(_) | Self::Help(_) => Context::List,
            Self::Form(_) => Context::Form,
            Self::Confirm(_) => Context::Confirm,
            Self::Clipboard => Context::Clipboard,
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
    /// An action was chosen.
    Run(Action),
    /// A question was answered.
    Answered(Answer),
    /// Something would be lost by going away.
    AskWhetherToLeave,
}

/// What a button of a question means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Nothing shall happen.
    Cancel,
    /// This connection shall be deleted.
    Delete(Uuid),
    /// The form shall be saved, then left.
    Save,
    /// The form shall be left as it is.
    Discard,
    /// The app shall end though something is not saved.
    DiscardAndQuit,
}
