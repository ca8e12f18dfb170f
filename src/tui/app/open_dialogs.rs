//! The open dialogs: their view of the app, their input, and their requests.

use super::{App, AwaitedReply};
use crate::tui::action::Action;
use crate::tui::dialog::{Dialog, DialogContext, DialogOutcome, Pick, Rows};
use crate::tui::dialogs::AnyDialog;
use crate::tui::effect::{Effect, ServiceReply, ServiceRequest, Ticket};
use crate::tui::event::Mouse;

impl App {
    /// State that the dialog at an index may read.
    pub fn dialog_context(&self, at: usize) -> DialogContext<'_> {
        self.context_above(self.dialogs.get(..at).unwrap_or_default())
    }

    /// Topmost dialog, and the state that it may read.
    pub fn top_dialog(&self) -> Option<(&dyn Dialog, DialogContext<'_>)> {
        let (top, below) = self.dialogs.split_last()?;
        Some((top.get(), self.context_above(below)))
    }

    fn context_above<'a>(&'a self, below: &'a [AnyDialog]) -> DialogContext<'a> {
        DialogContext {
            catalog: &self.catalog,
            keymap: &self.keymap,
            tree: &self.tree,
            log: &self.log,
            startup_notices: &self.startup_notices,
            environment: &self.environment,
            features: self.features,
            tests: &self.tests,
            undoable_bulk: self.undoable_bulk(),
            layout: self.layout(),
            below,
        }
    }

    /// Changes the dialog at an index.
    pub(super) fn with_dialog<T>(
        &mut self,
        at: usize,
        change: impl FnOnce(&mut dyn Dialog, &DialogContext<'_>) -> T,
    ) -> Option<T> {
        let mut dialogs = std::mem::take(&mut self.dialogs);
        let at = at.min(dialogs.len());
        let (below, rest) = dialogs.split_at_mut(at);
        let changed = rest
            .first_mut()
            .map(|dialog| change(dialog.get_mut(), &self.context_above(below)));
        self.dialogs = dialogs;
        changed
    }

    /// Changes the topmost dialog.
    pub(super) fn with_top<T>(
        &mut self,
        change: impl FnOnce(&mut dyn Dialog, &DialogContext<'_>) -> T,
    ) -> Option<T> {
        self.with_dialog(self.dialogs.len().checked_sub(1)?, change)
    }

    /// Selects an entry of the topmost dialog, or presses its button, by number.
    pub(super) fn pick_in_dialog(&mut self, number: usize) -> Option<Effect> {
        let action = self.with_top(|dialog, cx| dialog.pick(number, Pick::Number, cx))?;
        self.act(action?)
    }

    /// Handles a click in the topmost dialog.
    pub(super) fn click_in_dialog(&mut self, mouse: Mouse, by: Pick) -> Option<Effect> {
        let action = self.with_top(|dialog, cx| {
            let model = dialog.model(cx);
            let areas = model.areas(&cx.layout);
            let mut buttons = areas.buttons.iter();
            if let Some(button) = buttons.position(|area| area.contains(mouse.x, mouse.y)) {
                drop(model);
                dialog.focus_button(button);
                return Some(Action::Choose);
            }
            if !areas.list.contains(mouse.x, mouse.y) {
                return None;
            }
            let at = model.cursor.top + usize::from(mouse.y - areas.list.y);
            match model.rows {
                Rows::List(count, _) => {
                    drop(model);
                    (at < count).then(|| dialog.pick(at, by, cx)).flatten()
                }
                Rows::Text(..) => {
                    drop(model);
                    dialog.click_line(at, cx);
                    None
                }
            }
        })?;
        self.act(action?)
    }

    /// Opens a dialog that waits for the reply to a request.
    pub(super) fn open_with_request(
        &mut self,
        request: ServiceRequest,
        open: impl FnOnce(Ticket) -> AnyDialog,
    ) -> Effect {
        let ticket = self.ticket(AwaitedReply::Dialog);
        self.dialogs.push(open(ticket));
        Effect::Call(ticket, request)
    }

    /// Next request of a dialog in the background.
    pub(super) fn next_dialog_request(&mut self) -> Option<Effect> {
        let next = Ticket(self.last_ticket + 1);
        let mut dialogs = self.dialogs.iter_mut();
        let request = dialogs.find_map(|dialog| dialog.get_mut().next_request(next))?;
        Some(self.call(AwaitedReply::Dialog, request))
    }

    /// Passes a reply to the dialog that waits for it.
    pub(super) fn reply_to_dialog(
        &mut self,
        ticket: Ticket,
        reply: ServiceReply,
    ) -> Option<Effect> {
        let mut dialogs = self.dialogs.iter();
        let at = dialogs.position(|dialog| dialog.get().ticket() == Some(ticket))?;
        let outcome = self.with_dialog(at, |dialog, cx| dialog.reply(reply, cx));
        self.follow_up(outcome.unwrap_or(DialogOutcome::Stay))
    }
}
