//! Events: the input of `App::update`.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::action::Action;
use super::change_feed::FeedEvent;
use super::effect::{ServiceReply, Ticket};
use super::form::EditorDocument;
use super::key::KeyPress;
use super::layout::Size;
use crate::connection::{ProviderVariables, TestStage};
use crate::drafts;
use crate::provider::ProviderCatalog;
use crate::service::ServiceFeatures;

/// Event for the app.
#[derive(Debug, Clone)]
pub enum Event {
    /// Key press.
    Key(KeyPress),
    /// Characters typed faster than they can be shown.
    Typed(PastedText),
    /// Pasted text.
    Paste(PastedText),
    /// Mouse event.
    Mouse(Mouse),
    /// New screen size.
    Resize(Size),
    /// Reply to a request.
    Reply(Ticket, ServiceReply),
    /// A stage of the test with this ticket succeeded.
    TestStage(Ticket, TestStage),
    /// A timer of [`super::effect::Effect::Wake`] has expired.
    TimerExpired(Ticket),
    /// No event is waiting: time for idle work.
    Idle,
    /// The app was resumed after the shell had suspended it.
    Resumed,
    /// Change by others, or a change of the feed's state.
    Feed(FeedEvent),
    /// The service is open, with its providers and features.
    ServiceOpened(Arc<ProviderCatalog>, ServiceFeatures),
    /// The service refuses all changes, for this reason.
    ServiceReadOnly(String),
    /// Notices from outside the app, one sentence each: of the service, of drafts, of themes.
    Notices(Vec<String>),
    /// The key at this path has no known backup, and its owner is reminded for the first time.
    KeyNeedsBackup(String),
    /// The backup of the key was recorded, or the reason why not.
    KeyBackupConfirmed(Result<(), String>),
    /// Unsaved drafts.
    DraftsLoaded(Vec<drafts::StoredDraft>),
    /// The editor has ended, with the edited text or the reason for its absence.
    Edited(Ticket, Result<EditorDocument, String>),
    /// Connections in the environment that umai was started in.
    ProviderVariables(ProviderVariables),
    /// The terminal's background is light.
    LightBackground,
    /// Input of plain mode.
    PlainInput(PlainInput),
}

/// Input of plain mode.
#[derive(Debug, Clone)]
pub enum PlainInput {
    /// Run an action.
    Action(Action),
    /// Choose the entry with this index.
    Select(usize),
    /// Replace the text of the focused field, the filter or the filter of a list.
    Text(PastedText),
}

/// Pasted text that may be a secret: zeroized, and hidden in `Debug`.
#[derive(Clone)]
pub struct PastedText(pub Zeroizing<String>);

impl std::fmt::Debug for PastedText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pasted(…)")
    }
}

/// Mouse event with its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mouse {
    /// Kind of event.
    pub kind: MouseKind,
    /// Column from the left, from 0.
    pub x: u16,
    /// Row from the top, from 0.
    pub y: u16,
}

/// Kind of mouse event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MouseKind {
    /// Press of the left button.
    Click,
    /// Two presses of the left button at one position.
    DoubleClick,
    /// Wheel up.
    WheelUp,
    /// Wheel down.
    WheelDown,
}
