//! Hands the terminal to an editor or the shell: restores it first, and stores unsaved input.

use std::io;
use std::process::ExitStatus;

use super::editor::Editor;
use super::runtime_core::EventLoop as _;
use super::{LoopControl, Runtime, TuiError};
use crate::tui::effect::Ticket;
use crate::tui::event::Event;
use crate::tui::form::EditorDocument;
use crate::tui::terminal::{self, InputThread};

impl Runtime {
    /// Hands the terminal to the editor; returns the reason if that failed.
    pub(super) fn release_terminal(
        &mut self,
        ticket: Ticket,
        document: &EditorDocument,
    ) -> Result<Result<(), String>, TuiError> {
        let editor = match Editor::find() {
            Ok(editor) => editor,
            Err(reason) => return Ok(Err(reason)),
        };
        // Two readers of one terminal would each get a part of the input.
        if !self.input_thread.as_mut().is_some_and(InputThread::pause) {
            return Ok(Err("The terminal is busy; retry".into()));
        }
        terminal::restore()?;
        match editor.begin(ticket, document) {
            Ok(editing) => {
                self.editing = Some(editing);
                Ok(Ok(()))
            }
            Err(reason) => {
                self.take_terminal()?;
                Ok(Err(reason))
            }
        }
    }

    /// Takes the terminal back after the edit, and passes the result to the app.
    pub(super) fn reclaim_terminal(
        &mut self,
        ended: io::Result<ExitStatus>,
    ) -> Result<LoopControl, TuiError> {
        let Some(editing) = self.editing.take() else {
            return Ok(LoopControl::Continue);
        };
        let edited = editing.result(ended);
        let ticket = editing.ticket;
        drop(editing);
        if self.take_terminal()? == LoopControl::Quit {
            return Ok(LoopControl::Quit);
        }
        self.update(Event::Edited(ticket, edited))
    }

    fn take_terminal(&mut self) -> Result<LoopControl, TuiError> {
        let turn = self.resume()?;
        if let Some(reading) = &self.input_thread {
            reading.resume();
        }
        Ok(turn)
    }

    /// Finishes after the terminal was restored.
    pub(super) async fn finish(mut self) {
        if let Some(editing) = self.editing.take() {
            editing.stop();
        }
        self.core.draft_saver.keep_all(&mut self.core.app);
        let app = &mut self.core.app;
        self.core
            .requests
            .finish(|ticket, reply| {
                // Effects are not performed any longer, but the app learns which saves succeeded.
                let _ = app.update(Event::Reply(ticket, reply));
            })
            .await;
        // Drafts whose connections were saved by the last requests must not be offered at the next start.
        self.core.draft_saver.keep_all(&mut self.core.app);
    }
}
