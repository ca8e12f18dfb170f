//! Events: the input of `App::update`.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::action::Action;
use super::effect::{Reply, Ticket};
use super::follow::Heard;
use super::form::Document;
use super::key::Key;
use super::layout::Size;
use crate::connection::{Environment, ServiceFeatures};
use crate::drafts;
use crate::provider::ProviderCatalog;

/// Event for the app.
#[derive(Debug, Clone)]
pub enum Event {
    /// Key press.
    Key(Key),
    /// Characters typed faster than they can be shown.
    Typed(Pasted),
    /// Pasted text.
    Paste(Pasted),
    /// Mouse event.
    Mouse(Mouse),
    /// New screen size.
    Resize(Size),
    /// Reply to a request.
    Reply(Ticket, Reply),
    /// A timer of [`super::effect::Effect::Wake`] has expired.
    Woken(Ticket),
    /// No event is waiting: time for idle work.
    Idle,
    /// The app was resumed after the shell had suspended it.
    Resumed,
    /// Change by others, or a change of the feed's state.
    Heard(Heard),
    /// The service is open, with its providers and features.
    Opened(Arc<ProviderCatalog>, ServiceFeatures),
    /// Notices of the service, one sentence each.
    Noticed(Vec<String>),
    /// Unsaved drafts.
    Found(Vec<drafts::Found>),
    /// The editor has ended, with the edited text or the reason for its absence.
    Edited(Ticket, Result<Document, String>),
    /// Connections in the environment that umai was started in.
    Environment(Environment),
    /// The terminal's background is light.
    LightBackground,
    /// Input of plain mode.
    Spoken(Spoken),
}

/// Input of plain mode.
#[derive(Debug, Clone)]
pub enum Spoken {
    /// Run an action.
    Do(Action),
    /// Choose the entry with this index.
    Pick(usize),
    /// Replace the text of the focused field, the filter or the filter of a list.
    Write(Pasted),
}

/// Pasted text that may be a secret: zeroized, and hidden in `Debug`.
#[derive(Clone)]
pub struct Pasted(pub Zeroizing<String>);

impl std::fmt::Debug for Pasted {
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
