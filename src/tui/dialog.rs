//! Dialogs above the tree: the trait that all of them implement.

mod areas;
mod model;
mod outcome;
mod stack;

use std::any::Any;
use std::collections::HashMap;
use std::fmt::Debug;

use uuid::Uuid;

use super::action::{Action, KeyContext};
use super::effect::{ServiceReply, ServiceRequest, Ticket};
use super::event::PastedText;
use super::form::Form;
use super::info::LastTest;
use super::key::KeyPress;
use super::keymap::Keymap;
use super::layout::ScreenLayout;
use super::message_log::MessageLog;
use super::notice::Notice;
use super::select_list::{Cursor, SelectList};
use super::target_info::TargetInfo;
use super::text_input::{PasteOutcome, TextInput};
use super::tree::Tree;
use crate::connection::ProviderVariables;
use crate::provider::ProviderCatalog;
use crate::service::ServiceFeatures;

pub use areas::DialogAreas;
pub use model::{
    Cell, DialogModel, Frame, InputLine, Part, Row, Rows, Spoken, TextBlock, TextEntries, Tone,
    side_by_side, wrapped,
};
pub use outcome::{CommandFor, ConfirmAction, DialogOutcome, FormEdit};
pub use stack::DialogStack;

/// Pictures of the spinner in a second.
pub const TICKS_PER_SECOND: u32 = 4;

/// Pictures of the spinner.
const SPINNER: [&str; 4] = ["◐", "◓", "◑", "◒"];

/// Maximum width of dialogs with text.
const MAX_TEXT_WIDTH: u16 = 88;

/// State of the app that a dialog may read.
#[derive(Clone, Copy)]
pub struct DialogContext<'a> {
    /// Providers that connections can be created for.
    pub catalog: &'a ProviderCatalog,
    /// Keys of each action.
    pub keymap: &'a Keymap,
    /// Connections.
    pub tree: &'a Tree,
    /// Log of all notices.
    pub log: &'a MessageLog,
    /// Environment variables that can fill a connection.
    pub provider_variables: &'a ProviderVariables,
    /// Optional features of the service.
    pub features: ServiceFeatures,
    /// Target of the connections.
    pub target: &'a TargetInfo,
    /// Latest test result of each connection.
    pub tests: &'a HashMap<Uuid, LastTest>,
    /// Number of the bulk operation that the next undo reverts.
    pub undoable_bulk: Option<u64>,
    /// Pictures of the spinner so far, while the topmost dialog waits for a reply.
    pub ticks: u32,
    /// Areas of the screen.
    pub layout: ScreenLayout,
    /// Dialogs below this one.
    pub below: &'a [Box<dyn Dialog>],
}

impl<'a> DialogContext<'a> {
    /// Form below the dialog.
    pub fn form(&self) -> Option<&'a Form> {
        self.below.iter().find_map(|dialog| dialog.downcast())
    }

    /// Width of the lines in a frame of at most this width.
    pub fn text_width(&self, frame: u16) -> u16 {
        self.layout.body.padded().width.min(frame).saturating_sub(4)
    }

    /// Frame for lines of text, such as a report, and the width of its lines.
    pub fn reading_frame(&self, lines: usize) -> Frame {
        let rows = u16::try_from(lines).unwrap_or(u16::MAX);
        Frame::Centered(MAX_TEXT_WIDTH, rows.saturating_add(2).max(6))
    }

    /// Width of the lines in such a frame.
    pub fn reading_width(&self) -> u16 {
        self.text_width(MAX_TEXT_WIDTH)
    }

    /// First key of an action in the tree, in parentheses with a leading space; empty if it has none.
    pub fn key_of(&self, action: Action) -> String {
        self.keymap.in_parentheses(KeyContext::Tree, action)
    }
}

/// Returns the spinner, a text and the elapsed seconds.
pub fn running(text: &str, ticks: u32) -> String {
    let spinner = SPINNER.iter().cycle().nth((ticks % 4) as usize);
    let seconds = ticks / TICKS_PER_SECOND;
    format!("{} {text} {seconds} s", spinner.unwrap_or(&""))
}

/// Way to choose an entry of a dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// Click.
    Click,
    /// Double click.
    DoubleClick,
    /// Number in plain mode.
    Number,
}

/// Dialog above the tree.
pub trait Dialog: Any + Debug {
    /// Context of its keys.
    fn context(&self) -> KeyContext;

    /// Description for the screen.
    fn model<'a>(&'a self, cx: &DialogContext<'a>) -> DialogModel<'a>;

    /// Sentences of plain mode.
    fn spoken(&self, cx: &DialogContext<'_>) -> Spoken;

    /// Runs an action other than a movement.
    fn act(&mut self, action: Action, cx: &DialogContext<'_>) -> DialogOutcome;

    /// List with a filter, if the dialog is one.
    fn list(&self) -> Option<&SelectList> {
        None
    }

    /// List with a filter, if the dialog is one.
    fn list_mut(&mut self) -> Option<&mut SelectList> {
        None
    }

    /// Selection and scroll position.
    fn cursor_mut(&mut self) -> Option<&mut Cursor> {
        self.list_mut().map(|list| &mut list.cursor)
    }

    /// Moves the selection or scrolls.
    fn step(&mut self, action: Action, cx: &DialogContext<'_>) -> DialogOutcome {
        let model = self.model(cx);
        let moved = model.moved(action, model.areas(&cx.layout).list.height.into());
        drop(model);
        if let Some(cursor) = self.cursor_mut() {
            *cursor = moved;
        }
        DialogOutcome::Stay
    }

    /// Keeps the selection visible.
    fn scroll(&mut self, cx: &DialogContext<'_>) {
        let model = self.model(cx);
        let scrolled = model.scrolled(model.areas(&cx.layout).list.height.into());
        drop(model);
        if let Some(cursor) = self.cursor_mut() {
            *cursor = scrolled;
        }
    }

    /// Text field with the focus.
    fn input(&self) -> Option<&TextInput> {
        self.list().map(|list| &list.line)
    }

    /// Text field with the focus.
    fn input_mut(&mut self) -> Option<&mut TextInput> {
        self.list_mut().map(|list| &mut list.line)
    }

    /// Returns true if typed characters are text.
    fn takes_characters(&self) -> bool {
        self.input().is_some()
    }

    /// Handles a key without an action; an edited filter selects the first match.
    fn key(&mut self, key: KeyPress, _cx: &DialogContext<'_>) {
        if self.input_mut().is_some_and(|line| line.edit(key))
            && let Some(cursor) = self.cursor_mut()
        {
            cursor.selected = 0;
        }
    }

    /// Types several characters, the same as one key after the other.
    fn type_characters(&mut self, text: &str, _cx: &DialogContext<'_>) {
        if self.input_mut().is_some_and(|line| line.type_text(text))
            && let Some(cursor) = self.cursor_mut()
        {
            cursor.selected = 0;
        }
    }

    /// Pastes into the text field.
    fn paste(&mut self, text: &PastedText, _cx: &DialogContext<'_>) -> DialogOutcome {
        self.input_mut()
            .map_or(DialogOutcome::Stay, |line| paste_into(line, text))
    }

    /// Sets the text of the text field, in plain mode.
    fn set_text(&mut self, text: &PastedText, _cx: &DialogContext<'_>) -> DialogOutcome {
        if let Some(line) = self.input_mut() {
            line.set(&text.0);
            if let Some(cursor) = self.cursor_mut() {
                cursor.selected = 0;
            }
        }
        DialogOutcome::Stay
    }

    /// Selects an entry; returns the action to run.
    fn pick(&mut self, at: usize, _by: Pick, _cx: &DialogContext<'_>) -> Option<Action> {
        self.cursor_mut()?.selected = at;
        None
    }

    /// Handles a click on a line of text.
    fn click_line(&mut self, _line: usize, _cx: &DialogContext<'_>) {}

    /// Focuses a button, which is then pressed.
    fn focus_button(&mut self, _at: usize) {}

    /// Action of one step of the wheel.
    fn wheel(&self, is_down: bool) -> Option<Action> {
        Some(if is_down { Action::Down } else { Action::Up })
    }

    /// Returns true if the key of an action in the tree works here, too.
    fn inherits(&self, action: Action) -> bool {
        let is_everywhere = matches!(action, Action::Palette | Action::Help | Action::Messages);
        (action.is_move() || is_everywhere) && !self.takes_characters()
    }

    /// Returns true if an action has an effect now.
    fn can(&self, _action: Action, _cx: &DialogContext<'_>) -> bool {
        true
    }

    /// Label of an action in the footer.
    fn hint(&self, action: Action) -> Option<&'static str> {
        match action {
            Action::Back if self.ticket().is_some() => Some("Stop"),
            _ => action.entry().hint,
        }
    }

    /// Ticket of the request that the dialog waits for.
    fn ticket(&self) -> Option<Ticket> {
        None
    }

    /// Next request in the background, which then has this ticket.
    fn next_request(&mut self, _ticket: Ticket) -> Option<ServiceRequest> {
        None
    }

    /// Takes the reply to its request.
    fn reply(&mut self, _reply: ServiceReply, _cx: &DialogContext<'_>) -> DialogOutcome {
        DialogOutcome::Stay
    }
}

impl dyn Dialog {
    /// The dialog, if it is of this kind.
    pub fn downcast<T: Dialog>(&self) -> Option<&T> {
        (self as &dyn Any).downcast_ref()
    }

    /// The dialog, if it is of this kind.
    pub fn downcast_mut<T: Dialog>(&mut self) -> Option<&mut T> {
        (self as &mut dyn Any).downcast_mut()
    }
}

impl<T: Dialog> From<T> for Box<dyn Dialog> {
    fn from(dialog: T) -> Self {
        Box::new(dialog)
    }
}

/// Pastes into a text field.
pub fn paste_into(line: &mut TextInput, text: &PastedText) -> DialogOutcome {
    match line.paste(&text.0) {
        PasteOutcome::TooLong => DialogOutcome::Notify(Notice::too_long()),
        _ => DialogOutcome::Stay,
    }
}

/// Reason why there is no useful reply.
pub fn failure(reply: ServiceReply) -> String {
    match reply {
        ServiceReply::TaskFailed(reason) => reason,
        _ => "unexpected response".to_owned(),
    }
}
