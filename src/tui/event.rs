//! What comes in: everything that can happen to the app.

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

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// A key was pressed.
    Key(Key),
    /// These characters were typed, faster than they can be shown one by one.
    Typed(Pasted),
    /// Text was pasted.
    Paste(Pasted),
    /// The mouse did something.
    Mouse(Mouse),
    /// The screen has this size now.
    Resize(Size),
    /// A request was answered.
    Reply(Ticket, Reply),
    /// The time that an [`super::effect::Effect::Wake`] asked for is over.
    Woken(Ticket),
    /// Nothing waits to be handled: time for what is left to do.
    Idle,
    /// The screen belongs to the app again, after a stay in the shell.
    Resumed,
    /// Something happened to the connections elsewhere, or to the line on which that is heard.
    Heard(Heard),
    /// The service is there, has these providers, and can do this.
    Opened(Arc<ProviderCatalog>, ServiceFeatures),
    /// The service found something that people should know, one sentence each.
    Noticed(Vec<String>),
    /// These were typed, kept, and never saved.
    Found(Vec<drafts::Found>),
    /// The editor gave the terminal back, with what it made of the text, or a sentence why there is nothing.
    Edited(Ticket, Result<Document, String>),
    /// What the environment that umai was started in has for connections.
    Environment(Environment),
    /// The terminal's background is light.
    LightBackground,
    /// Something was said in words, where there is no screen.
    Spoken(Spoken),
}

/// What can be said in words.
#[derive(Debug, Clone)]
pub enum Spoken {
    /// This shall be done.
    Do(Action),
    /// The one with this number is meant, counted from 0.
    Pick(usize),
    /// This is what stands there from now on: in the field that has the focus, in the filter, in what narrows a list.
    Write(Pasted),
}

/// A pasted text; it may be a secret, so it is wiped and its `Debug` says nothing of it.
#[derive(Clone)]
pub struct Pasted(pub Zeroizing<String>);

impl std::fmt::Debug for Pasted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pasted(…)")
    }
}

/// What the mouse did, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mouse {
    /// What it did.
    pub kind: MouseKind,
    /// Columns from the left.
    pub x: u16,
    /// Rows from the top.
    pub y: u16,
}

/// What a mouse can do here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MouseKind {
    /// The left button was pressed.
    Click,
    /// The left button was pressed twice in one place.
    DoubleClick,
    /// The wheel was turned up.
    WheelUp,
    /// The wheel was turned down.
    WheelDown,
}
