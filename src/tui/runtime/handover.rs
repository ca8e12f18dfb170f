//! Hands the terminal to an editor or the shell: restores it first, and stores unsaved input.

use std::io;
use std::process::ExitStatus;

use super::editor::Editor;
use super::{Runtime, TuiError, Turn};
use crate::tui::effect::Ticket;
use crate::tui::event::Event;
use crate::tui::form::Document;
use crate::tui::terminal::{self, Reading};

impl Runtime {
    /// Hands the terminal to the editor; returns the reason if that failed.
    pub(super) fn hand_over(
        &mut self,
        ticket: Ticket,
        document: &Document,
    ) -> Result<Result<(), String>, TuiError> {
        let editor = match Editor::find() {
            Ok(editor) => editor,
            Err(why) => return Ok(Err(why)),
        };
        // Two readers of one terminal would each get a part of the input.
        if !self.reading.as_mut().is_some_and(Reading::rest) {
            return Ok(Err("The terminal is busy; retry".into()));
        }
        terminal::restore()?;
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

    /// Takes the terminal back after the edit, and passes the result to the app.
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

    fn take_terminal(&mut self) -> Result<Turn, TuiError> {
        let turn = self.resume()?;
        if let Some(reading) = &self.reading {
            reading.go_on();
        }
        Ok(turn)
    }

    /// Finishes after the terminal was restored.
    pub(super) async fn finish(mut self) {
        if let Some(editing) = self.editing.take() {
            editing.stop();
        }
        self.keeper.keep_all(&mut self.app);
        let app = &mut self.app;
        self.calls
            .finish(|ticket, reply| {
                // Effects are not performed any longer, but the app learns which saves succeeded.
                let _ = app.update(Event::Reply(ticket, reply));
            })
            .await;
        // Drafts that were saved by the last requests must not be offered at the next start.
        self.keeper.keep_all(&mut self.app);
    }
}
