//! Prompt with buttons.

mod prompts;
pub mod rollback_changes;

use uuid::Uuid;

use self::rollback_changes::RollbackChanges;

use crate::tui::action::{Action, KeyContext};
use crate::tui::dialog::{
    ConfirmAction, Dialog, DialogContext, DialogModel, DialogOutcome, Frame, InputLine, Pick,
    Spoken, TextBlock, Tone,
};
use crate::tui::effect::{ServiceReply, Ticket};
use crate::tui::event::PastedText;
use crate::tui::text_input::TextInput;
use crate::tui::text_width::{self, wrap};

/// Warning of a rollback that replaces or removes a secret.
const CHANGES_SECRETS: &str = "A stored secret is lost.";

/// Warning as long as the changes of a rollback are not known.
const MAY_CHANGE_SECRETS: &str = "A stored secret may be lost.";

/// Maximum width.
const WIDTH: u16 = 56;

/// Prompt with buttons.
#[derive(Debug)]
pub struct ConfirmDialog {
    /// Title.
    pub headline: String,
    /// Question.
    pub text: String,
    /// Name of the affected connection, field or file.
    pub subject: Option<String>,
    /// Connection of a rollback, and the fields that it changes.
    changes: Option<(Uuid, RollbackChanges)>,
    /// Sentence below the question that is shown as a warning.
    pub warning: Option<&'static str>,
    /// Optional note for the history.
    pub note: Option<TextInput>,
    /// Buttons with their actions.
    pub buttons: Vec<(&'static str, ConfirmAction)>,
    /// Focused button, activated by Enter.
    pub focus: usize,
    /// True if the note has the focus instead of a button.
    is_note_focused: bool,
}

impl ConfirmDialog {
    fn new(
        headline: impl Into<String>,
        text: impl Into<String>,
        buttons: &[(&'static str, ConfirmAction)],
    ) -> Self {
        Self {
            headline: headline.into(),
            text: text.into(),
            subject: None,
            changes: None,
            warning: None,
            note: None,
            buttons: buttons.to_vec(),
            focus: 0,
            is_note_focused: false,
        }
    }

    /// Prompt with one button after Cancel, which is the default.
    fn or_cancel(
        headline: impl Into<String>,
        text: impl Into<String>,
        button: (&'static str, ConfirmAction),
    ) -> Self {
        Self::new(headline, text, &[("Cancel", ConfirmAction::Cancel), button])
    }

    fn about(mut self, subject: &str) -> Self {
        self.subject = Some(subject.to_owned());
        self
    }

    fn with_warning(mut self, warning: &'static str) -> Self {
        self.warning = Some(warning);
        self
    }

    /// Shows the fields that a rollback changes, now or when the comparison arrives.
    #[must_use]
    pub fn with_changes(mut self, id: Uuid, changes: RollbackChanges) -> Self {
        self.changes = Some((id, changes));
        self
    }

    const fn focused_on(mut self, button: usize) -> Self {
        self.focus = button;
        self
    }

    /// Index of the button of Yes: the first one that does not cancel.
    fn yes(&self) -> Option<usize> {
        self.buttons
            .iter()
            .position(|(_, answer)| *answer != ConfirmAction::Cancel)
    }

    /// Index of the button of No: Discard where saving is the question, otherwise the one that cancels.
    fn no(&self) -> Option<usize> {
        let position = |wanted| self.buttons.iter().position(|(_, one)| *one == wanted);
        position(ConfirmAction::Discard).or_else(|| position(ConfirmAction::Cancel))
    }

    /// Moves the focus among the buttons and the note.
    const fn move_focus(&mut self, by: isize) {
        let buttons = self.buttons.len();
        let count = buttons + if self.note.is_some() { 1 } else { 0 };
        if count == 0 {
            return;
        }
        let at = if self.is_note_focused {
            buttons
        } else {
            self.focus
        };
        let next = (at + count).saturating_add_signed(by) % count;
        self.is_note_focused = next == buttons;
        if !self.is_note_focused {
            self.focus = next;
        }
    }

    fn answer(&self, button: Option<usize>) -> DialogOutcome {
        let answer = button.and_then(|button| self.buttons.get(button));
        answer.map_or(DialogOutcome::Stay, |(_, answer)| {
            DialogOutcome::Answered(*answer)
        })
    }

    /// Returns the trimmed note, if not empty.
    pub fn typed(&self) -> Option<String> {
        let typed = self.note.as_ref()?.value().trim();
        (!typed.is_empty()).then(|| typed.to_owned())
    }

    /// Returns the warning; where a rollback changes a secret, not every one is kept.
    fn warning(&self) -> Option<&'static str> {
        let Some((_, changes)) = &self.changes else {
            return self.warning;
        };
        match changes.has_secrets() {
            Some(true) => Some(CHANGES_SECRETS),
            Some(false) => self.warning,
            None => self.warning.map(|_| MAY_CHANGE_SECRETS),
        }
    }

    /// Returns where a change takes place; none for prompts that change nothing there.
    fn place(&self, cx: &DialogContext<'_>) -> Option<String> {
        let is_change = |(_, action): &(_, ConfirmAction)| {
            matches!(
                action,
                ConfirmAction::Delete(_)
                    | ConfirmAction::Undo(_)
                    | ConfirmAction::Purge(_)
                    | ConfirmAction::Empty
                    | ConfirmAction::RollBack(..)
                    | ConfirmAction::RollBackField(..)
            )
        };
        cx.target
            .place()
            .filter(|_| self.buttons.iter().any(is_change))
    }

    /// Returns true if a button deletes this connection or undoes a change of it.
    pub fn is_about(&self, id: Uuid) -> bool {
        let about = [ConfirmAction::Delete(id), ConfirmAction::Undo(id)];
        self.buttons
            .iter()
            .any(|(_, action)| about.contains(action))
    }
}

/// Hint of the note, with the key that leads to it.
fn optional(cx: &DialogContext<'_>) -> String {
    cx.keymap
        .with_keys(KeyContext::Confirm, "optional, {previous-button}")
}

impl Dialog for ConfirmDialog {
    fn context(&self) -> KeyContext {
        KeyContext::Confirm
    }

    fn model<'a>(&'a self, cx: &DialogContext<'a>) -> DialogModel<'a> {
        let width = cx.text_width(WIDTH).into();
        let text = wrap(&self.text, width);
        let place = self.place(cx);
        let more = u16::try_from(text.len().saturating_sub(2)).unwrap_or(0);
        let height = 6
            + u16::from(self.subject.is_some())
            + u16::from(self.warning.is_some())
            + u16::from(place.is_some())
            + u16::from(self.changes.is_some())
            + 2 * u16::from(self.note.is_some())
            + more;
        let text = text.into_iter().map(|line| (line, Tone::Text));
        let subject = self.subject.as_ref();
        let subject = subject.map(|subject| (text_width::cut(subject, width), Tone::Title));
        let warning = self
            .warning()
            .map(|warning| (warning.to_owned(), Tone::Warning));
        let place = place.map(|place| (text_width::cut(&place, width), Tone::Heading));
        let changes = self.changes.as_ref();
        let changes =
            changes.map(|(_, changes)| (text_width::cut(&changes.sentence(), width), Tone::Text));
        let lines = text
            .chain(subject)
            .chain(place)
            .chain(changes)
            .chain(warning);
        let lines: Vec<_> = lines.map(|part| vec![part]).collect();
        DialogModel {
            head: TextBlock {
                rows: u16::try_from(lines.len()).unwrap_or(u16::MAX),
                lines,
            },
            input: self.note.as_ref().map(|line| InputLine {
                label: Some("Note "),
                hint: optional(cx),
                line,
                shown: line.displayed(cx.catalog),
                is_focused: self.is_note_focused,
            }),
            buttons: self.buttons.iter().map(|(label, _)| *label).collect(),
            focus: if self.is_note_focused {
                usize::MAX
            } else {
                self.focus
            },
            danger: self
                .buttons
                .iter()
                .position(|(_, answer)| answer.is_destructive()),
            ..DialogModel::new(&self.headline, Frame::Centered(WIDTH, height))
        }
    }

    fn spoken(&self, cx: &DialogContext<'_>) -> Spoken {
        let mut body = vec![self.text.clone()];
        body.extend(self.subject.clone());
        body.extend(self.place(cx));
        body.extend(self.changes.as_ref().map(|(_, changes)| changes.sentence()));
        body.extend(self.warning().map(str::to_owned));
        let note = self.note.as_ref().map(|line| match line.value() {
            "" => "Any other line becomes a note on the change.".to_owned(),
            _ => format!("Note: {}", line.displayed(cx.catalog)),
        });
        Spoken {
            remarks: note.into_iter().collect(),
            ..Spoken::text(&self.headline, body)
        }
    }

    fn act(&mut self, action: Action, _cx: &DialogContext<'_>) -> DialogOutcome {
        match action {
            Action::NextButton => self.move_focus(1),
            Action::PreviousButton => self.move_focus(-1),
            // After the note, its button is one key away.
            Action::Choose if self.is_note_focused => {
                self.is_note_focused = false;
                self.focus = self.yes().unwrap_or(self.focus);
            }
            Action::Choose => return self.answer(Some(self.focus)),
            Action::Yes => return self.answer(self.yes()),
            Action::No => return self.answer(self.no()),
            Action::Back => return DialogOutcome::Close,
            _ => {}
        }
        DialogOutcome::Stay
    }

    fn ticket(&self) -> Option<Ticket> {
        self.changes.as_ref()?.1.ticket()
    }

    fn reply(&mut self, reply: ServiceReply, cx: &DialogContext<'_>) -> DialogOutcome {
        if let Some((id, changes)) = &mut self.changes {
            let item = cx.tree.item(*id);
            let provider = item.and_then(|item| cx.catalog.get(&item.provider));
            *changes = RollbackChanges::from_reply(reply, provider, cx.features);
        }
        DialogOutcome::Stay
    }

    fn input(&self) -> Option<&TextInput> {
        self.note.as_ref().filter(|_| self.is_note_focused)
    }

    fn input_mut(&mut self) -> Option<&mut TextInput> {
        self.note.as_mut().filter(|_| self.is_note_focused)
    }

    /// Sets the note, which has the focus in plain mode.
    fn set_text(&mut self, text: &PastedText, _cx: &DialogContext<'_>) -> DialogOutcome {
        if let Some(line) = &mut self.note {
            line.set(&text.0);
        }
        DialogOutcome::Stay
    }

    fn hint(&self, action: Action) -> Option<&'static str> {
        let label = |button: Option<usize>| Some(self.buttons.get(button?)?.0);
        match action {
            Action::Yes => label(self.yes()),
            Action::No => label(self.no()),
            _ => action.entry().hint,
        }
    }

    fn can(&self, action: Action, _cx: &DialogContext<'_>) -> bool {
        !matches!(action, Action::Yes | Action::No) || !self.is_note_focused
    }

    fn pick(&mut self, at: usize, _by: Pick, _cx: &DialogContext<'_>) -> Option<Action> {
        self.focus_button(at);
        Some(Action::Choose)
    }

    fn focus_button(&mut self, at: usize) {
        self.is_note_focused = false;
        self.focus = at;
    }

    fn wheel(&self, _is_down: bool) -> Option<Action> {
        None
    }
}
