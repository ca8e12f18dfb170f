//! Hands the terminal to the editor, and takes it back.

use std::io;
use std::process::ExitStatus;

use super::editor::Editor;
use super::{Runtime, TuiError, Turn};
use crate::tui::effect::Ticket;
use crate::tui::event::Event;
use crate::tui::form::Document;
use crate::tui::terminal::{self, Reading};

impl Runtime {
    /// Hands the terminal to the editor; a sentence says why it did not get it.
    pub(super) fn hand_over(
        &mut self,
        ticket: Ticket,
        document: &Document,
    ) -> Result<Result<(), String>, TuiError> {
        let editor = match Editor::find() {
            Ok(editor) => editor,
            Err(why) => return Ok(Err(why)),
        };
        // Two that read one terminal would each get a part of what is typed.
        if !self.reading.as_mut().is_some_and(Reading::rest) {
            return Ok(Err("The terminal is busy; try again".into()));
        }
        terminal::give_back()?;
        match editor.begin(ticket, document) {
            Ok(editing) => {
                self.editing = Some(editing);
                Ok(Ok(()))
            }
            Err(why) => {
                self.take_terminal()?;
                Ok(Err(why))
            }
        }
    }

    /// The editor is done: the terminal is ours again, and what it left goes to the app.
    pub(super) fn take_back(&mut self, ended: io::Result<ExitStatus>) -> Result<Turn, TuiError> {
        let Some(editing) = self.editing.take() else {
            return Ok(Turn::On);
        };
        let edited = editing.result(ended);
        let ticket = editing.ticket;
        drop(editing);
        if self.take_terminal()? == Turn::End {
            return Ok(Turn::End);
        }
        self.update(Event::Edited(ticket, edited))
    }

    pub(super) fn take_terminal(&mut self) -> Result<Turn, TuiError> {
        let turn = self.resume()?;
        if let Some(reading) = &self.reading {
            reading.go_on();
        }
        Ok(turn)
    }
}
